"""I put scripts in order by more than what was said, and keep apart what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from replies import subject
from replies.popularity import reweigh
from replies.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from replies.odds import Bars, Chance
    from replies.shelf import Shelf


class Scored(msgspec.Struct, frozen=True, gc=False):
    """A script with its score, the message, and the number of the phrasing for it: the reason is made once it is shown.

    `own`: the score by what was said alone, which the bars are about; below zero until something else leaned on it.
    """

    score: float
    script: int
    asked: Reading
    at: int
    own: float = -1.0

    @property
    def fit(self) -> float:
        """What speaks for it, whoever leans on it."""
        return self.score if self.own < 0 else self.own


def ordered(scored: Iterable[Scored]) -> list[Scored]:
    """Best first; the earlier script of the library goes first among equals."""
    return sorted(scored, key=lambda each: (-each.score, each.script))


def carded(scored: Sequence[Scored], asked: Reading, chances: Iterable[Chance], shelf: Shelf) -> list[Scored]:
    """A follow-up of nothing that was said follows the card: scripts that speak of both.

    `chances`: for what the card names and what was `asked`, taken together.
    """
    best = {each.script: each for each in scored}
    for score, seen in chances:
        held = best.get(seen.script)
        if (held is None or held.score < score) and subject.speaks_of(
            asked, shelf.phrasing(seen.script, seen.at).plain
        ):
            best[seen.script] = Scored(round(score, 4), seen.script, asked, seen.at)
    return ordered(best.values())


def leaned(scored: list[Scored], bars: Bars, leans: Sequence[float]) -> list[Scored]:
    """The same, those worth showing weighed anew; all as they were where nothing is.

    `leans`: of those worth showing beside a better one, which are the first, what is added to their log odds.
    """
    worth = scored[: len(leans)]
    if not worth or worth[0].score < bars.show or not any(leans):
        return scored
    scores = reweigh([each.score for each in worth], leans)
    anew = [
        Scored(score, each.script, each.asked, each.at, each.score) for each, score in zip(worth, scores, strict=True)
    ]
    return [*sorted(anew, key=lambda each: -each.score), *scored[len(worth) :]]
