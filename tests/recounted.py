"""The clock and the rates once more, slowly and obviously: every message looks at the whole log by itself."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.deadline import Target
    from bot.model import Message

RANK = {"buyer": 0, "agent": 2, "closed": 3}  # within a second; all others between


class Counted(NamedTuple):
    """One wait: when it began and was answered, and when its session began."""

    start: int
    answered: int | None
    session: int


class Figures(NamedTuple):
    """What a rate must show."""

    population: int
    met: int | None
    waiting: int
    mean_s: float | None
    late: list[tuple[str, int]]


class Log:
    """One conversation judged by one target."""

    def __init__(self, messages: Sequence[Message], target: Target, zone: str) -> None:
        self.said = sorted(messages, key=lambda m: (m.at, RANK.get(m.role, 1)))
        self.target, self.info = target, ZoneInfo(zone)

    def local(self, at: int) -> datetime:
        """As a clock on the shop's wall shows it."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.info)

    def stands(self, place: int) -> bool:
        """Is it a buyer's message that was not withdrawn before it was answered?"""
        message = self.said[place]
        if message.role != "buyer":
            return False
        answers = [m.at for m in self.said[place:] if m.role in self.target.answers]
        return message.recalled_at is None or any(at <= message.recalled_at for at in answers)

    def session(self, place: int) -> int:
        """When the session of a standing message began: its own instant if no earlier message keeps it alive."""
        at = self.said[place].at
        before = [earlier for earlier in range(place) if self.stands(earlier)]
        if not before:
            return at
        closings = [m.at for m in self.said[before[-1] : place] if m.role == "closed"]
        talking = [self.said[earlier].at for earlier in before]
        talking += [m.at for m in self.said[:place] if m.role in ("agent", "robot", "assisted")]
        rules = self.target.sessions
        over = at - closings[-1] > rules.resume if closings else at - max(talking) > rules.idle
        return at if over else self.session(before[-1])

    def judged(self, place: int) -> bool:
        """Does it want an answer in time?"""
        if not self.stands(place) or self.said[place].kind not in self.target.starts:
            return False
        session = self.session(place)
        if self.target.first_only:
            opened = next(n for n in range(place + 1) if self.stands(n) and self.said[n].at == session)
            if any(m.role in self.target.answers for m in self.said[opened:place]):
                return False
        window = self.target.window
        clock = self.local(session if window.by == "session" else self.said[place].at)
        second = clock.hour * 3600 + clock.minute * 60 + clock.second
        return window.start <= second < window.end or (window.end_included and second == window.end)

    def end(self, place: int) -> int | None:
        """When it was answered."""
        ends = {*self.target.answers, *(["closed"] if self.target.closing_ends else [])}
        return next((m.at for m in self.said[place:] if m.role in ends), None)

    def waits(self) -> list[Counted]:
        """Every judged message opens one, or joins the one that the same answer ends."""
        found: list[Counted] = []
        ends: list[int | None] = []
        for place, message in enumerate(self.said):
            if not self.judged(place):
                continue
            mine = Counted(message.at, self.end(place), self.session(place))
            which = next((n for n in range(place, len(self.said)) if self._ends(n)), None)
            joined = [wait for wait, end in zip(found, ends, strict=True) if end == which]
            if joined and (message.at <= joined[-1].start + self.target.limit or not self._later(joined[-1], mine)):
                continue
            found.append(mine)
            ends.append(which)
        return found

    def _ends(self, place: int) -> bool:
        role = self.said[place].role
        return role in self.target.answers or (role == "closed" and self.target.closing_ends)

    def _later(self, old: Counted, new: Counted) -> bool:
        if self.target.counted == "session":
            return old.session != new.session
        return self.local(new.start).date() > self.local(old.start).date()


def figures(talks: Mapping[str, tuple[str, Sequence[Message]]], target: Target, zone: str, now: int) -> Figures:
    """`talks`: conversation to buyer and messages; seen at `now`."""
    units: dict[tuple[str, int | date], list[tuple[str, Counted]]] = defaultdict(list)
    for conversation, (buyer, messages) in talks.items():
        log = Log(messages, target, zone)
        for wait in log.waits():
            unit = {
                "buyer_day": (buyer, log.local(wait.start).date()),
                "session": (conversation, wait.session),
                "round": (conversation, wait.start),
            }[target.counted]
            units[unit].append((conversation, wait))
    every = [wait for waits in units.values() for wait in waits]
    if target.mean is not None:
        return _mean([wait for _, wait in every], target, zone, now)
    late = sorted((place, wait.start) for place, wait in every if _late(wait, target, now))
    states = [_state([wait for _, wait in waits], target, now) for waits in units.values()]
    return Figures(len(units), states.count("met"), states.count("waiting"), None, late)


def _late(wait: Counted, target: Target, now: int) -> bool:
    return (now if wait.answered is None else wait.answered) > wait.start + target.limit


def _state(waits: list[Counted], target: Target, now: int) -> str:
    took = [(now if wait.answered is None else wait.answered) - wait.start for wait in waits]
    lost = sum(took) / len(took) > target.limit if target.judged == "mean" else max(took) > target.limit
    still = any(wait.answered is None for wait in waits)
    return "missed" if lost else "waiting" if still else "met"


def _mean(waits: list[Counted], target: Target, zone: str, now: int) -> Figures:
    assert target.mean is not None
    times: list[int] = []
    waiting = 0
    log = Log([], target, zone)
    for wait in waits:
        same_day = wait.answered is not None and log.local(wait.answered).date() == log.local(wait.start).date()
        if same_day and wait.answered is not None:
            times.append(min(wait.answered - wait.start, target.mean.cap))
        elif wait.answered is None and now <= wait.start + target.mean.cap:
            waiting += 1
        elif target.mean.unanswered == "cap":
            times.append(target.mean.cap)
    mean = round(sum(times) / len(times), 3) if times else None
    return Figures(len(times) + waiting, None, waiting, mean, [])
