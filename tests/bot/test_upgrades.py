"""A database of every earlier version, filled as that version filled it: all of it is there after the upgrade, and works."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from upgrades.make import NINE, TOKEN, made

from bot import forget, model, rates
from bot.clock import VirtualClock
from bot.engine import Engine
from bot.store import SQLiteStore, migrations

if TYPE_CHECKING:
    from collections.abc import Iterator

DUMPS = sorted((Path(__file__).parents[1] / "upgrades").glob("*.sql"))
RENAMED = {"inspection": "ruling"}


def load(dump: str, file: Path) -> None:
    """The database that a dump tells of."""
    with closing(sqlite3.connect(file)) as hand:
        hand.executescript(dump)


def tables(file: Path) -> dict[str, int]:
    """The rows of each table."""
    with closing(sqlite3.connect(file)) as hand:
        names = [name for (name,) in hand.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: hand.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - our own names
            for name in names
            if not name.startswith("sqlite_")
        }


@pytest.fixture(params=DUMPS, ids=lambda dump: dump.stem)
def file(request, tmp_path) -> Path:
    """A database of that version."""
    path: Path = tmp_path / "kuaihui.sqlite"
    load(request.param.read_text(encoding="utf-8"), path)
    return path


@pytest.fixture
def had(file) -> dict[str, int]:
    """The rows of its tables."""
    return tables(file)


@pytest.fixture
def store(file, had) -> Iterator[SQLiteStore]:  # noqa: ARG001 - what it had is looked at first
    """It is brought up to date."""
    opened = SQLiteStore(file)
    yield opened
    opened.close()


@pytest.fixture
def engine(store, shop) -> Engine:
    """It goes on with the shop of today, at nine."""
    shop.callback_url = "https://tool.example/hook"
    return Engine(store, {"demo": shop}, VirtualClock(NINE))


def put(engine: Engine, kind: type, key: str, conversation: str, *, at: int = NINE + 1, **more: object):
    """A fact, and what became of it."""
    engine.clock.move_to(at)
    (outcome,) = engine.apply([kind(shop="demo", key=key, conversation=conversation, at=at, arrived=at, **more)])
    return outcome


def test_there_is_a_database_of_every_earlier_version(tmp_path):
    """One with each number of migrations, with rows in every table that it has; and what this version writes has them all."""
    assert {dump.stem for dump in DUMPS} >= {f"{count:03}" for count in range(1, len(migrations()))}
    for number, dump in enumerate([*DUMPS, None]):
        load(dump.read_text(encoding="utf-8") if dump else made(), tmp_path / f"{number}.sqlite")
        found = tables(tmp_path / f"{number}.sqlite")
        assert min(found.values()) > 0, (dump, found)
        assert found["migration"] == (int(dump.stem) if dump else len(migrations()))


def test_no_row_is_lost(file, had, store):
    """Every table has the rows that it had; only what the first versions remembered of deleted facts is let go."""
    now = tables(file)
    assert now["migration"] == len(migrations())
    for name, count in had.items():
        if name not in ("migration", "gone"):
            assert now[RENAMED.get(name, name)] == count, name
    assert len(list(store.facts_between("demo", 0, 1 << 60))) + len(store.unplaced("demo", "m", "n")) == had["fact"]


def test_all_of_it_is_understood(had, store):
    """Conversations, waits, the feed, replies, pushes, and of what the version had already alerts, tokens, words, pulls."""
    assert {held.id for held in store.waiting("demo", 99)} == {"c-edit", "c-fail", "c-reply", "c-wait"}
    edited = store.conversation("demo", "c-edit")
    assert (edited.agent, edited.context["order_id"], edited.messages[0].text) == ("小慢", "o-2", "几点下班")
    events = store.feed("demo", 0, 99)
    assert len(events) == had["feed"]
    assert all(msgspec.json.decode(event.data)["conversation"] == event.conversation for event in events)
    states = {reply.id: reply.state for name in ("c-reply", "c-fail") for reply in store.replies("demo", name)}
    assert states == {"d-sent": "sent", "d-queued": "queued", "d-held": "held", "d-failed": "failed"}
    ready = store.ready(NINE, 99)
    assert [push.about for push in ready if push.type == "message.send"] == ["d-queued"]
    assert {push.destination for push in ready} == {"demo"}
    assert len({(push.conversation, push.type == "message.send") for push in ready}) == len(ready)
    assert {act.script for act in store.picks("demo", 9)} == {"ship.when"}
    assert ("alert" in had) == ([alert.conversation for alert in store.alerts("wecom:1", 9)] == ["c-late"])
    assert ("alert_pace" in had) == ([one.robot for one in store.spoke()] == ["wecom:1"])
    assert ("destination" in had) == ([one.name for one in store.disabled()] == ["demo/chatwoot"])
    assert ("judgement" in had) == ([word.accepted for word in store.judgements("demo", 0)] == [True])
    assert ("inspection" in had or "ruling" in had) == bool(store.rulings("demo", 0, NINE + 1))
    assert ("lost_day" in had) == store.lost_elsewhere("demo", "b-c-edit", "human_reply_30s", 20_778, "another")
    assert ("pull" in had) == ([one.account for one in store.pulls()] == ["kf-1"])
    token = store.token_of(hashlib.sha256(TOKEN).digest())
    assert ("token" in had) == (token is not None and token.name == "小快")
    assert ("audit" in had) == ("token.add" in {note.what for note in store.notes("demo", 0)})


def test_it_goes_on(engine, shop):
    """The same again changes nothing, what waited is placed, answered, told, sent and counted."""
    store = engine.store
    known = next(iter(store.facts_of("demo", "c-wait")))
    assert engine.apply([known])[0].duplicate
    early = put(engine, model.BuyerSaid, "message.created:m-early", "c-edit", id="m-early", text="发错了")
    assert next(one for one in early.conversation.messages if one.id == "m-early").recalled_at is not None
    answered = put(engine, model.AgentSaid, "message.created:a-wait", "c-wait", id="a-wait", text="在的", agent="小快")
    assert all(wait.answered == NINE + 1 for wait in answered.conversation.waits)
    put(engine, model.Delivered, "delivered:2", "c-reply", id="d-queued")
    assert store.reply("demo", "c-reply", "d-queued").state == "sent"
    assert "d-queued" not in {push.about for push in store.ready(NINE + 9, 99)}
    held = put(engine, model.Drafted, "draft:9", "c-reply", id="d-held", agent="小快", text="亲，在的。")
    assert held.reply.state == "queued"
    again = put(engine, model.Drafted, "draft:10", "c-fail", id="d-failed", agent="小慢", text="亲，稍等。")
    assert again.reply.state == "queued"
    engine.clock.move_to(NINE + 4000)
    last = store.feed_end()
    while engine.fire():
        pass
    missed = {(event.conversation, event.type) for event in store.feed("demo", last, 99)}
    assert ("c-edit", "deadline.missed") in missed
    assert "c-wait" not in {conversation for conversation, _ in missed}
    day = shop.zone.local(NINE)[0]
    counted = {rate.name: rate for rate in rates.of_day(store, shop, day, NINE + 4000)}
    assert counted["effective_reply_1h"].population == 4
    assert [wait.buyer for wait in counted["effective_reply_1h"].late] == ["b-c-edit", "b-c-fail"]


def test_what_was_deleted_is_refused_and_what_is_old_goes(had, engine):
    """A message deleted before the upgrade is not taken again, from the version on that remembered it by its key; all goes."""
    gone = put(engine, model.BuyerSaid, "message.created:m-gone", "c-gone", id="m-gone", text="嗯")
    assert gone.duplicate == (had["migration"] > 10)
    engine.clock.move_to(NINE + 40 * forget.DAY)
    progress = forget.Progress()
    while not progress.done:
        progress = forget.step(engine, "demo", NINE + 10 * forget.DAY, progress)
    assert engine.store.feed("demo", 0, 99) == []
    assert list(engine.store.facts_between("demo", 0, 1 << 60)) == []
