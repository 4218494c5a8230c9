"""I find the script whose words are most like an answer's, without looking at every one of a large library."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import fuzz, process

from replies.text import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from replies.library import Library, Script

_BLANK = re.compile(r"\{[^{}]*\}+")
_REMEMBERED = 8192  # answers whose nearest script is kept: agents say the same again and again
_PAIRS = 16  # of an answer's pairs of characters, the rarest in the library: by these texts are found
_LOOKED_AT = 32  # texts that share most of them are compared


@lru_cache(maxsize=_REMEMBERED)
def bare(text: str) -> str:
    """A text for comparing: without blanks, signs and spaces."""
    return normalise(_BLANK.sub("", text))


class Nearest:
    """Knows the words of a library's scripts."""

    def __init__(self, library: Library, same: float) -> None:
        """`same`: how much alike (0 to 1) an answer must be at least."""
        self._same = same
        self._scripts: list[Script] = []
        self._texts: list[str] = []
        having: dict[str, list[int]] = {}
        for script in library.scripts:
            for text in (script.text, *script.alternatives) if script.text is not None else ():
                for pair in _pairs(bare(text)):
                    having.setdefault(pair, []).append(len(self._texts))
                self._scripts.append(script)
                self._texts.append(bare(text))
        self._having = {pair: np.array(places, np.int32) for pair, places in having.items()}
        self.of = lru_cache(maxsize=_REMEMBERED)(self._of)

    def _of(self, answer: str) -> tuple[Script, float] | None:
        """The script and how much alike, for a text that has been through `bare`; None if none is alike enough."""
        held = sorted((len(found), pair) for pair in _pairs(answer) if (found := self._having.get(pair)) is not None)
        if not held:
            return None
        places = _most_often(np.concatenate([self._having[pair] for _, pair in held[:_PAIRS]]), _LOOKED_AT)
        texts = [self._texts[place] for place in places]
        best = process.extractOne(answer, texts, scorer=fuzz.ratio, score_cutoff=self._same * 100, processor=None)
        return None if best is None else (self._scripts[places[best[2]]], round(best[1] / 100, 4))


def _pairs(text: str) -> tuple[str, ...]:
    """The pairs of neighbours in a text, each once."""
    return tuple(dict.fromkeys(text[at : at + 2] for at in range(len(text) - 1)))


def _most_often(places: NDArray[np.int32], most: int) -> list[int]:
    """The places that come up most often, of equal ones the first, at most so many."""
    shared = np.bincount(places)
    least = max(int(np.partition(shared, -most)[-most]), 1) if len(shared) > most else 1
    found = np.flatnonzero(shared >= least)
    order: list[int] = found[np.argsort(-shared[found], kind="stable")][:most].tolist()
    return order
