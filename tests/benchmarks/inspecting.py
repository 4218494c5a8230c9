"""I count what an inspection (质检) finds in a log and what it costs, and show random hits to be judged by people.

    .venv/bin/python tests/benchmarks/inspecting.py LOG [--show N] [--seed S] [--rule ID]

Printed: messages, seconds of CPU, hits of each rule; then N random hits, each with the messages around it.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from pathlib import Path

import click

from bot import inspecting, logs
from bot.deadline import Zone
from bot.model import AgentSaid, BuyerSaid, RobotSaid, SystemSaid

KINDS = {"buyer": BuyerSaid, "agent": AgentSaid, "robot": RobotSaid, "system": SystemSaid}
ZONE = Zone("Asia/Shanghai")


def conversations(log: Path):
    """The messages of each conversation as facts; and whether they have times."""
    talks: dict[str, list] = {}
    with logs.read([log], ZONE) as said:
        for number, one in enumerate(said):
            at = number if one.at is None else one.at
            base = {"shop": "s", "key": one.id, "conversation": one.conversation, "id": one.id, "text": one.text}
            more = {"agent": one.agent} if one.role == "agent" else {}
            fact = KINDS[one.role](**base, kind=one.kind, at=at, arrived=at, **more)
            talks.setdefault(one.conversation, []).append(fact)
        return talks, said.timed


@click.command()
@click.argument("log", type=click.Path(path_type=Path, exists=True))
@click.option("--show", default=0)
@click.option("--seed", default=1)
@click.option("--rule")
def main(log: Path, show: int, seed: int, rule: str | None) -> None:
    """Inspect every conversation of LOG."""
    talks, timed = conversations(log)
    inspector = inspecting.Inspector(inspecting.load(), ZONE, timed=timed)
    start = time.process_time()
    found = [(fault, said) for said in talks.values() for fault in inspector.inspect(said)["faults"]]
    spent = time.process_time() - start
    messages = sum(map(len, talks.values()))
    sys.stdout.write(f"{len(talks)} conversations, {messages} messages, {spent:.2f} s CPU, {messages / spent:,.0f}/s\n")
    for name, count in Counter(fault["rule"] for fault, _ in found).most_common():
        sys.stdout.write(f"{count:6} {name}\n")
    wanted = [one for one in found if rule in (None, one[0]["rule"])]
    for fault, said in random.Random(seed).sample(wanted, min(show, len(wanted))):  # noqa: S311
        place = next(at for at, fact in enumerate(said) if fact.id == fault["message"])
        sys.stdout.write(f"\n{fault['rule']}: {fault['excerpt'][:60]}\n")
        for fact in said[max(0, place - 2) : place + 3]:
            sys.stdout.write(f"    {type(fact).__name__:10} {fact.text[:100]}\n")


if __name__ == "__main__":
    main()
