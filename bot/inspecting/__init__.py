"""I inspect how a buyer was served (质检): greeting, waiting, promises, tone, closing; which rules, is data.

Not to be mixed up with bot/rulings.py, the record of what the guard held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.inspecting.book import load
from bot.inspecting.judge import hits
from bot.inspecting.rules import Weights
from bot.inspecting.talk import talk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from bot.deadline import Zone
    from bot.inspecting.book import Book
    from bot.inspecting.judge import Hit
    from bot.inspecting.rules import AnyRule, Level
    from bot.inspecting.talk import Talk
    from bot.model import AgentSaid, BuyerSaid, RobotSaid, SystemSaid

__all__ = ["Inspector", "Weights", "load"]

FULL = 100.0


class _Fault(NamedTuple):
    """A rule that hit in a session: charged once, to the agent of its first hit."""

    rule: AnyRule
    session: int
    hits: tuple[Hit, ...]


class Inspector:
    """Inspects conversations as one shop wants it."""

    def __init__(self, book: Book, zone: Zone, *, timed: bool) -> None:
        """Without times (`timed` False) rules that need them say nothing, and a conversation is one session."""
        self._book, self._zone, self._timed = book, zone, timed

    def inspect(self, said: Iterable[AgentSaid | BuyerSaid | RobotSaid | SystemSaid]) -> dict[str, Any]:
        """What is found in one conversation, its messages in the order of time; plain JSON data.

        `{"score", "level", "sessions", "faults": [{"rule", "name", "group", "level", "score", "session", "agent",
        "message", "messages", "times", "excerpt", "reason"}], "agents": [{"agent", "sessions", "score"}]}`. A session
        begins with 100 points and loses (or wins) each rule's once; the conversation's `score` is the mean of its
        sessions, an agent's that of the sessions he had part in, with the charges against him. `message`: the id of the
        first line that shows it. A conversation in which no agent wrote has no score (None).
        """
        held = talk(said, idle=self._book.idle, timed=self._timed)
        faults = [fault for rule in self._book.rules for fault in self._faults(rule, held)]
        faults.sort(key=lambda fault: (fault.session, fault.hits[0].place, fault.rule.id))
        served = _served(held)
        sessions = sorted({session for session, _ in served})
        # What a buyer says in a session in which no agent wrote is charged to nobody.
        charged = [fault for fault in faults if fault.session in sessions]
        score = _mean(sessions, [(fault.session, fault.rule.score) for fault in charged])
        return {
            "score": score,
            "level": level(score, self._book.grades),
            "sessions": len(sessions),
            "faults": [self._shown(fault, held) for fault in charged],
            "agents": [_agent(name, served, charged) for name in dict.fromkeys(agent for _, agent in served)],
        }

    def _faults(self, rule: AnyRule, held: Talk) -> Iterable[_Fault]:
        by_session: dict[int, list[Hit]] = {}
        for hit in hits(rule, held, self._book.finders, self._zone):
            by_session.setdefault(hit.session, []).append(hit)
        return (_Fault(rule, session, tuple(found)) for session, found in by_session.items())

    def _shown(self, fault: _Fault, held: Talk) -> dict[str, Any]:
        rule, first = fault.rule, fault.hits[0]
        messages = [held.lines[hit.place].id for hit in fault.hits]
        return {
            "rule": rule.id,
            "name": rule.name,
            "group": rule.group,
            "level": level(rule.score, self._book.faults),
            "score": rule.score,
            "session": fault.session,
            "agent": first.agent or None,
            "message": messages[0],
            "messages": messages,
            "times": len(messages),
            "excerpt": first.excerpt,
            "reason": rule.reason,
        }


def level(score: float | None, levels: Sequence[Level]) -> str | None:
    """The name of the first level that `score` reaches."""
    return next((one.name for one in levels if score is not None and score >= one.score), None)


def _served(held: Talk) -> list[tuple[int, str]]:
    """In which sessions which agents wrote, each once, in order."""
    found = [
        (session, line.agent)
        for session, (start, end) in enumerate(held.sessions)
        for line in held.lines[start:end]
        if line.role == "agent"
    ]
    return list(dict.fromkeys(found))


def _agent(name: str, served: list[tuple[int, str]], charged: list[_Fault]) -> dict[str, Any]:
    sessions = [session for session, agent in served if agent == name]
    own = [(fault.session, fault.rule.score) for fault in charged if fault.hits[0].agent == name]
    return {"agent": name or None, "sessions": len(sessions), "score": _mean(sessions, own)}


def _mean(sessions: Sequence[int], charges: Sequence[tuple[int, float]]) -> float | None:
    """The mean score of sessions; none falls below 0."""
    if not sessions:
        return None
    scores = [max(0.0, FULL + sum(score for at, score in charges if at == session)) for session in sessions]
    return round(sum(scores) / len(scores), 2)
