"""I am a conversation as an inspection reads it: lines in the order of time, cut into sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.model import AgentSaid, BuyerSaid, RobotSaid, SystemSaid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.inspecting.rules import By

_ROLES: dict[type, str] = {AgentSaid: "agent", BuyerSaid: "buyer", RobotSaid: "robot", SystemSaid: "system"}


class Line(NamedTuple):
    """One message. `at`: unix seconds, None in a log without times; `turn`: the shop's turns before it, counted."""

    id: str
    role: str
    agent: str
    text: str
    at: int | None
    turn: int = 0

    def by(self, who: By) -> bool:
        """Is it of that side?"""
        return self.role == who or (who == "shop" and self.role in ("agent", "robot"))


class Talk(NamedTuple):
    """A conversation. `sessions`: where each begins and ends among `lines`."""

    lines: tuple[Line, ...]
    sessions: tuple[tuple[int, int], ...]
    timed: bool

    def session(self, place: int) -> int:
        """To which session a line belongs."""
        return next(number for number, (_, end) in enumerate(self.sessions) if place < end)


def talk(said: Iterable[AgentSaid | BuyerSaid | RobotSaid | SystemSaid], *, idle: int, timed: bool) -> Talk:
    """Of facts in the order of time; a session begins where a buyer writes after `idle` seconds of silence. System lines say nothing here."""
    lines = [
        Line(fact.id, _ROLES[type(fact)], fact.agent if isinstance(fact, AgentSaid) else "", fact.text, fact.at)
        for fact in said
        if not isinstance(fact, SystemSaid)
    ]
    return of_lines(lines, idle=idle, timed=timed)


def of_lines(lines: Sequence[Line], *, idle: int, timed: bool) -> Talk:
    """Number the turns and find the sessions."""
    turn, before = 0, ""
    numbered: list[Line] = []
    starts = [0] if lines else []
    for place, line in enumerate(lines):
        turn += line.role == "buyer" and before in ("agent", "robot")
        before = line.role
        numbered.append(line._replace(turn=turn, at=line.at if timed else None))
        # Who answers late answers what was asked: only a buyer begins anew.
        if timed and place and line.role == "buyer" and (line.at or 0) - (lines[place - 1].at or 0) > idle:
            starts.append(place)
    return Talk(tuple(numbered), tuple(zip(starts, [*starts[1:], len(lines)], strict=True)), timed)
