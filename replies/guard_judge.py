"""I apply the rules to a reading: which fire, where, and what excuses them."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from replies import guard_slots
from replies.guard_hits import OPENLY, around
from replies.guard_overall import excuse_of
from replies.guard_ways import ways

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from replies.guard_hits import Hit
    from replies.guard_reading import Reading
    from replies.guard_ways import Way
    from replies.guard_words import Search
    from replies.rules import Rule

# An identifier in a message is not taken back by a refusal beside it.
HARD = frozenset(
    {
        "phone",
        "odd_phone",
        "qq_number",
        "card",
        "identity",
        "email",
        "url_foreign",
        "url_platform",
        "handle",
        "im_glued",
        *guard_slots.SEEMS,  # refusals and quotations were weighed in with the rest
    }
)
_LOOSE = frozenset({"notes", "fillers", "joined", "heads"})  # readings that leave out some of what was written
_PAIR, _SURE = 2, 0.8  # characters and weight of a look-alike that needs a word beside it
_KEPT = 10_000  # combinations of forms whose alternatives are remembered
_MOST = 8  # findings of one alternative that are told


class RuleFailed(Exception):
    """A rule could not be applied; `rule` is its id."""

    def __init__(self, rule: str) -> None:
        """`rule`: the id."""
        super().__init__(rule)
        self.rule = rule


class Match(NamedTuple):
    """A way that was found, at `start:end` of the tight view, with the hit of each slot."""

    way: Way
    start: int
    end: int
    hits: tuple[Hit, ...]

    @property
    def hard(self) -> bool:
        """Does it hold an identifier, or was the message judged as a whole?"""
        return any(slot in HARD for slot in self.way.slots)

    @property
    def overall(self) -> bool:
        """Was the message judged as a whole?"""
        return any(slot in guard_slots.SEEMS for slot in self.way.slots)


class Rulebook:
    """Rules compiled for one lexicon."""

    def __init__(self, rules: Iterable[Rule], search: Search, elsewhere: tuple[str, ...]) -> None:
        """`elsewhere`: the terms of other platforms. Raises ValueError for an alternative that cannot be read."""
        self.by_slot: dict[str, list[Way]] = {}
        self.formal: list[Way] = []
        order = 0
        self.place: dict[str, int] = {}
        for rule in rules:
            self.place[rule.id] = order = order + 1
            for key, way in ways(rule, search):
                if key is None:
                    self.formal.append(way)
                    continue
                members = elsewhere if key == "elsewhere" else search.groups.get(key, (key,))
                for slot in members:
                    self.by_slot.setdefault(slot, []).append(way)
        self._formal_bits = reduce(or_, (way.mask for way in self.formal), 0)
        self._open: dict[int, tuple[Way, ...]] = {}
        self.masks = {slot: [(way.mask, way) for way in ways] for slot, ways in self.by_slot.items()}

    def every(self) -> Iterator[Way]:
        """All alternatives of all rules, once each."""
        yield from {id(way): way for ways in (*self.by_slot.values(), self.formal) for way in ways}.values()

    def ways(self, reading: Reading) -> Iterator[Way]:
        """The alternatives whose every slot may be in the reading."""
        lacking = ~reading.mask
        if self._formally(reading.mask):
            lacking = ~reading.sharpened()
            yield from self._formally(reading.mask)
        for slot in tuple(reading.slots):
            for mask, way in self.masks.get(slot, ()):
                if not mask & lacking:
                    if not reading.find(slot):
                        break
                    yield way

    def _formally(self, mask: int) -> tuple[Way, ...]:
        """The alternatives of forms alone whose every slot is in a mask: asked of each text, and seldom differently."""
        here = mask & self._formal_bits
        found = self._open.get(here)
        if found is None:
            if len(self._open) > _KEPT:
                self._open.clear()
            found = self._open[here] = tuple(way for way in self.formal if not way.mask & ~here)
        return found

    def judge(self, reading: Reading) -> list[Match]:
        """What the rules find, without what is excused. Raises RuleFailed."""
        return [match for match, excuse in self.weigh(reading) if not excuse]

    def weigh(self, reading: Reading) -> Iterator[tuple[Match, str]]:
        """Every match with its excuse; in joined messages only what reaches into the last. Raises RuleFailed."""
        doubtful = reading.how == "look" or reading.how in _LOOSE
        for way in {id(way): way for way in self.ways(reading)}.values():
            if doubtful and way.rule.action != "block":
                continue
            try:
                yield from _weigh(way, reading)
            except Exception as error:
                raise RuleFailed(way.rule.id) from error


def _weigh(way: Way, reading: Reading) -> Iterator[tuple[Match, str]]:
    kept = 0
    for match in matches(way, reading):
        if reading.joined and match.end <= reading.reach:
            continue
        excuse = excuse_of(match, reading)
        yield match, excuse
        kept += not excuse
        if kept >= _MOST:
            return


def matches(way: Way, reading: Reading) -> Iterator[Match]:
    """Places where the slots of `way` stand near enough, surely enough, each with a hit of its own."""
    lists = _lists(way, reading)
    if not lists:
        return
    if len(lists) == 1:
        for hit in lists[0]:
            if _doubt((hit,), reading) <= way.short and _meant(way, (hit,), reading):
                yield Match(way, hit.start, hit.end, (hit,))
        return
    anchor = min(range(len(lists)), key=lambda at: len(lists[at]))
    for hit in lists[anchor]:
        chosen: list[Hit | None] = [None] * len(lists)
        chosen[anchor] = hit
        if _fill(way, lists, chosen, since=reading.last):
            hits = tuple(hit for hit in chosen if hit is not None)
            if _doubt(hits, reading) <= way.short and _meant(way, hits, reading):
                yield Match(way, min(h.start for h in hits), max(h.end for h in hits), hits)


def _lists(way: Way, reading: Reading) -> list[list[Hit]]:
    """The hits of each slot; nothing if one has none. Frequent terms are looked for last: most texts lack another slot."""
    frequent = reading.search.frequent_slots
    often = False
    for slot in way.slots:
        if slot in frequent:
            often = True
        elif not reading.find(slot):
            return []
    lists = [reading.find(slot) for slot in way.slots]
    return lists if not often or all(lists) else []


def _doubt(hits: tuple[Hit, ...], reading: Reading) -> float:
    """How far the hits fall short of certainty; half as far for a word that is the whole message, turned: 逼傻."""
    doubt = sum(1.0 - hit.weight for hit in hits)
    turned = len(hits) == 1 and hits[0].view == "order" and hits[0].end - hits[0].start == len(reading.chars)
    return doubt / 2 if turned else doubt


def _meant(way: Way, hits: tuple[Hit, ...], reading: Reading) -> bool:
    """In a text read backwards, or with odd characters replaced, words must show that they were meant so."""
    if not (reading.how or way.clause or way.masked):
        return True
    first, last = min(hit.start for hit in hits), max(hit.end for hit in hits) - 1
    if way.clause and not reading.joined and not reading.joints.together(first, last):
        return False
    if reading.places and not reading.changed(first, last + 1):
        return False
    if way.masked and not reading.how and all(hit.view in OPENLY for hit in hits):
        return False
    if reading.how == "look" and (way.rule.action != "block" or not _looks(way, hits)):
        return False
    if reading.how in _LOOSE and way.rule.action != "block":
        return False
    if reading.how not in {"reversed", "look", *_LOOSE} or (reading.how == "reversed" and reading.find("backwards")):
        return True
    if reading.how in _LOOSE and not any(reading.mended(hit) for hit in hits):
        return False
    if reading.how == "notes" and all(hit.view == "exact" for hit in hits):
        return True
    longest = max(hit.end - hit.start for hit in hits)
    filled = reading.how == "fillers" and all(hit.view == "exact" for hit in hits)
    return longest > 2 or (longest == 2 and (filled or len(hits) > 1))


def _looks(way: Way, hits: tuple[Hit, ...]) -> bool:
    """Is a word with a look-alike among the hits: a long one, one of odd characters, or one with more than a 您 beside it?"""
    odd = [hit for hit in hits if hit.view == "look"]
    if any(hit.end - hit.start > _PAIR or hit.weight > _SURE for hit in odd):
        return True
    must = way.rule.quoted
    beside = [slot for slot, hit in zip(way.slots, hits, strict=True) if hit.view != "look"]
    return bool(odd) and (not must or not beside or any(slot in must for slot in beside))


def _fill(way: Way, lists: list[list[Hit]], chosen: list[Hit | None], *, since: int) -> bool:
    """Choose for each open slot the best hit beside those chosen, rather one after `since`; False if one has none."""
    anchor = next(at for at, hit in enumerate(chosen) if hit is not None)
    for at in sorted(range(len(lists)), key=lambda i: abs(i - anchor)):
        if chosen[at] is not None:
            continue
        low = min(hit.start for hit in chosen if hit is not None) - way.near
        high = max(hit.end for hit in chosen if hit is not None) + way.near
        best: tuple[float, Hit] | None = None
        for hit in around(lists[at], low, high):
            gap = _gap(hit, at, chosen, ordered=way.ordered)
            if gap is not None and gap <= way.near:
                cost = gap * 0.02 - hit.weight - 0.3 * (hit.end > since)
                if best is None or cost < best[0]:
                    best = cost, hit
        if best is None:
            return False
        chosen[at] = best[1]
    return True


def _gap(hit: Hit, at: int, chosen: list[Hit | None], *, ordered: bool) -> int | None:
    """Characters between a hit and the nearest chosen one; None if it overlaps one or stands on the wrong side."""
    nearest: int | None = None
    for other, mine in enumerate(chosen):
        if mine is None:
            continue
        if hit.start < mine.end and mine.start < hit.end:
            return None
        if ordered and (at < other) != (hit.start < mine.start):
            return None
        gap = max(hit.start - mine.end, mine.start - hit.end)
        nearest = gap if nearest is None else min(nearest, gap)
    return nearest
