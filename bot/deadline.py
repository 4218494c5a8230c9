"""I count: when a wait begins, when its reply is due, what ends it.

The rules are those of each platform's file (bot/platforms/*.toml); here is only how they are applied.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import msgspec

from bot.model import Kind, Message, Role, Settled, Wait

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DAY = 86_400
# Messages of one second: what buyers wrote comes first, so that an answer "up to its own instant" covers it.
_ORDER = {"buyer": 0, "robot": 1, "assisted": 1, "system": 1, "agent": 2, "closed": 3}
_replace = msgspec.structs.replace


class Window(msgspec.Struct, frozen=True):
    """The hours of a day that are judged, in seconds after local midnight; `by` the message or its session's start."""

    start: int = 0
    end: int = DAY
    end_included: bool = True
    by: Literal["message", "session"] = "message"

    def holds(self, second: int) -> bool:
        """Is the instant `second` seconds after midnight judged?"""
        return self.start <= second and (second <= self.end if self.end_included else second < self.end)


class Sessions(msgspec.Struct, frozen=True):
    """When a conversation's next message begins a new session: after `idle` silent seconds, or `resume` after closing."""

    idle: int = 1800
    resume: int = 0


class Mean(msgspec.Struct, frozen=True):
    """A target that averages answering times: each at most `cap` seconds; an unanswered one is `cap` or left out."""

    cap: int
    unanswered: Literal["cap", "left_out"]


class Target(msgspec.Struct, frozen=True):
    """One reply target of a platform. `limit` and `stages` in seconds; a reply `limit` seconds after is in time.

    `counted`: one unit of the rate. "buyer_day": a buyer is met on a day if all his waits are in time; "session": the
    same of a session, or, `judged` by "mean", if its waits are so on average; "round": each wait is one.
    `starts`: kinds of buyer messages that begin a wait. `answers`: whose message ends it. `first_only`: only a
    session's first answer is judged. `mean`: no limit is judged, only the average. `pass_line` in 0..1, or for a mean
    in seconds; it is judged with at least `smallest` units.
    """

    name: str
    label: str
    limit: int
    window: Window
    counted: Literal["buyer_day", "session", "round"]
    stages: tuple[int, ...]
    answers: tuple[Role, ...]
    starts: frozenset[Kind]
    sessions: Sessions
    consequence: str
    source: str
    sure: str
    first_only: bool = False
    closing_ends: bool = False
    judged: Literal["each", "mean"] = "each"
    mean: Mean | None = None
    pass_line: float | None = None
    smallest: int = 1


# Unix seconds that datetime can say in every time zone: 0001-01-02 to 9999-12-30.
_CALENDAR = (-62_135_510_400, 253_402_128_000)


class Zone:
    """Local days and seconds of a named time zone."""

    def __init__(self, name: str) -> None:
        """Raise zoneinfo.ZoneInfoNotFoundError for an unknown name."""
        self.name = name
        self.info = ZoneInfo(name)
        self._offset = lru_cache(maxsize=4096)(self._offset_of)

    def _offset_of(self, quarter: int) -> int:
        # Offsets have changed only at full quarters of an hour since the zones' laws are recorded in unix time.
        # A day asked for at the edge of the calendar takes the offset of the last day that datetime can say there.
        at = min(max(quarter * 900, _CALENDAR[0]), _CALENDAR[1])
        offset = datetime.fromtimestamp(at, UTC).astimezone(self.info).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0

    def local(self, at: int) -> tuple[int, int]:
        """The day (a running number; 1970-01-01 is 0) and the second of that day."""
        return divmod(at + self._offset(at // 900), DAY)

    def begin(self, day: int) -> int:
        """The instant at which a local day begins."""
        noon = day * DAY + DAY // 2
        at = day * DAY - self._offset(noon // 900)
        return day * DAY - self._offset(at // 900)


def order(message: Message) -> tuple[int, int]:
    """The order in which messages count: by their own instant, buyers first within a second.

    An agent message answers all buyer messages up to its own instant, whichever of one second came first.
    """
    return message.at, _ORDER[message.role]


_NOTHING = Settled()


class Course:
    """One pass over a conversation for one target, after what is `settled`: see `waits` and `settle`.

    `found`: the waits that are over, `opened` those that run, as far as messages were gone through.
    """

    __slots__ = ("active", "answered", "closed", "found", "lost", "opened", "session", "target", "zone")

    def __init__(self, target: Target, zone: Zone, settled: Settled) -> None:
        """Before the first message."""
        self.target, self.zone = target, zone
        self.session, self.active, self.closed = settled.session, settled.active, settled.closed
        self.answered = settled.answered
        self.lost = dict(settled.lost).get(target.name) if settled.lost else None
        self.found: list[Wait] = []
        self.opened: list[Wait] = []

    def run(self, said: Sequence[Message]) -> None:
        """Go through messages in the order in which they count.

        One that was recalled counts only if an answer among them came before that.
        """
        answers = self.target.answers
        for position, message in enumerate(said):
            role = message.role
            if role == "buyer":
                if message.recalled_at is None or _answered_by(said[position:], self.target, message.recalled_at):
                    self._asked(message)
            elif role == "closed":
                self.closed = message.at
                if self.target.closing_ends:
                    self._ended(message.at)
            elif role in answers:
                self.active, self.answered = message.at, self.answered or self.session is not None
                self._ended(message.at)
            elif role != "system":
                self.active = message.at

    def _asked(self, message: Message) -> None:
        target, at = self.target, message.at
        over = self.closed is not None and at - self.closed > target.sessions.resume
        idle = self.closed is None and self.active is not None and at - self.active > target.sessions.idle
        if self.session is None or over or idle:
            self.session, self.answered = at, False
        self.active, self.closed = at, None
        if message.kind not in target.starts or (target.first_only and self.answered) or not self._is_new(message):
            return
        judged = self.session if target.window.by == "session" else at
        if target.window.holds(self.zone.local(judged)[1]):
            wait = Wait(target.name, at, at + target.limit, session=self.session)
            lost = self.lost is not None and self._unit(wait) == self.lost
            self.opened.append(_replace(wait, lost=True) if lost else wait)

    def _is_new(self, message: Message) -> bool:
        """Does it open a wait? While one is open only the first message of a later day, or of a later session."""
        if not self.opened:
            return True
        last = self.opened[-1]
        if message.at <= last.due:
            return False
        if self.target.counted == "session":
            return self.session != last.session
        return self.zone.local(message.at)[0] > self.zone.local(last.start)[0]

    def _unit(self, wait: Wait) -> int:
        """What the wait is judged with, among those of one conversation."""
        match self.target.counted:
            case "buyer_day":
                return self.zone.local(wait.start)[0]
            case "session":
                return wait.session
            case "round":
                return wait.start

    def _ended(self, at: int) -> None:
        if not self.opened:
            return
        # A wait that was missed on an earlier day ends with the one that a later day opened.
        ended = [_replace(wait, answered=at) for wait in self.opened]
        if ended[-1].late:
            self.lost = self._unit(ended[-1])
        self.found += ended
        self.opened.clear()


def waits(messages: Iterable[Message], target: Target, zone: Zone, settled: Settled | None = None) -> tuple[Wait, ...]:
    """All waits of one target in one conversation, from its messages in the order of time, after what is `settled`.

    A wait opens at the first buyer message inside the window while none is open; the first message of a later day
    opens a new one once the old one is past `due`. A recalled message counts only if it was answered before.
    """
    return waits_of(messages, (target,), zone, settled)


def waits_of(
    messages: Iterable[Message], targets: Iterable[Target], zone: Zone, settled: Settled | None = None
) -> tuple[Wait, ...]:
    """The same of several targets, those of one after those of another."""
    return found(courses(sorted(messages, key=order), targets, zone, settled))


def courses(said: Sequence[Message], targets: Iterable[Target], zone: Zone, settled: Settled | None) -> list[Course]:
    """For each target a pass over messages in the order in which they count."""
    made = [Course(target, zone, settled or _NOTHING) for target in targets]
    for course in made:
        course.run(said)
    return made


def found(courses: Iterable[Course]) -> tuple[Wait, ...]:
    """All waits of some passes, those of one after those of another."""
    waits: list[Wait] = []
    for course in courses:
        waits += course.found
        waits += course.opened
    return tuple(waits)


def settle(messages: Sequence[Message], targets: Iterable[Target], zone: Zone, before: Settled | None) -> Settled:
    """What must be known of `messages`, which end with an agent's, once they are no longer held."""
    settled = before or Settled()
    lost: list[tuple[str, int]] = []
    course: Course | None = None
    said = sorted(messages, key=order)
    for target in targets:
        course = Course(target, zone, settled)
        course.run(said)
        if course.lost is not None:
            lost.append((target.name, course.lost))
    if course is None:
        return Settled(at=messages[-1].at)
    return Settled(messages[-1].at, course.session, course.active, course.closed, course.answered, tuple(lost))


def _answered_by(later: Sequence[Message], target: Target, instant: int) -> bool:
    return any(message.role in target.answers and message.at <= instant for message in later)
