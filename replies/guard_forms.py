"""I look in a text for what has a form rather than a word: patterns around the words that call them, numbers, addresses."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from replies import guard_detect as detect
from replies.guard_hits import Hit
from replies.guard_joints import BREAK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replies.guard_reading import Reading

_close = re.compile(r"[，,。.!！?？;；\n]")
_pair = re.compile("[a-z0-9]{2}")  # what every id has, without what may stand between its characters
_NEAR = 60  # characters on either side of a word that calls a pattern
_ODD = 4  # digits in unusual signs that are no slip
Places = list[tuple[int, int]]


def possible(reading: Reading) -> int:
    """The bits of the numbers and addresses that may stand in a text."""
    known, kinds = reading.known, reading.search.kinds
    mask = kinds.open
    long = known.long.search(reading.chars) is not None
    if long or (reading.latin and _pair.search(reading.chars)):
        mask |= kinds.latin
    if long:
        mask |= kinds.long
    if reading.latin and detect.addressed(reading.folded, known):
        mask |= kinds.net
    if known.blank_marks.search(reading.text) and known.blanks.search(reading.folded):
        mask |= kinds.form
    return mask


def shaped(slot: str, reading: Reading, called: Places | None) -> list[Hit]:
    """What the patterns of a slot find around the places (of the tight view) that `called` them; None: everywhere."""
    folded, shapes = reading.folded, reading.known.shapes[slot]
    found = []
    short = called is None or len(folded) <= _NEAR * 2
    for low, high in ((0, len(folded)),) if short else _stretches(reading, called or []):
        for shape in shapes:
            if shape.starts is not None and shape.starts.search(folded, low, high) is None:
                continue
            for match in shape.finds(folded, low, high):
                start, end = (reading.at(at) for at in reading.plain.span(*match.span()))
                found.append(Hit(start, end, shape.weight, "shape", match.group()))
    return found


def _stretches(reading: Reading, called: Places) -> Iterator[tuple[int, int]]:
    """Where in the plain view patterns are tried: around the words that called them, to the end of a clause."""
    size = len(reading.folded)
    plain, origin = reading.plain, reading.tight.origin
    begun, done = 0, -1
    for first, last in sorted(called):
        low, high = bisect_left(plain.origin, origin[first]), bisect_left(plain.origin, origin[last - 1])
        if low - _NEAR > done:
            if done >= 0:
                yield begun, done
            begun = max(0, low - _NEAR)
        if high + _NEAR > done:
            close = _close.search(plain.chars, min(size, high + _NEAR))
            done = close.end() if close else size
    yield begun, done


def detected(reading: Reading) -> dict[str, list[Hit]]:
    """Every number and address, by slot."""
    found: dict[str, list[Hit]] = {}
    plain = reading.plain
    for thing in detect.everything(plain.chars, reading.known):
        start, end = plain.span(thing.start, thing.end)
        low, high = reading.at(start), reading.at(end)
        if low < high:
            found.setdefault(thing.slot, []).append(Hit(low, high, thing.weight, thing.how, thing.value))
            if thing.slot == "phone" and _dressed(reading, start, end):
                found.setdefault("odd_phone", []).append(Hit(low, high, 1.0, thing.how, thing.value))
    return {slot: sorted(hits) for slot, hits in found.items()}


def _dressed(reading: Reading, start: int, end: int) -> bool:
    """Is a number spread over messages, or written in signs that no keyboard has?"""
    written = reading.text[start:end]
    odd = sum(not char.isascii() and not "０" <= char <= "９" for char in written)
    return odd > _ODD or (reading.joined and BREAK in written)
