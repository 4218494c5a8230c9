"""I find sayings in messages."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from replies.text import fold, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.inspecting.rules import Saying

REMEMBERED = 4096  # texts whose readings are kept: shops say the same again and again


@lru_cache(maxsize=REMEMBERED)
def read(text: str) -> tuple[str, str]:
    """A text folded, and folded without signs and spaces."""
    return fold(text), normalise(text)


class Finder:
    """One saying, ready to be looked for. Raises ValueError for a pattern that is none."""

    def __init__(self, saying: Saying) -> None:
        """Words are compared as texts are: folded, without signs."""
        self._whole = frozenset(map(normalise, saying.whole))
        self._words = _either(map(normalise, saying.words))
        self._shields = _either(map(normalise, saying.shields))
        try:
            self._patterns = tuple(re.compile(pattern) for pattern in saying.patterns)
        except re.error as error:
            raise ValueError(f"{error.pattern!r} is no pattern: {error}") from error
        self._tail = saying.tail

    def find(self, text: str) -> str:
        """The words of `text` (folded) that say it; "" if it does not."""
        folded, bare = read(text)
        if bare in self._whole:
            return bare
        if self._words is not None:
            without = self._shields.sub("\0", bare) if self._shields is not None else bare
            for match in self._words.finditer(without):
                if self._tail is None or len(without) - match.end() <= self._tail:
                    return match[0]
        for pattern in self._patterns:
            for match in pattern.finditer(folded):
                shielded = self._shields is not None and self._shields.search(normalise(match[0]))
                if not shielded and (self._tail is None or len(folded) - match.end() <= self._tail):
                    return match[0].strip()
        return ""


def _either(words: Iterable[str]) -> re.Pattern[str] | None:
    """Any of the words, the longest first; None without any."""
    every = sorted({word for word in words if word}, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, every))) if every else None
