"""What a shop need not keep is deleted, out of the file's bytes too; what is open, learned or newer stays."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from living import TEN

from bot import forget
from bot.forget import DAY, REFUSED
from bot.web.app import BOOKS
from bot.web.sweeper import Sweeper

OLD, NEW = "旧话旧话旧话旧话", "新话新话新话新话"


def said(identity: str, text: str, conversation: str = "c-old", role: str = "buyer", **more: Any) -> dict[str, Any]:
    """A message."""
    data = {"id": identity, "conversation": conversation, "role": role, "text": text, **more}
    return {"type": "message.created", "data": data}


@pytest.fixture
def sweeper(server, shops, monkeypatch):
    """Deletes what is older than thirty days of the first shop, in steps of three."""
    monkeypatch.setattr(shops["demo"], "keep_days", 30)
    monkeypatch.setattr(forget, "STEP", 3)
    return Sweeper(server.loop, shops, server.client.app[BOOKS])


async def talk(server) -> None:
    """Two conversations a long time ago, of which one goes on today."""
    name = {"id": "b-1", "name": "旧名旧名"}
    for number in range(8):
        await server.hear(said(f"m-{number}", f"{OLD}{number} 什么时候发货", buyer=name))
    await server.api("POST", "/conversations/c-old/replies", {"id": "r-1", "text": f"加我微信 abc88990 {OLD}"})
    await server.hear(said("a-1", f"好的，{OLD}，加我微信 abc88990", role="agent"))
    await server.hear(said("l-1", OLD, conversation="c-live"))
    await server.hear(said("l-2", OLD, conversation="c-live", role="agent"))
    await server.hear(said("x-1", OLD), shop="other")
    server.clock.move_to(TEN + 31 * DAY)
    await server.move_to(TEN + 31 * DAY)
    await server.hear(said("l-3", f"{NEW} 什么时候发货", conversation="c-live"))


def contents(folder) -> bytes:
    """Every byte of the database's files."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("kuaihui.sqlite*")))


async def test_old_data_is_deleted_from_the_file(server, sweeper, tmp_path):
    """No byte of the old words is left in any file of the database; another shop's and new ones stand."""
    await talk(server)
    assert OLD.encode() in contents(tmp_path)
    assert await sweeper.sweep() > 10
    with closing(sqlite3.connect(tmp_path / "kuaihui.sqlite")) as hand:
        tables = [name for (name,) in hand.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in tables for row in hand.execute(f"SELECT * FROM {name}")]  # noqa: S608
    mine = [row for row in rows if "other" not in row]
    assert not any(OLD in str(row) or "旧名" in str(row) for row in mine)
    assert any(NEW in str(row) for row in mine)
    assert any(OLD in str(row) for row in rows)
    assert await sweeper.sweep() == 0


async def test_no_byte_is_left(server, sweeper, tmp_path):
    """Where no other shop has said them, the old words stand nowhere: not in free pages, not in the log."""
    for number in range(40):
        await server.hear(said(f"m-{number}", f"{OLD}{'很长' * 900}", conversation=f"c-{number % 5}"))
    await server.move_to(TEN + 31 * DAY)
    assert OLD.encode() in contents(tmp_path)
    await sweeper.sweep()
    assert OLD.encode() not in contents(tmp_path)
    assert (await server.api("GET", "/conversations/c-1")).status == 404
    assert (await server.api("GET", "/conversations")).json == {"conversations": []}


async def test_a_conversation_that_goes_on_is_kept(server, sweeper):
    """Its new messages stand, its wait counts from where it began, and its next answer ends it."""
    await talk(server)
    before = (await server.api("GET", "/conversations")).json["conversations"]
    await sweeper.sweep()
    after = (await server.api("GET", "/conversations")).json["conversations"]
    assert [one for one in before if one["id"] == "c-live"] == after
    held = (await server.api("GET", "/conversations/c-live")).json
    assert [message["id"] for message in held["messages"]] == ["l-3"]
    await server.hear(said("l-4", "您好，今天发出", conversation="c-live", role="agent"))
    assert (await server.api("GET", "/conversations")).json == {"conversations": []}
    assert (await server.api("GET", "/conversations/c-old")).status == 404


async def test_an_open_wait_stays_however_old_its_words(server):
    """A wait that can still be answered keeps its messages."""
    at = TEN + 31 * DAY
    await server.move_to(at)
    await server.hear(said("m-1", OLD))
    server.clock.move_to(at + 600)  # nothing has rung yet
    progress = forget.Progress()
    while not progress.done:
        look = partial(forget.step, shop="demo", before=at + 600, progress=progress)
        progress = await server.loop.tend(look)
    assert [one["id"] for one in (await server.api("GET", "/conversations")).json["conversations"]] == ["c-old"]
    assert (await server.api("GET", "/conversations/c-old")).json["messages"][0]["text"] == OLD


async def test_a_duplicate_of_what_was_deleted_is_refused_for_a_week(server, sweeper):
    """The same id again changes nothing for seven days; later it would be taken for a new message."""
    await talk(server)
    await sweeper.sweep()
    again = await server.hear([said("m-1", OLD), said("l-1", OLD, conversation="c-live")])
    assert (again.json["accepted"], again.json["duplicates"]) == (0, 2)
    await server.move_to(TEN + 31 * DAY + REFUSED + 1)
    while await sweeper.sweep():
        pass
    assert (await server.hear(said("m-1", OLD))).json["accepted"] == 1


async def test_what_was_learned_stays(server, sweeper):
    """Phrasings that agents taught are suggested after their buyers' words are gone; whose they were is not known."""
    await talk(server)
    for agent in ("a", "b"):
        given = {"script": "invoice.can", "action": "picked", "agent": agent}
        await server.api("POST", "/conversations/c-live/feedback", given)
    await server.move_to(TEN + 70 * DAY)
    await sweeper.sweep()
    picks = await server.loop.read(lambda store: store.picks("demo", 9))
    assert [pick.asked for pick in picks] == [f"{NEW} 什么时候发货"] * 2
    notes = await server.loop.read(lambda store: store.notes("demo", 0))
    assert {(one.who, one.what) for one in notes} == {("", "store.forget")}


async def test_what_is_deleted_is_counted_no_more(server, sweeper):
    """A day's rates that somebody looked at before are counted anew from what is left."""
    await talk(server)
    day = "2026-11-21"
    before = await server.api("GET", f"/rates?day={day}")
    assert max(target["population"] for target in before.json["targets"]) > 0
    await sweeper.sweep()
    after = await server.api("GET", f"/rates?day={day}")
    assert {target["population"] for target in after.json["targets"]} == {0}


async def test_shops_that_keep_everything_are_not_swept(server, shops):
    """Without `keep_days` nothing is ever deleted."""
    await talk(server)
    assert await Sweeper(server.loop, shops, server.client.app[BOOKS]).sweep() == 0
    assert (await server.api("GET", "/conversations/c-old")).status == 200
