"""I am a shop's desk on a day: buyers come, agents answer one after the other, and who finds nobody waits.

Discrete events on a clock of my own, without chance: whatever is random was drawn before (bot/load/crowd.py). A new
buyer waits in one line for the first agent with room; what those write who have an agent already waits with him. An
agent who is done takes the oldest message of both.
"""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Ask(NamedTuple):
    """One question: seconds of an agent's `work` to answer it, and those until the buyer writes again."""

    work: float
    pause: float


class Visit(NamedTuple):
    """A buyer who comes at an instant. After a wait longer than `patience` he asks no more."""

    at: float
    asks: tuple[Ask, ...]
    patience: float


class Turn(NamedTuple):
    """One question of a visit, when it was asked and when answered."""

    visit: int
    asked: float
    answered: float


class _Agent:
    """`held`: conversations that are not over; `waiting`: (asked, visit, which question) of those who wait with him."""

    def __init__(self) -> None:
        self.held = 0
        self.busy = False
        self.waiting: deque[tuple[float, int, int]] = deque()


class Desk:
    """One day at the desk."""

    def __init__(self, visits: Sequence[Visit], *, agents: int, concurrency: int) -> None:
        """`visits` in the order of time; at least one agent."""
        self._visits, self._concurrency = visits, concurrency
        self._agents = [_Agent() for _ in range(agents)]
        self._line: deque[tuple[float, int, int]] = deque()
        self._order = count(len(visits))
        # (when, order, visit, which question, agent or None); `asked` of what is being answered is kept beside.
        self._events: list[tuple[float, int, int, int, _Agent | None, float]] = [
            (visit.at, number, number, 0, None, -1.0) for number, visit in enumerate(visits)
        ]
        self.worked = 0.0
        self.turns: list[Turn] = []

    def run(self) -> list[Turn]:
        """Every question in the order of answers."""
        heapq.heapify(self._events)
        while self._events:
            now, _, visit, which, agent, asked = heapq.heappop(self._events)
            if agent is None:
                self._line.append((now, visit, 0))
                self._call(now)
            elif asked < 0:
                agent.waiting.append((now, visit, which))
                if not agent.busy:
                    self._next(agent, now)
            else:
                self._answered(agent, Turn(visit, asked, now), which)
        return self.turns

    def _call(self, now: float) -> None:
        """Somebody new is here: of those with nothing to do and with room, the one who holds least takes him."""
        free = (agent for agent in self._agents if not agent.busy and agent.held < self._concurrency)
        agent = min(free, key=_held, default=None)
        if agent is not None:
            self._next(agent, now)

    def _next(self, agent: _Agent, now: float) -> None:
        new = self._line[0] if self._line and agent.held < self._concurrency else None
        own = agent.waiting[0] if agent.waiting else None
        if new is not None and (own is None or new < own):
            asked, visit, which = self._line.popleft()
            agent.held += 1
        elif own is not None:
            asked, visit, which = agent.waiting.popleft()
        else:
            agent.busy = False
            return
        agent.busy = True
        work = self._visits[visit].asks[which].work
        self.worked += work
        heapq.heappush(self._events, (now + work, next(self._order), visit, which, agent, asked))

    def _answered(self, agent: _Agent, turn: Turn, which: int) -> None:
        self.turns.append(turn)
        visit, now = self._visits[turn.visit], turn.answered
        over = which + 1 == len(visit.asks) or now - turn.asked > visit.patience
        if over:
            agent.held -= 1
        else:
            again = now + visit.asks[which].pause
            heapq.heappush(self._events, (again, next(self._order), turn.visit, which + 1, agent, -1.0))
        self._next(agent, now)


def _held(agent: _Agent) -> int:
    return agent.held
