"""I set out the rows of the page's tables and the points of its plots; long tables are cut, and say so."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from bot.report.counts import EDGES
from bot.report.notes import SLOW, clip, read, wall

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.blame import CountedWait
    from bot.deadline import Target, Zone
    from bot.pile import Pile
    from bot.played import Told
    from bot.rates import Rate
    from bot.report.counts import Counts
    from bot.shop import Shop

MOST_ROWS = 2000  # of a table
CELL = 200  # characters shown of words in a cell; a conversation has more of them
_DAY = 86_400


def of(result: Told, counts: Counts, rates: Sequence[Rate], shop: Shop) -> Told:
    """Everything of the page that is counted. A table is `{"rows", "total"}`: what is shown, and how many there are.

    `result`: the summary's.
    """
    bars, median, slow = counts.waits()
    return {
        **{key: result[key] for key in ("suggest", "silence", "answering")},
        "agreement": {key: value for key, value in result["agreement"].items() if key != "scripts"},
        "guard": {key: result["guard"][key] for key in ("checked", "allow", "warn", "block")},
        "missed": {"count": counts.missed, "slow": SLOW},
        "waits": {"edges": EDGES, "bars": bars, "unanswered": counts.unanswered, "median": median, "slow": slow},
        "load": counts.load,
        "days": [[day * _DAY, *both] for day, both in sorted(counts.days.items())],
        "targets": [_target(rate, shop) for rate in rates],
        "late": _late(rates, shop.zone),
        "rules": _rules(result["guard"]),
        "findings": _findings(result["guard"]["findings"]),
        "scripts": _cut(_scripts(result["agreement"]["scripts"], shop)),
        "gaps": _cut([{**gap, "examples": [clip(one, CELL) for one in gap["examples"]]} for gap in result["gaps"]]),
        "inspection": _inspection(result["inspection"], counts),
        "agents": _agents(result, counts, rates),
    }


def _cut(rows: list[Told]) -> Told:
    return {"rows": rows[:MOST_ROWS], "total": len(rows)}


def _target(rate: Rate, shop: Shop) -> Told:
    target = next(target for target in shop.targets if target.name == rate.name)
    hours = [0] * 24
    for wait in rate.late:
        hours[shop.zone.local(wait.start)[1] // 3600] += 1
    return {
        "name": rate.name,
        "label": target.label,
        "limit": target.limit,
        "mean": target.mean is not None,
        "population": rate.population,
        "met": rate.met,
        "rate": rate.rate,
        "mean_s": rate.mean_s,
        **{key: getattr(target, key) for key in ("pass_line", "smallest", "consequence", "source")},
        "late": len(rate.late),
        "near": len(rate.near),
        "hours": hours,
        "days": [_day(target, one.day, one.rate, one.mean_s, one.population) for one in rate.days],
    }


def _day(target: Target, day: int, rate: float | None, mean_s: float | None, population: int) -> list[Any]:
    return [day * _DAY, rate if target.mean is None else mean_s, population]


def _late(rates: Sequence[Rate], zone: Zone) -> Told:
    """Late waits, in the order in which they began; of very many those that took longest, those without an answer first."""
    total = sum(len(rate.late) for rate in rates)
    every = ((rate.name, wait) for rate in rates for wait in rate.late)
    found = sorted(every if total <= MOST_ROWS else nsmallest(MOST_ROWS, every, key=_latest), key=_begin)
    return {"rows": [_wait(name, wait, zone) for name, wait in found], "total": total}


def _latest(found: tuple[str, CountedWait]) -> tuple[bool, int]:
    wait = found[1]
    return wait.answered is not None, wait.due - (wait.answered or 0)


def _begin(found: tuple[str, CountedWait]) -> tuple[int, str, str]:
    return found[1].start, found[1].conversation, found[0]


def _wait(name: str, wait: CountedWait, zone: Zone) -> Told:
    return {
        "target": name,
        "conversation": wait.conversation,
        "buyer": wait.buyer,
        "start": wall(wait.start, zone),
        "due": wall(wait.due, zone),
        "over": None if wait.answered is None else wait.answered - wait.due,
        "agent": wait.missed_by or wait.agent,
        "why": wait.why,
    }


def _rules(guard: Told) -> Told:
    """A row for each rule and agent, with the first place."""
    first: dict[tuple[str, str | None], Told] = {}
    for one in guard["findings"]:
        first.setdefault((one["rule"], one["agent"]), one)
    rows = []
    for rule in guard["rules"]:
        for by in rule["agents"]:
            found = first[rule["rule"], by["agent"]]
            place = {key: found[key] for key in ("conversation", "id", "reason")}
            row = {
                "rule": rule["rule"],
                "action": rule["action"],
                **by,
                **place,
                "excerpt": clip(found["excerpt"], CELL),
            }
            rows.append(row)
    rows.sort(key=_messages)
    return _cut(rows)


def _messages(row: Told) -> int:
    return -int(row["messages"])


def _findings(findings: Pile[Told]) -> Told:
    """One row each; of very many, those that are held before those that are warned of."""
    shown: Iterable[Told] = findings
    if len(findings) > MOST_ROWS:
        shown = nsmallest(MOST_ROWS, findings, key=_warned)
    plain = ("conversation", "id", "agent", "role", "rule", "action", "reason")
    words = ("text", "before", "excerpt")
    rows = [
        {key: one[key] for key in plain}
        | {key: clip(one[key] or "", CELL) for key in words}
        | {"at": read(one["at"]) if one["at"] else None}
        for one in shown
    ]
    return {"rows": rows, "total": len(findings)}


def _warned(finding: Told) -> bool:
    return str(finding["action"]) != "block"


def _scripts(rows: Iterable[Told], shop: Shop) -> list[Told]:
    texts = {script.id: script.text for script in shop.matcher.library.scripts}
    return [{**row, "text": clip(texts.get(row["script"]) or "", CELL)} for row in rows]


def _inspection(inspection: Told, counts: Counts) -> Told:
    keys = ("rule", "name", "group", "level", "score", "reason", "sessions")
    rows = []
    for rule in inspection["rules"]:
        conversation, message = counts.faults[rule["rule"]]
        rows.append({**{key: rule[key] for key in keys}, "conversation": conversation, "id": message})
    return _cut(rows) | {key: inspection[key] for key in ("inspected", "score", "levels")}


def _agents(result: Told, counts: Counts, rates: Sequence[Rate]) -> Told:
    """A row for each: what was counted of messages, waits, findings and inspections, and by the first target."""
    rows: dict[str, Told] = {}
    for name, agent in counts.agents.items():
        mean = round(agent.waited / agent.answers) if agent.answers else None
        rows[name] = {"agent": name, "messages": agent.messages, "mean": mean}
    for one in (one for rate in rates[:1] for one in rate.agents):
        rows.setdefault(one.agent, {"agent": one.agent, "messages": 0})["late"] = one.missed
    for seen in result["guard"]["agents"]:
        rows.setdefault(seen["agent"] or "", {"agent": seen["agent"], "messages": 0}).update(
            block=seen["block"], warn=seen["warn"]
        )
    for judged in result["inspection"]["agents"]:
        rows.setdefault(judged["agent"] or "", {"agent": judged["agent"], "messages": 0}).update(
            score=judged["score"], faults=judged["faults"], sessions=judged["sessions"]
        )
    return _cut(sorted(rows.values(), key=_messages))
