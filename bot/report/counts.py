"""I count what the page's plots say and no summary does: hours, waits, days. I hold numbers, and no message."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

import msgspec

from bot.model import AgentSaid, BuyerSaid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.played import Ended, Played
    from bot.report.notes import Heard
    from bot.shop import Shop

EDGES = (10, 30, 60, 180, 600, 1800, 3600, 10_800, 86_400)  # seconds between the bars of the waits' plot


class Agent(msgspec.Struct):
    """What one agent wrote, and for how long in all buyers had waited for his answers (seconds)."""

    messages: int = 0
    answers: int = 0
    waited: int = 0


class Counts:
    """Hears messages and conversations. `load`: by hour; `days`: for each, questions asked, and of them with an offer.

    `faults`: of each rule of the inspection the first place, as conversation and message.
    """

    def __init__(self, shop: Shop, *, timed: bool) -> None:
        """Nothing counted yet."""
        self._zone, self._timed = shop.zone, timed
        self.load = {"buyer": [0] * 24, "agent": [0] * 24}
        self.unanswered = self.missed = 0
        self.days: dict[int, list[int]] = {}
        self.agents: dict[str, Agent] = {}
        self.faults: dict[str, tuple[str, str]] = {}
        self._waits = array("q")

    def played(self, played: Played, heard: Heard) -> None:
        """One message."""
        fact = played.fact
        if isinstance(fact, AgentSaid):
            agent = self.agents.setdefault(fact.agent, Agent())
            agent.messages += 1
            self.missed += bool(heard.marks.missed)
            if heard.waited is not None:
                self._waits.append(heard.waited)
                agent.waited += heard.waited
                agent.answers += 1
        if not self._timed or not isinstance(fact, BuyerSaid | AgentSaid):
            return
        day, second = self._zone.local(fact.at)
        self.load["buyer" if isinstance(fact, BuyerSaid) else "agent"][second // 3600] += 1
        if played.asked:
            counted = self.days.setdefault(day, [0, 0])
            counted[0] += 1
            counted[1] += bool(played.offered)

    def ended(self, record: Ended) -> None:
        """One conversation."""
        last = next((one for one in reversed(record.said) if isinstance(one, BuyerSaid | AgentSaid)), None)
        self.unanswered += isinstance(last, BuyerSaid)
        for fault in record.inspected.get("faults", ()):
            self.faults.setdefault(fault["rule"], (record.conversation, fault["message"]))

    def waits(self) -> tuple[list[int], int | None, int | None]:
        """How many waits fall between EDGES, each edge in the bar below it; their median and what nine in ten stay below."""
        bars = [0] * (len(EDGES) + 1)
        for wait in self._waits:
            bars[bisect_left(EDGES, wait)] += 1
        ordered = sorted(self._waits)
        return bars, _quantile(ordered, 0.5), _quantile(ordered, 0.9)


def _quantile(ordered: Sequence[int], share: float) -> int | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
