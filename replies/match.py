"""I rank; I never choose."""

from __future__ import annotations

import math
from collections import OrderedDict
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from replies import evidence, fill
from replies.evidence import Candidate, Phrasing
from replies.index import Index
from replies.reading import Reading, read
from replies.search import Catalogue
from replies.why import why

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from replies.library import Library, Script

KEEP = 24  # scripts that get a closer look
BUDGET = 3000  # postings touched for one message: bounds the time of one ranking, whatever the size of the library
REMEMBERED = 4096  # rankings kept: chat repeats itself
LATEST = 3  # messages of a turn that are also ranked alone, beside the turn as a whole
REPORTED = 100  # scripts a ranking keeps
SURE = 0.97  # what a phrasing that says the very same is worth when nothing else can be weighed
NOTHING: Mapping[str, str] = MappingProxyType({})


class Scope(msgspec.Struct, frozen=True):
    """Where a suggestion is wanted: empty fields exclude nothing. `day` is `YYYY-MM-DD` in the shop's own time."""

    platform: str = ""
    stage: str = ""
    day: str = ""

    def allows(self, script: Script) -> bool:
        """May `script` be offered here, at this stage, on this day?"""
        if self.platform and (
            self.platform in script.not_on or (script.platforms and self.platform not in script.platforms)
        ):
            return False
        if self.stage and script.stage and self.stage not in script.stage:
            return False
        return not (self.day and script.valid and not script.valid.covers(self.day))


ANYWHERE = Scope()


class Suggestion(msgspec.Struct, frozen=True):
    """A script offered for a message. `score` is the chance that it is right; `missing` names blanks left in `text`.

    `text` is None where the library holds questions only.
    """

    script: str
    title: str
    text: str | None
    score: float
    phrasing: str
    why: str
    missing: tuple[str, ...] = ()


class Ranking(msgspec.Struct, frozen=True):
    """What to show, best first, and what stayed below the bar."""

    shown: tuple[Suggestion, ...] = ()
    below: tuple[Suggestion, ...] = ()


class _Scored(msgspec.Struct, frozen=True):
    score: float
    script: int
    phrasing: str
    why: str


class Matcher:
    """Ranks the scripts of one library; what it learns changes it at once. Not for two threads at a time."""

    def __init__(self, library: Library) -> None:
        """Reads every phrasing once: about 20 microseconds each."""
        self.library = library
        self._scripts: tuple[Script, ...] = library.scripts
        self._number = {script.id: number for number, script in enumerate(self._scripts)}
        read_once = [[read(text) for text in script.questions()] for script in self._scripts]
        self._index = Index([[each.pieces for each in readings] for readings in read_once])
        self._phrasings: list[list[Phrasing]] = []
        self._exact: dict[str, list[int]] = {}
        for number, readings in enumerate(read_once):
            self._phrasings.append([])
            for text, reading in zip(self._scripts[number].questions(), readings, strict=True):
                self._add(number, text, reading)
        self._built = [len(phrasings) for phrasings in self._phrasings]
        self._catalogue: Catalogue | None = None
        self._seen: OrderedDict[tuple[object, ...], list[_Scored]] = OrderedDict()

    def _add(self, number: int, text: str, reading: Reading) -> None:
        norm = math.sqrt(math.fsum(self._index.rarity(piece) ** 2 for piece in reading.pieces)) or 1.0
        self._phrasings[number].append(Phrasing(text, reading.plain, reading.folded, norm))
        for key in dict.fromkeys((reading.whole, reading.plain)):
            owners = self._exact.setdefault(key, [])
            if number not in owners:
                owners.append(number)

    def rank(
        self, turn: Sequence[str], *, context: Mapping[str, str] = NOTHING, top: int = 3, scope: Scope = ANYWHERE
    ) -> Ranking:
        """Rank scripts for the buyer's whole unanswered `turn`, oldest message first.

        Nothing is shown when the best is not worth showing, or when the turn asks nothing and no phrasing says the same.
        """
        readings = [read(message) for message in turn]
        key = (scope, *(reading.whole for reading in readings))
        scored = self._seen.get(key)
        if scored is None:
            scored = self._score(turn, readings, scope)
            self._seen[key] = scored
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        else:
            self._seen.move_to_end(key)
        bars = evidence.fitted().bars
        silent = not scored or scored[0].score < bars.show
        shown = 0 if silent else sum(each.score >= bars.also for each in scored[:top])
        made = tuple(self._suggest(each, context) for each in scored[:top])
        return Ranking(shown=made[:shown], below=made[shown:])

    def _score(self, turn: Sequence[str], readings: Sequence[Reading], scope: Scope) -> list[_Scored]:
        asking = [(text, reading) for text, reading in zip(turn, readings, strict=True) if reading.asks]
        if not asking:
            return self._same(readings, scope)
        asked = asking[-LATEST:]
        if len(asking) > 1:
            whole = "，".join(text for text, _ in asking)
            asked.append((whole, read(whole)))
        best: dict[int, tuple[float, str, Phrasing]] = {}
        for text, reading in asked:
            for score, candidate in self._weigh(reading, scope):
                if candidate.script not in best or best[candidate.script][0] < score:
                    best[candidate.script] = (score, text, candidate.phrasing)
        order = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
        return [
            _Scored(round(score, 4), script, phrasing.text, why(text, phrasing.text))
            for script, (score, text, phrasing) in order[:REPORTED]
        ]

    def _weigh(self, asked: Reading, scope: Scope) -> list[tuple[float, Candidate]]:
        found = self._index.best(asked.pieces, keep=KEEP, budget=BUDGET)
        found = [(value, script) for value, script in found if scope.allows(self._scripts[script])]
        exact = frozenset((*self._exact.get(asked.whole, ()), *self._exact.get(asked.plain, ())))
        candidates = evidence.weigh(asked, found, self._phrasings, index=self._index, exact=exact)
        return list(zip(evidence.shares(asked, candidates, self._index), candidates, strict=True))

    def _same(self, readings: Sequence[Reading], scope: Scope) -> list[_Scored]:
        """A turn that asks nothing is answered only by a phrasing that says the very same, greetings word by word."""
        for reading in reversed(readings):
            for key in (reading.whole, *reversed(reading.greets)):
                owners = [script for script in self._exact.get(key, ()) if scope.allows(self._scripts[script])]
                if key and owners:
                    share = round(SURE / len(owners), 4)
                    return [self._exactly(script, key, share) for script in owners]
            if reading.whole and not reading.greets:
                break
        return []

    def _exactly(self, script: int, key: str, score: float) -> _Scored:
        phrasing = next(each.text for each in self._phrasings[script] if key in (read(each.text).whole, each.plain))
        return _Scored(score, script, phrasing, why(key, phrasing))

    def _suggest(self, scored: _Scored, context: Mapping[str, str]) -> Suggestion:
        script = self._scripts[scored.script]
        text, missing = fill.fill(script.text, context) if script.text is not None else (None, ())
        return Suggestion(
            script=script.id,
            title=script.title,
            text=text,
            score=scored.score,
            phrasing=scored.phrasing,
            why=scored.why,
            missing=missing,
        )

    def learn(self, text: str, script_id: str) -> None:
        """From now on `text` is a phrasing of `script_id`. Raises KeyError when the library has no such script."""
        number = self._number[script_id]
        reading = read(text)
        if not reading.plain or number in self._exact.get(reading.whole, ()):
            return
        self._add(number, text, reading)
        readings = [read(phrasing.text).pieces for phrasing in self._phrasings[number]]
        self._index.learn(number, readings[: self._built[number]], readings)
        self._seen.clear()

    def search(self, q: str, *, limit: int = 20, context: Mapping[str, str] = NOTHING) -> tuple[Suggestion, ...]:
        """Scripts an agent looks for: by shortcut, id, pinyin initials, words in any order; else the nearest in wording."""
        if self._catalogue is None:
            self._catalogue = Catalogue(self._scripts)
        hits = self._catalogue.search(q)
        if not hits:
            ranking = self.rank([q], context=context, top=limit)
            return (*ranking.shown, *ranking.below)
        found = [_Scored(hit.score, hit.script, hit.through, hit.why) for hit in hits[:limit]]
        return tuple(self._suggest(each, context) for each in found)
