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
    from collections.abc import Callable, Sequence

SEED = 20_261_121
# What we aim at on one core of a laptop. Messages a second by what stands beside them: no scripts, or so many phrasings.
MARKS = {"p50_ms": 3.0, "p99_ms": 10.0, "help_s": 0.3, "ready_s": 2.0}
RATES = {0: 8000.0, 10_000: 2000.0}
LIST = 20  # events of a long request


class Load(NamedTuple):
    """Messages a second by the clock on the wall, and by the seconds of a core that the server used."""

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


def lone(arguments: Sequence[str]) -> None:
    """Our server, but each request has a commit of its own."""
    from bot import cli, loop

    loop.BATCH = 1
    cli.main(list(arguments), prog_name="kuaihui")


async def load(server: rig.Server, requests: Sequence[bytes], connections: int, *, each: int = 1) -> Load:
    """Send all of them, `each` so many messages, each connection waiting for its answer before the next; every answer must be 200."""
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
    count = len(requests) * each
    return Load(count / wall, count / cpu if cpu else 0.0)


def asked(count: int, *, start: int, chance: random.Random, phrasings: Sequence[str], each: int = 1) -> list[bytes]:
    """Requests of `each` so many buyers' first messages, each in a conversation of its own, none twice."""
    requests = []
    for first in range(start, start + count * each, each):
        events = [
            rig.message(f"m{n}", f"c{n}", rig.typed(chance.choice(phrasings), chance))
            for n in range(first, first + each)
        ]
        body = events[0] if each == 1 else b"[" + b",".join(events) + b"]"
        requests.append(rig.post("/webhook/shop", body, f"w{first}"))
    return requests


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
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        configs = {count: served(Path(folder), count, options.seed) for count in (0, *options.phrasings)}
        # Servers are begun while we are on their core, and keep it; then we move away.
        limit = rig.Server([__file__, "--bare"])
        stack.callback(limit.stop)
        demo = rig.Server(["-m", "bot", "serve", "--port", "0", "--ready-json", "--data", f"{folder}/demo"])
        demo.stop()
        print(f"ready: {demo.seconds:.2f} s (mark: below {MARKS['ready_s']} s)")
        serve = ["--port", "0", "--ready-json"]
        alone = rig.Server(
            [__file__, "--lone", "serve", "--config", str(served(Path(folder), 0, options.seed, "alone")), *serve]
        )
        stack.callback(alone.stop)
        ours = {
            count: rig.Server(["-m", "bot", "serve", "--config", str(file), *serve]) for count, file in configs.items()
        }
        for count, server in ours.items():
            stack.callback(server.stop)
            print(f"ready with {count:,} phrasings: {server.seconds:.2f} s")
        pinned = pinned and rig.pin(rig.CLIENT_CORE)
        print("server on core 0, client on core 1" if pinned else "not pinned: this system does not let us")
        asyncio.run(talk(limit, alone, ours, options, chance))


def served(folder: Path, phrasings: int, seed: int, name: str = "") -> Path:
    """A config of a shop with so many phrasings, in a folder of its own."""
    own = folder / (name or str(phrasings))
    own.mkdir()
    config = rig.config(own, max(phrasings, 10), seed=seed)
    if not phrasings:
        (own / "library.jsonl").write_text("", encoding="utf-8")
    return config


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


async def half(server: rig.Server, requests: Sequence[bytes], rate: float, connections: int) -> list[float]:
    """Milliseconds from when a request was to be sent, at `rate` a second in all, to its answer; sorted."""
    opened = [await rig.Connection.connect(server.port) for _ in range(connections)]
    taken: list[float] = []
    began = time.perf_counter() + 0.05

    async def work(connection: rig.Connection, mine: Sequence[tuple[int, bytes]]) -> None:
        for number, request in mine:
            due = began + number / rate
            await until(due)
            await connection.ask(request)
            taken.append((time.perf_counter() - due) * 1000)

    await asyncio.gather(*map(work, opened, rig.chunks(list(enumerate(requests)), connections)))
    for connection in opened:
        connection.close()
    return sorted(taken)


class Side(NamedTuple):
    """One of those that are compared: what it is called, its server, and what we aim at."""

    label: str
    server: rig.Server
    make: Callable[..., list[bytes]]
    mark: float | None = None


async def talk(
    limit: rig.Server,
    alone: rig.Server,
    ours: dict[int, rig.Server],
    options: argparse.Namespace,
    chance: random.Random,
) -> None:
    """Latency first, then rounds of load, all sides in turns, then rounds at half of what each took."""
    phrasings = rig.questions(max(10_000, *options.phrasings), options.seed)
    shown = options.phrasings[0]
    start = 1000
    first = asked(start, start=0, chance=chance, phrasings=phrasings)
    plain = await ping(limit, first, 100)
    seen = await latency(ours[shown], first, 100)
    print(f"at 100 a second: bare handler, request to answer: p50 {middle(plain):.2f} ms, p99 {high(plain):.2f} ms")
    print(
        f"at 100 a second: ours, webhook to event at a listener: p50 {middle(seen):.2f} ms (mark: below "
        f"{MARKS['p50_ms']} ms), p99 {high(seen):.2f} ms; {len(seen)} of {len(first)} had something to suggest"
    )
    sides = [
        Side("bare handler: 200 and nothing else", limit, asked),
        Side("a commit for each message, no scripts", alone, asked),
        *(Side(f"ours, {count:,} phrasings", server, asked, RATES.get(count)) for count, server in ours.items()),
        Side(f"the same, whole conversations, {shown:,}", ours[shown], talked),
        Side("the same, whole conversations, none", ours[0], talked),
    ]
    print(
        f"{'messages/s, median of rounds':42}{'by wall':>9}{'by CPU':>9}{'of bare':>9}{'lists':>9}{'by CPU':>9}{'half: p99':>11}  mark"
    )
    singles: list[list[Load]] = [[] for _ in sides]
    lists: list[list[Load]] = [[] for _ in sides]
    for _ in range(options.rounds):
        for place, side in enumerate(sides):
            requests = side.make(options.requests, start=start, chance=chance, phrasings=phrasings)
            start += options.requests
            singles[place].append(await load(side.server, requests, options.connections))
            if side.make is asked:
                count = max(1, options.requests // LIST)
                requests = asked(count, start=start, chance=chance, phrasings=phrasings, each=LIST)
                start += count * LIST
                lists[place].append(await load(side.server, requests, options.connections, each=LIST))
    bare_cpu = median(singles[0]).by_cpu or 1.0
    for place, side in enumerate(sides):
        one = median(singles[place])
        many = median(lists[place]) if lists[place] else None
        rate = one.by_wall / 2
        highs = []
        for _ in range(options.rounds):
            requests = side.make(int(rate * options.seconds), start=start, chance=chance, phrasings=phrasings)
            start += len(requests)
            highs.append(high(await half(side.server, requests, rate, options.connections)))
        told = f"{many.by_wall:9,.0f}{many.by_cpu:9,.0f}" if many else " " * 18
        aim = f"{side.mark:,.0f}/s" if side.mark else ""
        print(
            f"{side.label:42}{one.by_wall:9,.0f}{one.by_cpu:9,.0f}{one.by_cpu / bare_cpu:9.0%}{told}{statistics.median(highs):8.1f} ms  {aim}"
        )
    print(f"mark at half load: p99 below {MARKS['p99_ms']:g} ms")


def median(loads: Sequence[Load]) -> Load:
    """Column by column."""
    return Load(*(statistics.median(column) for column in zip(*loads, strict=True)))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3000, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=2.0, help="of a round at half load")
    parser.add_argument("--phrasings", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--lone", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        bare()
    elif options.lone:
        lone(options.lone)
    else:
        measure(options)


if __name__ == "__main__":
    main()
