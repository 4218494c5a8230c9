"""I am the figures of a reply target: its rate, its days, and what today may still bring."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec

from bot.blame import ByAgent, CountedWait

if TYPE_CHECKING:
    from bot.deadline import Target


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
    late: Collection[CountedWait] = ()
    mean_s: float | None = None
    near: Collection[CountedWait] = ()
    forecast: Forecast | None = None
    agents: tuple[ByAgent, ...] = ()
    days: tuple[Day, ...] = ()


def forecast(
    target: Target, population: int, met: int, open_waits: tuple[CountedWait, ...], *, waiting: int
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
