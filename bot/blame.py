"""I say who of the shop answered a wait, who let it pass and why; I judge nobody's day."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot.alerts import span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.deadline import Zone
    from bot.history import Given, Line
    from bot.model import Message, Wait

_at = attrgetter("at")


class CountedWait(msgspec.Struct, frozen=True):
    """A wait that a rate speaks of, in unix seconds. `answered` is None when it never was.

    `agent`: who answered it, or has it. Of a late one, `missed_by`: who had it when it became late ("": nobody had, or
    nobody knows); `why`: one short Chinese line.
    """

    buyer: str
    conversation: str
    start: int
    due: int
    answered: int | None
    agent: str
    missed_by: str = ""
    why: str = ""


class ByAgent(msgspec.Struct, frozen=True):
    """What one agent did, in waits.

    `answered`: those he ended, `in_time` of them by the shop's clock; `mean_s`: how long these took on average, each
    from when he had it. `missed`: became late while he had them. `handed_over`: given to somebody else unanswered (for
    淘宝 a round that the first account keeps unanswered, while the second begins its own).
    """

    agent: str
    answered: int = 0
    in_time: int = 0
    missed: int = 0
    handed_over: int = 0
    mean_s: float | None = None


def missed(wait: Wait, now: int) -> bool:
    """Was it not answered in time, as seen at `now`?"""
    return wait.late or (wait.answered is None and now > wait.due)


def counted(line: Line, wait: Wait) -> CountedWait:
    """Who answered, or has it."""
    return CountedWait(line.buyer, line.conversation, wait.start, wait.due, wait.answered, _answerer(line, wait))


def late(line: Line, wait: Wait, zone: Zone) -> CountedWait:
    """A late wait, with who let it pass and why."""
    return msgspec.structs.replace(
        counted(line, wait), missed_by=_missed_by(line, wait), why="；".join(_why(line, wait, zone))
    )


class Did(NamedTuple):
    """What an agent did with some waits, as numbers that can be added up; `took`: seconds, of all that he answered."""

    answered: int = 0
    in_time: int = 0
    missed: int = 0
    handed_over: int = 0
    took: int = 0

    def plus(self, other: Did, times: int = 1) -> Did:
        """Both together; `times` -1 takes the other away again."""
        return Did(*(mine + times * more for mine, more in zip(self, other, strict=True)))


def deeds(line: Line, wait: Wait, now: int) -> Iterator[tuple[str, Did]]:
    """Who did what with one wait, as seen at `now`."""
    if wait.answered is not None:
        agent = _answerer(line, wait)
        yield agent, Did(answered=1, in_time=not wait.late, took=wait.answered - _had_since(line, wait, agent))
    if missed(wait, now):
        yield _missed_by(line, wait), Did(missed=1)
    for before, _ in _handovers(line, wait):
        if before:
            yield before, Did(handed_over=1)


def by_agent(done: Mapping[str, Did]) -> tuple[ByAgent, ...]:
    """What each agent did, those who missed most first."""
    every = [
        ByAgent(agent, *did[:4], mean_s=round(did.took / did.answered, 3) if did.answered else None)
        for agent, did in done.items()
    ]
    return tuple(sorted(every, key=lambda one: (-one.missed, -one.handed_over, -one.answered, one.agent)))


def _answerer(line: Line, wait: Wait) -> str:
    """Who answered; while nobody has, who has it now."""
    if wait.answered is None:
        return line.holder(1 << 62)
    same = _between(line.messages, wait.answered, wait.answered)
    return next((said.agent for said in same if said.role == "agent"), "")


def _missed_by(line: Line, wait: Wait) -> str:
    """Who had it when it became late. A tool that tells of no assignments leaves us only with who answered."""
    holder = line.holder(wait.due)
    return holder if holder or line.given or wait.answered is None else _answerer(line, wait)


def _handovers(line: Line, wait: Wait) -> Iterator[tuple[str, Given]]:
    """Every time it went to somebody while it was open, and who had it before ("" for nobody)."""
    before = line.holder(wait.start)
    for given in line.given:
        if given.at > wait.start and (wait.answered is None or given.at <= wait.answered) and given.agent != before:
            yield before, given
            before = given.agent


def _had_since(line: Line, wait: Wait, agent: str) -> int:
    """When he got it, or when the wait began if that was later."""
    return max((given.at for before, given in _handovers(line, wait) if given.agent == agent), default=wait.start)


def _why(line: Line, wait: Wait, zone: Zone) -> Iterator[str]:
    end = wait.answered
    within = _between(line.messages, wait.start, end)
    if end is not None:
        yield f"晚了{span(end - wait.due)}才回复"
    elif any(said.role == "closed" for said in within):
        yield "会话结束时仍未回复"
    else:
        yield "一直没有回复"
    if any(said.role in ("robot", "assisted") and said.at <= wait.due for said in within):
        yield "时限内只有机器人回复，不算"
    if line.given and not line.holder(wait.due):
        yield "到时限时还没有分配客服"
    for before, given in _handovers(line, wait):
        clock = _clock(zone.local(given.at)[1])
        yield f"{clock}由{before}转给{given.agent}" if before else f"{clock}才分配给{given.agent}"


def _between(messages: tuple[Message, ...], start: int, end: int | None) -> tuple[Message, ...]:
    """Those from `start` to `end`, both in."""
    last = None if end is None else bisect_right(messages, end, key=_at)
    return messages[bisect_left(messages, start, key=_at) : last]


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
