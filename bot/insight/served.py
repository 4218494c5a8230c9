"""I sum up the inspection (质检) of all conversations: by rule, by agent, and each conversation that has a fault."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bot import inspecting
from bot.inspecting import level
from bot.pile import Pile
from bot.played import Began, Ended

if TYPE_CHECKING:
    from bot.inspecting.book import Book
    from bot.played import Record

_IN_RULES = ("name", "group", "level", "reason")  # of a fault, told once with its rule


class Served:
    """An observer. `result()`: the summary's `inspection`."""

    _book: Book

    def __init__(self) -> None:
        """Nothing inspected."""
        self._scores = 0.0
        self._inspected = 0
        self._levels: Counter[str] = Counter()
        self._rules: dict[str, dict[str, Any]] = {}
        self._agents: dict[str, dict[str, Any]] = {}
        self._conversations = Pile[dict[str, Any]]()

    def __call__(self, record: Record) -> None:
        """Hear the next record."""
        match record:
            case Began(shop):
                self._book = inspecting.load(shop.inspection)
            case Ended(inspected=found) if found["score"] is not None:
                self._add(record.conversation, found)

    def _add(self, conversation: str, found: dict[str, Any]) -> None:
        self._inspected += 1
        self._scores += found["score"]
        self._levels[found["level"]] += 1
        for fault in found["faults"]:
            rule = self._rules.setdefault(
                fault["rule"],
                {key: fault[key] for key in ("rule", *_IN_RULES, "score")} | {"sessions": 0, "agents": Counter()},
            )
            rule["sessions"] += 1
            rule["agents"][fault["agent"] or ""] += 1
        for one in found["agents"]:
            agent = self._agents.setdefault(
                one["agent"] or "", {"conversations": 0, "sessions": 0, "points": 0.0, "faults": 0}
            )
            agent["conversations"] += 1
            agent["sessions"] += one["sessions"]
            agent["points"] += one["score"] * one["sessions"]
            agent["faults"] += sum(fault["agent"] == one["agent"] and fault["score"] < 0 for fault in found["faults"])
        if found["faults"]:
            faults = [{key: value for key, value in fault.items() if key not in _IN_RULES} for fault in found["faults"]]
            shown = {
                "conversation": conversation,
                **{key: found[key] for key in ("score", "level", "sessions")},
                "faults": faults,
            }
            self._conversations.add(shown)

    def result(self) -> dict[str, Any]:
        """`{"inspected", "score", "levels", "rules", "agents", "conversations"}`.

        `score`: the mean of the conversations in which an agent wrote. `rules`: in how many sessions each spoke, and whose;
        `agents`: the mean score of their sessions, worst first; `conversations`: those with faults, by id (a Pile).
        """
        rules = sorted(self._rules.values(), key=lambda rule: (-rule["sessions"], rule["rule"]))
        agents = [_agent(name, counts, self._book) for name, counts in self._agents.items()]
        return {
            "inspected": self._inspected,
            "score": round(self._scores / self._inspected, 2) if self._inspected else None,
            "levels": {grade.name: self._levels[grade.name] for grade in self._book.grades},
            "rules": [{**rule, "agents": _counts(rule["agents"])} for rule in rules],
            "agents": sorted(agents, key=lambda one: (one["score"], one["agent"] or "")),
            "conversations": self._conversations,
        }


def _counts(agents: Counter[str]) -> list[dict[str, Any]]:
    found = sorted(agents.items(), key=lambda one: (-one[1], one[0]))
    return [{"agent": agent or None, "sessions": count} for agent, count in found]


def _agent(name: str, counts: dict[str, Any], book: Book) -> dict[str, Any]:
    score = round(counts["points"] / counts["sessions"], 2)
    return {
        "agent": name or None,
        "conversations": counts["conversations"],
        "sessions": counts["sessions"],
        "faults": counts["faults"],
        "score": score,
        "level": level(score, book.grades),
    }
