"""A copy of the database is whole although a server writes to it, and comes back only where none runs."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
from contextlib import closing
from typing import Any

import pytest

from bot import backup as copies
from bot import demo
from bot.store import DATABASE, SQLiteStore
from replies import DataError


def said(number: int) -> dict[str, Any]:
    """A buyer's message."""
    data = {"id": f"m-{number}", "conversation": f"c-{number % 7}", "role": "buyer", "text": "什么时候发货"}
    return {"type": "message.created", "data": data}


@pytest.fixture
def folder(tmp_path):
    """The data folder of a demo: the one that the living server of these tests has."""
    demo.make(tmp_path)
    return tmp_path


def told(lines) -> str:
    """All that a command says."""
    return "\n".join(lines)


async def test_a_backup_under_load_is_whole(server, folder):
    """What was answered before it began is in it, all of one moment; the server takes everything meanwhile."""
    for number in range(50):
        await server.hear(said(number))
    writing = asyncio.create_task(talk(server))
    line = await asyncio.to_thread(lambda: told(copies.backup(folder / "copy", None, folder)))
    assert await writing == 150
    assert "检查无误" in line
    assert stat.S_IMODE((folder / "copy").stat().st_mode) == 0o600
    with closing(sqlite3.connect(folder / "copy")) as copy:
        facts = {key for (key,) in copy.execute("SELECT key FROM fact")}
        versions = copy.execute("SELECT sum(version) FROM conversation").fetchone()[0]
    assert {f"message.created:m-{number}" for number in range(50)} <= facts
    assert versions == len(facts)  # a conversation is as old as its facts: nothing was cut through
    assert not list(folder.glob("*.part"))


async def talk(server) -> int:
    """As fast as it goes, a hundred and fifty messages more."""
    answers = [await server.hear(said(number)) for number in range(50, 200)]
    return sum(answer.json["accepted"] for answer in answers)


async def test_a_restore_beside_a_running_server_is_refused(server, folder):
    """Nothing is changed; the server goes on."""
    await server.hear(said(1))
    await asyncio.to_thread(lambda: told(copies.backup(folder / "copy", None, folder)))
    with pytest.raises(DataError, match="a server uses it"):
        await asyncio.to_thread(lambda: told(copies.restore(folder / "copy", None, folder)))
    assert (await server.hear(said(2))).json["accepted"] == 1
    assert not list(folder.glob("*.before-*"))


def facts_of(file) -> set[str]:
    """The keys of all facts."""
    with closing(sqlite3.connect(file)) as hand:
        return {key for (key,) in hand.execute("SELECT key FROM fact")}


@pytest.fixture
def stopped(folder):
    """A database that nobody uses, with two facts; and a backup from when there was one."""

    def put(key: str) -> None:
        with closing(SQLiteStore(folder / DATABASE)) as store, store.transaction():
            store._sql.execute(
                "INSERT INTO fact (shop, key, conversation, at, body) VALUES ('demo', ?, 'c', 0, '{}')", (key,)
            )

    put("one")
    told(copies.backup(folder / "copy", None, folder))
    put("two")
    return folder


def test_a_restore_brings_the_old_state_and_keeps_the_new(stopped):
    """The database is what the backup was; what it was before stands beside it, whole; the record says so."""
    line = told(copies.restore(stopped / "copy", None, stopped))
    (aside,) = stopped.glob("*.before-*")
    assert aside.name in line
    assert facts_of(stopped / DATABASE) == {"one"}
    assert facts_of(aside) == {"one", "two"}
    with closing(SQLiteStore(stopped / DATABASE)) as store:
        assert [(one.what, one.about) for one in store.notes("", 0)] == [("store.restore", "copy")]
        assert store._sql.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_restore_into_an_empty_folder(stopped, tmp_path_factory):
    """A new machine needs nothing but the backup."""
    new = tmp_path_factory.mktemp("new")
    assert "1 条事实" in told(copies.restore(stopped / "copy", None, new))
    assert facts_of(new / DATABASE) == {"one"}


def test_a_backup_never_overwrites(stopped):
    """Neither a file, nor where there is no folder, nor a half-made copy."""
    before = (stopped / "copy").read_bytes()
    for name in ("copy", "nowhere/copy"):
        with pytest.raises(DataError):
            told(copies.backup(stopped / name, None, stopped))
    assert (stopped / "copy").read_bytes() == before
    (stopped / "other.part").touch()
    with pytest.raises(DataError, match=r"other\.part"):
        told(copies.backup(stopped / "other", None, stopped))


@pytest.mark.parametrize("spoiled", ["", "no database", "cut", "damaged", "later"])
def test_what_is_no_backup_is_refused(stopped, spoiled):
    """Empty, foreign, cut off, damaged or of a later version: a sentence, and the database stands as it was."""
    file = stopped / "spoiled"
    shutil.copy(stopped / "copy", file)
    whole = file.read_bytes()
    if spoiled == "later":
        with closing(sqlite3.connect(file)) as hand, hand:
            hand.execute("INSERT INTO migration VALUES ('999_later.sql')")
    elif spoiled == "damaged":
        file.write_bytes(whole[:4096] + bytes(255 - byte for byte in whole[4096:]))
    else:
        file.write_bytes(whole[: len(whole) // 2] if spoiled == "cut" else spoiled.encode())
    with pytest.raises(DataError):
        told(copies.restore(file, None, stopped))
    assert facts_of(stopped / DATABASE) == {"one", "two"}
    assert not list(stopped.glob("*.before-*")) + list(stopped.glob("*.part"))
