"""I gather the questions for which nothing was offered into gaps of the library, each with the script that comes nearest."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bot import gaps
from bot.insight import settings
from bot.played import Began, Played

if TYPE_CHECKING:
    from bot.played import Record
    from replies.match import Matcher


class Unanswered:
    """An observer. `result()`: the section `gaps` of the summary."""

    _matcher: Matcher

    def __init__(self) -> None:
        """Nothing gathered."""
        self._kept = settings.load().kept
        self._questions: Counter[str] = Counter()

    def __call__(self, record: Record) -> None:
        """Hear the next record."""
        match record:
            case Began(shop):
                self._matcher = shop.matcher
            case Played(asked=True) if not record.offered and gaps.asks(record.fact.text):
                self._questions[record.fact.text.strip()] += 1
                if len(self._questions) > self._kept.questions:
                    self._make_room()

    def _make_room(self) -> None:
        """Forget what was asked least often, until half are left or nothing more can be told apart."""
        least = 1
        while len(self._questions) > self._kept.questions // 2:
            self._questions = Counter({text: times for text, times in self._questions.items() if times > least})
            least += 1

    def result(self) -> list[dict[str, Any]]:
        """`[{"word", "asked", "examples", "nearest": {"script", "title", "score"} | null}]`, most asked first."""
        found = gaps.gather(self._questions) if len(self._questions) > 1 else []
        return [{**gap._asdict(), "nearest": self._near(gap)} for gap in found[: self._kept.gaps]]

    def _near(self, gap: gaps.Gap) -> dict[str, Any] | None:
        nearest = gaps.nearest(self._matcher, gap)
        return None if nearest is None else {"script": nearest.script, "title": nearest.title, "score": nearest.score}
