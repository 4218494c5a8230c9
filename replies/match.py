"""I rank; I never choose."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING

from replies import fill, leaning, odds, subject
from replies.leaning import Scored
from replies.reading import follows, read
from replies.scales import Scales
from replies.search import Catalogue, Hit
from replies.suggestion import ANYWHERE, NOTHING, Ranking, Scope, Suggestion
from replies.text import normalise
from replies.why import why

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from replies.library import Library, Script
    from replies.odds import Bars
    from replies.reading import Reading
    from replies.vectors import Meaning

__all__ = ["Matcher", "Ranking", "Scope", "Suggestion"]

_Wording = tuple[str | None, tuple[str, ...]]  # what would be sent, and the blanks that are left in it

REMEMBERED = 4096  # rankings kept: chat repeats itself
LATEST = 3  # messages of a turn that are also ranked alone, beside the turn as a whole
NOBODY: frozenset[str] = frozenset()
SURE = 0.97  # what a phrasing that says the very same is worth when nothing else can be weighed


class Matcher:
    """Ranks the scripts of one library; what it learns changes it at once. Not for two threads at a time."""

    def __init__(self, library: Library, meaning: Meaning | None = None) -> None:
        """Reads every phrasing once: about 35 microseconds each. `meaning`: compare by sentence vectors too."""
        self.library = library
        self._scripts: tuple[Script, ...] = library.scripts
        self._number = {script.id: number for number, script in enumerate(self._scripts)}
        self.scales = Scales(self._scripts, meaning)
        self._catalogue: Catalogue | None = None
        self._titles: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._seen: OrderedDict[tuple[object, ...], list[Scored]] = OrderedDict()

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
        below: bool = True,
    ) -> Ranking:
        """Rank scripts for the buyer's whole unanswered `turn`, oldest message first.

        Nothing is shown when the best is not worth showing, or when the turn asks nothing and no phrasing says the same.
        `before`: what the buyer asked earlier, oldest first, so that a follow-up (那红色的呢) is understood. `sent`: what
        this buyer was just sent: not offered again, however it is spaced and punctuated. `bars`: a shop's own, else those
        of the weights.
        `lean(script id)` adds to the log odds of the scripts that are worth showing, and so may change their order; which
        they are, and whether the best is strong, stays a matter of what was said. `below`: tell those below the bar too.
        """
        bars = bars or odds.fitted().bars
        about, scored = self._heard(turn, context, scope, before)
        if lean is not None or about:
            leans = [self._lean(each, lean, about) for each in scored if each.score >= bars.also]
            scored = leaning.leaned(scored, bars, leans)
        said = frozenset(map(_same_again, sent)) - {""} if scored and sent else NOBODY  # of signs alone nothing is left
        made: list[tuple[Scored, _Wording]] = []
        for each in scored:
            if len(made) == top or not (below or each.fit >= bars.also):
                break
            wording = self._wording(each.script, context, said)
            if wording is not None:
                made.append((each, wording))
        fit = [each.fit for each, _ in made]
        silent = not made or (max(fit) < bars.show and not self._worth_showing(scored, bars, context, said))
        shown = 0 if silent else sum(own >= bars.also for own in fit)
        strong = bool(shown) and min(made[0][0].score, fit[0]) >= bars.strong
        told = [self._suggestion(each, wording) for each, wording in (made if below else made[:shown])]
        return Ranking(shown=tuple(told[:shown]), below=tuple(told[shown:]), strong=strong)

    def _heard(
        self, turn: Sequence[str], context: Mapping[str, str], scope: Scope, before: Sequence[str]
    ) -> tuple[tuple[str, ...], list[Scored]]:
        """What is known of the product, and the scripts by what was said: remembered, for chat repeats itself."""
        readings = [read(message) for message in turn]
        earlier = read(before[-1]) if before and any(map(follows, readings)) else None
        about = () if earlier is not None else self._about(context)  # what was said is nearer than a card
        card = "".join(about) if about and any(map(follows, readings)) else ""
        key = (scope, earlier and earlier.whole, card, *[reading.whole for reading in readings])
        scored = self._remembered(key)
        if scored is None:
            scored = self._score(readings, earlier, scope)
            if card:
                asked = next(each for each in readings if follows(each))
                chances = self.scales.weigh(read(card + asked.whole), scope)
                scored = leaning.carded(scored, asked, chances, self.scales.shelf)
            self._remember(key, scored)
        return about, scored

    def _remembered(self, key: tuple[object, ...]) -> list[Scored] | None:
        scored = self._seen.get(key)
        if scored is not None:
            self._seen.move_to_end(key)
        return scored

    def _remember(self, key: tuple[object, ...], scored: list[Scored]) -> None:
        self._seen[key] = scored
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def _worth_showing(
        self, scored: Sequence[Scored], bars: Bars, context: Mapping[str, str], said: Collection[str]
    ) -> bool:
        """Is there one beyond those listed? Leaning may have put it behind."""
        return any(each.fit >= bars.show and self._wording(each.script, context, said) is not None for each in scored)

    def _lean(self, scored: Scored, lean: Callable[[str], float] | None, about: Sequence[str]) -> float:
        held = lean(self._scripts[scored.script].id) if lean else 0.0
        named = about and any(word in text for word in about for text in self.scales.shelf[scored.script].plains)
        return held + subject.terms().lean if named else held

    def _about(self, context: Mapping[str, str]) -> tuple[str, ...]:
        """Words of the product on the conversation that the library knows."""
        title = subject.said(context) if context else ""
        if not title:
            return ()
        words = self._titles.get(title)
        if words is None:
            words = self._titles[title] = subject.words(title, self.scales.near(title))
            if len(self._titles) > REMEMBERED:
                self._titles.popitem(last=False)
        return words

    def _score(self, readings: Sequence[Reading], earlier: Reading | None, scope: Scope) -> list[Scored]:
        """`earlier`: the question that the turn follows up, if it does."""
        asking = [reading for reading in readings if reading.asks]
        if not asking:
            return self._same(readings, scope)
        asked = asking[-LATEST:]
        if earlier is not None and earlier.asks:
            asking.insert(0, earlier)
        if len(asking) > 1:
            asked.append(read("".join(reading.whole for reading in asking)))
        if len(asked) == 1:
            return self._alone(asked[0], scope)
        best: dict[int, Scored] = {}
        for each in (each for reading in asked for each in self._known_alone(reading, scope)):
            if each.script not in best or best[each.script].score < each.score:
                best[each.script] = each
        return leaning.ordered(best.values())

    def _known_alone(self, reading: Reading, scope: Scope) -> list[Scored]:
        """A turn grows message by message: those before the last were ranked when they came."""
        key = (scope, None, "", reading.whole)
        scored = self._remembered(key)
        if scored is None:
            scored = self._alone(reading, scope)
            self._remember(key, scored)
        return scored

    def _alone(self, reading: Reading, scope: Scope) -> list[Scored]:
        """By one message that asks something."""
        found = [(-round(score, 4), seen.script, seen.at) for score, seen in self.scales.weigh(reading, scope)]
        return [Scored(-score, script, reading, at) for score, script, at in sorted(found)]

    def _same(self, readings: Sequence[Reading], scope: Scope) -> list[Scored]:
        """A turn that asks nothing is answered only by a phrasing that says the very same, greetings word by word."""
        for reading in reversed(readings):
            for key in (reading.whole, *reversed(reading.greets)):
                found = self.scales.saying(key, scope)
                if found:
                    share = round(SURE / len(found), 4)
                    return [Scored(share, script, reading, at) for script, at in found]
            if reading.whole and not reading.greets:
                break
        return []

    def _suggestion(self, scored: Scored, wording: _Wording) -> Suggestion:
        phrasing = self.scales.shelf.phrasing(scored.script, scored.at)
        return self._made(Hit(scored.score, scored.script, phrasing.text, why(scored.asked, phrasing)), wording)

    def _wording(self, number: int, context: Mapping[str, str], said: Collection[str] = ()) -> _Wording | None:
        """The wording of a script that leaves the fewest blanks; None if each was just `said` (normalised)."""
        script = self._scripts[number]
        if script.text is None:
            return None, ()
        filled = [fill.fill(text, context) for text in (script.text, *script.alternatives)]
        filled = [wording for wording in filled if normalise(wording[0]) not in said] if said else filled
        return min(filled, key=_blanks) if filled else None

    def _made(self, hit: Hit, wording: _Wording) -> Suggestion:
        script = self._scripts[hit.script]
        text, missing = wording
        return Suggestion(script.id, script.title, text, hit.score, hit.through, hit.why, missing)

    def learn(self, text: str, script_id: str, *, sure: bool = True) -> None:
        """From now on `text` is a phrasing of `script_id`. Raises KeyError when the library has no such script.

        What is not `sure` lifts the script for such messages, but never counts as the very phrasing.
        """
        if self.scales.learn(self._number[script_id], text, sure=sure):
            self._seen.clear()
            self._titles.clear()

    def forget(self, text: str, script_id: str) -> None:
        """Undo what was learned of `text`; the library's own phrasings stay. Raises KeyError as learn does."""
        if self.scales.forget(self._number[script_id], text):
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
        worded = ((hit, self._wording(hit.script, context)) for hit in hits[:limit])
        return tuple(self._made(hit, wording) for hit, wording in worded if wording is not None)


@lru_cache(maxsize=REMEMBERED)  # what an agent said is held against every later question
def _same_again(text: str) -> str:
    return normalise(text)


def _blanks(wording: _Wording) -> int:
    return len(wording[1])
