"""I rank; I never choose."""

from __future__ import annotations

from collections import OrderedDict
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec

from replies import fill, odds
from replies.evidence import Entry, Looked, Phrasing, measure, outlook
from replies.index import Index
from replies.reading import Reading, read
from replies.search import Catalogue
from replies.why import why

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from replies.evidence import Evidence
    from replies.index import Found
    from replies.library import Library, Script
    from replies.odds import Chance
    from replies.vectors import Meaning, Space

KEEP = 24  # scripts whose phrasings are compared letter by letter
CLOSER = (
    12  # and of these, those compared in every way; all of them where sentence vectors take most of the time anyway
)
BUDGET = 800  # postings touched for one message: bounds the time of one ranking, whatever the size of the library
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


class _Scored(NamedTuple):
    """A script with its score, and the message and phrasing that speak for it: the reason is made once it is shown."""

    score: float
    script: int
    asked: Reading
    phrasing: Phrasing


class Matcher:
    """Ranks the scripts of one library; what it learns changes it at once. Not for two threads at a time."""

    def __init__(self, library: Library, meaning: Meaning | None = None) -> None:
        """Reads every phrasing once: about 30 microseconds each. `meaning`: compare by sentence vectors too."""
        self.library = library
        self._scripts: tuple[Script, ...] = library.scripts
        self._number = {script.id: number for number, script in enumerate(self._scripts)}
        read_once = [[read(text) for text in script.questions()] for script in self._scripts]
        self._index = Index([[each.pieces for each in readings] for readings in read_once])
        self._entries = [Entry() for _ in self._scripts]
        self._exact: dict[str, list[int]] = {}
        for number, readings in enumerate(read_once):
            for text, reading in zip(self._scripts[number].questions(), readings, strict=True):
                self._add(number, text, reading)
        self._meaning = meaning
        self._space = self._place() if meaning and library.scripts else None
        self._built = [len(entry.phrasings) for entry in self._entries]
        self._catalogue: Catalogue | None = None
        self._seen: OrderedDict[tuple[object, ...], list[_Scored]] = OrderedDict()

    def _place(self) -> Space:
        from replies.vectors import Space  # noqa: PLC0415 - numpy comes with the optional part

        vectors = cast("Meaning", self._meaning).of_library(
            [plain for entry in self._entries for plain in entry.plains]
        )
        return Space(vectors, [len(entry.plains) for entry in self._entries])

    def _add(self, number: int, text: str, reading: Reading) -> None:
        self._entries[number].add(text, reading)
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
        bars = odds.fitted().bars
        silent = not scored or scored[0].score < bars.show
        shown = 0 if silent else sum(each.score >= bars.also for each in scored[:top])
        made = tuple(self._suggest(each, context) for each in scored[:top])
        return Ranking(shown=made[:shown], below=made[shown:])

    def _score(self, turn: Sequence[str], readings: Sequence[Reading], scope: Scope) -> list[_Scored]:
        asked = [reading for reading in readings if reading.asks]
        if not asked:
            return self._same(readings, scope)
        if len(asked) > 1:
            whole = read("，".join(text for text, reading in zip(turn, readings, strict=True) if reading.asks))
            asked = [*asked[-LATEST:], whole]
        best: dict[int, _Scored] = {}
        for reading in asked:
            for score, seen in self._weigh(reading, scope):
                if seen.script not in best or best[seen.script].score < score:
                    best[seen.script] = _Scored(round(score, 4), seen.script, reading, seen.phrasing)
        return sorted(best.values(), key=lambda each: (-each.score, each.script))[:REPORTED]

    def _weigh(self, asked: Reading, scope: Scope) -> list[Chance]:
        found, measured = self.evidence(asked, scope)
        return odds.chances(measured, outlook(asked, found), semantic=self._space is not None)

    def evidence(self, asked: Reading, scope: Scope = ANYWHERE) -> tuple[Found, list[Evidence]]:
        """What speaks for each script worth a look: the material of a ranking, before any weight is put on it."""
        found = self._index.look(asked.pieces, budget=BUDGET)
        scripts = found.best(KEEP)
        vector = self._meaning.of(asked.plain) if self._meaning and self._space else None
        if vector is not None and self._space:
            scripts = list(dict.fromkeys((*scripts, *self._space.around(vector, KEEP))))
        scripts = [script for script in scripts if scope.allows(self._scripts[script])]
        closeness = self._space.closeness(vector, scripts) if vector is not None and self._space else {}
        exact = frozenset((*self._exact.get(asked.whole, ()), *self._exact.get(asked.plain, ())))
        looked = Looked(asked, found, closeness, exact, CLOSER if vector is None else KEEP)
        measured = measure(looked, scripts, self._entries)
        return found, measured

    def _same(self, readings: Sequence[Reading], scope: Scope) -> list[_Scored]:
        """A turn that asks nothing is answered only by a phrasing that says the very same, greetings word by word."""
        for reading in reversed(readings):
            for key in (reading.whole, *reversed(reading.greets)):
                owners = [script for script in self._exact.get(key, ()) if scope.allows(self._scripts[script])]
                if key and owners:
                    share = round(SURE / len(owners), 4)
                    return [_Scored(share, script, reading, self._saying(script, key)) for script in owners]
            if reading.whole and not reading.greets:
                break
        return []

    def _saying(self, script: int, key: str) -> Phrasing:
        return next(each for each in self._entries[script].phrasings if key in (each.plain, read(each.text).whole))

    def _suggest(self, scored: _Scored, context: Mapping[str, str]) -> Suggestion:
        reason = why(scored.asked, scored.phrasing)
        return self._made(scored.script, scored.score, phrasing=scored.phrasing.text, reason=reason, context=context)

    def _made(self, number: int, score: float, *, phrasing: str, reason: str, context: Mapping[str, str]) -> Suggestion:
        script = self._scripts[number]
        text, missing = fill.fill(script.text, context) if script.text is not None else (None, ())
        return Suggestion(
            script=script.id, title=script.title, text=text, score=score, phrasing=phrasing, why=reason, missing=missing
        )

    def learn(self, text: str, script_id: str) -> None:
        """From now on `text` is a phrasing of `script_id`. Raises KeyError when the library has no such script."""
        number = self._number[script_id]
        reading = read(text)
        if not reading.plain or number in self._exact.get(reading.whole, ()):
            return
        self._add(number, text, reading)
        readings = [read(phrasing.text).pieces for phrasing in self._entries[number].phrasings]
        self._index.learn(number, readings[: self._built[number]], readings)
        if self._meaning and self._space:
            self._space.learn(number, self._meaning.of(reading.plain))
        self._seen.clear()

    def search(self, q: str, *, limit: int = 20, context: Mapping[str, str] = NOTHING) -> tuple[Suggestion, ...]:
        """Scripts an agent looks for: by shortcut, id, pinyin initials, words in any order; else the nearest in wording."""
        if self._catalogue is None:
            self._catalogue = Catalogue(self._scripts)
        hits = self._catalogue.search(q)
        if not hits:
            ranking = self.rank([q], context=context, top=limit)
            return (*ranking.shown, *ranking.below)
        return tuple(
            self._made(hit.script, hit.score, phrasing=hit.through, reason=hit.why, context=context)
            for hit in hits[:limit]
        )
