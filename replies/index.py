"""I find the few scripts worth a closer look, fast enough in the largest library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from replies.bags import count, cut, name, tally

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from replies.bags import Forms, Real

    Places = NDArray[np.int64]
    Scripts = NDArray[np.int32]
    Worths = NDArray[np.float32]

BUDGET = 20_000  # postings counted for all scripts; those of commoner pieces only for the scripts that are nearest then
NEAR = 128  # and so many these are at least
_SATURATION, _LENGTH = 1.2, 0.75  # Okapi BM25's usual k1 and b
_DENSE = 16  # a piece that one script in so many holds is a row of numbers, one for every script: adding rows is quick
_FEW = 2048  # scripts: of no more than these, rows are added up in one go
_GROUPS = 256  # more than are ever kept


class Found(msgspec.Struct, frozen=True, gc=False):
    """What an index knows of a message: the BM25 of each script, and the rarity of all its pieces and of known ones.

    `near`: the scripts that may be among the best, in the order of the library; None for all.
    """

    scores: Worths
    near: Places | None
    total: float
    known: float

    def best(self, keep: int) -> list[int]:
        """The `keep` best scripts, best first; the earlier script of the library goes first among equals."""
        near = _top(self.scores, keep) if self.near is None else self.near
        worth = self.scores[near]
        if len(near) > 2 * keep:
            reach = worth >= np.partition(worth, -keep)[-keep]
            near, worth = near[reach], worth[reach]
        best: list[int] = near[(-worth).argsort(kind="stable")[:keep]].tolist()
        return best


class Index:
    """Scripts as bags of pieces: characters and pairs of neighbours, each counted once a phrasing, scored by BM25.

    A script is one document: what its phrasings say together is stronger evidence than the best of them alone. Each piece
    has a row: a higher one the fewer scripts hold it. The first rows are numbers for every script, the rest lists.
    """

    def __init__(self, documents: Iterable[Sequence[Forms]]) -> None:
        """`documents`: of each script the forms of each phrasing, in the order of the scripts."""
        self.size, pieces, scripts, times = count(documents)
        lengths: Real = np.bincount(scripts, times, self.size).astype(np.float64)
        self._mean = max(float(lengths.sum()) / max(self.size, 1), 1.0)
        pieces, rows, self._holds = _ranked(pieces)
        order = np.argsort(rows, kind="stable")
        scripts, times = scripts[order], times[order]
        self._row = {piece: row for row, piece in enumerate(map(name, pieces.tolist()))}
        self._rare = self._rarity(self._holds)
        self.unknown = float(self._rarity(np.zeros(1))[0])
        self._once = float(self._rarity(np.ones(1))[0])
        worths = np.repeat(self._rare, self._holds) * self._impact(times, lengths[scripts])
        whole = int(np.count_nonzero(self._holds * _DENSE > self.size))
        ends = [0, *np.cumsum(self._holds).tolist()]
        self._whole: Worths = np.zeros((whole, self.size), np.float32)
        self._whole[rows[order][: ends[whole]], scripts[: ends[whole]]] = worths[: ends[whole]]
        self._scripts: Scripts = scripts[ends[whole] :].astype(np.int32)
        self._worths: Worths = worths[ends[whole] :].astype(np.float32)
        self._ends = np.array(ends[whole:]) - ends[whole]
        self._grown: dict[int, tuple[Scripts, Worths]] = {}  # postings of pieces that learned scripts hold too
        self._learned: dict[int, Counter[str]] = {}  # what scripts that have learned say in all, piece by piece
        self._new: dict[str, dict[int, float]] = {}  # pieces that only learned scripts hold

    def _impact(self, times: Real, lengths: Real) -> Real:
        """How much a piece that stands in `times` phrasings of a script speaks for it: 0 to 2.2."""
        return times * (_SATURATION + 1) / (times + _SATURATION * (1 - _LENGTH + _LENGTH * lengths / self._mean))

    def _rarity(self, scripts: NDArray[Any]) -> Real:
        """How telling a piece is that so many scripts hold: the idf of BM25."""
        rarity: Real = np.log1p((self.size - scripts + 0.5) / (scripts + 0.5))
        return rarity

    def look(self, asked: Forms) -> Found:
        """Every script that holds pieces of `asked`, scored: by all of them, or beyond the budget by the rarest."""
        wanted = cut(asked)
        rows = [row for row in map(self._row.get, wanted) if row is not None]
        rows.sort(reverse=True)
        within = self._within(rows)
        scores = self._count(rows[:within])
        known, unknown = float(self._rare.take(rows).sum()) if rows else 0.0, len(wanted) - len(rows)
        for held in [self._new[piece] for piece in wanted if piece in self._new] if self._new else ():
            known, unknown = known + self._once, unknown - 1
            for script, gain in held.items():
                scores[script] += gain
        near = None
        if within < len(rows):
            near = _top(scores, NEAR)
            scores[near] += self._rest(rows[within:], near)
        return Found(scores, near, known + self.unknown * unknown, known)

    def _within(self, rows: Sequence[int]) -> int:
        """How many of `rows`, rarest first, are counted for every script: at least one."""
        most = self.size // _DENSE
        if len(rows) * most <= BUDGET:
            return len(rows)
        costs = np.minimum(self._holds.take(rows), most)
        return max(int(costs.cumsum().searchsorted(BUDGET, "right")), 1)

    def _count(self, rows: Sequence[int]) -> Worths:
        """What the pieces are worth together, for every script; `rows` rarest first."""
        split, whole = 0, len(self._whole)
        while split < len(rows) and rows[split] >= whole:
            split += 1
        if split < len(rows) and self.size <= _FEW:
            scores: Worths = np.add.reduce(self._whole.take(rows[split:], 0), 0)
        else:
            scores = np.zeros(self.size, np.float32)
            for row in rows[split:]:
                scores += self._whole[row]
        for row in rows[:split]:
            np.add.at(scores, *self._postings(row))
        return scores

    def _rest(self, rows: Sequence[int], near: Places) -> Worths:
        """What more pieces are worth together for the scripts `near` alone."""
        common = np.array([row for row in rows if row < len(self._whole)], np.int64)
        worth: Worths = self._whole[common[:, None], near].sum(axis=0)
        for row in rows[: len(rows) - len(common)]:
            scripts, worths = self._postings(row)
            at = np.minimum(scripts.searchsorted(near), len(scripts) - 1)
            worth += np.where(scripts[at] == near, worths[at], np.float32(0.0))
        return worth

    def _postings(self, row: int) -> tuple[Scripts, Worths]:
        if row in self._grown:
            return self._grown[row]
        at = row - len(self._whole)
        held = slice(self._ends[at], self._ends[at + 1])
        return self._scripts[held], self._worths[held]

    def learn(
        self, script: int, had: Iterable[Forms], *, more: Iterable[Forms] = (), less: Iterable[Forms] = ()
    ) -> None:
        """Count the phrasings `more` for `script` too, and `less` of those that it `had` no longer.

        What it had is counted the first time alone, and known from then on.
        """
        new = self._learned.pop(script, None) or tally(had)
        new.update(tally(more))
        new.subtract(tally(less))
        listed = sorted(new)
        self._learned[script] = +new
        times = np.array([new[piece] for piece in listed], np.float64)
        impacts = self._impact(times, np.full(len(times), float(new.total())))
        rows = np.array([self._row.get(piece, -1) for piece in listed], np.int64)
        common = (rows >= 0) & (rows < len(self._whole))
        self._whole[rows[common], script] = self._rare.take(rows[common]) * impacts[common]
        for at in np.flatnonzero(~common).tolist():
            row, impact = int(rows[at]), float(impacts[at])
            if row < 0:
                self._put_new(listed[at], script, impact * self._once)
            else:
                self._put(row, script, float(self._rare[row]) * impact)

    def _put_new(self, piece: str, script: int, worth: float) -> None:
        held = self._new.setdefault(piece, {})
        held[script] = worth
        if not worth:
            del held[script]
        if not held:
            del self._new[piece]

    def _put(self, row: int, script: int, worth: float) -> None:
        scripts, worths = self._postings(row)
        at = int(scripts.searchsorted(script))
        if at < len(scripts) and scripts[at] == script:
            worths[at] = worth
        elif worth:
            one, its = np.array([script], np.int32), np.array([worth], np.float32)
            self._grown[row] = (
                np.concatenate((scripts[:at], one, scripts[at:])),  # np.insert takes five times as long
                np.concatenate((worths[:at], its, worths[at:])),
            )

    def pairs(self) -> Iterator[tuple[str, int]]:
        """The pieces of two characters, and how many scripts hold each."""
        holds = self._holds.tolist()
        return ((piece, holds[row]) for piece, row in self._row.items() if len(piece) > 1)


def _ranked(pieces: Places) -> tuple[Places, Places, Places]:
    """Each piece once, the commonest first; which of them each of `pieces` is; and how often each stands in `pieces`."""
    kinds, kind, holds = np.unique(pieces, return_inverse=True, return_counts=True)
    order = np.argsort(holds, kind="stable")[::-1]
    rows = np.empty_like(order)
    rows[order] = np.arange(len(order))
    return kinds[order], rows[kind], holds[order]


def _top(scores: Worths, keep: int) -> Places:
    """At least the `keep` best, in order, if so many are above zero."""
    few = scores
    if len(scores) > _FEW:
        # The best of each of so many groups: at least `keep` scripts reach the `keep`-th best of these.
        few = scores[: len(scores) - len(scores) % _GROUPS].reshape(-1, _GROUPS).max(axis=0)
    bar = float(few.take(few.argpartition(-keep)[-keep:]).min()) if len(few) > keep else 0.0
    found: Places = ((scores >= bar) if bar > 0 else scores).nonzero()[0]
    return found
