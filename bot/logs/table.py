"""I read tables of chats, CSV or Excel, whose columns have names that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import BadPayload, WireError
from bot.logs import sides, sources
from bot.logs.heads import WANTS
from bot.logs.said import Said
from bot.logs.times import Times
from bot.logs.words import kind_of
from replies import DataError
from replies.exchange import table as tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.logs.heads import Heads
    from bot.logs.paper import Paper
    from bot.logs.said import Role, Ways

Cells = dict[str, str]


def recognises(paper: Paper) -> str | None:
    """A head with a column of words and one of who said them."""
    known = paper.ways.heads
    if not paper.book and not _may_be(paper, known):
        return None
    try:
        read_head = opened(paper, known.understood)
    except DataError:
        if paper.book:
            raise
        return None
    return f"第 {read_head.at} 行是表头：{'、'.join(filter(None, read_head.head))[:60]}"


def _may_be(paper: Paper, known: Heads) -> bool:
    """Is a name of a column among the first lines at all? Finding that out for every text file must be cheap."""
    begins = tables.plain(paper.text[:2000])
    return any(name in begins for name, field in known.fields.items() if field == "text")


def opened(paper: Paper, understood: Callable[[Sequence[str]], bool]) -> tables.Table:
    """The table of a file. DataError without a head that is understood."""
    if paper.book:
        data = paper.data()
        sources.check_book(data, paper.name)
        return tables.from_xlsx(data, paper.name, understood, wants=WANTS)
    return tables.from_csv(paper.text, paper.name, understood, wants=WANTS, lazy=True)


def rows(paper: Paper, table: tables.Table) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """The rows with their numbers; one that is too long is a bad line."""
    for row in table.rows:
        try:
            yield row.number, tables.by_head(table, row)
        except DataError as error:
            paper.bad(row.number, error.problems[0])


def read(paper: Paper) -> Iterator[Said]:
    """A message a row."""
    known = paper.ways.heads
    times = Times(paper.ways.zone, paper.ways.exported)
    for number, cells in rows(paper, opened(paper, known.understood)):
        place = paper.place(number)
        try:
            yield _said(_fields(cells, known), known, times, paper.ways, place, book=paper.book)
        except WireError as error:
            paper.bad(number, str(error).removeprefix(f"{place}: "))


def _fields(cells: dict[str, list[str]], known: Heads) -> Cells:
    """What stands in the row, by field; of several columns for one field the first that is filled."""
    found: Cells = {}
    for head, under in cells.items():
        field = known.fields.get(head)
        if field and not found.get(field):
            found[field] = next(filter(None, under), "")
    return found


def _said(cells: Cells, known: Heads, times: Times, ways: Ways, place: str, *, book: bool) -> Said:
    sender, buyer = sides.plain(cells.get("sender", "")), sides.plain(cells.get("buyer", ""))
    role = _role(cells, sender, buyer, known, ways, place)
    buyer = buyer or (sender if role == "buyer" else "")
    conversation = cells.get("conversation") or buyer
    if not conversation:
        raise BadPayload(f"{place}: 看不出是哪个会话：没有会话编号，也没有买家")
    told = " ".join(filter(None, (cells.get("date", ""), cells.get("at", ""))))
    text = cells.get("text", "")
    kind = known.kinds.get(tables.plain(cells.get("kind", "")), "text")
    agent = "" if role == "buyer" else sides.plain(cells.get("agent", "")) or sender
    return Said(
        id=cells.get("id", ""),
        conversation=conversation,
        role=role,
        text=text,
        kind=kind_of(text) if kind == "text" else kind,
        agent=agent,
        buyer=buyer,
        at=times.instant(told, place, bare_day=book) if told else None,
        place=place,
        context={"order_id": cells["order_id"]} if cells.get("order_id") and role == "buyer" else {},
    )


def _role(cells: Cells, sender: str, buyer: str, known: Heads, ways: Ways, place: str) -> Role:
    """By the word of the role's column, else by who sent it."""
    word = cells.get("role", "")
    if word:
        role = known.roles.get(tables.plain(word))
        if role is None:
            raise BadPayload(f"{place}: 不认识的角色「{word[:20]}」，可以用 --columns 说明")
        return role
    if not sender:
        raise BadPayload(f"{place}: 没有角色，也没有发送者")
    if sender == buyer:
        return "buyer"
    told = sides.of(sender, ways.shop)
    if told is not None:
        return told
    if ways.shop and not buyer:
        return "buyer"
    if buyer:
        return sides.role_of(sender)
    raise BadPayload(f"{place}: 看不出「{sender[:20]}」是店铺还是买家，请用 --shop-name 指明店铺")
