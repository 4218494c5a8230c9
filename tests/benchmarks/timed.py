"""Feed a timed log to a living server on a fast clock, kill it on the way, and compare its warnings with the log's.

    python tests/benchmarks/timed.py LOG.jsonl [--rate 3000] [--kills 10] [--days 3]

Every conversation is moved by whole days so that all begin on one day (their times of day, and so what is judged,
stay); those longer than `--days` are left out. The server runs `--rate` times as fast as the world, is killed with
SIGKILL `--kills` times and started again with the time at which it died. The waits that pass a mark are computed from
the times alone. A mark within a minute's latency of an answer may go either way and is counted apart.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import aiohttp

from bot import signature

PROGRAM = [sys.executable, "-m", "bot"]
STAGES = (1800, 600, 180)
LIMIT = 3600
OFFSET = 8 * 3600  # Asia/Shanghai has no summer time


def seconds_of(text: str) -> int:
    """ISO 8601 to unix seconds."""
    return int(datetime.fromisoformat(text).timestamp())


def read(file: Path, days: float) -> list[dict]:
    """The messages of the conversations that are short enough, moved to begin on one day, in the order of time."""
    said = []
    talks = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    first = min((seconds_of(talk["turns"][0]["at"]) + OFFSET) // 86_400 for talk in talks)
    for talk in talks:
        times = [seconds_of(turn["at"]) for turn in talk["turns"]]
        if times[-1] - times[0] > days * 86_400:
            continue
        moved = ((times[0] + OFFSET) // 86_400 - first) * 86_400
        for number, (turn, at) in enumerate(zip(talk["turns"], times, strict=True)):
            place = {"conversation": talk["id"], "id": f"{talk['id']}#{number}"}
            said.append({"role": turn["role"], "at": at - moved, "order": number, **place})
    return sorted(said, key=lambda message: (message["at"], message["conversation"], message["order"]))


def marks(said: list[dict]) -> tuple[set[tuple[str, int, int]], list[int]]:
    """(conversation, start, stage) of every stage that a wait of the one-hour rule passes; and all answers' times."""
    talks: dict[str, list[dict]] = {}
    for message in said:
        talks.setdefault(message["conversation"], []).append(message)
    wanted = {}
    for name, messages in talks.items():
        opened: int | None = None
        for message in [*sorted(messages, key=lambda m: (m["at"], m["role"] == "agent")), None]:
            if message is not None and message["role"] == "buyer":
                clock = (message["at"] + OFFSET) % 86_400
                later = opened is not None and message["at"] > opened + LIMIT
                if later and (message["at"] + OFFSET) // 86_400 > (opened + OFFSET) // 86_400:
                    wanted |= {(name, opened, stage): None for stage in STAGES}
                    opened = None
                if opened is None and 8 * 3600 <= clock <= 23 * 3600:
                    opened = message["at"]
            elif opened is not None:
                end = None if message is None else message["at"]
                wanted |= {
                    (name, opened, stage): end for stage in STAGES if end is None or end > opened + LIMIT - stage
                }
                opened = None
    return wanted


class Server:
    """The program under trial."""

    def __init__(self, data: str, rate: float) -> None:
        self.data, self.rate = data, rate
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, at: float) -> None:
        """Start at an instant of the trial's clock; the clock runs once the server is ready."""
        start = datetime.fromtimestamp(at, UTC).isoformat()
        args = ["serve", "--demo", "--port", "0", "--data", self.data, "--ready-json", "--clock-start", start]
        self.process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *args,
            "--clock-rate",
            str(self.rate),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        line = json.loads(await self.process.stdout.readline())
        self.began, self.start_at = asyncio.get_running_loop().time(), at
        self.url, shop = line["url"], line["shops"][0]
        self.key, self.token = signature.secret(shop["webhook_secret"]), shop["token"]

    def now(self) -> float:
        """The trial's time."""
        return self.start_at + (asyncio.get_running_loop().time() - self.began) * self.rate

    async def kill(self) -> float:
        """SIGKILL; the time at which it died."""
        at = self.now()
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        return at

    async def send(self, session: aiohttp.ClientSession, message: dict) -> None:
        """One signed webhook, until it is acknowledged."""
        at = datetime.fromtimestamp(message["at"], UTC).isoformat()
        data = {"id": message["id"], "conversation": message["conversation"], "role": message["role"], "at": at}
        body = json.dumps({"type": "message.created", "data": {**data, "kind": "image"}}).encode()
        stamp, identity = int(datetime.now(UTC).timestamp()), uuid4().hex  # noqa: TID251 - the client's own clock
        headers = {"webhook-id": identity, "webhook-timestamp": str(stamp), "content-type": "application/json"}
        headers["webhook-signature"] = signature.sign(self.key, identity, stamp, body)
        async with session.post(f"{self.url}/webhook/demo", data=body, headers=headers) as response:
            response.raise_for_status()


async def feed(server: Server, said: list[dict], kills: list[int]) -> None:
    """Send each message at its own time, killing the server before those numbered in `kills`; then let time run out."""
    async with aiohttp.ClientSession() as session:
        for number, message in enumerate(said):
            if number in kills:
                await server.start(await server.kill())
            await asyncio.sleep(max(0.0, (message["at"] - server.now()) / server.rate))  # noqa: TID251
            await server.send(session, message)
        await asyncio.sleep((LIMIT + 600) / server.rate)  # noqa: TID251


async def heard(server: Server) -> list[dict]:
    """Everything in the feed."""
    events: list[dict] = []
    headers = {"Authorization": f"Bearer {server.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{server.url}/api/shops/demo/events?after=0") as response,
    ):
        try:
            async with asyncio.timeout(3):
                async for raw in response.content:
                    events += [json.loads(raw[6:])] if raw.startswith(b"data: ") else []
        except TimeoutError:
            return events
    return events


def report(events: list[dict], wanted: dict[tuple[str, int, int], int | None], slack: float) -> int:
    """Print the comparison; the number of true faults."""
    ours = [event["data"] for event in events if event["data"].get("target") == "effective_reply_1h"]
    kinds = [event["type"] for event in events if event["data"].get("target") == "effective_reply_1h"]
    given = [
        (
            data["conversation"],
            seconds_of(data["start"]),
            data["stage"],
            seconds_of(data["at"]),
            seconds_of(data["due"]),
        )
        for kind, data in zip(kinds, ours, strict=True)
        if kind == "deadline.warning"
    ]
    seen = Counter(entry[:3] for entry in given)
    near = {key for key, end in wanted.items() if end is not None and end - (key[1] + LIMIT - key[2]) <= slack}
    twice = [key for key, number in seen.items() if number > 1]
    missing = [key for key in wanted if key not in seen and key not in near]
    extra = [key for key in seen if key not in wanted]
    late = [entry for entry in given if entry[3] > entry[4]]
    print("waits that pass a mark, by stage:", dict(sorted(Counter(key[2] for key in wanted).items(), reverse=True)))
    print("warnings given, by stage:        ", dict(sorted(Counter(key[2] for key in seen).items(), reverse=True)))
    print(f"given twice {len(twice)}, missing {len(missing)}, not due {len(extra)}, after the limit {len(late)}")
    print(
        f"marks within {slack:.0f} s of an answer (may go either way): {len(near)}, of them given {len(near & set(seen))}"
    )
    return len(twice) + len(missing) + len(late) + len(extra)


async def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("--rate", type=float, default=3000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--days", type=float, default=3)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    said = read(asked.log, asked.days)
    kills = sorted(random.Random(asked.seed).sample(range(1, len(said)), asked.kills))  # noqa: S311 - a trial
    with tempfile.TemporaryDirectory() as data:
        server = Server(data, asked.rate)
        await server.start(said[0]["at"] - 60)
        await feed(server, said, kills)
        events = await heard(server)
        await server.kill()
    print(f"{len(said)} messages, {asked.kills} kills, rate {asked.rate:.0f}, on {os.cpu_count()} cores")
    return report(events, marks(said), slack=0.1 * asked.rate)


if __name__ == "__main__":
    sys.exit(1 if asyncio.run(main()) else 0)
