"""I find the few scripts worth a closer look, fast enough in the largest library."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Forms = tuple[str, ...]  # a message as it is compared: peeled, and with synonyms folded where that differs
    Whole = NDArray[np.int64]
    Real = NDArray[np.float64]
    Scripts = NDArray[np.int32]
    Worths = NDArray[np.float32]

BUDGET = 20_000  # postings counted for all scripts; those of commoner pieces only for the scripts that are nearest then
NEAR = 64  # and so many these are at least
_SATURATION, _LENGTH = 1.2, 0.75  # Okapi BM25's usual k1 and b
_DENSE = 16  # a piece that one script in so many holds is a row of numbers, one for every script: adding rows is quick
_BATCH = 50_000  # phrasings cut into pieces at once
_BITS = 21  # of a code point: a pair of characters is one number
_APART = "\n"  # stands in no normalised text


class Found(NamedTuple):
    """What an index knows of a message: the BM25 of each script, and the rarity of all its pieces and of known ones.

    `near`: the scripts that may be among the best, in the order of the library.
    """

    scores: Worths
    near: Whole
    total: float
    known: float

    def best(self, keep: int) -> list[int]:
        """The `keep` best scripts, best first; the earlier script of the library goes first among equals."""
        near, worth = self.near, self.scores[self.near]
        if len(near) > 2 * keep:
            reach = worth >= np.partition(worth, -keep)[-keep]
            near, worth = near[reach], worth[reach]
        best: list[int] = near[(-worth).argsort(kind="stable")[:keep]].tolist()
        return best


class Index:
    """Scripts as bags of pieces: characters and pairs of neighbours, each counted once a phrasing, scored by BM25.

    A script is one document: what its phrasings say together is stronger evidence than the best of them alone. A piece
    is a number made of its code points.
    """

    def __init__(self, documents: Iterable[Sequence[Forms]]) -> None:
        """`documents`: of each script the forms of each phrasing, in the order of the scripts."""
        self.size, pieces, scripts, times = _counted(documents)
        lengths: Real = np.bincount(scripts, times, self.size).astype(np.float64)
        self._mean = max(float(lengths.sum()) / max(self.size, 1), 1.0)
        order = np.argsort(pieces, kind="stable")
        scripts, times = scripts[order], times[order]
        self._pieces, self._holds = np.unique(pieces, return_counts=True)
        self._rare = self._rarity(self._holds)
        self.unknown = float(self._rarity(np.zeros(1))[0])
        self._once = float(self._rarity(np.ones(1))[0])
        worths = np.repeat(self._rare, self._holds) * self._impact(times, lengths[scripts])
        common = self._holds * _DENSE > self.size
        self._cost = np.where(common, self.size // _DENSE, self._holds)
        ends = np.cumsum(self._holds)
        self._rows: dict[int, Worths] = {}
        for at in np.flatnonzero(common).tolist():
            held = slice(ends[at] - self._holds[at], ends[at])
            self._rows[at] = np.zeros(self.size, np.float32)
            self._rows[at][scripts[held]] = worths[held]
        rest = ~np.repeat(common, self._holds)
        self._scripts: Scripts = scripts[rest].astype(np.int32)
        self._worths: Worths = worths[rest].astype(np.float32)
        self._ends: list[int] = [0, *np.cumsum(np.where(common, 0, self._holds)).tolist()]
        self._grown: dict[int, tuple[Scripts, Worths]] = {}  # postings of pieces that learned scripts hold too
        self._new: dict[int, dict[int, float]] = {}  # pieces that only learned scripts hold

    def _impact(self, times: Real, lengths: Real) -> Real:
        """How much a piece that stands in `times` phrasings of a script speaks for it: 0 to 2.2."""
        return times * (_SATURATION + 1) / (times + _SATURATION * (1 - _LENGTH + _LENGTH * lengths / self._mean))

    def _rarity(self, scripts: NDArray[Any]) -> Real:
        """How telling a piece is that so many scripts hold: the idf of BM25."""
        rarity: Real = np.log1p((self.size - scripts + 0.5) / (scripts + 0.5))
        return rarity

    def look(self, asked: Forms) -> Found:
        """Every script that holds pieces of `asked`, scored: by all of them, or beyond the budget by the rarest."""
        wanted = _pieces(asked)
        rows, others = self._find(wanted)
        rare = self._rare[rows]
        rows = rows[(-rare).argsort(kind="stable")]
        within = max(int(self._cost[rows].cumsum().searchsorted(BUDGET, "right")), 1)
        scores = self._count(rows[:within].tolist())
        known, unknown = float(rare.sum()), len(others)
        for piece in others if self._new else ():
            if piece in self._new:
                known, unknown = known + self._once, unknown - 1
                for script, gain in self._new[piece].items():
                    scores[script] += gain
        near = _top(scores, NEAR)
        for row in rows[within:].tolist():
            self._add(row, scores, near)
        return Found(scores, near, known + self.unknown * unknown, known)

    def _count(self, rows: Iterable[int]) -> Worths:
        """What the pieces are worth together, for every script."""
        scores = np.zeros(self.size, np.float32)
        scripts: list[Scripts] = []
        worths: list[Worths] = []
        for row in rows:
            whole = self._rows.get(row)
            if whole is not None:
                scores += whole
            else:
                held, worth = self._postings(row)
                scripts.append(held)
                worths.append(worth)
        if scripts:
            np.add.at(scores, np.concatenate(scripts), np.concatenate(worths))
        return scores

    def _add(self, row: int, scores: Worths, near: Whole) -> None:
        """Count one piece more for the scripts `near` alone."""
        whole = self._rows.get(row)
        if whole is not None:
            scores[near] += whole[near]
        else:
            scripts, worths = self._postings(row)
            at = np.minimum(scripts.searchsorted(near), len(scripts) - 1)
            scores[near] += np.where(scripts[at] == near, worths[at], np.float32(0.0))

    def _find(self, wanted: Whole) -> tuple[Whole, list[int]]:
        """The rows of those pieces that the library has, and the other pieces."""
        if not len(self._pieces):
            return wanted[:0], wanted.tolist()
        rows = np.minimum(self._pieces.searchsorted(wanted), len(self._pieces) - 1)
        there = self._pieces[rows] == wanted
        return rows[there], wanted[~there].tolist()

    def _postings(self, row: int) -> tuple[Scripts, Worths]:
        grown = self._grown.get(row)
        if grown is not None:
            return grown
        held = slice(self._ends[row], self._ends[row + 1])
        return self._scripts[held], self._worths[held]

    def learn(self, script: int, before: Iterable[Forms], after: Iterable[Forms]) -> None:
        """Count the phrasings `after` for `script`, which had `before`."""
        old, new = _tally(before), _tally(after)
        listed = np.fromiter(sorted(old | new), np.int64)
        times = np.array([new[piece] for piece in listed.tolist()], np.float64)
        impacts = self._impact(times, np.full(len(times), float(new.total())))
        rows, others = self._find(listed)
        there = np.isin(listed, others, invert=True)
        for row, worth in zip(rows.tolist(), (self._rare[rows] * impacts[there]).tolist(), strict=True):
            self._put(row, script, worth)
        for piece, impact in zip(others, impacts[~there].tolist(), strict=True):
            held = self._new.setdefault(piece, {})
            held[script] = impact * self._once
            if not impact:
                del held[script]
            if not held:
                del self._new[piece]

    def _put(self, row: int, script: int, worth: float) -> None:
        if row in self._rows:
            self._rows[row][script] = worth
            return
        scripts, worths = self._postings(row)
        at = int(scripts.searchsorted(script))
        if at < len(scripts) and scripts[at] == script:
            worths[at] = worth
        elif worth:
            self._grown[row] = np.insert(scripts, at, script), np.insert(worths, at, worth)

    def pairs(self) -> Iterator[tuple[str, int]]:
        """The pieces of two characters, and how many scripts hold each."""
        low = (1 << _BITS) - 1
        for piece, holds in zip(self._pieces.tolist(), self._holds.tolist(), strict=True):
            if piece > low:
                yield chr(piece >> _BITS) + chr(piece & low), holds


def _counted(documents: Iterable[Sequence[Forms]]) -> tuple[int, Whole, Whole, Real]:
    """How many documents there are; and side by side piece, script, and in how many of its phrasings the piece stands."""
    size, texts, said, owners = 0, list[str](), list[int](), list[int]()
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for script, document in enumerate(documents):
        size = script + 1
        for forms in document:
            texts += forms
            said += [len(owners)] * len(forms)
            owners.append(script)
        if len(owners) >= _BATCH:
            found.append(_batch(texts, said, owners))
            texts, said, owners = [], [], []
    if owners:
        found.append(_batch(texts, said, owners))
    pieces, scripts, times = (np.concatenate(each) for each in zip(*found, strict=True))
    return size, pieces, scripts, times


def _batch(texts: Sequence[str], said: Sequence[int], owners: Sequence[int]) -> tuple[Whole, Whole, Real]:
    """The same of some: `said` is the number of each text's phrasing, `owners` the script of each phrasing."""
    codes = np.frombuffer(_APART.join(texts).encode("utf-32-le"), np.uint32).astype(np.int64)
    apart = codes == ord(_APART)
    phrasing = np.asarray(said)[np.cumsum(apart)]
    both = ~(apart[:-1] | apart[1:])
    pieces = np.concatenate([codes[~apart], (codes[:-1] << _BITS | codes[1:])[both]])
    phrasing = np.concatenate([phrasing[~apart], phrasing[:-1][both]])
    kinds, kind = np.unique(pieces, return_inverse=True)
    once = np.sort(kind * len(owners) + phrasing)
    once = once[np.diff(once, prepend=-1) != 0]
    kind, script = once // len(owners), np.asarray(owners)[once % len(owners)]
    starts = np.flatnonzero(np.diff(kind, prepend=-1) | np.diff(script, prepend=-1))
    times = np.diff(starts, append=len(once)).astype(np.float64)
    return kinds[kind[starts]], script[starts], times


def _top(scores: Worths, keep: int) -> Whole:
    """At least the `keep` best, in order, if so many are above zero."""
    groups, bar = 2 * keep, 0.0
    if len(scores) > 4 * groups:
        # The best of each of so many groups: at least `keep` scripts reach the `keep`-th best of these.
        even = len(scores) - len(scores) % groups
        bar = float(np.partition(scores[:even].reshape(-1, groups).max(axis=0), -keep)[-keep])
    return np.flatnonzero(scores >= bar) if bar > 0 else np.flatnonzero(scores)


def _cut(forms: Forms) -> set[int]:
    found: set[int] = set()
    for form in forms:
        codes = list(map(ord, form))
        found.update(codes)
        found.update([one << _BITS | other for one, other in pairwise(codes)])
    return found


def _pieces(forms: Forms) -> Whole:
    cut = _cut(forms)
    return np.fromiter(cut, np.int64, len(cut))


def _tally(phrasings: Iterable[Forms]) -> Counter[int]:
    return Counter(piece for forms in phrasings for piece in _cut(forms))
