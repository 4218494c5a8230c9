"""I judge what a killed server left behind: against what was sent, and against a second count of every wait."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bot import platforms
from bot.model import AgentSaid, AnyFact, BuyerSaid
from bot.shop import trial
from bot.store import DATABASE
from bot.virtual import VirtualDriver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bot.deadline import Target

START = datetime(2026, 11, 21, 9, 0, 0, tzinfo=timezone(timedelta(hours=8)))
RATE = 120  # a minute of the shop in half a second: alarms ring all the while
GRACE = 0.5  # seconds within which a server that is up has rung an alarm
BEHIND = GRACE * RATE  # seconds of the shop by which an answer may have waited while an alarm rang
PLATFORM = "pinduoduo"
ANSWERED = "answered-"  # how conversations begin in which agents reply through us


class Webhook(NamedTuple):
    """What is sent in one request: a message, or a list of them."""

    identity: str
    ids: tuple[str, ...]
    body: bytes


@dataclass
class Run:
    """One trial. `up`: from when to when servers worked, on the shop's clock, and its rate; `acked`: message ids; `echoed`: those
    of the tool's echoes.

    `seen`: an instant of our monotonic clock, and what the server's said then.
    """

    folder: Path
    rate: float = RATE
    seen: tuple[float, float] = (0.0, START.timestamp())
    acked: list[str] = field(default_factory=list)
    up: list[tuple[float, float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    retries: int = 0
    echoed: set[str] = field(default_factory=set)

    def now(self) -> float:
        """The shop's clock, unix seconds."""
        return self.seen[1] + (time.perf_counter() - self.seen[0]) * self.rate

    def expect(self, holds: object, sentence: str) -> None:
        """Remember what is not as it should be."""
        if not holds:
            self.wrong.append(sentence)


def targets() -> list[Target]:
    """The platform's targets that have a limit."""
    return [target for target in platforms.load(PLATFORM).targets if target.mean is None]


def rows(run: Run, question: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask the database itself."""
    store = sqlite3.connect(run.folder / DATABASE)
    try:
        return store.execute(question, values).fetchall()
    finally:
        store.close()


def counts(run: Run) -> tuple[int, int]:
    """How many facts and feed rows there are."""
    return rows(run, "SELECT count(*) FROM fact")[0][0], rows(run, "SELECT count(*) FROM feed")[0][0]


def messages(run: Run) -> dict[str, Any]:
    """Every message kept, by its id, in the order of arrival; none may be there twice."""
    when = f"after start {len(run.up)}"
    run.expect(rows(run, "PRAGMA integrity_check") == [("ok",)], f"{when}: integrity_check finds damage")
    kept = [msgspec.json.decode(body, type=AnyFact) for (body,) in rows(run, "SELECT body FROM fact ORDER BY seq")]
    said = [fact for fact in kept if isinstance(fact, BuyerSaid | AgentSaid)]
    by_id = {fact.id: fact for fact in said}
    run.expect(len(by_id) == len(said), f"{when}: {len(said) - len(by_id)} messages are kept twice")
    return by_id


def told(run: Run, kind: str) -> list[dict[str, Any]]:
    """The feed's rows of one kind."""
    return [json.loads(data) for (data,) in rows(run, "SELECT data FROM feed WHERE type = ? ORDER BY seq", kind)]


class Wait(NamedTuple):
    """A wait as counted here, from the messages alone. `answered` is infinite if nobody did."""

    conversation: str
    target: str
    start: float
    due: float
    answered: float


def waits(kept: Sequence[Any]) -> Iterator[Wait]:
    """First unanswered buyer message to the next of an agent; of one second, buyers' first."""
    lines: dict[str, list[tuple[int, bool]]] = {}
    for fact in kept:
        if fact.conversation.startswith(ANSWERED):
            continue  # replies on their way pause what is said of their waits
        lines.setdefault(fact.conversation, []).append((fact.at, isinstance(fact, AgentSaid)))
    for conversation, line in lines.items():
        opened: int | None = None
        ended: list[tuple[int, float]] = []
        for at, agent in sorted(line):
            if agent and opened is not None:
                ended.append((opened, at))
                opened = None
            elif not agent and opened is None:
                opened = at
        if opened is not None:
            ended.append((opened, float("inf")))
        for target in targets():
            yield from (Wait(conversation, target.name, a, a + target.limit, b) for a, b in ended)


def up_for(run: Run, start: float, end: float) -> float:
    """Seconds of the world for which a server was up between two instants of the shop."""
    return sum(max(0.0, min(end, stop) - max(start, begun)) / rate for begun, stop, rate in run.up)


def judge(run: Run, sent: Sequence[Webhook]) -> None:
    """Compare what is there with what was sent, and with what a second count says should have been told."""
    by_id = messages(run)
    wanted = {identity for webhook in sent for identity in webhook.ids} | run.echoed
    missing, unknown = wanted.difference(by_id), set(by_id) - wanted
    run.expect(not missing and not unknown, f"{len(missing)} messages are missing, {len(unknown)} unknown")
    warned, missed = (
        Counter(
            (e["conversation"], e["target"], stamp(e["start"]), e.get("stage"))
            for e in told(run, kind)
            if not e["conversation"].startswith(ANSWERED)
        )
        for kind in ("deadline.warning", "deadline.missed")
    )
    stages = {target.name: target.stages for target in targets()}
    for wait in waits(list(by_id.values())):
        key = (wait.conversation, wait.target, wait.start)
        late = missed.pop((*key, None), 0)
        given_up = int(wait.answered > wait.due), int(wait.answered + BEHIND > wait.due)
        run.expect(given_up[0] <= late <= given_up[1], f"{wait}: missed was told {late} times")
        for stage in stages[wait.target]:
            given = warned.pop((*key, stage), 0)
            chance = up_for(run, wait.due - stage, min(wait.due, wait.answered))
            least, most = int(chance >= GRACE), int(wait.answered + BEHIND >= wait.due - stage)
            run.expect(least <= given <= most, f"{wait}: stage {stage} given {given} times, in {chance:.2f} s")
    run.expect(not warned and not missed, f"told of no wait that there is: {[*warned, *missed][:5]}")
    given, wanted = suggestions(run), undisturbed(run)
    differ = [name for name in given | wanted if given.get(name) != wanted.get(name)]
    run.expect(not differ, f"suggestions differ from those of an engine that nobody killed, in {differ[:5]}")


def stamp(text: str) -> float:
    """ISO 8601 to unix seconds."""
    return datetime.fromisoformat(text).timestamp()


def suggestions(run: Run) -> dict[str, list[Any]]:
    """What was suggested in each conversation, in order."""
    found: dict[str, list[Any]] = {}
    for event in told(run, "suggestion.created"):
        found.setdefault(event["conversation"], []).append([event["turn"], event["suggestions"]])
    return found


def undisturbed(run: Run) -> dict[str, list[Any]]:
    """The same facts in the same order through an engine in memory."""
    shop = trial(PLATFORM, [], "Asia/Shanghai")
    found: dict[str, list[Any]] = {}

    def hear(event: Any) -> None:
        if event.type == "suggestion.created":
            data = json.loads(event.data)
            found.setdefault(event.conversation, []).append([data["turn"], data["suggestions"]])

    driver = VirtualDriver({shop.id: shop}, hear)
    for (body,) in rows(run, "SELECT body FROM fact ORDER BY seq"):
        driver.put(msgspec.json.decode(body, type=AnyFact))
    driver.close()
    return found
