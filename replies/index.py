"""I find the few scripts worth a closer look, at a cost that does not grow with the library."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Found(NamedTuple):
    """What an index knows of a message: the BM25 of each script, and the rarity of all its pieces and of known ones."""

    scores: dict[int, float]
    total: float
    known: float

    def best(self, keep: int) -> list[int]:
        """The `keep` best scripts, best first; the earlier script of the library goes first among equals."""
        if len(self.scores) <= keep:
            return sorted(self.scores, key=lambda script: (-self.scores[script], script))
        bar = sorted(self.scores.values())[-keep]
        top = sorted((-value, script) for script, value in self.scores.items() if value >= bar)
        return [script for _, script in top[:keep]]


ENOUGH = 80  # scripts found by rare pieces: commoner pieces then only tell these apart
_SATURATION, _LENGTH = 1.2, 0.75  # Okapi BM25's usual k1 and b


class Index:
    """Scripts as bags of pieces, each piece counted once a phrasing, scored by BM25 under a budget of postings.

    A script is one document: what its phrasings say together is stronger evidence than the best of them alone.
    """

    def __init__(self, documents: Iterable[Iterable[Sequence[str]]]) -> None:
        """`documents`: of each script the pieces of each phrasing, in the order of the scripts."""
        lengths: list[int] = []
        # Script numbers and worths are shared objects in plain lists: half the time of arrays, which make each anew.
        self._scripts: dict[str, list[int]] = {}
        times: dict[str, list[int]] = {}
        for script, document in enumerate(documents):
            count = Counter(piece for phrasing in document for piece in phrasing)
            lengths.append(count.total())
            for piece, often in count.items():
                self._scripts.setdefault(piece, []).append(script)
                times.setdefault(piece, []).append(often)
        self.size = len(lengths)
        self._mean = max(sum(lengths) / max(self.size, 1), 1.0)
        self.unknown = self._rarity(0)
        self._rare = {piece: self._rarity(len(scripts)) for piece, scripts in self._scripts.items()}
        shared: dict[float, float] = {}
        self._worth: dict[str, list[float]] = {}
        for piece, scripts in self._scripts.items():
            rarity, often_in = self._rare[piece], times.pop(piece)
            worths = [
                round(rarity * self._impact(often, lengths[script]), 2)
                for script, often in zip(scripts, often_in, strict=True)
            ]
            self._worth[piece] = [shared.setdefault(worth, worth) for worth in worths]
        self._extra: dict[str, dict[int, float]] = {}
        self._learned: dict[int, tuple[str, ...]] = {}

    def _impact(self, times: int, length: int) -> float:
        """How much a piece that stands in `times` phrasings of a script speaks for it: 0 to 2.2."""
        return times * (_SATURATION + 1) / (times + _SATURATION * (1 - _LENGTH + _LENGTH * length / self._mean))

    def _rarity(self, scripts: int) -> float:
        return math.log(1 + (self.size - scripts + 0.5) / (scripts + 0.5))

    def rarity(self, piece: str) -> float:
        """How telling `piece` is: the BM25 idf; that of a piece never seen for an unknown one."""
        return self._rare.get(piece, self.unknown)

    def look(self, asked: Sequence[str], *, budget: int) -> Found:
        """Every script that holds pieces of `asked`, scored; rarest pieces first, until `budget` postings are spent."""
        rare, total, seen = self._rare, 0.0, 0.0
        known: list[tuple[float, str]] = []
        for piece in asked:
            weight = rare.get(piece)
            if weight is None:
                total += self.unknown
            else:
                seen += weight
                known.append((-weight, piece))
        known.sort()
        scores: dict[int, float] = {}
        for _, piece in known:
            scripts = self._scripts[piece]
            budget -= len(scripts)
            if budget < 0 and scores:
                break
            _add(scores, scripts, self._worth[piece])
            if piece in self._extra:
                for script, worth in self._extra[piece].items():
                    scores[script] = scores.get(script, 0.0) + worth
        return Found(scores=scores, total=total + seen, known=seen)

    def learn(self, script: int, before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]) -> None:
        """Count the phrasings `after` for `script`, whose phrasings in the index as built were `before`."""
        for piece in self._learned.pop(script, ()):
            del self._extra[piece][script]
            if not self._extra[piece] and not self._scripts[piece]:
                del self._extra[piece], self._scripts[piece], self._worth[piece], self._rare[piece]
        if len(after) == len(before):
            return
        old = Counter(piece for phrasing in before for piece in phrasing)
        new = Counter(piece for phrasing in after for piece in phrasing)
        lengths = old.total(), new.total()
        for piece, times in new.items():
            if piece not in self._rare:
                self._scripts[piece], self._worth[piece], self._rare[piece] = [], [], self._rarity(1)
            was = self._impact(old[piece], lengths[0]) if old[piece] else 0.0
            gain = self._impact(times, lengths[1]) - was
            self._extra.setdefault(piece, {})[script] = gain * self._rare[piece]
        self._learned[script] = tuple(new)

    def pairs(self) -> Iterator[tuple[str, int]]:
        """The pieces of two characters, and how many scripts hold each."""
        return ((piece, len(scripts)) for piece, scripts in self._scripts.items() if len(piece) == 2)

    def __contains__(self, piece: str) -> bool:
        """Does any phrasing hold `piece`?"""
        return piece in self._rare


def _add(scores: dict[int, float], scripts: list[int], worths: list[float]) -> None:
    """Count a piece for the scripts that hold it; once there are enough, only for those that hold a rarer one too."""
    if len(scores) > ENOUGH:
        for script, worth in zip(scripts, worths, strict=True):
            if script in scores:
                scores[script] += worth
    else:
        for script, worth in zip(scripts, worths, strict=True):
            if script in scores:
                scores[script] += worth
            else:
                scores[script] = worth
