"""I find the few scripts worth a closer look, at a cost that does not grow with the library."""

from __future__ import annotations

import heapq
import math
from array import array
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SATURATION, _LENGTH = 1.2, 0.75  # Okapi BM25's usual k1 and b


class Index:
    """Scripts as bags of pieces, each piece counted once a phrasing, scored by BM25 under a budget of postings.

    A script is one document: what its phrasings say together is stronger evidence than the best of them alone.
    """

    def __init__(self, documents: Iterable[Iterable[Sequence[str]]]) -> None:
        """`documents`: of each script the pieces of each phrasing, in the order of the scripts."""
        counts = [Counter(piece for phrasing in document for piece in phrasing) for document in documents]
        lengths = [count.total() for count in counts]
        self._mean = max(sum(lengths) / max(len(lengths), 1), 1.0)
        self._scripts: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
        self._worth: defaultdict[str, array[float]] = defaultdict(lambda: array("f"))
        for script, (count, length) in enumerate(zip(counts, lengths, strict=True)):
            for piece, times in count.items():
                self._scripts[piece].append(script)
                self._worth[piece].append(self._impact(times, length))
        self.size = len(counts)
        self._extra: dict[str, dict[int, float]] = {}
        self.unknown = self._rarity(0)
        self._rare = {piece: self._rarity(len(scripts)) for piece, scripts in self._scripts.items()}

    def _impact(self, times: int, length: int) -> float:
        """How much a piece that stands in `times` phrasings of a script speaks for it: 0 to 2.2."""
        return times * (_SATURATION + 1) / (times + _SATURATION * (1 - _LENGTH + _LENGTH * length / self._mean))

    def _rarity(self, scripts: int) -> float:
        return math.log(1 + (self.size - scripts + 0.5) / (scripts + 0.5))

    def rarity(self, piece: str) -> float:
        """How telling `piece` is: the BM25 idf; that of a piece never seen for an unknown one."""
        return self._rare.get(piece, self.unknown)

    def best(self, asked: Sequence[str], *, keep: int, budget: int) -> list[tuple[float, int]]:
        """The `keep` best scripts as (evidence, script), best first; evidence is a share of what `asked` could earn.

        Rarest pieces first; stops once `budget` postings are spent, so that cost does not grow with the library.
        """
        rare, total = self._rare, 0.0
        known: list[tuple[float, str]] = []
        for piece in asked:
            weight = rare.get(piece)
            if weight is None:
                total += self.unknown
            else:
                total += weight
                known.append((-weight, piece))
        known.sort()
        found: dict[int, float] = {}
        get = found.get
        for negative, piece in known:
            scripts = self._scripts[piece]
            for script, worth in zip(scripts, self._worth[piece], strict=True):
                found[script] = get(script, 0.0) - negative * worth
            extra = self._extra.get(piece)
            if extra:
                for script, worth in extra.items():
                    found[script] = get(script, 0.0) - negative * worth
            budget -= len(scripts)
            if budget <= 0:
                break
        top = heapq.nlargest(keep, ((value, -script) for script, value in found.items()))
        return [(value / total, -script) for value, script in top]

    def learn(self, script: int, before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]) -> None:
        """Count the phrasings `after` for `script`, whose phrasings in the index as built were `before`."""
        old = Counter(piece for phrasing in before for piece in phrasing)
        new = Counter(piece for phrasing in after for piece in phrasing)
        lengths = old.total(), new.total()
        for piece, times in new.items():
            was = self._impact(old[piece], lengths[0]) if old[piece] else 0.0
            self._extra.setdefault(piece, {})[script] = self._impact(times, lengths[1]) - was
            if piece not in self._rare:
                self._scripts[piece], self._rare[piece] = array("I"), self._rarity(1)

    def __contains__(self, piece: str) -> bool:
        """Does any phrasing hold `piece`?"""
        return piece in self._rare
