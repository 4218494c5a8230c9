"""I read what Taobao's interface answers to taobao.wangwang.eservice.chatlog.get: `msgs.msg[{content,direction,time}]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.errors import BadPayload, WireError
from bot.logs import documents, sides
from bot.logs.said import Said
from bot.logs.times import Times
from bot.logs.words import kind_of, words
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.logs.paper import Paper

_ENVELOPES = ("wangwang_eservice_chatlog_get_response", "response", "result", "request", "params")


def recognises(paper: Paper) -> str | None:
    """Messages with a direction."""
    document = documents.peek(paper)
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return None
    return "JSON，有 msgs.msg" if _listed(_opened(first)) is not None else None


def _opened(talk: dict[str, Any]) -> dict[str, Any]:
    """What stands in the answer's envelopes, and beside them what was asked."""
    whole = dict(talk)
    for name in _ENVELOPES:
        inner = talk.get(name)
        if isinstance(inner, dict):
            whole |= inner
    return whole


def _listed(talk: dict[str, Any]) -> list[Any] | None:
    held = talk.get("msgs")
    if isinstance(held, dict):
        held = held.get("msg", [])
    return held if isinstance(held, list) else None


def read(paper: Paper) -> Iterator[Said]:
    """Direction 0 is from `from_id` to `to_id`, 1 back. DataError where these two are not named or tell no shop."""
    times = Times(paper.ways.zone, paper.ways.exported)
    for number, talk in documents.objects(paper):
        whole = _opened(talk)
        refused = words().taobao.answers.get(documents.text_of(whole.get("ret")), "")
        listed = _listed(whole)
        if refused or listed is None:
            paper.bad(number, f"接口没有给出记录：{refused}" if refused else "没有 msgs.msg")
            continue
        names = tuple(_nick(documents.text_of(whole.get(key))) for key in ("from_id", "to_id"))
        if not all(names):
            raise DataError(
                [f"{paper.place(number)}: 没有 from_id 和 to_id，不知道是谁和谁说话；请把查询的这两项写进文件"]
            )
        roles = sides.tell(names, paper.ways.shop, paper.name)
        buyer = sides.only_buyer(roles, paper.name)
        if not buyer:
            raise DataError([f"{paper.place(number)}: {names[0]} 和 {names[1]} 都是店铺，没有买家"])
        for position, entry in enumerate(listed, 1):
            place = f"{paper.place(number)} msg[{position}]"
            try:
                speaker = names[_direction(entry, place)]
                yield _said(entry, speaker, roles, buyer, times, place)
            except WireError as error:
                paper.bad(number, f"msg[{position}]: {str(error).removeprefix(f'{place}: ')}")


def _nick(account: str) -> str:
    for prefix in words().taobao.prefixes:
        account = account.removeprefix(prefix)
    return account.strip()


def _direction(entry: object, place: str) -> int:
    told = documents.text_of(entry.get("direction")) if isinstance(entry, dict) else None
    if told not in ("0", "1"):
        raise BadPayload(f"{place}: direction 要是 0 或 1")
    return int(told)


def _said(entry: dict[str, Any], speaker: str, roles: dict[str, Any], buyer: str, times: Times, place: str) -> Said:
    text, role = documents.text_of(entry.get("content")), roles[speaker]
    return Said(
        id="",
        conversation=buyer,
        role=role,
        text=text,
        kind=kind_of(text),
        agent="" if role == "buyer" else sides.plain(speaker),
        buyer=buyer,
        at=times.instant(documents.text_of(entry.get("time")), place),
        place=place,
    )
