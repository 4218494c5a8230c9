"""I read tables: rows of cells with their numbers, and the row that heads them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import date, datetime, time
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_DELIMITERS = (",", "\t", ";", "，")
_HEAD_WITHIN = 5  # rows: help text stands above the head in what some tools write
WANTS = "至少要有回复内容一列"
MIDNIGHT = time()
_END = re.compile(r"\r\n|\r|\n")
_LARGEST = 1_000_000  # characters of a cell


class Row(msgspec.Struct, frozen=True):
    """A row and its number as a spreadsheet shows it: a cell of several lines is still one row."""

    number: int
    cells: tuple[str, ...]

    def blank(self) -> bool:
        """Does it hold nothing?"""
        return not any(cell.strip() for cell in self.cells)


class Table(msgspec.Struct, frozen=True):
    """A head and the rows under it; `name` is the file's."""

    name: str
    head: tuple[str, ...]
    rows: Iterable[Row]
    at: int = 0  # the head's row

    def place(self, row: Row) -> str:
        """The row, for people."""
        return f"{self.name} 第 {row.number} 行"


def plain(head: str) -> str:
    """A column's head as it is compared: no spaces, no case."""
    return re.sub(r"\s+", "", head).strip("*＊:：").lower()


def from_csv(
    text: str, name: str, heads: Callable[[Sequence[str]], bool], *, wants: str = WANTS, lazy: bool = False
) -> Table:
    """The table in `text`; `heads(cells)` says whether a row is a head that is understood. DataError without one.

    `wants`: what a head needs, for the sentence. `lazy`: the rows can be walked once, and are not held; what is wrong
    with their quoting is raised on the way.
    """
    begins = text[:2000]
    for delimiter in sorted(_DELIMITERS, key=lambda mark: -begins.count(mark)):
        # The first rows settle which mark divides; what is wrong with the quoting below them is told after that.
        try:
            top = _headed(list(_csv_rows(text, name, delimiter, _HEAD_WITHIN)), name, heads)
        except DataError:
            continue
        if top is not None and lazy:
            under = (row for row in _csv_rows(text, name, delimiter) if row.number > top.at and not row.blank())
            return Table(name, top.head, under, top.at)
        if top is not None:
            return from_rows([row.cells for row in _csv_rows(text, name, delimiter)], name, heads, wants=wants)
    raise _headless(list(_csv_rows(text, name, _DELIMITERS[0], _HEAD_WITHIN)), name, wants)


def from_rows(
    rows: Iterable[Sequence[str]], name: str, heads: Callable[[Sequence[str]], bool], *, wants: str = WANTS
) -> Table:
    """The same of rows that are read already, the first of them number 1."""
    numbered = [Row(number, tuple(cells)) for number, cells in enumerate(rows, 1)]
    table = _headed(numbered, name, heads)
    if table is None:
        raise _headless(numbered, name, wants)
    return table


def _headed(rows: list[Row], name: str, heads: Callable[[Sequence[str]], bool]) -> Table | None:
    for at, row in enumerate(rows[:_HEAD_WITHIN]):
        if heads([plain(cell) for cell in row.cells]):
            under = tuple(other for other in rows[at + 1 :] if not other.blank())
            return Table(name, tuple(plain(cell) for cell in row.cells), under, row.number)
    return None


def _headless(rows: Sequence[Row], name: str, wants: str) -> DataError:
    if not rows or all(row.blank() for row in rows):
        return DataError([f"{name}: 是空的"])
    first = "、".join(cell.strip()[:20] for cell in rows[0].cells[:8] if cell.strip())
    return DataError([f"{name}: 前 {_HEAD_WITHIN} 行里没有看得懂的表头（{wants}）；第 1 行是：{first}"])


def _csv_rows(text: str, name: str, delimiter: str, most: int | None = None) -> Iterator[Row]:
    """The rows, or the first `most`. Strict: a quote that is never closed would swallow the rows after it."""
    csv.field_size_limit(_LARGEST)
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(islice(reader, most), 1):
            yield Row(number, tuple(cells))
    except csv.Error as error:
        raise DataError([f"{name} 第 {reader.line_num} 行: 双引号没有成对，或不是表格：{error}"]) from error


def _lines(text: str) -> Iterator[str]:
    """The lines with their ends: io.StringIO would hold the text a second time, four bytes a character."""
    at = 0
    for match in _END.finditer(text):
        yield text[at : match.end()]
        at = match.end()
    if at < len(text):
        yield text[at:]


def from_xlsx(data: bytes, name: str, heads: Callable[[Sequence[str]], bool], *, wants: str = WANTS) -> Table:
    """The first sheet of a workbook that has a head. Needs the extra `xlsx`; DataError without it."""
    calamine = _calamine(name)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [book.get_sheet_by_index(at).to_python(skip_empty_area=False) for at in range(len(book.sheet_names))]
    except (calamine.CalamineError, calamine.PasswordError, calamine.ZipError, calamine.XmlError, OSError) as error:
        raise DataError([f"{name}: 不是能读的 Excel 文件（{error}）"]) from error
    problems: list[str] = []
    for sheet in sheets:
        try:
            return from_rows([[_shown(cell) for cell in row] for row in sheet], name, heads, wants=wants)
        except DataError as error:
            problems += error.problems
    raise DataError(problems[:1] or [f"{name}: 没有工作表"])


@cache
def _calamine(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a module that may be missing
    try:
        import python_calamine  # noqa: PLC0415 - an optional part
    except ImportError as error:
        raise DataError(
            [f"{name}: 读 Excel 要装可选部件：pip install 'kuaihui[xlsx]'，或者另存为 CSV 再导入"]
        ) from error
    return python_calamine


def _shown(cell: object) -> str:
    """A cell as the sheet shows it: numbers without a needless point."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() != MIDNIGHT:
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    return str(cell)


def records(table: Table, refused: list[str]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Each row's place and its cells by head, stripped; a row with more cells than heads is refused."""
    for row in table.rows:
        place = table.place(row)
        try:
            yield place, by_head(table, row)
        except DataError as error:
            refused += [f"{place}: {problem}" for problem in error.problems]


def by_head(table: Table, row: Row) -> dict[str, list[str]]:
    """The cells of a row by head, stripped. DataError for a row with more cells than heads."""
    width = len(table.head)
    if any(cell.strip() for cell in row.cells[width:]):
        filled = max(at for at, cell in enumerate(row.cells, 1) if cell.strip())
        raise DataError([f"有 {filled} 格，表头只有 {width} 格；内容里有逗号或换行的，要用英文双引号括起来"])
    cells = [cell.strip().replace("\r\n", "\n").replace("\r", "\n") for cell in row.cells[:width]]
    found: dict[str, list[str]] = {head: [] for head in table.head}
    for head, cell in zip(table.head, cells, strict=False):
        found[head].append(cell)
    return found


def first(cells: dict[str, list[str]], head: str) -> str:
    """The cell under `head`, empty where there is none."""
    return next(iter(cells.get(head) or [""]), "")


def to_csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()
