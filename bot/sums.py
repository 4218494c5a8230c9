"""I add up the waits of many conversations for one reply target, so that each can be taken away again, and say the rate."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from bot.blame import CountedWait, Did, by_agent, counted, deeds, late, missed
from bot.figures import Rate, forecast
from bot.tally import Tally, Unit, lost, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.deadline import Target, Zone
    from bot.history import Line
    from bot.model import Wait

_NOBODY, _NONE = Did(), Unit()


class Sum:
    """One target over conversations: answered waits as tallies, open ones as they are."""

    def __init__(self, target: Target, zone: Zone) -> None:
        """Nothing yet."""
        self.target, self.zone = target, zone
        self._units: dict[tuple[str, int], Unit] = {}
        self._over = self._met = self._lost = self._times = self._seconds = 0
        self._did: dict[str, Did] = {}
        self._late: dict[str, tuple[CountedWait, ...]] = {}
        self._near: dict[str, tuple[CountedWait, ...]] = {}
        self._open: dict[str, list[tuple[Line, Wait]]] = {}

    def hear(self, line: Line, done: Tally, still: Iterable[Wait]) -> None:
        """More of a conversation: what its answered waits add up to, and those that are open still."""
        self.add(line.conversation, line.buyer, done)
        self.wait(line, [*(wait for _, wait in self._open.get(line.conversation, ())), *still])

    def wait(self, line: Line, waits: Iterable[Wait]) -> None:
        """These of a conversation are open, and no others."""
        still = [(line, wait) for wait in waits]
        if still:
            self._open[line.conversation] = still
        else:
            self._open.pop(line.conversation, None)

    def add(self, conversation: str, buyer: str, done: Tally, times: int = 1) -> None:
        """A conversation's tally comes in addition; `times` -1: goes."""
        owner = buyer if self.target.counted == "buyer_day" else conversation
        for key, unit in done.units.items():
            self._add_unit((owner, key), unit, times)
        self._over += times * done.over
        self._met += times * done.met
        self._times += times * done.times
        self._seconds += times * done.seconds
        for agent, did in done.did.items():
            total = self._did.get(agent, _NOBODY).plus(did, times)
            if any(total):
                self._did[agent] = total
            else:
                self._did.pop(agent, None)
        _add_waits(self._late, conversation, done.late, times)
        _add_waits(self._near, conversation, done.near, times)

    def _add_unit(self, place: tuple[str, int], unit: Unit, times: int) -> None:
        before = self._units.get(place)
        if before is not None:
            self._lost -= lost(before, self.target)
            unit = before.plus(unit, times)
        if unit.waits:
            self._units[place] = unit
            self._lost += lost(unit, self.target)
        else:
            del self._units[place]

    def rate(self, now: int) -> Rate:
        """As seen at `now`."""
        still = list(chain.from_iterable(self._open.values()))
        did = dict(self._did)
        for line, wait in still:
            for agent, more in deeds(line, wait, now):
                did[agent] = more.plus(did.get(agent, _NOBODY))
        agents = by_agent(did)
        if self.target.mean is not None:
            return msgspec.structs.replace(self._mean([wait for _, wait in still], now), agents=agents)
        population, met, waiting = self._judge(still, now)
        decided = population - len(waiting)
        open_waits = _in_order(counted(*pair) for pairs in waiting for pair in pairs)
        behind = (late(line, wait, self.zone) for line, wait in still if missed(wait, now))
        return Rate(
            self.target.name,
            population,
            met,
            len(waiting),
            round(met / decided, 6) if decided else None,
            _in_order(chain(chain.from_iterable(self._late.values()), behind)),
            near=_in_order(chain.from_iterable(self._near.values())),
            forecast=forecast(self.target, population, met, open_waits, waiting=len(waiting)),
            agents=agents,
        )

    def _judge(self, still: Iterable[tuple[Line, Wait]], now: int) -> tuple[int, int, list[list[tuple[Line, Wait]]]]:
        """How many units there are, how many are met, and the open waits of each that may still be."""
        pending: dict[tuple[str, int], list[tuple[Line, Wait]]] = {}
        for line, wait in still:
            owner = line.buyer if self.target.counted == "buyer_day" else line.conversation
            pending.setdefault((owner, unit_of(wait, self.target, self.zone)), []).append((line, wait))
        met = self._met + len(self._units) - self._lost
        waiting: list[list[tuple[Line, Wait]]] = []
        for place, pairs in pending.items():
            known = self._units.get(place, _NONE)
            met -= known.waits > 0 and not lost(known, self.target)
            if not lost(_with(known, [wait for _, wait in pairs], now), self.target):
                waiting.append(pairs)
        new = sum(place not in self._units for place in pending)
        return self._over + len(self._units) + new, met, waiting

    def _mean(self, still: Iterable[Wait], now: int) -> Rate:
        """The average answering time in seconds."""
        mean = self.target.mean
        cap, unanswered = (mean.cap, mean.unanswered) if mean is not None else (0, "left_out")
        times, seconds, waiting = self._times, self._seconds, 0
        for wait in still:
            if now - wait.start <= cap:
                waiting += 1
            elif unanswered == "cap":
                times, seconds = times + 1, seconds + cap
        mean_s = round(seconds / times, 3) if times else None
        return Rate(self.target.name, times + waiting, None, waiting, None, mean_s=mean_s)


def _with(unit: Unit, still: Iterable[Wait], now: int) -> Unit:
    """A unit with its open waits: by the mean each counts as long as it has lasted."""
    for wait in still:
        unit = Unit(unit.waits + 1, unit.late + missed(wait, now), unit.took + now - wait.start)
    return unit


def _add_waits(
    held: dict[str, tuple[CountedWait, ...]], conversation: str, more: tuple[CountedWait, ...], times: int
) -> None:
    if not more:
        return
    left = held.get(conversation, ())
    left = (*left, *more) if times > 0 else _without(left, more)
    if left:
        held[conversation] = left
    else:
        del held[conversation]


def _without(held: tuple[CountedWait, ...], gone: tuple[CountedWait, ...]) -> tuple[CountedWait, ...]:
    left = list(held)
    for wait in gone:
        left.remove(wait)
    return tuple(left)


def _in_order(found: Iterable[CountedWait]) -> tuple[CountedWait, ...]:
    return tuple(sorted(found, key=_by_start))


def _by_start(wait: CountedWait) -> tuple[int, str]:
    return wait.start, wait.conversation
