"""I hold one text folded, with and without separators, and know where in what was written each place of it came from."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING

from replies.guard_disguise import tight_table
from replies.guard_joints import BREAK, Joints
from replies.lazy import lazy
from replies.text import View, fold_table, origins

if TYPE_CHECKING:
    from replies.guard_hits import Hit, Variant

_SCRAP = 3  # characters of a message that says nothing by itself


class Folded:
    """One text. Positions are those of the tight view; `span` leads back to the text that was written."""

    def __init__(self, text: str, pairs: frozenset[str], variant: Variant | None, *, joined: bool) -> None:
        """`pairs`: ordinary words of two characters; `variant`, if the text was made from another; `joined`: several messages."""
        self.text, self.pairs, self.joined = text, pairs, joined
        self.back = variant.back if variant else ()
        self.how = variant.how if variant else ""
        self.doubts = variant.doubts if variant else {}
        self.places = variant.places if variant else ()
        self.chars = text.translate(tight_table())

    @lazy
    def tight(self) -> View:
        """The text folded, without separators."""
        return View("tight", self.chars, origins(self.text, self.chars, tight_table()))

    @lazy
    def plain(self) -> View:
        """The text folded, separators and all, with the way back."""
        return View("plain", self.folded, origins(self.text, self.folded, fold_table()))

    @lazy
    def folded(self) -> str:
        """The text folded, separators and all."""
        return self.text.translate(fold_table())

    @lazy
    def joints(self) -> Joints:
        """What stands between the characters."""
        return Joints(self.text, self.tight, self.pairs, joined=self.joined)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Positions of the tight view as code points of the text that was written."""
        first, last = self.tight.span(start, end)
        if not self.back:
            return first, last
        if self.how == "parts":
            return self.back[first], self.back[last]
        ends = self.back[first], self.back[last - 1]
        return min(ends), max(ends) + 1

    def mended(self, hit: Hit) -> bool:
        """Was something left out between the characters of a find, in a text made from another?"""
        origin, back = self.tight.origin, self.back
        places = origin[hit.start : hit.end]
        return any(abs(back[after] - back[at]) > after - at for at, after in pairwise(places))

    def at(self, position: int) -> int:
        """The position of the tight view at or after a code point of the text."""
        return bisect_left(self.tight.origin, position)

    def changed(self, start: int, end: int) -> bool:
        """Was the text changed between two places of the tight view, or right beside them?"""
        at = bisect_left(self._places, start)
        return at < len(self._places) and self._places[at] <= end

    @lazy
    def _places(self) -> list[int]:
        return [self.at(place) for place in self.places]

    @lazy
    def last(self) -> int:
        """Where the last of joined messages begins, in the tight view."""
        return self.at(self.text.rfind(BREAK) + 1) if self.joined else 0

    @lazy
    def reach(self) -> int:
        """Where a match over several messages must end after: scraps at the end go with the message before them."""
        start, end, size = self.last, self.text.rfind(BREAK) if self.joined else -1, len(self.chars)
        while end >= 0 and size - start <= _SCRAP:
            end = self.text.rfind(BREAK, 0, end)
            start, size = self.at(end + 1), start
        return start
