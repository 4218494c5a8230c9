"""I count the reply rates of a whole log, conversation by conversation, and hold none of them but those still waiting.

What counts for a buyer's day, which is judged over all his conversations, and what is listed waits in temporary files.
"""

from __future__ import annotations

from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from bot import deadline
from bot.blame import CountedWait, Did, by_agent, deeds
from bot.figures import Day, Rate, forecast
from bot.pile import Pile
from bot.sums import Sum
from bot.tally import Tally, Unit, by_day, closed, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.deadline import Target, Zone
    from bot.history import Line
    from bot.model import Wait

_replace = msgspec.structs.replace
Row = tuple[int, str, Unit]
"""A local day, a buyer, and what his answered waits of that day add up to in one conversation."""


class LogRates:
    """Hears conversations; `rates` says then what bot.rates.rate would say of each target, with Piles for its lists."""

    def __init__(self, targets: Iterable[Target], zone: Zone) -> None:
        """Nothing heard yet."""
        self._zone = zone
        self._counts = [
            _Days(target, zone) if target.counted == "buyer_day" and target.mean is None else _Whole(target, zone)
            for target in targets
        ]

    def hear(self, line: Line) -> None:
        """A conversation, whole."""
        for counts in self._counts:
            waits = deadline.waits(line.messages, counts.target, self._zone)
            if waits:
                counts.hear(line, waits)

    def rates(self, now: int) -> Iterator[Rate]:
        """Each target's figures, as seen at `now`."""
        return (counts.rate(now) for counts in self._counts)


class _Counts:
    """What both ways of counting share: what is listed."""

    def __init__(self, target: Target, zone: Zone) -> None:
        self.target, self._zone = target, zone
        self._late, self._near = (Pile[CountedWait](CountedWait, key=_by_start) for _ in range(2))
        self._sums: dict[int, Sum] = {}

    def _tally(self, line: Line, waits: Iterable[Wait]) -> Tally:
        """Of the answered waits; what it lists is kept here."""
        done = tally((wait for wait in waits if wait.answered is not None), line, self.target, self._zone)
        self._late.extend(done.late)
        self._near.extend(done.near)
        return _replace(done, late=(), near=()) if done.late or done.near else done

    def _sum(self, day: int) -> Sum:
        found = self._sums.get(day)
        if found is None:
            found = self._sums[day] = Sum(self.target, self._zone)
        return found


class _Whole(_Counts):
    """Units that lie within a conversation: those of one that nobody waits in any more are judged for good."""

    def __init__(self, target: Target, zone: Zone) -> None:
        super().__init__(target, zone)
        self._total = Sum(target, zone)

    def hear(self, line: Line, waits: Iterable[Wait]) -> None:
        """The waits of a conversation."""
        days = list(by_day(waits, self._zone))
        whole: Tally | None = None
        for day, began in days:
            done = self._tally(line, began)
            whole = done if whole is None else whole.plus(done)
            self._add(self._sum(day), line, done, began)
        if whole is not None:
            self._add(self._total, line, whole, chain.from_iterable(began for _, began in days))

    def _add(self, into: Sum, line: Line, done: Tally, waits: Iterable[Wait]) -> None:
        still = [wait for wait in waits if wait.answered is None]
        into.hear(line, done if still else closed(done, self.target), still)

    def rate(self, now: int) -> Rate:
        """The target's figures."""
        total = self._total.rate(now)
        self._late.extend(total.late)
        days = tuple(_day(day, one.rate(now)) for day, one in sorted(self._sums.items()))
        if self.target.mean is not None:
            return _replace(total, days=days)
        return _replace(total, late=self._late, near=self._near, days=days)


class _Days(_Counts):
    """A buyer's day, over all his conversations: what his answered waits add up to waits in a file for its turn."""

    def __init__(self, target: Target, zone: Zone) -> None:
        super().__init__(target, zone)
        self._rows: Pile[Row] = Pile(Row, key=itemgetter(0, 1))
        self._did: dict[str, Did] = {}
        self._open: list[tuple[Line, Wait]] = []

    def hear(self, line: Line, waits: Iterable[Wait]) -> None:
        """The waits of a conversation."""
        for day, began in by_day(waits, self._zone):
            done = self._tally(line, began)
            self._rows.add((day, line.buyer, done.units.get(day, Unit())))
            self._note(done.did.items())
            still = [wait for wait in began if wait.answered is None]
            self._open += [(line, wait) for wait in still]
            self._sum(day).wait(line, still)

    def _note(self, did: Iterable[tuple[str, Did]]) -> None:
        for agent, more in did:
            known = self._did.get(agent)
            self._did[agent] = more if known is None else known.plus(more)

    def rate(self, now: int) -> Rate:
        """The target's figures: those of its days together."""
        days: list[Day] = []
        open_waits: list[CountedWait] = []
        population = met = waiting = 0
        for day, rows in groupby(self._rows, key=itemgetter(0)):
            found = self._counted(day, rows, now)
            days.append(_day(day, found))
            population, met, waiting = population + found.population, met + (found.met or 0), waiting + found.waiting
            self._late.extend(found.late)
            open_waits += found.forecast.waiting if found.forecast is not None else ()
        for line, wait in self._open:
            self._note(deeds(line, wait, now))
        decided = population - waiting
        return Rate(
            self.target.name,
            population,
            met,
            waiting,
            round(met / decided, 6) if decided else None,
            self._late,
            near=self._near,
            forecast=forecast(self.target, population, met, tuple(sorted(open_waits, key=_by_start)), waiting=waiting),
            agents=by_agent(self._did),
            days=tuple(days),
        )

    def _counted(self, day: int, rows: Iterable[Row], now: int) -> Rate:
        """One day, which is then let go of."""
        into = self._sum(day)
        for _, buyer, unit in rows:
            if unit.waits:
                into.add("", buyer, Tally({day: unit}))
        del self._sums[day]
        return into.rate(now)


def _day(day: int, rate: Rate) -> Day:
    return Day(day, rate.population, rate.waiting, rate.met, rate.rate, rate.mean_s)


def _by_start(wait: CountedWait) -> tuple[int, str]:
    return wait.start, wait.conversation
