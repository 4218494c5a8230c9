"""I compare what agents answered with what was offered: by script, by wording, and by the time that it took."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz

from bot.insight import settings
from bot.insight.nearest import Nearest, bare
from bot.insight.turns import Turns
from bot.played import Began

if TYPE_CHECKING:
    from bot.insight.turns import Answered
    from bot.played import Record
    from replies.library import Script


class Agreement:
    """An observer. `result()`: the sections `agreement`, `answering` and `silence` of the summary."""

    _nearest: Nearest

    def __init__(self) -> None:
        """Nothing compared."""
        self._set = settings.load()
        self._turns = Turns(self._answered, self._set.kept.turns)
        self._timed = False
        self._counts: Counter[str] = Counter()
        self._wording = [0] * self._set.likeness.steps
        self._scripts: dict[str, Counter[str]] = {}
        self._titles: dict[str, str] = {}
        self._missed: list[dict[str, Any]] = []
        self._times: dict[str, Counter[int]] = {kind: Counter() for kind in ("offered", "silent", "agreed", "pick")}
        self._saved = 0.0

    def __call__(self, record: Record) -> None:
        """Hear the next record."""
        if isinstance(record, Began):
            library = record.shop.matcher.library
            self._timed, self._nearest = record.timed, Nearest(library, self._set.likeness.same)
            self._titles = {script.id: script.title for script in library.scripts}
        self._turns(record)

    def _answered(self, turn: Answered) -> None:
        self._counts["answered"] += 1
        texts = [text for answer in turn.answers if len(text := bare(answer)) >= self._set.likeness.shortest]
        best = max((self._alike(turn, texts, at) for at in range(len(turn.offered))), default=0.0)
        agreed = best >= self._set.likeness.same
        if turn.offered:
            self._offered(turn, texts, best)
        elif texts:
            self._silent(turn, texts)
        if self._timed:
            self._took(turn, agreed=agreed)

    def _alike(self, turn: Answered, texts: list[str], at: int) -> float:
        offer = bare(turn.offered[at].text or "")
        return max((fuzz.ratio(offer, text) / 100 for text in texts), default=0.0) if offer else 0.0

    def _offered(self, turn: Answered, texts: list[str], best: float) -> None:
        self._counts["offered"] += 1
        if not texts:
            self._counts["too_short"] += 1
            return
        steps = self._set.likeness.steps
        self._wording[min(int(best * steps), steps - 1)] += 1
        for suggestion in turn.offered:
            self._scripts.setdefault(suggestion.script, Counter())["offered"] += 1
        if best >= self._set.likeness.same:
            chosen = max(range(len(turn.offered)), key=lambda at: self._alike(turn, texts, at))
            self._counts["agreed"] += 1
            self._counts["first"] += chosen == 0
            self._scripts[turn.offered[chosen].script]["agreed"] += 1
            return
        found = self._best(texts)
        self._counts["own_words" if found is None else "other_script"] += 1
        if found is not None:
            self._scripts.setdefault(found[0].id, Counter())["preferred"] += 1

    def _silent(self, turn: Answered, texts: list[str]) -> None:
        self._counts["silent"] += 1
        found = self._best(texts)
        if found is None:
            return
        self._counts["missed"] += 1
        if len(self._missed) < self._set.kept.examples:
            script, likeness = found
            asked = "\n".join(message.text for message in turn.asked)
            place = {"conversation": turn.conversation, "id": turn.message, "agent": turn.agent or None}
            said = {"asked": asked, "answer": "\n".join(turn.answers)}
            self._missed.append({**place, **said, "script": script.id, "title": script.title, "likeness": likeness})

    def _best(self, texts: list[str]) -> tuple[Script, float] | None:
        found = [near for text in texts if (near := self._nearest.of(text)) is not None]
        return max(found, key=lambda one: one[1], default=None)

    def _took(self, turn: Answered, *, agreed: bool) -> None:
        seconds = turn.at - turn.asked[-1].at
        self._times["offered" if turn.offered else "silent"][seconds] += 1
        if agreed:
            pick = self._set.pick.seconds(turn.offered[0].text or "")
            self._times["agreed"][seconds] += 1
            self._times["pick"][round(pick)] += 1
            self._saved += max(0.0, seconds - pick)

    def result(self) -> dict[str, Any]:
        """Counts are of turns that an agent answered. See the project's README for the fields."""
        return {"agreement": self._agreement(), "answering": self._answering(), "silence": self._silence()}

    def _agreement(self) -> dict[str, Any]:
        compared = self._counts["offered"] - self._counts["too_short"]
        steps = self._set.likeness.steps
        scripts = sorted(self._scripts.items(), key=lambda one: (-one[1]["agreed"], -one[1]["offered"], one[0]))
        kinds = ("answered", "offered", "too_short", "agreed", "first", "other_script", "own_words")
        return {
            **{kind: self._counts[kind] for kind in kinds},
            "rate": round(self._counts["agreed"] / compared, 6) if compared else None,
            "same": self._set.likeness.same,
            "wording": [
                {"from": round(at / steps, 4), "to": round((at + 1) / steps, 4), "answers": count}
                for at, count in enumerate(self._wording)
            ],
            "scripts": [
                {
                    "script": script,
                    "title": self._titles.get(script, ""),
                    **{kind: counts[kind] for kind in ("offered", "agreed", "preferred")},
                }
                for script, counts in scripts
            ],
        }

    def _answering(self) -> dict[str, Any]:
        pick = self._set.pick
        return {
            "timed": self._timed,
            "offered": _spread(self._times["offered"]),
            "silent": _spread(self._times["silent"]),
            "agreed": _spread(self._times["agreed"]),
            "pick": {
                **_spread(self._times["pick"]),
                "saved_s": round(self._saved, 1),
                "notice_s": pick.notice,
                "characters_per_s": pick.characters,
                "choose_s": pick.choose,
            },
        }

    def _silence(self) -> dict[str, Any]:
        return {"answered": self._counts["silent"], "missed": self._counts["missed"], "examples": self._missed}


def _spread(times: Counter[int]) -> dict[str, Any]:
    """How many, and of their seconds the mean, the median and what nine in ten stay below or at."""
    count = times.total()
    if not count:
        return {"answers": 0, "mean_s": None, "median_s": None, "p90_s": None}
    total = sum(seconds * number for seconds, number in times.items())
    return {
        "answers": count,
        "mean_s": round(total / count, 3),
        "median_s": _at(times, (count + 1) // 2),
        "p90_s": _at(times, -(-count * 9 // 10)),
    }


def _at(times: Counter[int], rank: int) -> int:
    """The seconds of the answer with this rank, the quickest being the first."""
    seen = 0
    for seconds in sorted(times):
        seen += times[seconds]
        if seen >= rank:
            return seconds
    raise ValueError(rank)
