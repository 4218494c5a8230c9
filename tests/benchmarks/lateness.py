"""How late are warnings while webhooks pour in?

    python tests/benchmarks/lateness.py [--rate 1000] [--seconds 30] [--list 1] [--alarms 100]

A real server on the world's clock, on core 0; the client on core 1. Before the load so many conversations are seeded with
messages of the past that warnings fall due all through it, spread evenly. Then signed webhooks of whole conversations
are sent at an even rate, whether or not the server keeps up, each alone or in lists as chat tools that collect do
(`--list`). Of every warning and miss of the seeded conversations: the instant at which a listener of the feed has it,
less the instant at which it was meant. One that is missing, given twice or not due ends the program with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import rig
from webhooks import high, middle, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEED = 20_261_121
MARK_S = 1.0  # p99
# All hours are judged, so that the figures do not depend on when one measures.
ALWAYS = 'window = { from = "00:00:00", to = "24:00:00", to_included = true }\n'
LIMITS = {"effective_reply_1h": 3600, "human_reply_3min": 180, "human_reply_30s": 30}
STAGES = {"effective_reply_1h": (1800, 600, 180), "human_reply_3min": (80, 30), "human_reply_30s": ()}
READY = 1.0  # seconds between the last seed and the first mark that counts


class Key(NamedTuple):
    """One thing that is to be told. `stage` None is the miss."""

    conversation: str
    target: str
    stage: int | None


def config(folder: Path, phrasings: int) -> Path:
    """One shop on all three targets of 拼多多, at every hour."""
    file = rig.config(folder, phrasings, seed=SEED)
    targets = "".join(f"[shops.targets.{name}]\n{ALWAYS}" for name in LIMITS)
    file.write_text(file.read_text(encoding="utf-8") + targets, encoding="utf-8")
    return file


def world() -> float:
    """Unix seconds."""
    return time.time()  # noqa: TID251 - the server runs on it


def seeds(start: float, seconds: float, alarms: float, chance: random.Random) -> dict[str, int]:
    """Conversations and when each one's only message was sent, so that some `alarms` a second fall due from `start` on."""
    hour = LIMITS["effective_reply_1h"]
    marks = [*(hour - stage for stage in STAGES["effective_reply_1h"]), hour + 1]
    return {f"seed{n}": int(start + n / alarms) - chance.choice(marks) for n in range(int(seconds * alarms))}


def meant(sent: dict[str, int], start: float, end: float) -> dict[Key, int]:
    """What has to be told between the two instants, and when."""
    found: dict[Key, int] = {}
    for conversation, at in sent.items():
        for target, limit in LIMITS.items():
            marks: list[tuple[int | None, int]] = [(stage, at + limit - stage) for stage in STAGES[target]]
            marks.append((None, at + limit + 1))
            found |= {Key(conversation, target, stage): mark for stage, mark in marks if start <= mark < end}
    return found


def events(sent: dict[str, int]) -> Iterator[dict[str, object]]:
    """The seeds as webhook events: pictures, so that nothing is to be ranked for them."""
    for conversation, at in sent.items():
        when = datetime.fromtimestamp(at, UTC).isoformat()
        data = {"id": conversation, "conversation": conversation, "role": "buyer", "kind": "image", "at": when}
        yield {"type": "message.created", "data": data}


def talked(count: int, chance: random.Random, phrasings: Sequence[str]) -> list[bytes]:
    """Messages of whole conversations: a buyer, who may write twice in a row, then an agent; two turns each."""
    said = []
    for n in range(count):
        conversation, turn = divmod(n, 5)
        agent = turn in (2, 4)
        text = f"亲，已经为您登记，单号尾数{n % 10_000:04}" if agent else rig.typed(chance.choice(phrasings), chance)
        said.append(rig.message(f"m{n}", f"t{conversation}", text, role="agent" if agent else "buyer"))
    return said


def posts(said: Sequence[bytes], each: int) -> list[bytes]:
    """Signed requests, `each` messages in one."""
    bodies = [b"[" + b",".join(said[n : n + each]) + b"]" if each > 1 else said[n] for n in range(0, len(said), each)]
    return [rig.post("/webhook/shop", body, f"w{n}") for n, body in enumerate(bodies)]


async def listen(port: int, seen: list[tuple[float, str, dict[str, object]]]) -> None:
    """Keep every deadline event with the instant at which it came."""
    listener = await rig.Connection.connect(port)
    head = f"GET /api/shops/shop/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {rig.TOKEN}\r\n\r\n"
    async for line in listener.lines(head.encode()):
        if line.startswith(b"data: ") and b'"deadline.' in line[:40]:
            now = world()
            event = json.loads(line[6:])
            seen.append((now, event["type"], event["data"]))


async def pour(port: int, requests: Sequence[bytes], rate: float, connections: int) -> float:
    """Send so many a second, each on whichever connection is free, late ones at once; requests a second achieved."""
    began = time.perf_counter()
    waiting = iter(enumerate(requests))

    async def work() -> None:
        connection = await rig.Connection.connect(port)
        for number, request in waiting:
            if began + number / rate > time.perf_counter():
                await until(began + number / rate)
            answer = await connection.ask(request)
            if answer.status != 200:
                raise SystemExit(f"the server answered {answer.status}: {answer.body[:200]!r}")
        connection.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    return len(requests) / (time.perf_counter() - began)


async def run(server: rig.Server, options: argparse.Namespace) -> int:
    """Seed, pour, compare."""
    chance = random.Random(options.seed)  # noqa: S311 - for measuring
    seen: list[tuple[float, str, dict[str, object]]] = []
    said = talked(int(options.rate * options.seconds), chance, rig.questions(options.phrasings, SEED))
    count = int(options.seconds * options.alarms)
    # Seeding takes its time, and nothing that is meant for before its end is judged.
    start = float(int(world() + 3 + count / 1500))
    sent = seeds(start, options.seconds, options.alarms, chance)
    listening = asyncio.create_task(listen(server.port, seen))
    seeding = [json.dumps(event).encode() for event in events(sent)]
    await pour(server.port, posts(seeding, 100), 1e9, 4)
    if world() > start - READY:
        raise SystemExit(f"seeding took {world() - start:.1f} s too long; try fewer --alarms")
    await until(time.perf_counter() + start - world())
    cpu = server.cpu()
    achieved = await pour(server.port, posts(said, options.list), options.rate / options.list, options.connections)
    cpu = server.cpu() - cpu
    end = min(world(), start + options.seconds) - 2  # what was meant has two seconds more than it may take
    await until(time.perf_counter() + 2)
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening
    print(
        f"{achieved * options.list:.0f} messages/s for {len(said) / options.list / achieved:.0f} s in requests of "
        f"{options.list}; the server used {cpu:.1f} s of a core"
    )
    return compare(meant(sent, start, end), seen, start, end)


def compare(
    wanted: dict[Key, int], seen: Sequence[tuple[float, str, dict[str, object]]], start: float, end: float
) -> int:
    """Print the lateness of what was told, and what was not; how many faults."""
    late: dict[str, list[float]] = {"warning": [], "missed": []}
    told: dict[Key, float] = {}
    twice = undue = 0
    for now, kind, data in seen:
        if kind == "deadline.cleared" or not str(data["conversation"]).startswith("seed"):
            continue
        key = Key(str(data["conversation"]), str(data["target"]), data.get("stage"))  # type: ignore[arg-type]
        twice += key in told
        told.setdefault(key, now)
        if key in wanted:
            late[kind.removeprefix("deadline.")].append(now - wanted[key])
        else:
            due = datetime.fromisoformat(str(data["due"])).timestamp()
            mark = due + 1 if key.stage is None else due - key.stage
            undue += start <= mark < end or now < mark
    missing = len(wanted.keys() - told.keys())
    for what, values in [*late.items(), ("both", [*late["warning"], *late["missed"]])]:
        values.sort()
        if values:
            print(
                f"{what:8} {len(values):6} told, late by p50 {middle(values) * 1000:.0f} ms, "
                f"p99 {high(values) * 1000:.0f} ms, at most {values[-1] * 1000:.0f} ms"
            )
    print(f"mark: p99 of warnings below {MARK_S:.0f} s; missing {missing}, twice {twice}, not due {undue}")
    early = sum(value < 0 for values in late.values() for value in values)
    return missing + twice + undue + early + (not late["warning"] or high(late["warning"]) >= MARK_S)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=1000, help="messages a second")
    parser.add_argument("--alarms", type=float, default=100, help="seeded conversations that come due a second")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--list", type=int, default=1, help="messages in one request")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--phrasings", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    pinned = rig.pin(rig.SERVER_CORE)
    with tempfile.TemporaryDirectory() as folder:
        file = config(Path(folder), options.phrasings)
        server = rig.Server(["-m", "bot", "serve", "--config", str(file), "--port", "0", "--ready-json"])
        pinned = pinned and rig.pin(rig.CLIENT_CORE)
        print("server on core 0, client on core 1" if pinned else "not pinned: this system does not let us")
        try:
            return asyncio.run(run(server, options))
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
