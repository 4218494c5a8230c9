"""I say how each platform would count the day: reply rates, from facts alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from bot import deadline
from bot.blame import ByAgent, CountedWait, by_agent, counted, late, missed
from bot.history import lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.history import Line
    from bot.model import Wait
    from bot.ports import Store
    from bot.shop import Shop


class Forecast(msgspec.Struct, frozen=True):
    """What the day may still bring, with the units counted so far.

    `may_miss`: units that may still be missed before the pass line breaks (negative: so many too many already);
    `deciding`: do those who wait now decide it? `best`, `worst`: the rate if all or none of them are met. `waiting`:
    the open waits of units that can still be met, most urgent first.
    """

    may_miss: int
    deciding: bool
    best: float
    worst: float
    waiting: tuple[CountedWait, ...] = ()


class Day(msgspec.Struct, frozen=True):
    """One target's figures of the waits that began on one local `day` (a running number; 1970-01-01 is 0); see Rate."""

    day: int
    population: int
    waiting: int
    met: int | None = None
    rate: float | None = None
    mean_s: float | None = None


class Rate(msgspec.Struct, frozen=True):
    """One target's figures. `population`: units; `met`: of them in time; `waiting`: of them still open and in time.

    `rate` is met / (population - waiting), None while nothing is decided. Of a mean only `mean_s` (seconds) is counted,
    over `population` answering times. `near`: waits that were answered in the last tenth of the limit. `agents`: what
    each agent did; "" stands for a robot that counts, an agent without a name, and nobody. `days`: the figures day by
    day where more than one day was asked for; days without a wait are left out.
    """

    name: str
    population: int
    met: int | None
    waiting: int
    rate: float | None
    late: tuple[CountedWait, ...] = ()
    mean_s: float | None = None
    near: tuple[CountedWait, ...] = ()
    forecast: Forecast | None = None
    agents: tuple[ByAgent, ...] = ()
    days: tuple[Day, ...] = ()


def of_day(store: Store, shop: Shop, day: int, now: int) -> list[Rate]:
    """Every target of the shop on local `day` (a running number; 1970-01-01 is 0), seen at `now`."""
    # From the day before, for waits and sessions that were open at midnight; to the day after, for late answers.
    start, end = shop.zone.begin(day - 1), shop.zone.begin(day + 2)
    held = tuple(lines(store.facts_between(shop.id, start, end)))
    return [rate(held, target, shop.zone, now=now, day=day) for target in shop.targets]


def rate(
    held: Iterable[Line], target: deadline.Target, zone: deadline.Zone, *, now: int, day: int | None = None
) -> Rate:
    """Count one target over conversations, for waits that began on local `day` (all days when None), seen at `now`.

    "buyer_day": a buyer is met on a day if all his waits of all conversations were in time (拼多多 客服管理规则 3.2–3.5).
    "session": a session is met if all its waits were in time, or if so judged their mean. "round": each wait is a unit
    (淘宝 对话轮次).
    """
    every = [
        (line, wait)
        for line in held
        for wait in deadline.waits(line.messages, target, zone)
        if day is None or zone.local(wait.start)[0] == day
    ]
    days = () if day is not None else tuple(_days(every, target, zone, now))
    agents = by_agent(every, now)
    if target.mean is not None:
        found = _mean(target, target.mean, zone, [wait for _, wait in every], now)
        return msgspec.structs.replace(found, agents=agents, days=days)
    units = _units(every, target, zone)
    states = {unit: _judge([wait for _, wait in pairs], target, now) for unit, pairs in units.items()}
    met, waiting = (sum(state == wanted for state in states.values()) for wanted in ("met", "waiting"))
    open_waits = _in_order(
        counted(line, wait)
        for unit, pairs in units.items()
        for line, wait in pairs
        if states[unit] == "waiting" and wait.answered is None
    )
    decided = len(units) - waiting
    return Rate(
        target.name,
        len(units),
        met,
        waiting,
        round(met / decided, 6) if decided else None,
        _in_order(late(line, wait, zone) for line, wait in every if missed(wait, now)),
        near=_in_order(counted(line, wait) for line, wait in every if _near(wait, target)),
        forecast=_forecast(target, len(units), met, open_waits, waiting=waiting),
        agents=agents,
        days=days,
    )


def _days(every: list[tuple[Line, Wait]], target: deadline.Target, zone: deadline.Zone, now: int) -> Iterator[Day]:
    by_day: dict[int, list[tuple[Line, Wait]]] = {}
    for line, wait in every:
        by_day.setdefault(zone.local(wait.start)[0], []).append((line, wait))
    for day, pairs in sorted(by_day.items()):
        if target.mean is not None:
            mean = _mean(target, target.mean, zone, [wait for _, wait in pairs], now)
            yield Day(day, mean.population, mean.waiting, mean_s=mean.mean_s)
            continue
        states = [_judge([wait for _, wait in held], target, now) for held in _units(pairs, target, zone).values()]
        met, waiting = states.count("met"), states.count("waiting")
        decided = len(states) - waiting
        yield Day(day, len(states), waiting, met, round(met / decided, 6) if decided else None)


def _units(
    every: Iterable[tuple[Line, Wait]], target: deadline.Target, zone: deadline.Zone
) -> dict[tuple[str, int], list[tuple[Line, Wait]]]:
    """The waits of each unit that is judged as one."""
    units: dict[tuple[str, int], list[tuple[Line, Wait]]] = {}
    for line, wait in every:
        units.setdefault(_unit(line, wait, target, zone.local(wait.start)[0]), []).append((line, wait))
    return units


def _unit(line: Line, wait: Wait, target: deadline.Target, day: int) -> tuple[str, int]:
    match target.counted:
        case "buyer_day":
            return line.buyer, day
        case "session":
            return line.conversation, wait.session
        case "round":
            return line.conversation, wait.start


def _judge(held: list[Wait], target: deadline.Target, now: int) -> Literal["met", "missed", "waiting"]:
    """One unit. By the mean, a wait without an answer counts as long as it has lasted."""
    if target.judged == "mean":
        times = [(wait.answered if wait.answered is not None else now) - wait.start for wait in held]
        if sum(times) > target.limit * len(times):
            return "missed"
    elif any(missed(wait, now) for wait in held):
        return "missed"
    return "waiting" if any(wait.answered is None for wait in held) else "met"


def _mean(target: deadline.Target, mean: deadline.Mean, zone: deadline.Zone, held: list[Wait], now: int) -> Rate:
    """The average answering time in seconds; an answer on a later day is none (淘宝: 当日未回复按600秒)."""
    times: list[int] = []
    waiting = 0
    for wait in held:
        answered = wait.answered
        if answered is not None and zone.local(answered)[0] == zone.local(wait.start)[0]:
            times.append(min(answered - wait.start, mean.cap))
        elif answered is None and now - wait.start <= mean.cap:
            waiting += 1
        elif mean.unanswered == "cap":
            times.append(mean.cap)
    mean_s = round(sum(times) / len(times), 3) if times else None
    return Rate(target.name, len(times) + waiting, None, waiting, None, mean_s=mean_s)


def _forecast(
    target: deadline.Target, population: int, met: int, open_waits: tuple[CountedWait, ...], *, waiting: int
) -> Forecast | None:
    """With today's units; a pass line of 0.5 and 100 buyers lets 50 be missed."""
    if target.pass_line is None or not population:
        return None
    gone = population - met - waiting
    # Rounded first: a product of floats may lie a hair above the whole number that it means.
    allowed = population - math.ceil(round(population * target.pass_line, 9))
    return Forecast(
        may_miss=allowed - gone,
        deciding=population >= target.smallest and 0 <= allowed - gone < waiting,
        best=round((met + waiting) / population, 6),
        worst=round(met / population, 6),
        waiting=open_waits,
    )


def _in_order(found: Iterable[CountedWait]) -> tuple[CountedWait, ...]:
    return tuple(sorted(found, key=_by_start))


def _by_start(wait: CountedWait) -> tuple[int, str]:
    return wait.start, wait.conversation


def _near(wait: Wait, target: deadline.Target) -> bool:
    return wait.answered is not None and 0 <= wait.due - wait.answered < target.limit / 10
