"""I read 懒人客服's 全部消息.xlsx, whose sessions are batches: a conversation is what one buyer's sessions hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import WireError
from bot.logs import table
from bot.logs.said import Said
from bot.logs.times import Times
from bot.logs.words import kind_of, words
from replies import DataError
from replies.exchange.table import first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.logs.paper import Paper

HEAD = {"id", "sessionid", "角色", "内容", "发送者", "类型", "创建时间"}


def _understood(cells: Sequence[str]) -> bool:
    return set(cells) >= HEAD


def recognises(paper: Paper) -> str | None:
    """Its head."""
    if not paper.book and b"Session" not in paper.begins:
        return None
    try:
        table.opened(paper, _understood)
    except DataError:
        return None
    return "表头是 ID, Session ID, 角色, 内容, 发送者, 类型, 创建时间"


def read(paper: Paper) -> Iterator[Said]:
    """The messages. What the shop said in a session goes to the buyer of that session; without one the session counts."""
    found = list(table.rows(paper, table.opened(paper, _understood)))
    lanren = words().lanren
    buyers = {
        first(cells, "sessionid"): first(cells, "发送者")
        for _, cells in found
        if lanren.roles.get(first(cells, "角色").upper()) == "buyer" and first(cells, "发送者")
    }
    times = Times(paper.ways.zone, paper.ways.exported)
    for number, cells in found:
        kind = first(cells, "类型").upper()
        if kind in lanren.silent.kinds:
            continue
        try:
            said = _said(cells, kind, buyers, times, paper, number)
        except WireError as error:
            paper.bad(number, str(error).removeprefix(f"{paper.place(number)}: "))
            continue
        if said is not None:
            yield said


def _said(
    cells: dict[str, list[str]], kind: str, buyers: dict[str, str], times: Times, paper: Paper, number: int
) -> Said | None:
    lanren, place = words().lanren, paper.place(number)
    role = lanren.roles.get(first(cells, "角色").upper())
    session, sender, text = (first(cells, head) for head in ("sessionid", "发送者", "内容"))
    buyer = buyers.get(session, "")
    if role is None:
        paper.bad(number, f"不认识的角色「{first(cells, '角色')[:20]}」")
        return None
    if not (buyer or session):
        paper.bad(number, "没有 Session ID，也没有发送者")
        return None
    shown = lanren.kinds.get(kind, "text")
    return Said(
        id=first(cells, "id"),
        conversation=buyer or session,
        role=role,
        text=text if shown == "text" else "",
        kind=kind_of(text) if shown == "text" else shown,
        agent="" if role != "agent" or sender == buyer else sender,
        buyer=buyer,
        at=times.instant(first(cells, "创建时间"), place, bare_day=paper.book),
        place=place,
    )
