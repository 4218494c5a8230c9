"""I run the named statements of queries.sql on one connection, and raise our own error when that fails."""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What a transaction holds back until it ends (see bot/store/behind.py): who names these tables wants it written first.
_BEHIND = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:conversation|alarm|feed)\b")
_ROW = re.compile(r"\bVALUES\s*(\([?, ]+\))")
AT_ONCE = (64, 16, 4, 1)  # rows that one statement writes; few sizes, or each would be prepared anew


class StoreError(Exception):
    """The database cannot be used now: full disk, no right to write, locked by another program, or damaged."""


@cache
def queries() -> dict[str, str]:
    """The statements of queries.sql by name."""
    source = resources.files("bot.store").joinpath("queries.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)$", source, flags=re.MULTILINE)[1:]
    return {name: body.strip().rstrip(";") for name, body in zip(parts[::2], parts[1::2], strict=True)}


@cache
def _looks_behind() -> frozenset[str]:
    """The statements that must see what is held back."""
    return frozenset(name for name, statement in queries().items() if _BEHIND.search(statement))


@cache
def _of_rows(name: str, rows: int) -> str:
    """A statement with one row of VALUES, for so many."""
    return _ROW.sub(lambda found: f"VALUES {', '.join([found[1]] * rows)}", queries()[name], count=1)


class Statements:
    """What the parts of a store stand on."""

    _sql: sqlite3.Connection
    _q: dict[str, str]
    _held_back = False

    def _write_down(self) -> None:
        """Write what is held back."""

    def _do(self, name: str, *values: object) -> sqlite3.Cursor:
        if self._held_back and name in _looks_behind():
            self._write_down()
        try:
            return self._sql.execute(self._q[name], values)
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error

    def _many(self, name: str, rows: Sequence[Sequence[object]], *others: object) -> int:
        """Run a statement that has one row of VALUES for many; `others` follow them. How many rows it changed."""
        changed = start = 0
        try:
            for size in AT_ONCE:
                while len(rows) - start >= size:
                    values = (*chain.from_iterable(rows[start : start + size]), *others)
                    changed += self._sql.execute(_of_rows(name, size), values).rowcount
                    start += size
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
        return changed

    def _found(self, name: str, rows: Sequence[Sequence[object]]) -> Iterator[tuple[Any, ...]]:
        """What a statement finds that has one row of VALUES, for many; it sees nothing of what is held back."""
        start = 0
        try:
            for size in AT_ONCE:
                while len(rows) - start >= size:
                    values = tuple(chain.from_iterable(rows[start : start + size]))
                    yield from self._sql.execute(_of_rows(name, size), values).fetchall()
                    start += size
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error

    def _one(self, name: str, *values: object) -> Any:  # noqa: ANN401 - whatever the column holds
        row = self._row(name, *values)
        return None if row is None else row[0]

    def _row(self, name: str, *values: object) -> tuple[Any, ...] | None:
        if self._held_back and name in _looks_behind():
            self._write_down()
        try:
            row: tuple[Any, ...] | None = self._sql.execute(self._q[name], values).fetchone()
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
        return row

    def _rows(self, name: str, *values: object) -> Iterator[tuple[Any, ...]]:
        if self._held_back and name in _looks_behind():
            self._write_down()
        try:
            yield from self._sql.execute(self._q[name], values)
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
