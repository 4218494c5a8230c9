"""I know which column of a table of chats is what, by names that are data."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import msgspec

from bot.logs.said import Role
from bot.logs.words import held, parse
from bot.model import Kind
from replies import DataError
from replies.exchange.table import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FIELDS = ("id", "conversation", "role", "text", "at", "date", "kind", "agent", "buyer", "sender", "order_id")
WANTS = "要有内容一列，和角色或发送者一列；别的名字可以用 --columns 说明"


class Columns(msgspec.Struct, frozen=True):
    """A file of heads: field -> its names; role and kind -> the words for them in cells."""

    columns: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    roles: dict[Role, tuple[str, ...]] = msgspec.field(default_factory=dict)
    kinds: dict[Kind, tuple[str, ...]] = msgspec.field(default_factory=dict)


class Heads(msgspec.Struct, frozen=True):
    """The same turned round: name as it is compared -> field, role, kind."""

    fields: dict[str, str]
    roles: dict[str, Role]
    kinds: dict[str, Kind]

    def understood(self, cells: Sequence[str]) -> bool:
        """Is that the head of a table of chats? It has the words, and who said them."""
        found = {self.fields.get(cell) for cell in cells}
        return "text" in found and not found.isdisjoint(("role", "sender"))


def load(own: Path | None = None) -> Heads:
    """The heads that are known, those of the file `own` first. DataError with every mistake in it."""
    files = [_read(held("columns.toml"), "bot/logs/columns.toml")]
    if own is not None:
        try:
            files.append(_read(own.read_text(encoding="utf-8-sig"), str(own)))
        except (OSError, UnicodeError) as error:
            raise DataError([f"{own}: cannot be read: {error}"]) from error
    # What a file of one's own calls a field is that field's only name: two columns must not claim it.
    fields: dict[str, str] = {}
    for file in files:
        fields = {name: field for name, field in fields.items() if field not in file.columns}
        fields |= {plain(name): field for field, names in file.columns.items() for name in names}
    return Heads(
        fields,
        {plain(word): role for file in files for role, words in file.roles.items() for word in words},
        {plain(word): kind for file in files for kind, words in file.kinds.items() for word in words},
    )


def _read(text: str, name: str) -> Columns:
    read = parse(text, Columns, name)
    known = {"columns": FIELDS, "roles": get_args(Role), "kinds": get_args(Kind)}
    unknown = [
        f"{name}: {part}.{key}: is none of {', '.join(names)}"
        for part, names in known.items()
        for key in getattr(read, part)
        if key not in names
    ]
    if unknown:
        raise DataError(unknown)
    return read
