"""Any Store remembers or raises: one contract for all of them; and what is SQLite's own: migrations, readers, full disks."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import AgentSaid, BuyerSaid, Change, Conversation, Message, Queued, Settled, Wait
from bot.ports import Event, Push, Reply
from bot.store import SQLiteStore, StoreError, _statements, migrations
from bot.store.statements import AT_ONCE, _of_rows

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai


def in_memory(_folder):
    """A store that is gone when it is closed."""
    return SQLiteStore(None)


def on_disk(folder):
    """A store in a file."""
    return SQLiteStore(folder / "kuaihui.sqlite")


@pytest.fixture(params=[in_memory, on_disk])  # a second Store adds itself here, and must pass what follows
def store(request, tmp_path):
    made = request.param(tmp_path)
    yield made
    made.close()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kuaihui.sqlite"


def test_a_fact_is_kept_once_a_shop(store, said):
    """The same key again changes nothing; another shop may have the same."""
    first, again = said(id="m1"), said("别的话", id="m1")
    with store.transaction():
        assert store.record([first]) == [True]
        assert store.record([again]) == [False]
        assert store.record([said(id="m1", shop="other"), again, said(id="m2"), said(id="m2")]) == [
            True,
            False,
            True,
            False,
        ]
    assert list(store.facts_of("demo", "c1")) == [first, said(id="m2")]
    assert [fact.shop for fact in store.facts_of("other", "c1")] == ["other"]


@pytest.mark.parametrize("number", [1, 15, 16, 17, 85, 150])
def test_many_are_written_as_one_by_one(store, said, number):
    """However many rows a transaction has, each is written once, with its own words and in its order."""
    facts = [said(f"第{n}句", id=f"m{n}", conversation=f"c{n % 7}") for n in range(number)]
    with store.transaction():
        assert all(store.record(facts))
        for n in range(number):
            place = f"c{n % 7}"
            before = store.conversation("demo", place) or Conversation("demo", place)
            after = Conversation("demo", place, version=before.version + 1, name=f"{before.name}{n},")
            store.keep(after, due=n)
            store.set_alarm("demo", place, n if n % 7 else None)
            assert store.tell("demo", place, "x", n, str(n)) == n + 1
    assert [fact.id for n in range(7) for fact in store.facts_of("demo", f"c{n}")] == [
        f"m{n}" for c in range(7) for n in range(c, number, 7)
    ]
    assert [event.data for event in store.feed("demo", 0, 999)] == [str(n) for n in range(number)]
    waiting = {held.id: held.name for held in store.waiting("demo", 99)}
    assert waiting == {f"c{c}": "".join(f"{n}," for n in range(c, number, 7)) for c in range(min(7, number))}
    assert sorted(at for _, _, at in store.alarms(999, 99)) == sorted(
        {n % 7: n for n in range(number) if n % 7}.values()
    )


def test_what_is_held_back_is_seen(store):
    """Inside a transaction, too, who asks sees what was said before; outside of one nothing can be said."""
    with store.transaction():
        store.keep(Conversation("demo", "c1", version=1), due=5)
        store.set_alarm("demo", "c1", 7)
        first = store.tell("demo", "c1", "x", 1, "{}")
        assert store.conversation("demo", "c1") == Conversation("demo", "c1", version=1)
        assert [held.id for held in store.waiting("demo", 9)] == ["c1"]
        assert store.next_alarm() == 7
        assert [event.seq for event in store.feed("demo", 0, 9)] == [first]
        store.keep(Conversation("demo", "c1", version=2), due=None)
        assert store.tell("demo", "c1", "x", 1, "{}") == first + 1
    assert store.conversation("demo", "c1") == Conversation("demo", "c1", version=2)
    for write in (
        lambda: store.keep(Conversation("demo", "c1", version=3), due=None),
        lambda: store.set_alarm("demo", "c1", 1),
        lambda: store.tell("demo", "c1", "x", 1, "{}"),
    ):
        with pytest.raises(StoreError, match="transaction"):
            write()


@pytest.mark.parametrize("number", [1, 3, 70])
def test_many_conversations_are_read_at_once(store, number):
    """Those that are known, of one shop or several, and inside a transaction as they are said to be there."""
    places = [(shop, f"c{n}") for n in range(number) for shop in ("demo", "other")]
    with store.transaction():
        for shop, name in places[::2]:
            store.keep(Conversation(shop, name, version=1), due=None)
    assert store.conversations(places) == {place: Conversation(*place, version=1) for place in places[::2]}
    with store.transaction():
        store.keep(Conversation("demo", "c0", version=2), due=None)
        assert store.conversations(places)["demo", "c0"].version == 2
    assert store.conversations([]) == {}


@pytest.mark.parametrize("name", ["conversations", "drop_alarm"])
@pytest.mark.parametrize("rows", AT_ONCE)
def test_many_rows_are_found_by_their_index(store, name, rows):
    """However many are asked for at once: no table is walked through, as it may hold a million of them."""
    statement = _of_rows(name, rows)
    plan = store._sql.execute(f"EXPLAIN QUERY PLAN {statement}", [""] * statement.count("?")).fetchall()
    walked = [step for *_, step in plan if step.startswith("SCAN") and "CONSTANT" not in step and step != "SCAN v"]
    assert walked == []


def test_what_breaks_leaves_nothing(store, said):
    """A transaction that raises is undone whole, and what it raised is passed on."""

    def write() -> None:
        with store.transaction():
            store.record([said()])
            store.keep(Conversation("demo", "c1", version=1), due=1)
            store.set_alarm("demo", "c1", 1)
            store.tell("demo", "c1", "x", 1, "{}")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert list(store.facts_of("demo", "c1")) == []
    assert store.conversation("demo", "c1") is None
    assert store.next_alarm() is None
    assert store.feed_end() == 0
    with store.transaction():  # and the next one works
        assert store.tell("demo", "c1", "x", 1, "{}") == 1


def test_a_conversation_comes_back_as_it_went(store, shop):
    """Everything of it: messages, changes, waits, what is queued and offered."""
    kept = Conversation(
        "demo",
        "c1",
        version=1,
        buyer="b1",
        name="小王",
        agent="客服",
        context={"order_id": "1"},
        messages=(Message("m1", NINE, "buyer", "发货吗", recalled_at=NINE + 3), Message("m2", NINE, "closed")),
        settled=Settled(at=NINE - 9),
        early=(Change("m9", NINE, None), Change("m8", NINE, "改")),
        queued=(Queued("r1", NINE, "好的"),),
        waits=(Wait("effective_reply_1h", NINE, NINE + 3600, given=(1800, 600), cleared=True),),
        offered=shop.suggest(["什么时候发货"], {}, at=NINE),
    )
    assert kept.offered
    with store.transaction():
        store.keep(kept, due=NINE + 3600)
    assert store.conversation("demo", "c1") == kept
    assert store.conversation("other", "c1") is None
    assert store.waiting("demo", 9) == [kept]
    assert store.waiting("other", 9) == []


def test_only_the_next_version_is_kept(store):
    """What somebody else has replaced meanwhile is not overwritten: the store raises, and keeps what was there."""
    newest = Conversation("demo", "c1", version=2)
    for version in (1, 2):
        with store.transaction():
            store.keep(Conversation("demo", "c1", version=version), due=None)
    for version in (1, 2, 4):
        with pytest.raises(StoreError, match="another program"), store.transaction():
            store.keep(Conversation("demo", "c1", version=version, name="x"), due=None)
    assert store.conversation("demo", "c1") == newest


def test_who_waits_comes_in_the_order_of_due(store):
    """Earliest due first, at most so many, and nobody who does not wait."""
    with store.transaction():
        for name, due in (("a", 30), ("b", None), ("c", 10), ("d", 20)):
            store.keep(Conversation("demo", name, version=1), due=due)
    assert [held.id for held in store.waiting("demo", 9)] == ["c", "d", "a"]
    assert [held.id for held in store.waiting("demo", 2)] == ["c", "d"]


def test_alarms(store):
    """One a conversation, moved and taken back; those due come earliest first, at most so many."""
    assert store.next_alarm() is None
    with store.transaction():
        for conversation, at in (("a", 30), ("b", 10), ("c", 20), ("b", 25), ("d", 5), ("d", None), ("e", None)):
            store.set_alarm("demo", conversation, at)
    assert store.next_alarm() == 20
    assert store.alarms(25, 9) == [("demo", "c", 20), ("demo", "b", 25)]
    assert store.alarms(99, 1) == [("demo", "c", 20)]
    assert store.alarms(19, 9) == []


def test_the_feed_grows_in_order(store):
    """Numbers only go up; each shop reads its own, from where it stopped."""
    with store.transaction():
        seqs = [store.tell(shop, "c1", "x", at, f'{{"at":{at}}}') for at, shop in enumerate(["demo", "other"] * 3)]
    assert seqs == sorted(set(seqs))
    assert store.feed_end() == seqs[-1]
    assert store.feed("demo", 0, 2) == [
        Event(seqs[0], "demo", "c1", "x", 0, '{"at":0}'),
        Event(seqs[2], "demo", "c1", "x", 2, '{"at":2}'),
    ]
    assert [event.seq for event in store.feed("demo", seqs[2], 9)] == [seqs[4]]


def test_replies_are_settled_once(store):
    """A queued reply becomes sent or failed; what is no longer queued stays what it is."""
    reply = Reply("r1", "queued", "客服", "好的", "", "", '{"verdict":"allow"}', "", 5)
    with store.transaction():
        store.set_reply("demo", "c1", reply)
        assert store.reply("demo", "c1", "r1") == reply
        assert not store.settle_reply("demo", "c1", "r2", "sent", "")
        assert store.settle_reply("demo", "c1", "r1", "sent", "")
        assert not store.settle_reply("demo", "c1", "r1", "sent", "")
        assert not store.settle_reply("demo", "c1", "r1", "failed", "410")
    assert store.replies("demo", "c1") == [reply._replace(state="sent")]
    with store.transaction():
        store.set_reply("demo", "c1", reply._replace(text="再试"))
    assert store.reply("demo", "c1", "r1") == reply._replace(text="再试")


def test_facts_between(store, said):
    """Start in, end out; conversation by conversation, each in the order of arrival."""
    facts = [
        said(at=NINE + at, conversation=conversation, kind=kind)
        for at, conversation, kind in (
            (5, "b", BuyerSaid),
            (1, "a", AgentSaid),
            (9, "b", BuyerSaid),
            (0, "b", AgentSaid),
        )
    ]
    with store.transaction():
        assert store.record(facts) == [True] * len(facts)
    assert list(store.facts_between("demo", NINE, NINE + 9)) == [facts[1], facts[0], facts[3]]
    assert list(store.facts_between("other", NINE, NINE + 9)) == []


class Row:
    """A push as a plain list would keep it."""

    def __init__(self, seq: int, shop: str, conversation: str, kind: str, about: str) -> None:
        self.seq, self.shop, self.conversation, self.kind, self.about = seq, shop, conversation, kind, about
        self.tries, self.next_at = 0, 0.0


names = st.sampled_from("ab")
doings = st.one_of(
    st.tuples(
        st.just("push"), names, names, st.sampled_from(["deadline.warning", "deadline.missed", "message.send"]), names
    ),
    st.tuples(
        st.just("drop"), names, names, st.sampled_from(["deadline.warning", "deadline.missed", "message.send"]), names
    ),
    st.tuples(st.just("done"), st.integers(0, 30)),
    st.tuples(st.just("again"), st.integers(0, 30), st.floats(1, 9)),
)


def _do(store, rows: list[Row], doing: tuple) -> None:
    match doing:
        case ("push", shop, conversation, kind, about):
            seq = store.tell(shop, conversation, kind, 0, "{}")
            store.push(seq, shop, conversation, kind, about, 0.0)
            rows.append(Row(seq, shop, conversation, kind, about))
        case ("drop", *wanted):
            store.drop_pushes(*wanted)
            rows[:] = [row for row in rows if [row.shop, row.conversation, row.kind, row.about] != wanted]
        case ("done", seq):
            store.pushed(seq)
            rows[:] = [row for row in rows if row.seq != seq]
        case ("again", seq, at):
            store.push_again(seq, at)
            for row in rows:
                if row.seq == seq:
                    row.tries, row.next_at = row.tries + 1, at


@given(st.lists(doings, max_size=40), st.floats(0, 9), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_the_outbox_is_an_obvious_list(doings, now, each):
    """Of each conversation the oldest reply and other push, of each shop the first few whose time has come, replies first."""
    store, rows = SQLiteStore(None), []
    for doing in doings:
        with store.transaction():
            _do(store, rows, doing)
    oldest = [row for row in rows if not any(_before(other, row) for other in rows)]
    ripe = [row for row in oldest if row.next_at <= now]
    found = store.ready(now, each)
    for shop in "ab":
        mine, ours = [push for push in found if push.shop == shop], [row for row in ripe if row.shop == shop]
        assert len(mine) == min(each, len(ours))
        first = sorted(ours, key=_turn)[: len(mine)]
        sent = [next(row for row in ours if row.seq == push.seq) for push in mine]
        assert sorted(map(_turn, sent)) == sorted(map(_turn, first))
        assert all(push.tries == next(row.tries for row in ours if row.seq == push.seq) for push in mine)
    assert store.next_push(now) == min((row.next_at for row in oldest if row.next_at > now), default=None)
    assert store.outbox_size() == len(rows)
    store.close()


def _turn(row: Row) -> tuple[bool, float]:
    """Replies first, then what has waited longest."""
    return row.kind != "message.send", row.next_at


def _before(other: Row, row: Row) -> bool:
    """Must `other` be sent before `row`? Replies wait for replies, and other events for other events."""
    if (other.shop, other.conversation) != (row.shop, row.conversation):
        return False
    return other.seq < row.seq and (other.kind == "message.send") == (row.kind == "message.send")


def test_a_push_brings_its_event(store):
    """What is sent is the feed's row, with when it was written and what it is about."""
    with store.transaction():
        seq = store.tell("demo", "c1", "message.send", 5, '{"a":1}')
        store.push(seq, "demo", "c1", "message.send", "r1", 5.5)
    assert store.ready(6, 8) == [Push(seq, "demo", "c1", "message.send", "r1", 0, 5.5, 5, '{"a":1}', "demo")]


def steps(store, ask) -> int:
    """How many instructions of SQLite's machine `ask` takes, in hundreds."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    store._sql.set_progress_handler(count, 100)
    ask()
    store._sql.set_progress_handler(None, 0)
    return counted


@pytest.mark.parametrize("piled", ["one conversation", "many conversations", "put off"])
def test_what_is_piled_up_costs_nothing(piled):
    """Finding what may be sent takes the same work with ten rows as with thousands behind a dead receiver."""

    def work(rows: int) -> int:
        store = SQLiteStore(None)
        with store.transaction():
            for number in range(rows):
                conversation = "c" if piled == "one conversation" else f"c{number}"
                seq = store.tell("dead", conversation, "x", 0, "{}")
                store.push(seq, "dead", conversation, "x", "", 99.0 if piled == "put off" else 0.0)
            store.push(store.tell("live", "c", "x", 0, "{}"), "live", "c", "x", "", 0.0)
        assert "live" in {push.shop for push in store.ready(5, 4)}
        return steps(store, lambda: (store.ready(5, 4), store.next_push(5)))

    assert work(5000) <= work(10) + 2


def test_a_reader_sees_what_is_committed(file, said):
    """A read-only store sees nothing of an open transaction, everything after it; and it cannot write."""
    writer = SQLiteStore(file)
    reader = SQLiteStore(file, readonly=True)
    with writer.transaction():
        writer.record([said()])
        writer.tell("demo", "c1", "x", 1, "{}")
        assert list(reader.facts_of("demo", "c1")) == []
        assert reader.feed_end() == 0
    assert len(list(reader.facts_of("demo", "c1"))) == 1
    assert reader.feed_end() == 1
    with pytest.raises(StoreError), reader.transaction():
        reader.set_alarm("demo", "c1", 1)
    reader.close()
    writer.close()


def schema(store) -> set[tuple]:
    """Every table, index and trigger with its SQL, spaces aside."""
    found = store._sql.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {(*row[:3], " ".join(row[3].split())) for row in found}


def made_at(file, count: int) -> sqlite3.Connection:
    """A database as the version with so many migrations left it."""
    old = sqlite3.connect(file, isolation_level=None)
    old.execute('CREATE TABLE "migration" ( "name" TEXT PRIMARY KEY )')
    for name, statements in migrations()[:count]:
        old.executescript(statements)
        old.execute("INSERT INTO migration (name) VALUES (?)", (name,))
    return old


@pytest.mark.parametrize("count", range(1, len(migrations()) + 1))
def test_every_earlier_schema_becomes_this_one(file, count):
    """A database of any earlier version is brought up to date, and has the schema of a new one."""
    made_at(file, count).close()
    brought, new = SQLiteStore(file), SQLiteStore(None)
    assert schema(brought) == schema(new)
    brought.close()
    new.close()


def test_what_waited_to_be_sent_is_sent_after_an_upgrade(file):
    """The outbox of the first version goes on: the oldest of each conversation first."""
    old = made_at(file, 1)
    for seq, conversation, kind in ((1, "a", "x"), (2, "a", "x"), (3, "b", "x"), (4, "a", "message.send")):
        old.execute("INSERT INTO feed VALUES (?, 'demo', ?, ?, 0, '{}')", (seq, conversation, kind))
        old.execute("INSERT INTO outbox VALUES (?, 'demo', ?, ?, '', 0, 0, 0)", (seq, conversation, kind))
    old.close()
    store = SQLiteStore(file)
    assert sorted(push.seq for push in store.ready(9, 9)) == [1, 3, 4]
    with store.transaction():
        store.pushed(1)
    assert sorted(push.seq for push in store.ready(9, 9)) == [2, 3, 4]
    store.close()


def test_opening_again_changes_nothing(file, said):
    """Migrations run once; what was kept is there."""
    for number in range(3):
        store = SQLiteStore(file)
        with store.transaction():
            store.record([said()])
        assert len(list(store.facts_of("demo", "c1"))) == number + 1
        names = [row["name"] for row in store._db.table("migration").rows]
        assert names == [name for name, _ in migrations()]
        store.close()


def test_a_later_version_is_refused(file):
    """A database with a migration that we do not know is left alone, and the reason names it."""
    store = SQLiteStore(file)
    store._sql.execute("INSERT INTO migration (name) VALUES ('999_flying.sql')")
    store.close()
    with pytest.raises(StoreError, match=r"later version.*999_flying"):
        SQLiteStore(file)


def test_a_migration_that_breaks_leaves_the_schema_before_it(file, monkeypatch):
    """All of a migration or none."""
    good = migrations()
    broken = [*good, ("998_broken.sql", "CREATE TABLE half (a);\nCREATE TABLE half (a);\n")]
    monkeypatch.setattr("bot.store.migrations", lambda: broken)
    with pytest.raises(StoreError, match="half"):
        SQLiteStore(file)
    monkeypatch.setattr("bot.store.migrations", lambda: good)
    store = SQLiteStore(file)
    assert "half" not in {row[1] for row in schema(store)}
    store.close()


def test_a_migration_is_cut_into_its_statements():
    """Semicolons inside triggers, strings and comments do not end one."""
    trigger = "CREATE TRIGGER t AFTER DELETE ON a\nBEGIN\n  DELETE FROM b;\n  SELECT ';';\nEND;"
    script = f"-- one; two\nCREATE TABLE a (x);\n{trigger}\nCREATE TABLE c (x);\n"
    found = [statement.strip() for statement in _statements(script)]
    assert found == ["-- one; two\nCREATE TABLE a (x);", trigger, "CREATE TABLE c (x);"]


def test_a_full_disk_raises_and_recovers(file, said):
    """When no page is left nothing is kept and nothing breaks; once there is room again, it goes on."""
    store = SQLiteStore(file)
    pages = store._sql.execute("PRAGMA page_count").fetchone()[0]
    store._sql.execute(f"PRAGMA max_page_count = {pages}")

    def write() -> None:
        with store.transaction():
            store.set_alarm("demo", "c1", 1)
            store.record([said("长" * 20_000)])

    with pytest.raises(StoreError, match="full"):
        write()
    assert store.next_alarm() is None
    store._sql.execute("PRAGMA max_page_count = 100000")
    write()
    assert store.next_alarm() == 1
    assert store._sql.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()


def test_a_database_that_another_program_locks(file, said):
    """It raises instead of waiting for ever, and works when the other lets go."""
    store = SQLiteStore(file)
    store._sql.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"), store.transaction():
        store.record([said()])
    other.execute("ROLLBACK")
    other.close()
    with store.transaction():
        assert store.record([said()])
    store.close()


@pytest.mark.parametrize("content", [b"this is no database, whatever its name is" * 100, None])
def test_what_is_no_database_is_refused(file, content):
    """A file of something else, or a folder."""
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(StoreError):
        SQLiteStore(file)
    with contextlib.suppress(StoreError):  # a reader may notice when it reads
        SQLiteStore(file, readonly=True).close()


def test_a_reader_of_no_file_is_refused(file):
    """Reading makes no database."""
    with pytest.raises(StoreError):
        SQLiteStore(file, readonly=True)
    assert not file.exists()


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.feed("demo", 0, 9),
        lambda store: store.feed_end(),
        lambda store: store.ready(1, 1),
        lambda store: store.next_push(1),
        lambda store: store.alarms(1, 1),
        lambda store: store.conversation("demo", "c1"),
        lambda store: list(store.facts_of("demo", "c1")),
        lambda store: store.replies("demo", "c1"),
        lambda store: store.reply("demo", "c1", "r1"),
    ],
)
def test_what_cannot_be_read_raises_our_error(ask):
    """A damaged database is told in the store's own word, whatever is asked."""
    store = SQLiteStore(None)
    for table in ("feed", "alarm", "conversation", "fact", "reply", "outbox"):
        store._sql.execute(f"DROP TABLE {table}")
    with pytest.raises(StoreError, match="no such table"):
        ask(store)
    store.close()
