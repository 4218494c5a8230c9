"""Arm, re-arm, fire and restart with very many open conversations: seconds, by the wall and of a core, and memory.

    python tests/benchmarks/deadlines.py [--conversations 1000000]

Every conversation has one unanswered message under 拼多多's three targets; the store is a file, as the server has it.
The peer in the same run is the least that durable deadlines can cost: one row a conversation in an indexed table.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bot import model
from bot.clock import VirtualClock
from bot.engine import Engine
from bot.shop import trial
from bot.store import SQLiteStore

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
BATCH = 256


class Took(NamedTuple):
    """Seconds by the clock on the wall, and of a core, which other work on the machine lengthens little."""

    wall: float
    core: float


def seconds(work) -> Took:
    """How long it takes."""
    wall, core = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - core)


def memory() -> float:
    """The largest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def facts(count: int, *, again: bool):
    """One message of each buyer, spread over an hour, in batches as the server commits them."""
    step = 3600 / count
    for first in range(0, count, BATCH):
        batch = []
        for number in range(first, min(first + BATCH, count)):
            at = NINE + int(number * step) + (5 if again else 0)
            name = f"{'n' if again else 'm'}{number}"
            base = {"shop": "demo", "conversation": f"c{number}", "at": at, "arrived": at}
            batch.append(model.BuyerSaid(**base, key=name, id=name, text="", kind="image", buyer=f"b{number}"))
        yield batch


def peer(folder: Path, count: int) -> tuple[Took, Took]:
    """Insert and take out one indexed row a conversation, with the same commits."""
    db = sqlite3.connect(folder / "peer.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE timer (conversation TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID")
    db.execute("CREATE INDEX timer_at ON timer (at)")

    def arm() -> None:
        for batch in facts(count, again=False):
            db.execute("BEGIN")
            db.executemany("INSERT INTO timer VALUES (?, ?)", [(fact.conversation, fact.at) for fact in batch])
            db.execute("COMMIT")

    def fire() -> None:
        while rows := db.execute(
            "SELECT conversation FROM timer WHERE at <= ? ORDER BY at LIMIT 500", (NINE + 9999,)
        ).fetchall():
            db.execute("BEGIN")
            db.executemany("DELETE FROM timer WHERE conversation = ?", rows)
            db.execute("COMMIT")

    return seconds(arm), seconds(fire)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=1_000_000)
    count = parser.parse_args().conversations
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare_arm, bare_fire = peer(folder, count)
        shop, clock, file = trial("pinduoduo", [], "Asia/Shanghai"), VirtualClock(NINE), folder / "bench.sqlite"
        engine = Engine(SQLiteStore(file), {"demo": shop}, clock)
        before = memory()

        def apply(*, again: bool) -> None:
            for batch in facts(count, again=again):
                clock.move_to(batch[-1].at)
                engine.apply(batch)

        def show(what: str, took: Took, each: int, bare: Took | None = None) -> None:
            ratio = "" if bare is None else f"  {took.core / bare.core:5.1f} x a bare row"
            one = f"{took.core / each * 1e6:8.1f} us of a core each"
            print(f"{what:34s}{took.wall:9.1f} s, {took.core:8.1f} s of a core, {one}{ratio}", flush=True)

        print(f"{count} open conversations, three targets each; resident before: {before:.0f} MB")
        # All messages before any alarm is rung: the worst case, everybody waits.
        show("arm (fact, state, alarm)", seconds(lambda: apply(again=False)), count, bare_arm)
        show("re-arm (a second message)", seconds(lambda: apply(again=True)), count)
        engine.store.close()

        def restart() -> None:
            nonlocal engine
            engine = Engine(SQLiteStore(file), {"demo": shop}, clock)
            engine.store.next_alarm()

        print(f"{'restart to the first alarm':34s}{seconds(restart).wall * 1000:9.1f} ms")
        clock.move_to(NINE + 3600 + 1800)
        rung = 0

        def fire() -> None:
            nonlocal rung
            while number := engine.fire():
                rung += number

        took = seconds(fire)
        show("fire (all that is due by then)", took, rung, bare_fire)
        engine.store.close()
        size = file.stat().st_size / 1e6
        print(f"alarms rung: {rung}; resident at most: {memory():.0f} MB; file: {size:.0f} MB")


if __name__ == "__main__":
    main()
