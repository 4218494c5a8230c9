"""I read what userscripts save from 千牛: a JSON file for each buyer, `{user,exportTime,count,chats:[...]}`."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from bot.errors import BadPayload, WireError
from bot.logs import documents, sides
from bot.logs.said import Said
from bot.logs.times import Times
from bot.logs.words import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.logs.paper import Paper


def recognises(paper: Paper) -> str | None:
    """A buyer and a list of chats."""
    document = documents.peek(paper)
    first = document[0] if isinstance(document, list) and document else document
    return "JSON，有 user 和 chats" if isinstance(first, dict) and {"user", "chats"} <= first.keys() else None


def read(paper: Paper) -> Iterator[Said]:
    """The buyer is `user`; whoever else speaks is the shop. A missing year is told by `exportTime`."""
    for number, talk in documents.objects(paper):
        buyer, chats = documents.text_of(talk.get("user")).strip(), talk.get("chats")
        if not buyer or not isinstance(chats, list):
            paper.bad(number, "要有 user 和 chats")
            continue
        times = Times(paper.ways.zone, paper.ways.exported or _exported(talk))
        for position, chat in enumerate(chats, 1):
            place = f"{paper.place(number)} chats[{position}]"
            try:
                yield _said(chat, buyer, times, place)
            except WireError as error:
                paper.bad(number, f"chats[{position}]: {str(error).removeprefix(f'{place}: ')}")


def _exported(talk: dict[str, Any]) -> date | None:
    """The day on which it was saved, if it says so."""
    match = re.match(r"(\d{4})[-/年.](\d{1,2})[-/月.](\d{1,2})", documents.text_of(talk.get("exportTime")))
    try:
        return None if match is None else date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def _said(chat: object, buyer: str, times: Times, place: str) -> Said:
    if not isinstance(chat, dict):
        raise BadPayload(f"{place}: 要一个对象")
    sender = documents.text_of(chat.get("sender")).strip()
    if not sender:
        raise BadPayload(f"{place}: 没有 sender")
    text = documents.text_of(chat.get("text")).strip()
    picture = documents.text_of(chat.get("imgUrl"))
    told = " ".join(filter(None, (documents.text_of(chat.get(key)).strip() for key in ("date", "time"))))
    role = "buyer" if sides.plain(sender) == sides.plain(buyer) else sides.role_of(sender)
    return Said(
        id=documents.text_of(chat.get("id")),
        conversation=buyer,
        role=role,
        text=text,
        kind="image" if picture and not text else kind_of(text),
        agent="" if role == "buyer" else sides.plain(sender),
        buyer=buyer,
        at=times.instant(told, place),
        place=place,
    )
