"""How many durable webhooks a second, how soon an event is seen, how fast a start: `python tests/benchmarks/webhooks.py`.

Server on core 0, client on core 1, loopback. The bare handler in the same run is what this machine could do at most.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import rig

if TYPE_CHECKING:
    from collections.abc import Sequence

SEED = 20_261_121
MARKS = {"rate": 1500.0, "p50_ms": 3.0, "help_s": 0.3, "ready_s": 2.0}  # what we aim at on one core of a laptop


class Load(NamedTuple):
    """Requests a second by the clock on the wall, and by the seconds of a core that the server used."""

    by_wall: float
    by_cpu: float


def bare() -> None:
    """The limit: a handler that reads the body and answers 200, and does nothing else."""
    from aiohttp import web

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=b'{"accepted":1,"duplicates":0,"results":[]}', content_type="application/json")

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/webhook/{shop}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
        await asyncio.Event().wait()

    asyncio.run(serve())


async def load(server: rig.Server, requests: Sequence[bytes], connections: int) -> Load:
    """Send all of them, each connection waiting for its answer before the next; every answer must be 200."""
    opened = [await rig.Connection.connect(server.port) for _ in range(connections)]

    async def work(connection: rig.Connection, mine: Sequence[bytes]) -> None:
        for request in mine:
            answer = await connection.ask(request)
            if answer.status != 200:
                raise SystemExit(f"the server answered {answer.status}: {answer.body[:200]!r}")

    cpu, began = server.cpu(), time.perf_counter()
    await asyncio.gather(*map(work, opened, rig.chunks(requests, connections)))
    wall, cpu = time.perf_counter() - began, server.cpu() - cpu
    for connection in opened:
        connection.close()
    return Load(len(requests) / wall, len(requests) / cpu if cpu else 0.0)


def asked(count: int, *, start: int, chance: random.Random, phrasings: Sequence[str]) -> list[bytes]:
    """Buyers' first messages, each in a conversation of its own, none twice."""
    return [
        rig.post("/webhook/shop", rig.message(f"m{n}", f"c{n}", rig.typed(chance.choice(phrasings), chance)), f"w{n}")
        for n in range(start, start + count)
    ]


def talked(count: int, *, start: int, chance: random.Random, phrasings: Sequence[str]) -> list[bytes]:
    """Whole conversations: three times out of five a buyer, who may write twice in a row, then an agent."""
    requests = []
    for n in range(start, start + count):
        conversation, turn = divmod(n, 5)
        agent = turn in (2, 4)
        text = f"亲，已经为您登记，单号尾数{n % 10_000:04}" if agent else rig.typed(chance.choice(phrasings), chance)
        body = rig.message(f"m{n}", f"t{conversation}", text, role="agent" if agent else "buyer")
        requests.append(rig.post("/webhook/shop", body, f"w{n}"))
    return requests


async def latency(server: rig.Server, requests: Sequence[bytes], rate: float) -> list[float]:
    """Milliseconds from sending a webhook to its event on a listening client, at `rate` a second; sorted."""
    listener, sender = await rig.Connection.connect(server.port), await rig.Connection.connect(server.port)
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}

    async def listen() -> None:
        head = f"GET /api/shops/shop/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {rig.TOKEN}\r\n\r\n"
        async for line in listener.lines(head.encode()):
            if line.startswith(b"data: "):
                now = time.perf_counter()
                seen.setdefault(json.loads(line[6:])["data"]["conversation"], now)

    listening = asyncio.create_task(listen())
    await until(time.perf_counter() + 0.2)
    began = time.perf_counter()
    for number, request in enumerate(requests):
        await until(began + number / rate)
        conversation = request.rsplit(b'"conversation": "', 1)[1].split(b'"', 1)[0].decode()
        sent[conversation] = time.perf_counter()
        await sender.ask(request)
    await until(time.perf_counter() + 0.3)
    listening.cancel()
    return sorted((seen[name] - sent[name]) * 1000 for name in sent if name in seen)


def seconds_of(command: Sequence[str], times: int) -> float:
    """The median time that a command takes."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def measure(options: argparse.Namespace) -> None:
    """Everything, printed as it becomes known."""
    chance = random.Random(options.seed)  # noqa: S311 - for measuring
    pinned = rig.pin(rig.SERVER_CORE)
    kuaihui = [sys.executable, "-m", "bot"]
    helping = seconds_of([*kuaihui, "--help"], 5)
    print(f"kuaihui --help: {helping:.3f} s (mark: below {MARKS['help_s']} s)")
    with tempfile.TemporaryDirectory() as folder:
        config = rig.config(Path(folder), options.phrasings, seed=options.seed)
        # Servers are begun while we are on their core, and keep it; then we move away.
        limit = rig.Server([__file__, "--bare"])
        demo = rig.Server(["-m", "bot", "serve", "--port", "0", "--ready-json", "--data", f"{folder}/demo"])
        demo.stop()
        ours = rig.Server(["-m", "bot", "serve", "--config", str(config), "--port", "0", "--ready-json"])
        print(
            f"ready: {demo.seconds:.2f} s (mark: below {MARKS['ready_s']} s); "
            f"with {options.phrasings} phrasings {ours.seconds:.2f} s"
        )
        pinned = pinned and rig.pin(rig.CLIENT_CORE)
        print("server on core 0, client on core 1" if pinned else "not pinned: this system does not let us")
        try:
            asyncio.run(talk(limit, ours, options, chance))
        finally:
            limit.stop()
            ours.stop()


def middle(values: Sequence[float]) -> float:
    """The median of sorted values."""
    return values[len(values) // 2]


def high(values: Sequence[float]) -> float:
    """The 99th percentile of sorted values."""
    return values[len(values) * 99 // 100]


async def ping(server: rig.Server, requests: Sequence[bytes], rate: float) -> list[float]:
    """Milliseconds from sending a request to its answer, at `rate` a second; sorted."""
    connection = await rig.Connection.connect(server.port)
    taken = []
    began = time.perf_counter()
    for number, request in enumerate(requests):
        await until(began + number / rate)
        sent = time.perf_counter()
        await connection.ask(request)
        taken.append((time.perf_counter() - sent) * 1000)
    connection.close()
    return sorted(taken)


async def until(instant: float) -> None:
    """Wait for an instant of time.perf_counter."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, instant - time.perf_counter())):
            await asyncio.Event().wait()


async def talk(limit: rig.Server, ours: rig.Server, options: argparse.Namespace, chance: random.Random) -> None:
    """Latency first, then rounds of load, ours and the limit in turns."""
    phrasings = rig.questions(options.phrasings, options.seed)
    count = options.requests
    lone = asked(1000, start=0, chance=chance, phrasings=phrasings)
    plain = await ping(limit, lone, 100)
    seen = await latency(ours, lone, 100)
    print(f"at 100 a second: bare handler, request to answer: p50 {middle(plain):.2f} ms, p99 {high(plain):.2f} ms")
    print(
        f"at 100 a second: ours, webhook to event at a listener: p50 {middle(seen):.2f} ms (mark: below "
        f"{MARKS['p50_ms']} ms), p99 {high(seen):.2f} ms; {len(seen)} of {len(lone)} had something to suggest"
    )
    rounds: dict[str, list[Load]] = {"bare": [], "asked": [], "talked": []}
    start = 1000
    for _ in range(options.rounds):
        for name, make in (("asked", asked), ("talked", talked)):
            requests = make(count, start=start, chance=chance, phrasings=phrasings)
            start += count
            rounds["bare"].append(await load(limit, requests, options.connections))
            rounds[name].append(await load(ours, requests, options.connections))
    best = {
        name: Load(*(statistics.median(column) for column in zip(*loads, strict=True)))
        for name, loads in rounds.items()
    }
    print(f"{'requests/s, median of rounds':40}{'by the wall':>12}{'share of bare':>15}{'by CPU':>10}{'share':>8}")
    for name, label in (
        ("bare", "bare handler, 200 and nothing else"),
        ("asked", "ours, every message a new question"),
        ("talked", "ours, whole conversations"),
    ):
        wall, cpu = best[name]
        print(
            f"{label:40}{wall:12.0f}{wall / best['bare'].by_wall:15.0%}{cpu:10.0f}{cpu / (best['bare'].by_cpu or 1):8.0%}"
        )
    print(f"mark: {MARKS['rate']:.0f} a second on an idle core")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3000, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--phrasings", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        bare()
    else:
        measure(options)


if __name__ == "__main__":
    main()
