"""I am what a reader of a foreign file hands over: entries with their place, what it refused, what it noticed."""

from __future__ import annotations

from typing import Any

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """One script of a file. `place` names file and row; `fields` are those fields of a Script that the
    file gives; `text` is always among them, the others may be missing.
    """

    place: str
    fields: dict[str, Any]


class Taken(msgspec.Struct):
    """What a reader found: `refused` rows with place and reason, `notes` on what was left out of the taken ones."""

    entries: list[Entry] = msgspec.field(default_factory=list)
    refused: list[str] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)
