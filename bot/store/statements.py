"""I run the named statements of queries.sql on one connection, and raise our own error when that fails."""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class StoreError(Exception):
    """The database cannot be used now: full disk, no right to write, locked by another program, or damaged."""


@cache
def queries() -> dict[str, str]:
    """The statements of queries.sql by name."""
    source = resources.files("bot.store").joinpath("queries.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)$", source, flags=re.MULTILINE)[1:]
    return {name: body.strip().rstrip(";") for name, body in zip(parts[::2], parts[1::2], strict=True)}


class Statements:
    """What the parts of a store stand on."""

    _sql: sqlite3.Connection
    _q: dict[str, str]

    def _do(self, name: str, *values: object) -> sqlite3.Cursor:
        try:
            return self._sql.execute(self._q[name], values)
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error

    def _one(self, name: str, *values: object) -> Any:  # noqa: ANN401 - whatever the column holds
        row = self._row(name, *values)
        return None if row is None else row[0]

    def _row(self, name: str, *values: object) -> tuple[Any, ...] | None:
        try:
            row: tuple[Any, ...] | None = self._sql.execute(self._q[name], values).fetchone()
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
        return row

    def _rows(self, name: str, *values: object) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._sql.execute(self._q[name], values)
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
