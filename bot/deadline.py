"""I count: when a wait begins, when its reply is due, which alarm comes next.

The rules are those of each platform's file (bot/platforms/*.toml); here is only how they are applied.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import msgspec

from bot.model import Answered, Effect, Late, Message, Role, Wait, Warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DAY = 86_400
# Messages of one second: what buyers wrote comes first, so that an answer "up to its own instant" covers it.
_ORDER = {"buyer": 0, "robot": 1, "system": 1, "agent": 2, "closed": 3}


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hours of a day in which a buyer's message counts: seconds after local midnight, both in unless said."""

    start: int = 0
    end: int = DAY
    end_included: bool = True

    def holds(self, second: int) -> bool:
        """Does a message sent `second` seconds after midnight count?"""
        return self.start <= second and (second <= self.end if self.end_included else second < self.end)


class Target(msgspec.Struct, frozen=True):
    """One reply target of a platform. `limit` and `stages` in seconds; `answers`: whose message ends a wait.

    `counted`: what one unit of the rate is. "buyer_day": a buyer is met on a day only if all his waits were in time;
    "round": each wait is one. `pass_line` in 0..1 with at least `smallest` units, else no consequence.
    """

    name: str
    label: str
    limit: int
    window: Window
    counted: Literal["buyer_day", "round"]
    stages: tuple[int, ...]
    answers: tuple[Role, ...]
    closing_ends: bool
    pass_line: float | None
    smallest: int
    consequence: str
    source: str
    sure: str


class Zone:
    """Local days and seconds of a named time zone."""

    def __init__(self, name: str) -> None:
        """Raise zoneinfo.ZoneInfoNotFoundError for an unknown name."""
        self.name = name
        self.info = ZoneInfo(name)
        self._offset = lru_cache(maxsize=4096)(self._offset_of)

    def _offset_of(self, quarter: int) -> int:
        # Offsets have changed only at full quarters of an hour since the zones' laws are recorded in unix time.
        offset = datetime.fromtimestamp(quarter * 900, UTC).astimezone(self.info).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0

    def local(self, at: int) -> tuple[int, int]:
        """The day (a running number; 1970-01-01 is 0) and the second of that day."""
        return divmod(at + self._offset(at // 900), DAY)


def order(message: Message) -> tuple[int, int]:
    """The order in which messages count: by their own instant, buyers first within a second.

    An agent message answers all buyer messages up to its own instant, whichever of one second came first.
    """
    return message.at, _ORDER[message.role]


def waits(messages: Iterable[Message], target: Target, zone: Zone) -> tuple[Wait, ...]:
    """All waits of one target in one conversation, from its messages in the order of time.

    A wait opens at the first buyer message inside the window while none is open; the first message of a later day
    opens a new one once the old one is past `due`. A recalled message counts only if it was answered before.
    """
    messages = sorted(messages, key=order)
    found: list[Wait] = []
    opened: list[Wait] = []
    lost_day = -1
    for position, message in enumerate(messages):
        if message.role == "buyer":
            if message.recalled_at is not None and not _answered_by(messages[position:], target, message.recalled_at):
                continue
            day, second = zone.local(message.at)
            if not target.window.holds(second):
                continue
            if not opened or (message.at > opened[-1].due and day > zone.local(opened[-1].start)[0]):
                opened.append(Wait(target.name, message.at, message.at + target.limit, lost=day == lost_day))
        elif opened and (message.role in target.answers or (message.role == "closed" and target.closing_ends)):
            # A wait that was missed on an earlier day ends with the one that a later day opened.
            ended = [msgspec.structs.replace(wait, answered=message.at) for wait in opened]
            if ended[-1].late:
                lost_day = zone.local(ended[-1].start)[0]
            found.extend(ended)
            opened.clear()
    return (*found, *opened)


def _answered_by(later: Sequence[Message], target: Target, instant: int) -> bool:
    return any(message.role in target.answers and message.at <= instant for message in later)


def reconcile(
    told: tuple[Wait, ...], counted: tuple[Wait, ...], now: int, *, held_from: int | None
) -> tuple[tuple[Wait, ...], list[Effect]]:
    """Carry what was told of waits (`told`) over to the waits as now `counted`; say what became known.

    A wait is the same one if the two overlap in time. `held_from`: messages up to it are no longer held, so that
    waits answered by then are finished with. Returns the waits worth remembering (open, or told of) and the effects.
    """
    kept: list[Wait] = []
    effects: list[Effect] = []
    unclaimed = list(told)
    for count in counted:
        old = next((wait for wait in unclaimed if _same(wait, count)), None)
        wait = count
        if old is not None:
            unclaimed.remove(old)
            wait = _carry(old, count, now, effects)
        if wait.answered is not None:
            wait = _ended(wait, effects)
        if wait.answered is None or wait.given or wait.missed:
            kept.append(wait)
    for gone in unclaimed:
        forgotten = held_from is not None and gone.answered is not None and gone.answered <= held_from
        if not forgotten and (gone.given or gone.missed) and not gone.cleared:
            effects.append(Answered(gone, recalled=True))
    return tuple(kept), effects


def _carry(old: Wait, new: Wait, now: int, effects: list[Effect]) -> Wait:
    """The wait as now counted, with what was told of it so far."""
    if old.missed and new.answered is None and now <= new.due:
        # Its first message was recalled after the miss: the clock starts at a later one, and is ahead again.
        effects.append(Answered(old, recalled=True))
        return new
    given = tuple(stage for stage in old.given if new.due - stage <= now)
    return msgspec.structs.replace(new, given=given, missed=old.missed, cleared=old.cleared, corrected=old.corrected)


def _same(old: Wait, new: Wait) -> bool:
    if old.target != new.target:
        return False
    old_end = old.answered if old.answered is not None else old.due
    new_end = new.answered if new.answered is not None else new.due
    return new.start <= old.start <= new_end or old.start <= new.start <= old_end


def _ended(wait: Wait, effects: list[Effect]) -> Wait:
    if wait.late and not wait.missed:
        wait = msgspec.structs.replace(wait, missed=True)
        effects.append(Late(wait))
    corrected = wait.missed and not wait.late and not wait.corrected
    if (wait.given or wait.missed) and (not wait.cleared or corrected):
        wait = msgspec.structs.replace(wait, cleared=True, corrected=corrected)
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
        if wait.answered is None and not wait.missed:
            if now > wait.due:
                wait = msgspec.structs.replace(wait, missed=True)  # noqa: PLW2901
                effects.append(Late(wait))
            elif not paused:
                ripe = [stage for stage in stages[wait.target] if stage not in wait.given and wait.due - stage <= now]
                wait = msgspec.structs.replace(wait, given=(*wait.given, *ripe))  # noqa: PLW2901
                effects.extend(Warn(wait, stage) for stage in ripe)
        out.append(wait)
    return tuple(out), effects


def next_alarm(held: tuple[Wait, ...], targets: Iterable[Target], *, paused_until: int | None) -> int | None:
    """The next instant at which `ring` would say something; the second after `due` for a miss."""
    stages = {target.name: target.stages for target in targets}
    marks: list[int] = []
    for wait in held:
        if wait.answered is not None or wait.missed:
            continue
        marks.append(wait.due + 1)
        ahead = [wait.due - stage for stage in stages[wait.target] if stage not in wait.given]
        marks.extend(max(mark, paused_until) if paused_until is not None else mark for mark in ahead)
    return min(marks, default=None)
