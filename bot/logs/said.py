"""I am what a log holds, message by message, and how it is to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from bot.model import Kind

if TYPE_CHECKING:
    from datetime import date

    from bot.deadline import Zone
    from bot.logs.heads import Heads

Role = Literal["buyer", "agent", "robot", "system"]


class Said(msgspec.Struct, frozen=True, array_like=True):
    """One recorded message. `at` in unix seconds, None where the whole log has no times; `place` is file and line.

    Packed without its field names: a spool of a million of them is half as large.
    """

    id: str
    conversation: str
    role: Role
    text: str
    kind: Kind
    agent: str
    buyer: str
    at: int | None
    place: str
    context: dict[str, str] = msgspec.field(default_factory=dict)


class Ways(NamedTuple):
    """How logs are to be read.

    `form`, `encoding`: forced for every file. `skip_bad`: read on past lines that cannot be read. `shop`: the shop's
    names. `exported`: the day on which the log was written, for times that lack a day. `heads`: of tables.
    """

    zone: Zone
    heads: Heads
    form: str | None = None
    encoding: str | None = None
    skip_bad: bool = False
    mask: bool = False
    shop: tuple[str, ...] = ()
    exported: date | None = None
