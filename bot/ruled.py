"""I print the guard's record: what it held, who sent it all the same and why, and how often each rule was right."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import ledger, rulings, wire
from bot.clock import SystemClock
from bot.logs.mask import Mask
from bot.store import StoreError
from bot.told import harmless
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bot.ports import Ruling
    from bot.rulings import Count
    from bot.shop import Shop

EVENTS = {
    "held": "拦下",
    "overridden": "照发",
    "rewritten": "改后发出",
    "passed": "再发时放行",
    "seen": "平台上看到",
    "watched": "只记录",
    "right": "标为正确",
    "wrong": "标为误报",
}
MOST = 500  # rows of the table; the newest
_WIDTH = 200  # columns where no terminal says how many it has


def report(
    only: str | None,
    config: Path | None,
    data: Path | None,
    *,
    day: str | None,
    since: str | None,
    as_json: bool,
    mask: bool = False,
) -> Iterator[str]:
    """Lines on what was recorded of a day, or since one, or at all: a table and counts a shop, or one line of JSON.

    `mask`: with stand-ins for conversations, agents and personal data in the words. Raises DataError.
    """
    hidden = Mask() if mask else None
    first = _day(day or since, "--day" if day else "--since")
    now = int(SystemClock().now())
    try:
        for shop, store in ledger.opened(only, config, data):
            start = 0 if first is None else shop.zone.begin(first)
            end = shop.zone.begin(first + 1) if day and first is not None else 1 << 60
            found = store.rulings(shop.id, start, end)
            counts = rulings.count((row for _, row in found), now)
            found = [(number, _masked(row, hidden)) for number, row in found] if hidden else found
            yield from [_json(shop, found, counts)] if as_json else _tables(shop, found, counts)
    except StoreError as error:
        raise DataError([str(error)]) from error


def _masked(row: Ruling, mask: Mask) -> Ruling:
    """The row with stand-ins; a digest of words stays, which says nothing of them."""
    names = [(name, mask.who(name, "agent")) for name in (row.agent,) if name]
    return row._replace(
        conversation=mask.who(row.conversation, "conversation"),
        agent=mask.who(row.agent, "agent"),
        reason=mask.text(row.reason, names),
        excerpt=mask.text(row.excerpt, names),
        text=mask.text(row.text, names),
    )


def _json(shop: Shop, found: Sequence[tuple[int, Ruling]], counts: Sequence[Count]) -> str:
    """The rows with their times as people read them, and the rules with their counts."""
    rows = [{"number": number, **row._asdict(), "at": wire.iso(row.at, shop.zone)} for number, row in found]
    rules = [{**one._asdict(), "open": one.open, "precision": one.precision} for one in counts]
    return msgspec.json.encode({"shop": shop.id, "rows": rows, "rules": rules}).decode()


def _tables(shop: Shop, found: Sequence[tuple[int, Ruling]], counts: Sequence[Count]) -> Iterator[str]:
    table = Table(title=Text(f"{shop.name}（{shop.id}）检查记录 {len(found)} 条"), title_justify="left")
    for column in ("编号", "时间", "会话", "回复", "客服", "结果", "规则", "原话", "理由", "摘要"):
        table.add_column(column)
    for number, row in found[-MOST:]:
        at = wire.iso(row.at, shop.zone)[:19].replace("T", " ")
        who = (row.conversation, row.subject, row.agent, EVENTS.get(row.event, row.event))
        said = (row.rule, row.excerpt or row.text, row.reason, row.digest)
        table.add_row(*(Text(harmless(cell)) for cell in (str(number), at, *who, *said)))
    yield from _drawn(table)
    if len(found) > MOST:
        yield f"只列出最近 {MOST} 条"
    yield from _drawn(_counted(counts))


def _drawn(table: Table) -> Iterator[str]:
    """A table as lines, as wide as the terminal, or wide enough where there is none."""
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
    console = Console(width=columns, highlight=False, color_system=None)
    with console.capture() as captured:
        console.print(table)
    yield from captured.get().splitlines()


def _counted(counts: Sequence[Count]) -> Table:
    table = Table(title=Text("各规则的对错"), title_justify="left")
    for column in ("规则", "命中", "正确", "误报", "未定", "准确率"):
        table.add_column(column)
    for one in counts:
        share = "—" if one.precision is None else f"{one.precision:.1%}"
        table.add_row(*map(Text, (one.rule, *map(str, (one.hits, one.right, one.wrong, one.open)), share)))
    return table


def mark(
    only: str | None,
    config: Path | None,
    data: Path | None,
    *,
    right: Sequence[int],
    wrong: Sequence[int],
    by: str,
    why: str,
) -> str:
    """The curator says of rows of one shop whether their rules were right: all of them or none. Raises DataError."""
    shops, file = ledger.reach(only, config, data)
    if len(shops) != 1:
        raise DataError([f"--shop: which one? ({', '.join(shop.id for shop in shops)})"])
    now = int(SystemClock().now())
    marks = [*((number, True) for number in right), *((number, False) for number in wrong)]
    with ledger.using(file, readonly=False) as store, store.transaction():
        for number, is_right in marks:
            if not store.mark(shops[0].id, number, right=is_right, by=by, at=now, why=why):
                raise DataError([f"{number}: {shops[0].id} 没有这一条检查记录"])
    return f"已标记 {len(marks)} 条"


def _day(text: str | None, place: str) -> int | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).toordinal() - ledger.DAY_ZERO
    except ValueError as error:
        raise DataError([f"{place}: {text!r} is not a date like 2026-11-21"]) from error
