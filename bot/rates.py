"""I say how each platform would count the day: reply rates, from facts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot import deadline
from bot.figures import Day, Forecast, Rate
from bot.history import lines
from bot.sums import Sum
from bot.tally import by_day, tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.history import Line
    from bot.model import Wait
    from bot.ports import Store
    from bot.shop import Shop

__all__ = ["Day", "Forecast", "Rate", "of_day", "rate", "window"]


def window(zone: deadline.Zone, day: int) -> tuple[int, int]:
    """The instants between which facts count for a local `day` (a running number; 1970-01-01 is 0), the first one in.

    From the day before, for waits and sessions that were open at midnight; to the day after, for late answers.
    """
    return zone.begin(day - 1), zone.begin(day + 2)


def of_day(store: Store, shop: Shop, day: int, now: int, *, seen: Callable[[Line], Line] | None = None) -> list[Rate]:
    """Every target of the shop on local `day` (a running number; 1970-01-01 is 0), seen at `now`.

    `seen`: as what each line is told, for example with other names.
    """
    sums = [Sum(target, shop.zone) for target in shop.targets]
    for found in lines(store.facts_between(shop.id, *window(shop.zone, day))):
        line = seen(found) if seen is not None else found
        for one in sums:
            waits = deadline.waits(line.messages, one.target, shop.zone)
            _hear((one,), line, [wait for wait in waits if shop.zone.local(wait.start)[0] == day])
    return [one.rate(now) for one in sums]


def rate(
    held: Iterable[Line], target: deadline.Target, zone: deadline.Zone, *, now: int, day: int | None = None
) -> Rate:
    """Count one target over conversations, for waits that began on local `day`, seen at `now`.

    Without a day all of them count, together and each for itself.

    "buyer_day": a buyer is met on a day if all his waits of all conversations were in time (拼多多 客服管理规则 3.2–3.5).
    "session": a session is met if all its waits were in time, or if so judged their mean. "round": each wait is a unit
    (淘宝 对话轮次).
    """
    total, days = Sum(target, zone), dict[int, Sum]()
    for line in held:
        for began, waits in by_day(deadline.waits(line.messages, target, zone), zone):
            if day in (None, began):
                into = (total, days.setdefault(began, Sum(target, zone))) if day is None else (total,)
                _hear(into, line, waits)
    found = (_day(began, one.rate(now)) for began, one in sorted(days.items()))
    return msgspec.structs.replace(total.rate(now), days=tuple(found))


def _hear(into: Sequence[Sum], line: Line, waits: Sequence[Wait]) -> None:
    """Some waits of a conversation, of one day."""
    first = into[0]
    done = tally((wait for wait in waits if wait.answered is not None), line, first.target, first.zone)
    still = [wait for wait in waits if wait.answered is None]
    for one in into:
        one.hear(line, done, still)


def _day(day: int, rate: Rate) -> Day:
    return Day(day, rate.population, rate.waiting, rate.met, rate.rate, rate.mean_s)
