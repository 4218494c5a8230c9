"""I say what the answered waits of one conversation add up to, for one reply target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.blame import CountedWait, Did, counted, deeds, late

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.deadline import Target, Zone
    from bot.history import Line
    from bot.model import Wait

_NOBODY = Did()
_replace = msgspec.structs.replace


class Unit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The answered waits of what is judged as one: how many, how many of them late, and the seconds they took in all."""

    waits: int = 0
    late: int = 0
    took: int = 0

    def plus(self, other: Unit, times: int = 1) -> Unit:
        """Both together; `times` -1 takes the other away again."""
        return Unit(self.waits + times * other.waits, self.late + times * other.late, self.took + times * other.took)


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """What answered waits of one conversation add up to.

    `units`: by day or session; `over`, `met`: units that are judged for good, and how many of them were met. `times`,
    `seconds`: of a mean.
    """

    units: dict[int, Unit] = {}
    over: int = 0
    met: int = 0
    late: tuple[CountedWait, ...] = ()
    near: tuple[CountedWait, ...] = ()
    did: dict[str, Did] = {}
    times: int = 0
    seconds: int = 0

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        units, did = dict(self.units), dict(self.did)
        for key, unit in other.units.items():
            units[key] = unit.plus(units[key]) if key in units else unit
        for agent, more in other.did.items():
            did[agent] = more.plus(did.get(agent, _NOBODY))
        return Tally(
            units,
            self.over + other.over,
            self.met + other.met,
            self.late + other.late,
            self.near + other.near,
            did,
            self.times + other.times,
            self.seconds + other.seconds,
        )


def tally(waits: Iterable[Wait], line: Line, target: Target, zone: Zone) -> Tally:
    """What answered waits of a conversation add up to."""
    units: dict[int, Unit] = {}
    did: dict[str, Did] = {}
    behind: list[CountedWait] = []
    near: list[CountedWait] = []
    times = seconds = 0
    for wait in waits:
        for agent, more in deeds(line, wait, 0):
            did[agent] = more.plus(did.get(agent, _NOBODY))
        if target.mean is not None:
            took = _answering(wait, target, zone)
            times, seconds = (times, seconds) if took is None else (times + 1, seconds + took)
            continue
        key = unit_of(wait, target, zone)
        units[key] = _judged(wait).plus(units.get(key, Unit()))
        if wait.late:
            behind.append(late(line, wait, zone))
        elif _near(wait, target):
            near.append(counted(line, wait))
    done = Tally(units, 0, 0, tuple(behind), tuple(near), did, times, seconds)
    return closed(done, target) if target.counted == "round" else done


def closed(done: Tally, target: Target, *, but: int | None = None) -> Tally:
    """With its units judged for good, `but` one that more waits may still belong to. A buyer's day never is: he may have
    other conversations.
    """
    if target.counted == "buyer_day":
        return done
    over = {key: unit for key, unit in done.units.items() if key != but}
    met = sum(not lost(unit, target) for unit in over.values())
    kept = {but: done.units[but]} if but is not None and but in done.units else {}
    return _replace(done, units=kept, over=done.over + len(over), met=done.met + met)


def unit_of(wait: Wait, target: Target, zone: Zone) -> int:
    """What the wait is judged with, among those of its buyer (a day) or of its conversation."""
    match target.counted:
        case "buyer_day":
            return zone.local(wait.start)[0]
        case "session":
            return wait.session
        case "round":
            return wait.start


def _judged(wait: Wait) -> Unit:
    return Unit(1, int(wait.late), (wait.answered or wait.start) - wait.start)


def lost(unit: Unit, target: Target) -> bool:
    """Was one of its waits late, or if so judged all of them on average?"""
    return unit.took > target.limit * unit.waits if target.judged == "mean" else unit.late > 0


def _near(wait: Wait, target: Target) -> bool:
    return wait.answered is not None and 0 <= wait.due - wait.answered < target.limit / 10


def _answering(wait: Wait, target: Target, zone: Zone) -> int | None:
    """The seconds that an answered wait counts with in a mean; an answer on a later day is none (淘宝: 当日未回复按600秒)."""
    mean, answered = target.mean, wait.answered
    if mean is None or answered is None:
        return None
    if zone.local(answered)[0] == zone.local(wait.start)[0]:
        return min(answered - wait.start, mean.cap)
    return mean.cap if mean.unanswered == "cap" else None


def by_day(waits: Iterable[Wait], zone: Zone) -> Iterator[tuple[int, list[Wait]]]:
    """Waits with the local day on which they began."""
    days: dict[int, list[Wait]] = {}
    for wait in waits:
        days.setdefault(zone.local(wait.start)[0], []).append(wait)
    yield from days.items()
