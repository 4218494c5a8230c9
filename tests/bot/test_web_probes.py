"""What operators watch, and what everybody hears when the server is full or its store fails."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from typing import Any

import pytest
from living import TEN, living

from bot.store import SQLiteStore, StoreError


def said(identity: str = "m-1", **more: Any) -> dict[str, Any]:
    """A buyer's message."""
    data = {"id": identity, "conversation": "c-1", "role": "buyer", "text": "什么时候发货"}
    return {"type": "message.created", "data": data | more}


async def counter(server, name: str) -> float:
    """A figure of the metrics page."""
    page = (await server.ask("GET", "/metrics")).body.decode()
    return sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(name))


async def test_health_and_readiness(server):
    """Alive is alive; ready says how much waits."""
    assert (await server.ask("GET", "/healthz")).json == {"status": "ok", "now": TEN}
    destinations = {"resting": 0, "disabled": 0}
    wanted = {"status": "ready", "inbox": 0, "outbox": 0, "dead": 0, "destinations": destinations}
    assert (await server.ask("GET", "/readyz")).json == wanted


async def test_a_stopped_engine_is_not_ready(server):
    """Without its engine the server is alive, but takes nothing: 503, and when to try again."""
    await server.loop.stop()
    assert (await server.ask("GET", "/healthz")).status == 200
    for answer in (await server.ask("GET", "/readyz"), await server.hear(said())):
        assert (answer.status, answer.code) == (503, "busy")
        assert int(answer.headers["Retry-After"]) >= 1


async def test_metrics_count(server):
    """Events, duplicates, refusals and verdicts show in Prometheus' format."""
    await server.hear([said("m-1"), said("m-1"), said("m-2")])
    await server.ask("POST", "/webhook/demo", headers={"Content-Type": "application/json"})
    await server.api("POST", "/conversations/c-1/replies", {"id": "r-1", "text": "您好，今天下午发出。"})
    assert await counter(server, "kuaihui_events_total") == 2
    assert await counter(server, "kuaihui_duplicates_total") == 1
    assert await counter(server, 'kuaihui_refused_total{reason="signature"}') == 1
    assert await counter(server, 'kuaihui_verdicts_total{verdict="allow"}') == 1
    assert await counter(server, "kuaihui_inbox_depth") == 0


async def test_metrics_hold_nobodys_words(server):
    """No id and no text of anybody stands on the metrics page."""
    await server.hear(said("secret-id", text="悄悄话", conversation="secret-conversation"))
    page = (await server.ask("GET", "/metrics")).body.decode()
    assert "secret" not in page
    assert "悄悄话" not in page


@pytest.fixture
def held_engine():
    """The engine of a server is kept busy until it is let go."""
    free = threading.Event()

    async def hold(server) -> asyncio.Task[None]:
        entered = asyncio.Event()
        aio = asyncio.get_running_loop()

        def wait(_store: object) -> None:
            aio.call_soon_threadsafe(entered.set)
            free.wait(10)

        task = asyncio.create_task(server.loop.write(wait))
        await entered.wait()
        return task

    hold.free = free
    yield hold
    free.set()


async def test_a_full_inbox_is_503(shops, tmp_path, held_engine):
    """When as much waits as may wait, the rest is told to come again; what was accepted is kept, the rest is not."""
    async with living(tmp_path, shops, inbox=2) as server:
        holding = await held_engine(server)
        waiting = [asyncio.create_task(server.hear(said(f"m-{number}"))) for number in range(2)]
        while server.loop.depth < 2:
            await server.ask("GET", "/healthz")
        refused = await server.hear(said("m-2"))
        reply = await server.api("POST", "/check", {"text": "好的"})
        held_engine.free.set()
        answers = [await task for task in waiting]
        await holding
        assert (refused.status, refused.code) == (503, "busy")
        assert int(refused.headers["Retry-After"]) >= 1
        assert [answer.status for answer in (*answers, reply)] == [200, 200, 200]
        held = (await server.api("GET", "/conversations/c-1")).json
        assert [message["id"] for message in held["messages"]] == ["m-0", "m-1"]
        assert (await server.hear(said("m-2"))).json["accepted"] == 1


async def test_a_list_larger_than_the_inbox_is_taken_when_nothing_waits(shops, tmp_path):
    """A list that could never fit is not sent away for ever."""
    async with living(tmp_path, shops, inbox=2) as server:
        assert (await server.hear([said(f"m-{number}") for number in range(5)])).json["accepted"] == 5


async def test_a_store_that_cannot_write_is_503(server, monkeypatch):
    """Nothing is acknowledged that is not kept; the server goes on when the disk does."""

    def full(*_: object) -> int:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(SQLiteStore, "record", full)
    answer = await server.hear(said())
    assert (answer.status, answer.code) == (503, "busy")
    assert "disk" not in answer.json["error"]["message"]
    monkeypatch.undo()
    assert (await server.hear(said())).json["accepted"] == 1


async def test_a_store_that_cannot_be_read_is_503(server, tmp_path):
    """A read that fails is told to try again; it is no accident, and it is over when the store is whole again."""
    await server.hear(said())
    paths = ("/conversations", "/conversations/c-1", "/rates?day=2026-11-20")
    with contextlib.closing(sqlite3.connect(tmp_path / "kuaihui.sqlite", isolation_level=None)) as hand:
        for table in ("conversation", "fact", "outbox"):
            hand.execute(f"ALTER TABLE {table} RENAME TO gone_{table}")
        broken = [await server.api("GET", path) for path in paths] + [await server.ask("GET", "/readyz")]
        for table in ("conversation", "fact", "outbox"):
            hand.execute(f"ALTER TABLE gone_{table} RENAME TO {table}")
    assert [(answer.status, answer.code) for answer in broken] == [(503, "busy")] * 4
    assert [(await server.api("GET", path)).status for path in paths] == [200] * 3
    assert await server.alive()
