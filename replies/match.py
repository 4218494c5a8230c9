"""I rank; I never choose."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from replies import fill, odds, subject
from replies.evidence import Entry, Looked, Phrasing, measure, outlook
from replies.index import Index
from replies.meaning import place
from replies.popularity import reweigh
from replies.reading import Reading, follows, read
from replies.sayings import Sayings
from replies.search import Catalogue, Hit
from replies.senses import Senses
from replies.suggestion import ANYWHERE, NOTHING, Ranking, Scope, Suggestion
from replies.typos import Ear
from replies.why import why

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from replies.evidence import Evidence, Silence
    from replies.library import Library, Script
    from replies.odds import Bars, Chance
    from replies.vectors import Meaning

__all__ = ["Matcher", "Ranking", "Scope", "Suggestion"]

KEEP = 12  # scripts whose phrasings are compared letter by letter
CLOSER = 8  # and of these, those compared in every way; all of them where sentence vectors take most of the time anyway
REMEMBERED = 4096  # rankings kept: chat repeats itself
LATEST = 3  # messages of a turn that are also ranked alone, beside the turn as a whole
REPORTED = 100  # scripts a ranking keeps
SURE = 0.97  # what a phrasing that says the very same is worth when nothing else can be weighed


class _Scored(NamedTuple):
    """A script with its score, and the message and phrasing that speak for it: the reason is made once it is shown.

    `own`: the score by what was said alone, which the bars are about; below zero until something else leaned on it.
    """

    score: float
    script: int
    asked: Reading
    phrasing: Phrasing
    own: float = -1.0

    @property
    def fit(self) -> float:
        """What speaks for it, whoever leans on it."""
        return self.score if self.own < 0 else self.own


class Matcher:
    """Ranks the scripts of one library; what it learns changes it at once. Not for two threads at a time."""

    def __init__(self, library: Library, meaning: Meaning | None = None) -> None:
        """Reads every phrasing once: about 30 microseconds each. `meaning`: compare by sentence vectors too."""
        self.library = library
        self._scripts: tuple[Script, ...] = library.scripts
        self._number = {script.id: number for number, script in enumerate(self._scripts)}
        self._entries = [Entry() for _ in self._scripts]
        self._sayings = Sayings()
        self._index = Index(map(self._read, range(len(self._scripts))))
        self._ear: Ear | None = None
        plains = [entry.plains for entry in self._entries]
        self._semantic = meaning is not None and bool(plains)
        self._space = place(meaning, plains) if meaning and plains else Senses(plains)
        # Phrasings are told apart by their text: the library's own are the first of each script.
        self._built = [len(entry.phrasings) for entry in self._entries]
        self._usual = sum(self._built) / max(len(self._built), 1)
        self._catalogue: Catalogue | None = None
        self._titles: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._seen: OrderedDict[tuple[object, ...], list[_Scored]] = OrderedDict()

    def _read(self, number: int) -> list[tuple[str, ...]]:
        """Take in the phrasings of a script; returns the forms of each, whose pieces only the index keeps."""
        entry, forms = self._entries[number], []
        for text in self._scripts[number].questions():
            reading = read(text)
            entry.add(text, reading)
            entry.firm.append(text)
            self._sayings.add(number, reading)
            forms.append(reading.forms)
        return forms

    def rank(
        self,
        turn: Sequence[str],
        *,
        context: Mapping[str, str] = NOTHING,
        top: int = 3,
        scope: Scope = ANYWHERE,
        before: Sequence[str] = (),
        sent: Collection[str] = (),
        bars: Bars | None = None,
        lean: Callable[[str], float] | None = None,
    ) -> Ranking:
        """Rank scripts for the buyer's whole unanswered `turn`, oldest message first.

        Nothing is shown when the best is not worth showing, or when the turn asks nothing and no phrasing says the same.
        `before`: what the buyer asked earlier, oldest first, so that a follow-up (那红色的呢) is understood. `sent`: what
        this buyer was just sent: not offered again word for word. `bars`: a shop's own, else those of the weights.
        `lean(script id)` adds to the log odds of the scripts that are worth showing, and so may change their order; which
        they are, and whether the best is strong, stays a matter of what was said.
        """
        readings = [read(message) for message in turn]
        earlier = read(before[-1]) if before and any(map(follows, readings)) else None
        about = () if earlier is not None else self._about(context)  # what was said is nearer than a card
        card = "".join(about) if about and any(map(follows, readings)) else ""
        key = (scope, earlier and earlier.whole, card, *(reading.whole for reading in readings))
        scored = self._seen.get(key)
        if scored is None:
            scored = self._score(readings, earlier, scope)
            if card:
                scored = self._carded(scored, next(each for each in readings if follows(each)), card, scope)
            self._seen[key] = scored
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        else:
            self._seen.move_to_end(key)
        bars = bars or odds.fitted().bars
        if lean is not None or about:
            scored = self._leaned(scored, bars, lean, about)
        made: list[Suggestion] = []
        fit: list[float] = []
        for each in scored:
            suggestion = self._suggest(each, context, sent)
            if suggestion is not None:
                made.append(suggestion)
                fit.append(each.fit)
            if len(made) == top:
                break
        silent = not made or (max(fit) < bars.show and not self._worth_showing(scored, bars, context, sent))
        shown = 0 if silent else sum(own >= bars.also for own in fit)
        strong = bool(shown) and min(made[0].score, fit[0]) >= bars.strong
        return Ranking(shown=tuple(made[:shown]), below=tuple(made[shown:]), strong=strong)

    def _worth_showing(
        self, scored: Sequence[_Scored], bars: Bars, context: Mapping[str, str], sent: Collection[str]
    ) -> bool:
        """Is there one beyond those listed? Leaning may have put it behind."""
        return any(each.fit >= bars.show and self._suggest(each, context, sent) is not None for each in scored)

    def _about(self, context: Mapping[str, str]) -> tuple[str, ...]:
        """Words of the product on the conversation that the library knows."""
        title = subject.said(context) if context else ""
        if not title:
            return ()
        words = self._titles.get(title)
        if words is None:
            found = self._index.look(read(title).forms)
            near = (phrasing.plain for script in found.best(KEEP) for phrasing in self._entries[script].phrasings)
            words = self._titles[title] = subject.words(title, near)
            if len(self._titles) > REMEMBERED:
                self._titles.popitem(last=False)
        return words

    def _carded(self, scored: list[_Scored], asked: Reading, card: str, scope: Scope) -> list[_Scored]:
        """A follow-up of nothing that was said follows the card: scripts that speak of both."""
        best = {each.script: each for each in scored}
        for score, seen in self._weigh(read(card + asked.whole), scope):
            held = best.get(seen.script)
            if subject.speaks_of(asked, seen.phrasing.plain) and (held is None or held.score < score):
                best[seen.script] = _Scored(round(score, 4), seen.script, asked, seen.phrasing)
        return sorted(best.values(), key=lambda each: (-each.score, each.script))[:REPORTED]

    def _leaned(
        self, scored: list[_Scored], bars: Bars, lean: Callable[[str], float] | None, about: Sequence[str]
    ) -> list[_Scored]:
        """The same, those worth showing weighed anew; all as they were where nothing is. `about`: see `_about`."""
        worth = [each for each in scored if each.score >= bars.also]
        leans = [lean(self._scripts[each.script].id) if lean else 0.0 for each in worth]
        if about:
            named = [
                any(word in text for word in about for text in self._entries[each.script].plains) for each in worth
            ]
            leans = [held + subject.terms().lean * names for held, names in zip(leans, named, strict=True)]
        if not worth or worth[0].score < bars.show or not any(leans):
            return scored
        scores = reweigh([each.score for each in worth], leans)
        leaned = [each._replace(score=score, own=each.score) for each, score in zip(worth, scores, strict=True)]
        return [*sorted(leaned, key=lambda each: -each.score), *scored[len(worth) :]]

    def _score(self, readings: Sequence[Reading], earlier: Reading | None, scope: Scope) -> list[_Scored]:
        """`earlier`: the question that the turn follows up, if it does."""
        asking = [reading for reading in readings if reading.asks]
        if not asking:
            return self._same(readings, scope)
        asked = asking[-LATEST:]
        if earlier is not None and earlier.asks:
            asking.insert(0, earlier)
        if len(asking) > 1:
            asked.append(read("".join(reading.whole for reading in asking)))
        best: dict[int, _Scored] = {}
        for reading in asked:
            for score, seen in self._weigh(reading, scope):
                if seen.script not in best or best[seen.script].score < score:
                    best[seen.script] = _Scored(round(score, 4), seen.script, reading, seen.phrasing)
        return sorted(best.values(), key=lambda each: (-each.score, each.script))[:REPORTED]

    def _weigh(self, asked: Reading, scope: Scope) -> list[Chance]:
        """The chances of scripts for one message; what is unsure as written is heard by its sound too."""
        written = self._chances(asked, scope)
        if written and written[0].score >= odds.fitted().bars.strong:
            return written
        if self._ear is None:
            self._ear = Ear(self._index.pairs())
        mended = self._ear.mend(asked.plain)
        if mended == asked.plain:
            return written
        changed = sum(one != other for one, other in zip(asked.plain, mended, strict=True))
        heard = self._chances(read(mended), scope, meant=asked)
        heard = odds.lowered(heard, odds.fitted().misheard * changed)
        return heard if heard and (not written or heard[0].score > written[0].score) else written

    def _chances(self, asked: Reading, scope: Scope, meant: Reading | None = None) -> list[Chance]:
        silence, measured = self.evidence(asked, scope, meant)
        return odds.chances(measured, silence, semantic=self._semantic)

    def evidence(
        self, asked: Reading, scope: Scope = ANYWHERE, meant: Reading | None = None
    ) -> tuple[Silence, list[Evidence]]:
        """What speaks for showing nothing, and for each script worth a look: a ranking before any weight is put on it.

        `meant`: the text whose sentence vector is taken; that of `asked` without it. A vector costs most of a ranking.
        """
        found = self._index.look(asked.forms)
        scripts = found.best(KEEP)
        said = (meant or asked).plain
        scripts = list(dict.fromkeys((*scripts, *self._space.around(said, KEEP))))
        scripts = [script for script in scripts if scope.allows(self._scripts[script])]
        closeness = self._space.closeness(said, scripts)
        exact = self._sayings.of(asked)
        looked = Looked(asked, found, closeness, exact, KEEP if self._semantic else CLOSER, self._usual)
        measured = measure(looked, scripts, self._entries)
        return outlook(asked, found), measured

    def _same(self, readings: Sequence[Reading], scope: Scope) -> list[_Scored]:
        """A turn that asks nothing is answered only by a phrasing that says the very same, greetings word by word."""
        for reading in reversed(readings):
            for key in (reading.whole, *reversed(reading.greets)):
                owners = [script for script in self._sayings.owners(key) if scope.allows(self._scripts[script])]
                if key and owners:
                    share = round(SURE / len(owners), 4)
                    return [_Scored(share, script, reading, self._saying(script, key)) for script in owners]
            if reading.whole and not reading.greets:
                break
        return []

    def _saying(self, script: int, key: str) -> Phrasing:
        return next(each for each in self._entries[script].phrasings if key in (each.plain, read(each.text).whole))

    def _suggest(self, scored: _Scored, context: Mapping[str, str], sent: Collection[str]) -> Suggestion | None:
        reason = why(scored.asked, scored.phrasing)
        hit = Hit(scored.score, scored.script, scored.phrasing.text, reason)
        return self._made(hit, context, sent)

    def _made(self, hit: Hit, context: Mapping[str, str], sent: Collection[str] = ()) -> Suggestion | None:
        """The suggestion with the wording that leaves the fewest blanks; None if each was just sent."""
        script = self._scripts[hit.script]
        texts = () if script.text is None else (script.text, *script.alternatives)
        filled = [wording for wording in (fill.fill(text, context) for text in texts) if wording[0] not in sent]
        if texts and not filled:
            return None
        text, missing = min(filled, key=lambda wording: len(wording[1])) if filled else (None, ())
        return Suggestion(
            script=script.id,
            title=script.title,
            text=text,
            score=hit.score,
            phrasing=hit.through,
            why=hit.why,
            missing=missing,
        )

    def learn(self, text: str, script_id: str, *, sure: bool = True) -> None:
        """From now on `text` is a phrasing of `script_id`. Raises KeyError when the library has no such script.

        What is not `sure` lifts the script for such messages, but never counts as the very phrasing.
        """
        number = self._number[script_id]
        reading, entry = read(text), self._entries[number]
        if not reading.plain or text in entry.firm:
            return
        before = entry.forms()
        entry.drop(text)
        entry.add(text, reading)
        self._index.learn(number, before, entry.forms())
        if sure:
            entry.firm.append(text)
            self._sayings.add(number, reading)
            self._space.learn(number, reading.plain)
        self._seen.clear()
        self._titles.clear()

    def forget(self, text: str, script_id: str) -> None:
        """Undo what was learned of `text`; the library's own phrasings stay. Raises KeyError as learn does."""
        number = self._number[script_id]
        entry, built = self._entries[number], self._built[number]
        if text in entry.firm[:built]:
            return
        before = entry.forms()
        entry.drop(text)
        self._index.learn(number, before, entry.forms())
        if text in entry.firm:
            at = entry.firm.index(text)
            del entry.firm[at]
            self._sayings.drop(number, read(text), map(read, entry.firm))
            self._space.forget(number, at)
        self._seen.clear()
        self._titles.clear()

    def search(self, q: str, *, limit: int = 20, context: Mapping[str, str] = NOTHING) -> tuple[Suggestion, ...]:
        """Scripts an agent looks for: by shortcut, id, pinyin initials, words in any order; else the nearest in wording."""
        if self._catalogue is None:
            self._catalogue = Catalogue(self._scripts)
        hits = self._catalogue.search(q)
        if not hits:
            ranking = self.rank([q], context=context, top=limit)
            return (*ranking.shown, *ranking.below)
        made = (self._made(hit, context) for hit in hits[:limit])
        return tuple(each for each in made if each is not None)
