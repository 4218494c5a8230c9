"""I count what the guard found in what was really sent: by rule and by agent, with what the buyer had said before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from bot import outward, wire
from bot.model import AgentSaid, RobotSaid
from bot.pile import Pile
from bot.played import Began, Played

if TYPE_CHECKING:
    from bot.played import Record
    from bot.shop import Shop


class Guarded:
    """An observer. `result()`: the summary's `guard`."""

    _shop: Shop

    def __init__(self) -> None:
        """Nothing found."""
        self._timed = False
        self._checked = 0
        self._verdicts: Counter[str] = Counter()
        self._findings = Pile[dict[str, Any]]()
        self._watched = Pile[dict[str, Any]]()
        self._rules: dict[str, dict[str, Any]] = {}
        self._rule_agents: Counter[tuple[str, str]] = Counter()
        self._agents: dict[str, Counter[str]] = {}

    def __call__(self, record: Record) -> None:
        """Hear the next record."""
        match record:
            case Began(shop, timed):
                self._shop, self._timed = shop, timed
            case Played(checked=True):
                self._count(record)

    def _count(self, played: Played) -> None:
        self._checked += 1
        agent = played.fact.agent if isinstance(played.fact, AgentSaid) else None
        if agent is not None:
            self._agents.setdefault(agent, Counter()).update(("checked", played.verdict))
        watched = self._shop.watched(played.fact.text) if isinstance(played.fact, AgentSaid | RobotSaid) else ()
        if watched:
            place = self._place(played)
            self._watched.extend({**place, **msgspec.to_builtins(finding)} for finding in watched)
        if not played.findings:
            return
        self._verdicts[played.verdict] += 1
        place = self._place(played)
        self._findings.extend({**place, **finding} for finding in played.findings)
        for name in dict.fromkeys(finding["rule"] for finding in played.findings):
            first = next(finding for finding in played.findings if finding["rule"] == name)
            rule = self._rules.setdefault(
                name, {**{key: first[key] for key in ("rule", "category", "action")}, "findings": 0, "messages": 0}
            )
            rule["messages"] += 1
            rule["findings"] += sum(finding["rule"] == name for finding in played.findings)
            self._rule_agents[name, agent or ""] += 1

    def _place(self, played: Played) -> dict[str, Any]:
        """Where the message stands: in which conversation, when, whose, and after which words of the buyer's."""
        fact = played.fact
        held = played.before.messages if played.before is not None else ()
        before = next((said.text for said in reversed(held) if said.role == "buyer" and said.text), None)
        return {
            "conversation": fact.conversation,
            "id": fact.id,
            **outward.who(fact),
            "text": fact.text,
            "at": wire.iso(fact.at, self._shop.zone) if self._timed else None,
            "before": before,
        }

    def result(self) -> dict[str, Any]:
        """`checked`, `allow`, `warn`, `block`, `findings` (contract; a Pile, each with `at` and `before`, the buyer's words), `watched`, `rules`, `agents`.

        `watched`: what rules in watch mode found; they change no verdict, and are counted nowhere else. `rules`: how many findings in how many messages, and of which agents (None: without a name, or a robot).
        """
        rules = sorted(self._rules.values(), key=lambda rule: (-rule["messages"], rule["rule"]))
        agents = sorted(self._agents.items(), key=lambda one: (-one[1]["block"], -one[1]["warn"], one[0]))
        return {
            "checked": self._checked,
            "allow": self._checked - self._verdicts["warn"] - self._verdicts["block"],
            "warn": self._verdicts["warn"],
            "block": self._verdicts["block"],
            "findings": self._findings,
            "watched": self._watched,
            "rules": [{**rule, "agents": self._agents_of(rule["rule"])} for rule in rules],
            "agents": [
                {"agent": name or None, **{key: counts[key] for key in ("checked", "allow", "warn", "block")}}
                for name, counts in agents
            ],
        }

    def _agents_of(self, rule: str) -> list[dict[str, Any]]:
        found = [(agent, count) for (name, agent), count in self._rule_agents.items() if name == rule]
        found.sort(key=lambda one: (-one[1], one[0]))
        return [{"agent": agent or None, "messages": count} for agent, count in found]
