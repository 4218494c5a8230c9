"""A disk that is full or may not be written, and a database that another program holds: 503, nothing taken, and then on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

FINE = {"id": "r-1", "text": "您好，您的包裹今天下午发出。"}


def said(number: int) -> dict[str, Any]:
    """A long message, each in a conversation of its own."""
    data = {"id": f"m-{number}", "conversation": f"c-{number}", "role": "buyer", "text": "发货" * 5000}
    return {"type": "message.created", "data": data}


def pragma(name: str, value: int):
    """On the connection that writes."""
    return lambda engine: engine.store._sql.execute(f"PRAGMA {name} = {value}").fetchone()


async def refused(server, number: int) -> None:
    """Every request that writes is told to come again, and why stays with us; those that read are answered."""
    answers = [
        await server.hear(said(number)),
        await server.hear([said(number), said(number + 1)]),
        await server.api("POST", "/conversations/c-0/replies", FINE),
        await server.api("POST", "/conversations/c-0/feedback", {"script": "shipping.when", "action": "ignored"}),
    ]
    for answer in answers:
        assert (answer.status, answer.code) == (503, "busy")
        assert int(answer.headers["Retry-After"]) >= 1
        assert b"sqlite" not in answer.body.lower()
    assert (await server.api("GET", "/conversations")).status == 200
    assert (await server.api("GET", f"/conversations/c-{number}")).status == 404
    assert await server.alive()


async def recovered(server, number: int) -> None:
    """What was refused is taken when it comes again: it was never kept in part."""
    assert (await server.hear([said(number), said(number + 1)])).json["accepted"] == 2
    assert (await server.api("POST", "/conversations/c-0/replies", FINE)).json["state"] == "queued"
    assert (await server.hear(said(number))).json["duplicates"] == 1


@pytest.mark.parametrize("how", ["full", "readonly"])
async def test_a_disk_that_takes_no_more(server, how):
    """Full, or not to be written: SQLite's own errors, not made-up ones."""
    await server.hear(said(0))
    if how == "full":
        (pages,) = await server.loop.tend(lambda engine: engine.store._sql.execute("PRAGMA page_count").fetchone())
        await server.loop.tend(pragma("max_page_count", pages))
    else:
        await server.loop.tend(pragma("query_only", 1))
    # Every page that is free already may still be filled.
    number = 1
    while how == "full" and (await server.hear(said(number))).status == 200:
        number += 1
        assert number < 200
    await refused(server, number)
    await server.loop.tend(pragma("max_page_count", 1_000_000) if how == "full" else pragma("query_only", 0))
    await recovered(server, number)


async def test_a_database_that_another_program_holds(server, tmp_path):
    """While somebody else writes a long transaction nothing is acknowledged; afterwards all is."""
    await server.hear(said(0))
    await server.loop.tend(pragma("busy_timeout", 0))
    with closing(sqlite3.connect(tmp_path / "kuaihui.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await refused(server, 1)
        other.execute("ROLLBACK")
    await recovered(server, 1)
