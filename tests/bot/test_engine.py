"""A fact and all that follows from it become permanent together, once, or not at all."""

from __future__ import annotations

import logging
from copy import copy
from itertools import count
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import decide as deciding
from bot import model, talk
from bot.clock import VirtualClock
from bot.engine import AGAIN, Engine
from bot.shop import trial
from bot.store import SQLiteStore, StoreError
from bot.virtual import VirtualDriver

if TYPE_CHECKING:
    from bot.ports import Event
    from bot.shop import Shop

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
CALLBACK = "https://example.com/hook"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kuaihui.sqlite"


@pytest.fixture
def clock():
    return VirtualClock(NINE)


@pytest.fixture
def open_engine(shop, file, clock):
    """Open an engine on the file, as often as wanted; all are closed at the end."""
    opened: list[Engine] = []

    def make(**changes: object) -> Engine:
        made = Engine(SQLiteStore(file), {shop.id: shop, **changes}, clock)
        opened.append(made)
        return made

    yield make
    for engine in opened:
        engine.store.close()


@pytest.fixture
def engine(open_engine):
    return open_engine()


def commits(engine: Engine) -> list[str]:
    """The transactions that the engine's store makes from now on."""
    seen: list[str] = []
    engine.store._sql.set_trace_callback(lambda sql: seen.append(sql) if sql.startswith(("COMMIT", "ROLL")) else None)
    return seen


def feed(engine: Engine) -> list[Event]:
    """All that was told, without its numbers."""
    return [event._replace(seq=0) for event in engine.store.feed("demo", 0, 10_000)]


def kinds(engine: Engine) -> list[str]:
    return [event.type for event in engine.store.feed("demo", 0, 10_000)]


def pushes(engine: Engine) -> list[tuple[str, str]]:
    """Type and subject of everything that waits to be sent."""
    return engine.store._sql.execute("SELECT type, about FROM outbox ORDER BY seq").fetchall()


# A stream of facts: what happens, to whom, and how many seconds after the one before.
TEXTS = ("什么时候发货", "可以退货吗", "在吗", "谢谢", "")
happenings = st.lists(
    st.tuples(
        st.sampled_from(["buyer", "agent", "robot", "recall", "edit", "closed", "draft", "sent", "failed", "picture"]),
        st.sampled_from(["c1", "c2"]),
        st.sampled_from([0, 1, 20, 100, 1500, 3600]),
        st.sampled_from(TEXTS),
        st.integers(0, 7),
    ),
    max_size=14,
)


def facts_of(happened: list[tuple]) -> list[model.AnyFact]:
    """The facts, with times and ids of their own; the last number names an earlier message or reply."""
    at, made = NINE, []
    for number, (kind, conversation, later, text, other) in enumerate(happened):
        at += later
        base = {"shop": "demo", "key": f"k{number}", "conversation": conversation, "at": at, "arrived": at}
        made.append(_fact(kind, base, text, f"m{number}", f"m{other}"))
    return made


def _fact(kind: str, base: dict, text: str, own: str, earlier: str) -> model.AnyFact:
    match kind:
        case "buyer":
            return model.BuyerSaid(**base, id=own, text=text)
        case "picture":
            return model.BuyerSaid(**base, id=own, text="", kind="image")
        case "agent":
            return model.AgentSaid(**base, id=own, text=text)
        case "robot":
            return model.RobotSaid(**base, id=own, text=text)
        case "recall":
            return model.Recalled(**base, id=earlier)
        case "edit":
            return model.Edited(**base, id=earlier, text=text)
        case "closed":
            return model.Closed(**base)
        case "draft":
            return model.Drafted(**base, id=earlier, agent="客服", text=text or "好的")
        case "sent":
            return model.Delivered(**base, id=earlier)
        case _:
            return model.SendFailed(**base, id=earlier, reason="410")


def played(shop: Shop, facts: list[model.AnyFact], *, between=lambda _driver: None) -> list[Event]:
    """What is told of the facts, in order, up to the last alarm."""
    told: list[Event] = []
    driver = VirtualDriver({shop.id: shop}, told.append)
    for fact in facts:
        driver.put(fact)
        between(driver)
    driver.finish()
    driver.close()
    return told


@given(happenings, st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=8))
@settings(max_examples=40, deadline=None)
def test_what_comes_twice_changes_nothing(read_shop, happened, again):
    """The same facts again, at once or much later: the feed is the same."""
    facts = facts_of(happened)
    doubled = list(facts)
    for which, where in again:
        if which < len(facts):
            place = max(doubled.index(facts[which]) + 1, min(where, len(doubled)))
            doubled.insert(place, facts[which])
    assert played(read_shop, doubled) == played(read_shop, facts)


@given(happenings)
@settings(max_examples=40, deadline=None)
def test_what_is_forgotten_is_read_again(read_shop, happened):
    """A cold cache tells what a warm one tells; so does another engine on the same store after every fact."""
    facts = facts_of(happened)

    def begin_anew(driver: VirtualDriver) -> None:
        driver.engine = Engine(driver.engine.store, driver.engine.shops, driver.clock)

    warm = played(read_shop, facts)
    assert played(read_shop, facts, between=lambda driver: driver.engine._held.clear()) == warm
    assert played(read_shop, facts, between=begin_anew) == warm


@given(happenings, st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_in_one_commit_or_in_many(read_shop, happened, size):
    """Facts that share a commit tell what each would have told in one of its own."""
    facts = facts_of([(kind, to, 0, text, other) for kind, to, _, text, other in happened])
    engines = [Engine(SQLiteStore(None), {"demo": read_shop}, VirtualClock(NINE)) for _ in range(2)]
    for start in range(0, len(facts), size):
        engines[0].apply(facts[start : start + size])
        for fact in facts[start : start + size]:
            engines[1].apply([fact])
    assert feed(engines[0]) == feed(engines[1])
    for engine in engines:
        engine.store.close()


def test_one_transaction_a_batch(engine, said):
    """However many facts come together: one commit, and no fewer rows for it."""
    seen = commits(engine)
    outcomes = engine.apply([said(conversation=f"c{number % 7}") for number in range(50)])
    assert seen == ["COMMIT"]
    assert not any(outcome.duplicate or outcome.failed for outcome in outcomes)
    assert [event.seq for event in engine.told] == [event.seq for event in engine.store.feed("demo", 0, 100)]
    assert len(engine.told) == 50


def test_the_same_fact_twice_in_one_batch(engine, said):
    """The second is a duplicate, and answers with what the first offered."""
    fact = said()
    first, second = engine.apply([fact, fact])
    assert (first.duplicate, second.duplicate) == (False, True)
    assert second.conversation == first.conversation
    assert first.conversation.offered


@pytest.fixture
def breaks(monkeypatch):
    """Deciding breaks on every message and alarm of the conversation "bad"."""

    def decide(conversation, fact, of_shop):
        if fact.conversation == "bad":
            raise ZeroDivisionError
        return deciding.decide(conversation, fact, of_shop)

    monkeypatch.setattr("bot.engine.decide", decide)


@pytest.mark.usefixtures("breaks")
def test_a_fact_that_breaks_deciding_fails_alone(engine, said, caplog):
    """The others of its batch are kept and told; of it nothing is kept, so that it can be tried again."""
    facts = [said(conversation=name) for name in ("a", "bad", "b")]
    with caplog.at_level(logging.CRITICAL):
        outcomes = engine.apply(facts)
    assert [outcome.failed for outcome in outcomes] == [False, True, False]
    assert [event.conversation for event in engine.told] == ["a", "b"]
    assert engine.told == engine.store.feed("demo", 0, 9)
    assert list(engine.store.facts_of("demo", "bad")) == []
    assert engine.conversation("demo", "bad") is None


@pytest.mark.usefixtures("breaks")
def test_a_fact_that_broke_may_be_tried_again(engine, monkeypatch, said):
    """Once deciding works again the same fact is taken, not called a duplicate."""
    fact = said(conversation="bad")
    assert engine.apply([fact])[0].failed
    monkeypatch.undo()
    (outcome,) = engine.apply([fact])
    assert not outcome.failed
    assert not outcome.duplicate


def full(engine: Engine, *, yes: bool) -> None:
    """Fill the disk, or make room."""
    pages = engine.store._sql.execute("PRAGMA page_count").fetchone()[0] if yes else 1 << 30
    engine.store._sql.execute(f"PRAGMA max_page_count = {pages}")


def test_a_store_that_cannot_write_keeps_nothing(engine, said, shop):
    """Nothing is kept, told or remembered; afterwards everything goes on as if nothing had been."""
    before, lost, after = said(), said("可以退货吗" * 4000, id="m2"), said("在吗", id="m3")
    engine.apply([before])
    known, rows = engine.conversation("demo", "c1"), feed(engine)
    full(engine, yes=True)
    with pytest.raises(StoreError):
        engine.apply([said(conversation=f"c{n}", text="长" * 2000) for n in range(200)] + [lost])
    assert engine.told == []
    assert engine.conversation("demo", "c1") == known
    assert engine.conversation("demo", "c9") is None
    assert feed(engine) == rows
    full(engine, yes=False)
    assert [outcome.duplicate for outcome in engine.apply([lost, after])] == [False, False]
    undisturbed = Engine(SQLiteStore(None), {"demo": shop}, engine.clock)
    undisturbed.apply([before])
    undisturbed.apply([lost, after])
    assert feed(engine) == feed(undisturbed)
    undisturbed.store.close()


def test_what_is_not_kept_is_not_learned(engine, said, shop, monkeypatch):
    """A pick that the disk had no room for is learned once it is kept, and once."""
    learned: list[str] = []
    monkeypatch.setattr(shop, "learn", lambda act: learned.append(act.asked))
    (first,) = engine.apply([said()])
    script = first.conversation.offered[0].script
    pick = model.Picked(
        shop="demo", key="p1", conversation="c1", at=NINE + 1, arrived=NINE + 1, script=script, action="picked"
    )
    full(engine, yes=True)
    with pytest.raises(StoreError):
        engine.apply([pick, *(said(conversation=f"c{n}", text="长" * 2000) for n in range(200))])
    assert learned == []
    full(engine, yes=False)
    engine.apply([pick])
    assert learned == ["什么时候发货"]


def test_what_agents_did_survives_a_restart(open_engine, said, read_shop):
    """Picks, edits, what was ignored and what was taken back: a server that starts again ranks as the one that stopped."""
    first = trial("pinduoduo", [], "Asia/Shanghai")
    engine = open_engine(demo=first)
    (heard,) = engine.apply([said("包装结实吗")])
    scripts = [script.id for script in first.matcher.library.scripts[:4]]
    for number, (script, action, agent) in enumerate(
        [
            *((scripts[0], "picked", agent) for agent in ("01", "02", "02")),
            (scripts[1], "edited", "01"),
            (scripts[2], "ignored", "03"),
            (scripts[3], "picked", "01"),
            (scripts[3], "withdrawn", "01"),
        ]
    ):
        at = NINE + number * 86_400
        pick = {"shop": "demo", "key": f"p{number}", "conversation": "c1", "at": at, "arrived": at, "agent": agent}
        engine.apply([model.Picked(**pick, script=script, action=action)])
    again = trial("pinduoduo", [], "Asia/Shanghai")
    open_engine(demo=again)
    assert first.lessons.listed() == again.lessons.listed()
    assert [(lesson.script, lesson.adopted) for lesson in again.lessons.listed()] == [
        (scripts[0], True),
        (scripts[1], False),
    ]
    day = first.zone.local(NINE)[0] + 40
    leans = [[shop.lessons.popularity.lean(script, day) for script in scripts] for shop in (first, again)]
    assert leans[0] == leans[1]
    assert leans[0][0] > leans[0][1] > 0 > leans[0][2]
    asked = {"context": {}, "at": NINE + 7 * 86_400}
    assert first.suggest(["包装结实吗"], **asked) == again.suggest(["包装结实吗"], **asked)
    assert read_shop.suggest(["包装结实吗"], **asked) == heard.conversation.offered


def test_what_is_taken_back_after_the_answer_is_about_what_was_answered(engine, shop, said):
    """Feedback that comes when the agent has answered is about the question answered, not about nothing."""
    (heard,) = engine.apply([said("包装结实吗")])
    offered = heard.conversation.offered[0]
    answer = said(offered.text or "", kind=model.AgentSaid, at=NINE + 5, agent="01")
    engine.apply([answer])
    assert [(lesson.text, lesson.agents) for lesson in shop.lessons.listed()] == [("包装结实吗", ("01",))]
    back = {"shop": "demo", "key": "p1", "conversation": "c1", "at": NINE + 9, "arrived": NINE + 9, "agent": "01"}
    engine.apply([model.Picked(**back, script=offered.script, action="withdrawn")])
    assert shop.lessons.listed() == ()


@pytest.mark.usefixtures("breaks")
def test_what_was_kept_one_by_one_is_told_although_the_store_fails_then(engine, monkeypatch, said):
    """A batch with a fact that breaks, on a disk that fills up meanwhile: what is on the disk is told, the rest failed."""
    facts = [said(conversation=name) for name in ("a", "bad", "b", "c")]
    times, begin = count(1), engine.store.transaction

    def transaction():
        if next(times) > 3:  # the batch, a, bad
            raise StoreError("database or disk is full")
        return begin()

    monkeypatch.setattr(engine.store, "transaction", transaction)
    outcomes = engine.apply(facts)
    assert [outcome.failed for outcome in outcomes] == [False, True, True, True]
    assert engine.told == engine.store.feed("demo", 0, 9)
    assert [event.conversation for event in engine.told] == ["a"]


def ring_until(engine: Engine, clock: VirtualClock, at: int) -> None:
    """Let time pass second by second of its alarms."""
    while (alarm := engine.store.next_alarm()) is not None and alarm <= at:
        clock.move_to(alarm)
        engine.fire()
    clock.move_to(at)


def test_alarms_outlive_the_engine(open_engine, clock, said):
    """A new engine on the same file rings what the old one armed: each stage once, the miss once."""
    engine = open_engine()
    engine.apply([said()])
    for at in range(NINE, NINE + 4000, 37):
        ring_until(engine, clock, at)
        if at % 3 == 0:
            engine.store.close()
            engine = open_engine()
    warned = [msgspec.json.decode(event.data) for event in feed(engine) if event.type == "deadline.warning"]
    assert sorted((each["target"], each["stage"]) for each in warned) == [
        ("effective_reply_1h", 180),
        ("effective_reply_1h", 600),
        ("effective_reply_1h", 1800),
        ("human_reply_3min", 30),
        ("human_reply_3min", 80),
    ]
    assert kinds(engine).count("deadline.missed") == 3
    assert engine.store.next_alarm() is None


def test_no_alarm_after_an_answer(engine, clock, said):
    """An answer takes the alarm back."""
    engine.apply([said(), said("好的", kind=model.AgentSaid, at=NINE + 5)])
    assert engine.store.next_alarm() is None
    clock.move_to(NINE + 9999)
    assert engine.fire() == 0


def test_an_alarm_that_breaks_is_put_off_and_the_others_ring(engine, monkeypatch, clock, said, request):
    """One conversation that cannot be decided stops nobody's warnings; it is looked at again later."""
    engine.apply([said(conversation=name, at=NINE) for name in ("a", "bad", "b")])
    clock.move_to(NINE + 101)
    request.getfixturevalue("breaks")
    assert engine.fire() == 3
    warned = [event.conversation for event in engine.told]
    assert sorted(set(warned)) == ["a", "b"]
    assert ("demo", "bad", NINE + 101 + AGAIN) in engine.store.alarms(NINE + 9999, 9)
    assert engine.store.next_alarm() > NINE + 101
    monkeypatch.undo()
    clock.move_to(NINE + 101 + AGAIN)
    engine.fire()
    assert "bad" in {event.conversation for event in engine.told}


def test_alarms_of_a_shop_that_is_not_served_are_kept(open_engine, file, clock, said):
    """A shop left out of the config for a while: its alarms wait, and ring once it is back."""
    open_engine().apply([said()])
    other = Engine(SQLiteStore(file), {}, clock)
    clock.move_to(NINE + 101)
    other.fire()
    assert other.told == []
    assert other.store.next_alarm() > NINE + 101
    other.store.close()
    engine = open_engine()
    clock.move_to(engine.store.next_alarm())
    engine.fire()
    assert {event.type for event in engine.told} == {"deadline.missed", "deadline.warning"}


def test_a_fact_of_a_shop_that_is_not_served_fails(engine, said):
    """Nothing of it is kept: what its outbox holds is told when it is served again."""
    (outcome,) = engine.apply([said(shop="gone")])
    assert outcome.failed
    assert list(engine.store.facts_of("gone", "c1")) == []


def test_a_second_writer_is_noticed(open_engine, said):
    """Two programs on one file: what the other wrote is never overwritten; who comes second reads it and tries again."""
    one, two = open_engine(), open_engine()
    one.apply([said(id="m1")])
    two.apply([said(id="m2")])
    with pytest.raises(StoreError, match="another program"):
        one.apply([said(id="m3")])
    (outcome,) = one.apply([said(id="m3")])
    assert [message.id for message in outcome.conversation.messages] == ["m1", "m2", "m3"]


def test_a_fact_that_waited_behind_an_alarm_has_nothing_told_twice(engine, clock, said):
    """A message that arrived in the second before a stage, and is decided after it: the stage is not given again."""
    engine.apply([said()])
    for stage in (NINE + 100, NINE + 150, NINE + 181, NINE + 1800):
        clock.move_to(stage)
        engine.fire()
        told = len(feed(engine))
        engine.apply([said("在吗", at=stage - 1), said("在吗", at=stage - 1)])
        engine.fire()
        assert [event.type for event in feed(engine)[told:]] == ["suggestion.created"] * 2


@pytest.fixture
def called(shop):
    """The shop has a callback, so that what is told is also to be sent."""
    shop.callback_url = CALLBACK


@pytest.mark.usefixtures("called")
def test_only_the_newest_suggestion_waits_to_be_sent(engine, said):
    """Each replaces what was not yet delivered of the one before it, also an empty one."""
    engine.apply([said(), said("可以退货吗")])
    assert pushes(engine) == [("suggestion.created", "")]
    engine.apply([said("好的，这就为您查", kind=model.AgentSaid, at=NINE + 1)])
    assert pushes(engine).count(("suggestion.created", "")) == 1
    assert engine.posted


@pytest.mark.usefixtures("called")
def test_a_warning_is_dropped_with_its_wait(engine, clock, said):
    """A miss drops the warnings of its own wait, not those of the other waits that still run."""
    engine.apply([said()])
    clock.move_to(NINE + 1801)  # a server that was down: two waits are missed, the third is warned of, all at once
    engine.fire()
    warnings = [about for kind, about in pushes(engine) if kind == "deadline.warning"]
    assert warnings == ["effective_reply_1h"]
    assert [kind for kind, _ in pushes(engine)].count("deadline.missed") == 2
    engine.apply([said("亲，今天发出", kind=model.AgentSaid, at=NINE + 1900)])
    assert "deadline.warning" not in [kind for kind, _ in pushes(engine)]
    assert [kind for kind, _ in pushes(engine)].count("deadline.cleared") == 3


@pytest.mark.usefixtures("called")
def test_a_warning_of_the_next_wait_survives(engine, clock, said):
    """A late answer ends an old wait: what was said of the wait that is running now still goes out."""
    engine.apply([said(at=NINE), said("在吗", at=NINE + 300)])
    ring_until(engine, clock, NINE + 300)
    engine.apply([said("您好", kind=model.AgentSaid, at=NINE + 200), said("还在吗", at=NINE + 301)])
    ring_until(engine, clock, NINE + 401)
    assert ("deadline.warning", "human_reply_3min") in pushes(engine)
    engine.apply([said("您好", kind=model.AgentSaid, at=NINE + 100, id="late")])
    assert ("deadline.warning", "human_reply_3min") in pushes(engine)


def test_nothing_is_posted_without_a_callback(engine, clock, said):
    """A shop that only listens to the feed has an empty outbox."""
    engine.apply([said()])
    ring_until(engine, clock, NINE + 4000)
    assert pushes(engine) == []


@pytest.mark.usefixtures("called")
def test_a_reply_that_arrived_is_told_once(engine, said):
    """Its delivery and its echo say the same; what came first is told, and nothing makes it fail afterwards."""
    draft = said("亲，今天会发出", kind=model.AgentSaid)
    fields = {"shop": "demo", "conversation": "c1", "at": NINE + 5, "arrived": NINE + 5, "id": "r1"}
    engine.apply([said(), model.Drafted(key="d1", agent="客服", text=draft.text, **fields)])
    assert ("message.send", "r1") in pushes(engine)
    engine.apply([said(draft.text, kind=model.AgentSaid, at=NINE + 6, reply_id="r1")])
    assert kinds(engine).count("message.sent") == 1
    assert ("message.send", "r1") not in pushes(engine)
    engine.apply([model.Delivered(key="x1", **fields), model.SendFailed(key="x2", reason="timeout", **fields)])
    assert kinds(engine).count("message.sent") == 1
    assert kinds(engine).count("message.failed") == 0
    assert engine.store.reply("demo", "c1", "r1").state == "sent"


def test_a_batch_reads_its_conversations_at_once(open_engine, said, monkeypatch):
    """Whether they are known, new or named twice; what follows is the same as one by one."""
    open_engine().apply([said(conversation=name) for name in "abc"])
    engine = open_engine()
    monkeypatch.setattr(engine.store, "conversation", None)
    outcomes = engine.apply([said(conversation=name) for name in "abcdd"])
    assert [len(outcome.conversation.messages) for outcome in outcomes] == [2, 2, 2, 1, 2]
    assert [outcome.conversation.version for outcome in outcomes] == [2, 2, 2, 1, 2]


def test_the_store_is_asked_for_alarms_only_when_one_may_be_due(engine, clock, said, monkeypatch):
    """Between facts nobody looks for alarms that cannot be due; one that was armed since is found."""
    assert engine.due(clock.now()) is None
    engine.apply([said()])
    first = engine.store.next_alarm()
    asked = []
    look = engine.store.next_alarm
    monkeypatch.setattr(engine.store, "next_alarm", lambda: asked.append(1) or look())
    assert [engine.due(at) for at in (NINE, first - 1)] == [None, None]
    assert asked == []
    assert engine.due(first) == first
    clock.move_to(first)
    engine.fire()
    assert engine.due(first) is None


def test_conversations_beyond_the_cache_are_not_lost(open_engine, monkeypatch, said):
    """The cache is bounded; what falls out of it is read again."""
    monkeypatch.setattr("bot.held.REMEMBERED", 3)
    engine = open_engine()
    for name in "abcdefab":
        engine.apply([said(conversation=name)])
    assert len(engine._held) == 3
    assert [len(engine.conversation("demo", name).messages) for name in "abcdef"] == [2, 2, 1, 1, 1, 1]


def test_long_conversations_take_no_more_room_than_short_ones(open_engine, monkeypatch, said):
    """The cache is bounded by messages too: few long conversations push others out, and what was pushed out goes on."""
    monkeypatch.setattr("bot.held.MESSAGES", 6)
    engine = open_engine()
    for name in "abcaaabcbbc":
        engine.apply([said(conversation=name)])
        conversations = [engine._held.get(("demo", name)) for name in "abc"]
        assert engine._held.messages == sum(len(each.messages) for each in conversations if each) <= 6
    assert [len(engine.conversation("demo", name).messages) for name in "abc"] == [4, 4, 3]


def test_what_is_held_stops_growing(open_engine, said):
    """However long a conversation goes on within the minutes that the guard looks back, what is held of it is bounded."""
    engine, kinds = open_engine(), (model.BuyerSaid, model.AgentSaid)
    for start in range(0, 400, 50):
        numbers = range(start, start + 50)
        engine.apply([said(f"第{n}句", kind=kinds[n % 2], at=NINE + n // 4, arrived=NINE + n // 4) for n in numbers])
    held = engine.conversation("demo", "c1")
    assert len(held.messages) == engine._held.messages <= 2 * talk.HELD + talk.HELD_AFTER_CUT


def test_shops_do_not_meet(open_engine, shop, said):
    """The same conversation and message ids in two shops are two conversations."""
    other = copy(shop)
    other.id = "other"
    engine = open_engine(other=other)
    engine.apply([said(id="m1"), said("可以退货吗", id="m1", shop="other")])
    assert [fact.text for fact in engine.store.facts_of("demo", "c1")] == ["什么时候发货"]
    assert [fact.text for fact in engine.store.facts_of("other", "c1")] == ["可以退货吗"]
    assert {event.shop for event in engine.store.feed("demo", 0, 9)} == {"demo"}
