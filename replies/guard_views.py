"""I show how the guard read a text: each view with its way back, and what numbers and addresses were taken for."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from replies import guard_slots
from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replies.guard_reading import Reading
    from replies.text import View


class Read(msgspec.Struct, frozen=True):
    """One view of the text. `spans`: of each character of `read`, where it came from; `changed`: (start, end, read as)."""

    view: str
    label: str
    read: str
    spans: tuple[tuple[int, int], ...]
    changed: tuple[tuple[int, int, str], ...]


class Thing(msgspec.Struct, frozen=True):
    """A number or address, and what it was taken for."""

    span: tuple[int, int]
    excerpt: str
    slot: str
    label: str


@cache
def labels() -> dict[str, dict[str, str]]:
    """What people call views, disguises, excuses and slots."""
    return dict(tomllib.loads((WORDS / "guard_labels.toml").read_text(encoding="utf8")))


def views(readings: Sequence[Reading]) -> tuple[Read, ...]:
    """The text folded, folded without separators, and read otherwise."""
    first = readings[0]
    plainly = _viewed(first.plain, first.text), _viewed(first.tight, first.text)
    return (*plainly, *(_read(reading.how, reading) for reading in readings[1:]))


def _viewed(view: View, text: str) -> Read:
    spans = tuple((at, at + 1) for at in view.origin)
    return _read_as(view.name, view.chars, spans, text)


def _read(how: str, reading: Reading) -> Read:
    spans = tuple(reading.span(at, at + 1) for at in range(len(reading.chars)))
    return _read_as(how, reading.chars, spans, "")


def _read_as(name: str, chars: str, spans: tuple[tuple[int, int], ...], text: str) -> Read:
    """`text` empty: a reading that is changed as a whole, of which no single changes are told."""
    read: dict[tuple[int, int], str] = {(at, at + 1): "" for at in range(len(text))}
    for span, char in zip(spans, chars, strict=True):
        if text:
            read[span] = read.get(span, "") + char
    changed = tuple((*span, said) for span, said in sorted(read.items()) if text[slice(*span)] != said)
    return Read(name, labels()["views"].get(name, name), chars, spans, changed)


def things(first: Reading) -> tuple[Thing, ...]:
    """Numbers and addresses in order, each with what it was taken for."""
    named = labels()["slots"]
    found = [(first.span(hit.start, hit.end), slot) for slot in sorted(guard_slots.FOUND) for hit in first.find(slot)]
    return tuple(Thing(span, first.text[slice(*span)], slot, named.get(slot, slot)) for span, slot in sorted(found))
