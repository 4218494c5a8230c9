"""I am what the guard passes around: where something was found, and a text read otherwise."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 40  # characters of the longest hit
OPENLY = frozenset({"exact", "shape", "state"})  # views that hide nothing
FLOOR = 0.25  # what weighs less is chance
_PHRASE = 16  # characters of the longest phrase that hides a word


class Hit(NamedTuple):
    """A slot found at `start:end` of the tight view, in the reading `view`; `word` is what was meant."""

    start: int
    end: int
    weight: float
    view: str
    word: str


class Variant(NamedTuple):
    """A text made from another: `back` is the position there of each character and of its end; `doubts` says of a
    changed character how much less sure a word with it is; `places` are the changes in order, if not all is changed.
    """

    text: str
    back: tuple[int, ...]
    doubts: dict[int, float]
    how: str = ""
    places: tuple[int, ...] = ()


def around(hits: list[Hit], low: int, high: int) -> Iterator[Hit]:
    """The hits (in order) that end at `low` or after and begin at `high` or before."""
    for at in range(bisect_left(hits, (low - LONGEST,)), len(hits)):
        hit = hits[at]
        if hit.start > high:
            return
        if hit.end >= low:
            yield hit


def covered(hit: Hit, shields: list[tuple[int, int]]) -> bool:
    """Does one of the places (in order) hold the hit?"""
    for at in range(bisect_left(shields, (hit.end - _PHRASE, 0)), len(shields)):
        start, end = shields[at]
        if start > hit.start:
            return False
        if hit.end <= end:
            return True
    return False
