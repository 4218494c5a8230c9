"""I am a chat tool with faults at the other end of a callback: it fails, delays, drops acknowledgements, says things twice."""

from __future__ import annotations

import asyncio
import json
import random  # noqa: TC003 - a dataclass reads its annotations
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import rig
from aiohttp import web
from kill_judge import Run, rows, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEEDED = ("deadline.missed", "deadline.cleared", "violation.seen", "draft.held")  # what nothing makes superfluous


class Got(NamedTuple):
    """A request. `seq`: of the feed's row that it brings."""

    identity: str
    seq: int
    kind: str
    conversation: str
    body: bytes


@dataclass
class Receiver:
    """`faulty`: a third of its answers are faults. `hangs`: it takes everything and answers nothing."""

    chance: random.Random
    faulty: bool = True
    hangs: bool = False
    port: int = 0
    got: list[Got] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    echoes: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    _relents: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on loopback."""
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    def relent(self) -> None:
        """Answer what hangs, and hang no more."""
        self.hangs = False
        self._relents.set()

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        identity = request.headers["webhook-id"]
        event = json.loads(body)
        seq, conversation = int(identity.rsplit("_", 1)[1]), event["data"]["conversation"]
        self.got.append(Got(identity, seq, event["type"], conversation, body))
        if self.hangs:
            await self._relents.wait()
        fault = self.chance.choice(("fail", "busy", "late", "drop", *["none"] * 8)) if self.faulty else "none"
        self.faults[fault] += 1
        if fault == "fail":
            return web.Response(status=500)
        if fault == "busy":
            return web.Response(status=429, headers={"Retry-After": str(self.chance.choice((0, 1, 5)))})
        if fault == "late":
            await _pause(self.chance.random() * 0.2)
        # From here on the buyer has it; that it was taken may never become known.
        if event["type"] == "message.send":
            for _ in range(self.chance.choice((0, 1, 1, 2))):
                self.echoes.put_nowait(event["data"])
        if fault == "drop":
            assert request.transport is not None
            request.transport.close()
        return web.Response()


async def _pause(seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
    except TimeoutError:
        pass


def config(folder: Path, port: int) -> Path:
    """A config of one shop whose events go to a receiver on this port."""
    file = rig.config(folder, 0, seed=1)
    text = (
        file.read_text(encoding="utf-8")
        .replace('id = "shop"', 'id = "demo"')
        .replace('library = ["library.jsonl"]\n', "")
    )
    text = text.replace("[server]\n", "[server]\nallow_private_callbacks = true\n")
    file.write_text(f'{text}callback_url = "http://127.0.0.1:{port}/hook"\n', encoding="utf-8")
    return file


def waiting(run: Run) -> int:
    """How many pushes wait."""
    return int(rows(run, "SELECT count(*) FROM outbox WHERE dead_at IS NULL")[0][0])


def judge_out(run: Run, receiver: Receiver, asked: list[str]) -> None:
    """What came out: everything at least once, under the same id with the same words, in order; replies in one state."""
    feed = {
        seq: (kind, conversation) for seq, kind, conversation in rows(run, "SELECT seq, type, conversation FROM feed")
    }
    bodies: dict[str, set[bytes]] = {}
    for got in receiver.got:
        bodies.setdefault(got.identity, set()).add(got.body)
        run.expect(feed.get(got.seq) == (got.kind, got.conversation), f"{got.identity} is not what the feed says")
    changed = [name for name, said in bodies.items() if len(said) != 1]
    run.expect(not changed, f"said differently the second time: {changed[:5]}")
    arrived = {got.seq for got in receiver.got}
    dead = {seq for (seq,) in rows(run, "SELECT seq FROM outbox WHERE dead_at IS NOT NULL")}
    lost = [seq for seq, (kind, _) in feed.items() if kind in NEEDED and seq not in arrived and seq not in dead]
    run.expect(not lost, f"{len(lost)} events never arrived: {lost[:5]}")
    for queue, order in _orders(receiver):
        run.expect(order == sorted(order), f"out of order in {queue}: {order[:20]}")
    _judge_replies(run, arrived, asked)


def _orders(receiver: Receiver) -> Iterator[tuple[tuple[str, bool], list[int]]]:
    """Of each conversation, replies and other events apart: in which order they first came."""
    queues: dict[tuple[str, bool], dict[int, None]] = {}
    for got in receiver.got:
        queues.setdefault((got.conversation, got.kind == "message.send"), {})[got.seq] = None
    return ((queue, list(order)) for queue, order in queues.items())


def _judge_replies(run: Run, arrived: set[int], asked: list[str]) -> None:
    states = dict(rows(run, "SELECT id, state FROM reply"))
    sends = Counter(event["reply_id"] for event in told(run, "message.send"))
    settled = Counter(event["reply_id"] for kind in ("message.sent", "message.failed") for event in told(run, kind))
    for identity in asked:
        run.expect(states.get(identity) in ("sent", "failed"), f"reply {identity} is {states.get(identity)}")
        run.expect(sends[identity] == 1, f"reply {identity} was to be sent {sends[identity]} times")
        run.expect(settled[identity] == 1, f"reply {identity} was settled {settled[identity]} times")
    sent = rows(run, "SELECT seq, json_extract(data, '$.reply_id') FROM feed WHERE type = 'message.send'")
    unseen = [identity for seq, identity in sent if states.get(identity) == "sent" and seq not in arrived]
    run.expect(not unseen, f"said to be sent and never seen: {unseen[:5]}")
