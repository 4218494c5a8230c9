"""I hear what a mistyped word sounds like, and write it as the library does."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from replies import sounds

if TYPE_CHECKING:
    from collections.abc import Iterable

OFTEN = 2  # scripts that must hold a pair of characters before a mistyped one may become it


class Ear:
    """The pairs of characters a library uses, by how they sound."""

    def __init__(self, pairs: Iterable[tuple[str, int]]) -> None:
        """`pairs`: pieces of two characters, and how many scripts hold each."""
        self._written: dict[tuple[str, str], tuple[int, str]] = {}
        self._known: set[str] = set()
        table = sounds.readings()
        for pair, scripts in pairs:
            self._known.add(pair)
            one, other = table.get(pair[0]), table.get(pair[1])
            if one is None or other is None or scripts < OFTEN:
                continue
            key = (one[0], other[0])
            if key not in self._written or (-scripts, pair) < self._written[key]:
                self._written[key] = (-scripts, pair)

    def mend(self, text: str) -> str:
        """`text` with pairs the library does not know written as the pair of the same sound that it does.

        A character that stands in a pair the library knows is taken as meant, and stays.
        """
        table = sounds.readings()
        pairs = [text[at : at + 2] for at in range(len(text) - 1)]
        meant = [False, *(pair in self._known for pair in pairs), False]
        sure = [before or after for before, after in itertools.pairwise(meant)]
        chars = list(text)
        for at, pair in enumerate(pairs):
            if sure[at] and sure[at + 1]:
                continue
            one, other = table.get(pair[0]), table.get(pair[1])
            found = self._written.get((one[0], other[0])) if one and other else None
            if found is None or any(sure[at + i] and pair[i] != found[1][i] for i in (0, 1)):
                continue
            chars[at : at + 2] = found[1]
            sure[at] = sure[at + 1] = True
        return "".join(chars)
