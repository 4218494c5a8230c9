"""I look at what stands between the characters of a find: nothing, a sign, a pause, the end of a message."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import compress
from operator import sub
from typing import TYPE_CHECKING

from replies.guard_terms import LETTERS
from replies.lazy import lazy
from replies.text import fold_table

if TYPE_CHECKING:
    from replies.guard_terms import Word
    from replies.text import View

BREAK = "\n"  # between the messages of a joined text
_pause = re.compile(r"[,，。.!！?？;；:：、…~～]")
_full_stop = re.compile(r"[。.!！?？]")
_quote = re.compile('[“”‘’"「」『』《》（）()]')
_COUNTED = 8


@lru_cache(maxsize=4096)
def _seen(between: str) -> str:
    """What can be seen of what was dropped."""
    return between.translate(fold_table())


class Joints:
    """The gaps of one text: places of its tight view before which something was dropped that can be seen."""

    def __init__(self, text: str, tight: View, pairs: frozenset[str], *, joined: bool) -> None:
        """`tight` is the view of `text` without separators; `pairs` ordinary words of two characters; `joined`: BREAK ends a message."""
        self.text, self.chars, self.origin, self.joined = text, tight.chars, tight.origin, joined
        self.pairs = pairs
        origin = tight.origin
        wide = compress(range(1, len(origin)), map((1).__lt__, map(sub, origin[1:], origin)))
        self.between = {at: seen for at in wide if (seen := _seen(text[origin[at - 1] + 1 : origin[at]]))}
        self.gaps = sorted(self.between)
        self.breaks = [at for at in self.gaps if BREAK in self.between[at]] if joined else []

    def weight(self, start: int, end: int) -> float:
        """How much of the weight of a find at `start:end` stays, seeing what separates its characters."""
        low, high = bisect_right(self.gaps, start), bisect_left(self.gaps, end)
        if low == high:
            return 1.0
        if end - start > 2 and high - low == end - start - 1 and not self.breaks:
            return 0.9  # one sign after each character is no accident
        return min(self._joint(at, start=start, end=end) for at in self.gaps[low:high])

    def _joint(self, at: int, *, start: int, end: int) -> float:
        between = self.between[at]
        if self.joined and BREAK in between:
            return self._over_messages(at, start=start, end=end)
        if between.isspace() and self.chars[at] in LETTERS and self.chars[at - 1] in LETTERS:
            return 1.0
        left, right = self._piece(at, self.gaps, -1), self._piece(at, self.gaps, 1)
        if between.isspace():
            return 0.9 if min(left, right) == 1 else 0.45
        if _pause.search(between) or _quote.search(between):
            return 0.9 if left == right == 1 else 0.0
        return 0.95

    def _over_messages(self, at: int, *, start: int, end: int) -> float:
        """A word over two messages counts if at least one of them is wholly part of it."""
        before, after = self._piece(at, self.breaks, -1), self._piece(at, self.breaks, 1)
        begun, ended = at - before >= start, at + after <= end
        if begun and ended:
            return 1.0
        if begun and self.chars[end - 1 : end + 1] in self.pairs:
            return 0.0  # 转 / 账单: the rest of the word belongs to another
        if begun:
            return (0.8 if end - start > 2 else 0.6) if before == 1 else 0.7
        if ended:
            return 0.85 if end - start > 2 else 0.6
        # ...加我微 / 信吧...: neither is a message of its own, but neither half belongs to what stands beside it
        torn = self.chars[start - 1 : start + 1] in self.pairs or self.chars[end - 1 : end + 1] in self.pairs
        return 0.0 if torn or end - start > 4 else 0.75

    def _piece(self, at: int, gaps: list[int], step: int) -> int:
        """How many characters stand together on one side of the gap before `at`; at most eight are counted."""
        place = bisect_left(gaps, at)
        if step > 0:
            end = gaps[place + 1] if place + 1 < len(gaps) else len(self.chars)
            return min(end - at, _COUNTED)
        return min(at - (gaps[place - 1] if place else 0), _COUNTED)

    def open_left(self, at: int) -> bool:
        """Does something stand between `at` and the character before it (or none is there)?"""
        return at <= 0 or at in self.between

    @lazy
    def clauses(self) -> list[int]:
        """Where in the tight view a new clause begins."""
        return [at for at in self.gaps if BREAK in self.between[at] or _pause.search(self.between[at])]

    @lazy
    def sentences(self) -> list[int]:
        """Where in the tight view a new sentence begins."""
        return [at for at in self.clauses if BREAK in self.between[at] or _full_stop.search(self.between[at])]

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """From where to where the sentences reach that `start:end` lies in."""
        ends = self.sentences
        first, last = bisect_right(ends, start), bisect_left(ends, end)
        return ends[first - 1] if first else 0, ends[last] if last < len(ends) else len(self.chars)

    def asked(self, left: int, right: int) -> bool:
        """Does a question end between two places, and nothing else: 有返现吗？没有的。"""
        ends = [
            self.between[at] for at in self.clauses[bisect_left(self.clauses, left) : bisect_right(self.clauses, right)]
        ]
        return len(ends) == 1 and "?" in ends[0]

    def together(self, left: int, right: int) -> bool:
        """Do two places stand in one clause?"""
        return bisect_right(self.clauses, left) == bisect_right(self.clauses, right)


def edges(chars: str, pairs: frozenset[str], start: int, end: int) -> float:
    """How much of a find's weight stays, if its edges belong to ordinary words: 烦您 in 麻烦您."""
    left = start > 0 and chars[start - 1 : start + 1] in pairs
    right = chars[end - 1 : end + 1] in pairs
    return (0.55 if left else 1.0) * (0.55 if right else 1.0)


def runs_on(word: Word, joints: Joints, start: int, *, leet: bool) -> bool:
    """Is the find part of a longer Latin word, or the head of a model number: WX-200?"""
    chars, lone, end = joints.chars, word.length == 1, start + word.length
    left, right = chars[start - 1] if start else "", chars[end : end + 1]
    if word.latin_left and left and (left in LETTERS or (lone and left.isdigit())):
        return not joints.open_left(start)
    if not word.latin_right or not right:
        return False
    short = word.length == 2 and chars[start:end].isascii()
    between = joints.between.get(end, "")
    if leet and short and between in {"-", "_"}:
        return True
    if right in LETTERS or (lone and right.isdigit()):
        return not between
    return short and right.isdigit() and between in {"", "-", "_"}
