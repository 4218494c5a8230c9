"""I say who of the shop answered a wait, who let it pass and why; I judge nobody's day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.alerts import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.deadline import Zone
    from bot.history import Given, Line
    from bot.model import Wait


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


def by_agent(found: Iterable[tuple[Line, Wait]], now: int) -> tuple[ByAgent, ...]:
    """What each agent did, those who missed most first."""
    tally: dict[str, ByAgent] = {}
    took: dict[str, list[int]] = {}

    def add(agent: str, **counts: int) -> None:
        known = tally.setdefault(agent, ByAgent(agent))
        more = {name: getattr(known, name) + count for name, count in counts.items()}
        tally[agent] = msgspec.structs.replace(known, **more)

    for line, wait in found:
        if wait.answered is not None:
            agent = _answerer(line, wait)
            add(agent, answered=1, in_time=not wait.late)
            took.setdefault(agent, []).append(wait.answered - _had_since(line, wait, agent))
        if missed(wait, now):
            add(_missed_by(line, wait), missed=1)
        for before, _ in _handovers(line, wait):
            if before:
                add(before, handed_over=1)
    means = {agent: round(sum(times) / len(times), 3) for agent, times in took.items()}
    every = [msgspec.structs.replace(one, mean_s=means.get(one.agent)) for one in tally.values()]
    return tuple(sorted(every, key=lambda one: (-one.missed, -one.handed_over, -one.answered, one.agent)))


def _answerer(line: Line, wait: Wait) -> str:
    """Who answered; while nobody has, who has it now."""
    if wait.answered is None:
        return line.holder(1 << 62)
    said = next((said for said in line.messages if said.role == "agent" and said.at == wait.answered), None)
    return said.agent if said is not None else ""


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
    within = [said for said in line.messages if said.at >= wait.start and (end is None or said.at <= end)]
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


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
