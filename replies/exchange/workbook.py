"""I write a table as an Excel workbook in which every cell is text. Needs the extra `xlsx`."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from replies import DataError
from replies.exchange import plain_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replies.library import Script

SHEET = "话术"
LONGEST_CELL = 32_767  # characters that Excel takes
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(scripts: Iterable[Script]) -> bytes:
    """The table of `plain_table` as a workbook. DataError for what no workbook holds, and without the extra."""
    try:
        from openpyxl import Workbook  # noqa: PLC0415 - an optional part
        from openpyxl.utils.exceptions import IllegalCharacterError  # noqa: PLC0415
    except ImportError as error:
        raise DataError(["写 Excel 要装可选部件：pip install 'kuaihui[xlsx]'，或者导出为 CSV"]) from error
    head, rows = plain_table.cells(scripts)
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    for down, row in enumerate((head, *rows), 1):
        for across, text in enumerate(row, 1):
            if len(text) > LONGEST_CELL:
                raise DataError([f"{row[0]}: 有 {len(text)} 个字的内容，Excel 一格最多 {LONGEST_CELL} 个"])
            try:
                cell = sheet.cell(down, across, text)
            except IllegalCharacterError as error:
                raise DataError([f"{row[0]}: 有 Excel 不收的控制字符"]) from error
            # What begins like a formula is text all the same, also once somebody edits it.
            cell.data_type, cell.number_format = "s", "@"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def formulas(scripts: Iterable[Script]) -> int:
    """How many cells a spreadsheet that opens the same table as CSV would take for a formula."""
    return sum(text.startswith(_FORMULA) for row in plain_table.cells(scripts)[1] for text in row)
