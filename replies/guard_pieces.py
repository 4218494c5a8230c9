"""I cut out of a long text that was made from another the pieces around what was changed: the rest was read before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from replies.guard_hits import Variant

LONG = 250  # characters of a text that is read whole again for any change
_REACH = 110  # characters on either side of a change that words about it may stand in
_MOST = 0.7  # part of a text above which pieces are no gain


def pieces(variant: Variant) -> Iterator[Variant]:
    """`variant` whole if it is short or changed everywhere, else the parts around its changes."""
    if len(variant.text) <= LONG or not variant.places:
        yield variant._replace(places=())
        return
    around = list(_around(variant.places, len(variant.text)))
    if sum(high - low for low, high in around) > _MOST * len(variant.text):
        yield variant._replace(places=())
        return
    for low, high in around:
        yield variant._replace(
            text=variant.text[low:high],
            back=variant.back[low : high + 1],
            doubts={at - low: doubt for at, doubt in variant.doubts.items() if low <= at < high},
            places=tuple(at - low for at in variant.places if low <= at < high),
        )


def _around(places: Sequence[int], size: int) -> Iterator[tuple[int, int]]:
    begun, done = 0, -1
    for at in places:
        if at - _REACH > done:
            if done >= 0:
                yield begun, done
            begun = max(0, at - _REACH)
        done = min(size, at + _REACH)
    yield begun, done
