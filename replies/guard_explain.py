"""I say how the guard read a text, and of each rule that spoke or nearly did why it did or did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from replies import guard_slots
from replies.guard_findings import UNSURE, unsendable
from replies.guard_hits import around
from replies.guard_judge import matches
from replies.guard_overall import action_of, excuse_of
from replies.guard_views import Read, Thing, labels, things, views

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from replies.guard import Finding, Guard
    from replies.guard_hits import Hit
    from replies.guard_judge import Match
    from replies.guard_reading import Reading
    from replies.guard_ways import Way
    from replies.rules import Rule

_SPOKE = ""
_MOST = 12  # rules told that lack a condition
_FAR = 1_000_000


class Piece(msgspec.Struct, frozen=True):
    """A part of what a rule was about: what stands there, which word it was taken for, written how, how surely."""

    span: tuple[int, int]
    excerpt: str
    slot: str
    word: str
    disguise: str
    weight: float


class Told(msgspec.Struct, frozen=True):
    """Why a rule spoke (`why` is empty; `label` says why a step less than it asks) or did not: an excuse of the labels. `because`: the words that excuse it, or what it lacks."""

    rule: str
    category: str
    action: str
    reason: str
    fired: bool
    why: str
    label: str
    because: tuple[str, ...]
    view: str
    when: str
    found: tuple[Piece, ...]


class Explanation(msgspec.Struct, frozen=True):
    """All of it. `problem`: why the text cannot be read at all, else empty."""

    text: str
    problem: str
    views: tuple[Read, ...] = ()
    things: tuple[Thing, ...] = ()
    rules: tuple[Told, ...] = ()


class _Seen(NamedTuple):
    """What one alternative of a rule came to in one reading; `lowered`: a step less than the rule says."""

    rule: Rule
    way: Way
    reading: Reading
    why: str
    because: tuple[str, ...]
    hits: tuple[Hit, ...]
    lowered: bool = False


def explain(guard: Guard, text: str, *, hour: int | None = None, unanswered: int = 0) -> Explanation:
    """How `guard` reads a message, and what each rule makes of it. `hour`, `unanswered`: as Guard.check takes them."""
    problem = unsendable(text)
    if problem:
        return Explanation(text.encode("utf-8", "replace").decode(), f"{problem[1]}（{problem[0]}）")
    readings = guard.readings(text, hour=hour, unanswered=unanswered)
    best: dict[str, _Seen] = {}
    for reading in readings:
        for seen in _all(guard, reading):
            before = best.get(seen.rule.id)
            if before is None or _rank(seen) < _rank(before):
                best[seen.rule.id] = seen
    if any(seen.why == _SPOKE and seen.rule.category != UNSURE for seen in best.values()):
        doubts = [seen for seen in best.values() if seen.why == _SPOKE and seen.rule.category == UNSURE]
        best.update({seen.rule.id: seen._replace(why="surer") for seen in doubts})
    seen_rules = sorted(best.values(), key=lambda seen: (_rank(seen), seen.rule.id))
    lacking = [seen for seen in seen_rules if seen.why == "missing"]
    shown = [seen for seen in seen_rules if seen.why != "missing"] + lacking[:_MOST]
    owned = [_owned(finding, watched=watched) for watched, finding in guard.owned(text)]
    return Explanation(text, "", views(readings), things(readings[0]), (*owned, *(_told(seen, text) for seen in shown)))


def _rank(seen: _Seen) -> tuple[int, int]:
    """The nearer a rule came to speaking, the earlier it stands: in the order of the labels."""
    return 0 if seen.why == _SPOKE else 1 + list(labels()["excuses"]).index(seen.why), -len(seen.hits)


def _all(guard: Guard, reading: Reading) -> Iterator[_Seen]:
    """Every alternative of a rule of which something stands in the reading."""
    for way in guard.rulebook.every():
        rule = way.rule
        if not all(reading.find(slot) for slot in way.slots):
            yield from _short(guard, way, reading)
            continue
        met = False
        for match in matches(way, reading):
            met = True
            why, because = _why(guard, match, reading)
            lowered = why == _SPOKE and action_of(match, reading) != rule.action
            yield _Seen(rule, way, reading, why, because, match.hits, lowered)
        if not met and any(slot in guard_slots.SLOTS or _tells(slot, reading) for slot in way.slots):
            hits = tuple(reading.find(slot)[0] for slot in way.slots)
            apart = way._replace(near=_FAR, ordered=False)
            yield _Seen(rule, way, reading, "far" if any(matches(apart, reading)) else "doubt", (), hits)


def _short(guard: Guard, way: Way, reading: Reading) -> Iterator[_Seen]:
    """An alternative that lacks something: words that are part of another word, or a single condition."""
    lacks = [slot for slot in way.slots if not reading.find(slot)]
    hidden = [reading.shielded(slot) for slot in lacks]
    hits = tuple(reading.find(slot)[0] for slot in way.slots if slot not in lacks)
    if all(hidden):
        phrases = tuple(dict.fromkeys(phrase for one in hidden for _, phrase in one))
        yield _Seen(way.rule, way, reading, "shield", phrases, hits)
    # one condition short, with a telling word there: anything less would be told of every rule
    elif len(lacks) == 1 and any(_tells(slot, reading) for slot in way.slots if slot not in lacks):
        yield _Seen(way.rule, way, reading, "missing", (_called(lacks[0], guard),), hits)


def _tells(slot: str, reading: Reading) -> bool:
    return slot not in guard_slots.SLOTS and slot not in reading.search.frequent_slots


def _why(guard: Guard, match: Match, reading: Reading) -> tuple[str, tuple[str, ...]]:
    """Why a match is none, with the words that say so; "" if it is one."""
    rule = match.way.rule
    if guard.permits(reading, match):
        return "allowed", ()
    excuse = excuse_of(match, reading)
    if excuse:
        return excuse, tuple(dict.fromkeys(_excerpt(hit, reading) for hit in _excusing(excuse, match, reading)))
    return "watch" if rule.watch else _SPOKE, ()


def _excusing(excuse: str, match: Match, reading: Reading) -> Iterable[Hit]:
    """The words behind an excuse, as far as they are words."""
    rule = match.way.rule
    low, high = match.start - 8, match.end + 8
    match excuse:
        case "never":
            return [hit for slot in rule.never for hit in reading.find(slot)[:1]]
        case "later":
            return [hit for slot in rule.later for hit in reading.find(slot)[:1]]
        case "unless":
            return [
                hit
                for slot in (*rule.unless, *rule.mild, *rule.holding)
                for hit in around(reading.find(slot), low, high)
                if hit.weight > 0.5
            ]
        case "refusal":
            slots = ("negation", "negation_after", "denial")
            return [hit for slot in slots for hit in around(reading.find(slot), low, high) if hit.view == "exact"]
    return []


def _excerpt(hit: Hit, reading: Reading) -> str:
    start, end = reading.span(hit.start, hit.end)
    return reading.text[start:end] if not reading.back else hit.word


def _called(slot: str, guard: Guard) -> str:
    """What people call a slot: its label, else the first words that fill it."""
    label = labels()["slots"].get(slot)
    if label:
        return label
    lexicon = guard.packs[0].lexicon
    terms = [lexicon.terms[name] for name in lexicon.groups.get(slot, (slot,)) if name in lexicon.terms]
    words = [word for term in terms for word in (*term.words, *term.plain)[:2]]
    return "、".join(f"「{word}」" for word in words[:3]) + " 一类的话" if words else f"句式 {slot}"


def _piece(slot: str, hit: Hit, reading: Reading, text: str) -> Piece:
    start, end = reading.span(hit.start, hit.end)
    disguise = labels()["disguises"].get(hit.view, hit.view)
    return Piece((start, end), text[start:end], slot, hit.word, disguise, round(hit.weight, 2))


def _told(seen: _Seen, text: str) -> Told:
    rule, reading = seen.rule, seen.reading
    slots: Sequence[str] = [slot for slot in seen.way.slots if reading.find(slot)]
    return Told(
        rule=rule.id,
        category=rule.category,
        action="warn" if seen.lowered else rule.action,
        reason=rule.reason,
        fired=seen.why == _SPOKE,
        why=seen.why,
        label=labels()["excuses"].get(seen.why or ("harmless" if seen.lowered else ""), ""),
        because=seen.because,
        view=reading.how or "plain",
        when=" ".join(seen.way.slots),
        found=tuple(_piece(slot, hit, reading, text) for slot, hit in zip(slots, seen.hits, strict=False)),
    )


def _owned(finding: Finding, *, watched: bool) -> Told:
    """What a rule of the owner's found."""
    piece = Piece(finding.span, finding.excerpt, "", finding.excerpt, labels()["disguises"]["exact"], 1.0)
    return Told(
        rule=finding.rule,
        category=finding.category,
        action=finding.action,
        reason=finding.reason,
        fired=not watched,
        why="watch" if watched else _SPOKE,
        label=labels()["excuses"]["watch"] if watched else "",
        because=(),
        view="plain",
        when="",
        found=(piece,),
    )
