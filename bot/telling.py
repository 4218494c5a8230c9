"""I say what is to be told of waits, once each: warnings, misses and ends; and which alarm comes next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot.effects import Answered, Late, Warn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.deadline import Target
    from bot.effects import Effect
    from bot.model import Wait

_replace = msgspec.structs.replace


def reconcile(
    told: tuple[Wait, ...], counted: tuple[Wait, ...], now: int, *, held_from: int | None
) -> tuple[tuple[Wait, ...], list[Effect]]:
    """Carry what was told of waits (`told`) over to the waits as now `counted`; say what became known.

    A wait is the same one if it begins at the same instant, or else if the two overlap in time. `held_from`: messages
    up to it are no longer held, so that waits answered by then are finished with. Returns the waits worth remembering
    (open, or told of) and the effects.
    """
    kept: list[Wait] = []
    effects: list[Effect] = []
    held = {(wait.target, wait.start): wait for wait in told}
    begun = {(wait.target, wait.start) for wait in counted}
    unclaimed: list[Wait] = []
    if len(held) == len(told) and len(begun) == len(counted) and begun.issuperset(held):  # nearly always
        pairs = [(held.get((wait.target, wait.start)), wait) for wait in counted]
    else:
        pairs, unclaimed = _paired(told, counted, begun)
    for old, new in pairs:
        wait = new if old is None else _carry(old, new, now, effects)
        if wait.answered is not None:
            wait = _ended(wait, effects)
        if wait.answered is None or wait.given or wait.missed:
            kept.append(wait)
    for gone in unclaimed:
        forgotten = held_from is not None and gone.answered is not None and gone.answered <= held_from
        if not forgotten and (gone.given or gone.missed) and not gone.cleared:
            effects.append(Answered(gone, recalled=True))
    return tuple(kept), effects


def _paired(
    told: tuple[Wait, ...], counted: tuple[Wait, ...], begun: set[tuple[str, int]]
) -> tuple[list[tuple[Wait | None, Wait]], list[Wait]]:
    """Each wait as now counted with what it was; and those that are none of them any more."""
    unclaimed = _spans(told)
    pairs: list[tuple[Wait | None, Wait]] = []
    for span in _spans(counted):
        old = next((one for one in unclaimed if _same(one, span, begun)), None)
        if old is not None:
            unclaimed.remove(old)
        pairs.append((old.wait if old is not None else None, span.wait))
    return pairs, [gone.wait for gone in unclaimed]


def _carry(old: Wait, new: Wait, now: int, effects: list[Effect]) -> Wait:
    """The wait as now counted, with what was told of it so far.

    Only where its first message was recalled, and the clock starts at a later one, is something told taken back: `now`
    may lie a little before what was told last, for a fact may have waited while an alarm rang.
    """
    later = new.due > old.due
    if old.missed and new.answered is None and later and now <= new.due:
        effects.append(Answered(old, recalled=True))
        return new
    if not (old.given or old.missed or old.cleared or old.corrected):
        return new
    given = tuple(stage for stage in old.given if not later or new.due - stage <= now)
    return _replace(new, given=given, missed=old.missed, cleared=old.cleared, corrected=old.corrected)


class _Span(NamedTuple):
    """A wait and the last instant at which it runs: an open one, missed or not, until another of its target begins."""

    wait: Wait
    end: float


def _spans(waits: tuple[Wait, ...]) -> list[_Span]:
    """In the order given; waits of one target stand in the order in which they began."""
    spans: list[_Span] = []
    follower: dict[str, int] = {}
    for wait in reversed(waits):
        end = math.inf if wait.answered is None else wait.answered
        spans.append(_Span(wait, min(end, follower.get(wait.target, math.inf))))
        follower[wait.target] = wait.start - 1
    return spans[::-1]


def _same(old: _Span, new: _Span, begun: set[tuple[str, int]]) -> bool:
    """`begun`: the waits that now count; one of them that overlaps does not take what was told of another of them."""
    if old.wait.target != new.wait.target:
        return False
    if old.wait.start == new.wait.start:
        return True
    if (old.wait.target, old.wait.start) in begun:
        return False
    return old.wait.start <= new.end and new.wait.start <= old.end


def _ended(wait: Wait, effects: list[Effect]) -> Wait:
    if wait.late and not wait.missed:
        wait = _replace(wait, missed=True)
        effects.append(Late(wait))
    corrected = wait.missed and not wait.late and not wait.corrected
    if (wait.given or wait.missed) and (not wait.cleared or corrected):
        wait = _replace(wait, cleared=True, corrected=corrected)
        effects.append(Answered(wait, corrected=corrected))
    return wait


def ring(
    held: tuple[Wait, ...], targets: Iterable[Target], now: int, *, paused_until: int | None
) -> tuple[tuple[Wait, ...], list[Effect]]:
    """Give every stage and miss that is due at `now`. While a reply is on its way out stages pause, misses do not."""
    stages = {target.name: target.stages for target in targets}
    paused = paused_until is not None and now < paused_until
    effects: list[Effect] = []
    out: list[Wait] = []
    for wait in held:
        rung = wait
        if wait.answered is None and not wait.missed:
            if now > wait.due:
                rung = _replace(wait, missed=True)
                effects.append(Late(rung))
            elif not paused:
                ripe = [stage for stage in _ahead(wait, stages) if wait.due - stage <= now]
                rung = _replace(wait, given=(*wait.given, *ripe))
                effects.extend(Warn(rung, stage) for stage in ripe)
        out.append(rung)
    return tuple(out), effects


def next_alarm(held: tuple[Wait, ...], targets: Iterable[Target], *, paused_until: int | None) -> int | None:
    """The next instant at which `ring` would say something; the second after `due` for a miss."""
    stages = {target.name: target.stages for target in targets}
    first: int | None = None
    for wait in held:
        if wait.answered is not None or wait.missed:
            continue
        mark = wait.due + 1
        for stage in stages.get(wait.target, ()):
            if stage not in wait.given:
                at = wait.due - stage
                mark = min(mark, at if paused_until is None else max(at, paused_until))
        if first is None or mark < first:
            first = mark
    return first


def _ahead(wait: Wait, stages: dict[str, tuple[int, ...]]) -> list[int]:
    """The stages not yet given; none for a target that the shop has taken away since."""
    return [stage for stage in stages.get(wait.target, ()) if stage not in wait.given]
