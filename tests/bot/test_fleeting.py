"""The store of a replay tells what the store at rest would tell, with facts that break, alarms and more talks than it holds."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import AgentSaid, BuyerSaid, Conversation
from bot.ports import LostDay
from bot.store import SQLiteStore, StoreError, fleeting
from bot.store.fleeting import FleetingStore
from bot.virtual import VirtualDriver


class Broken(Exception):
    """What a transaction is undone for."""


@pytest.fixture
def store():
    made = FleetingStore()
    yield made
    made.close()


def fact(number: int) -> BuyerSaid:
    """One of a few conversations."""
    place = {"shop": "demo", "key": f"k{number}", "conversation": f"c{number % 4}", "at": number, "arrived": number}
    return BuyerSaid(**place, id=f"m{number}", text=f"第{number}句")


def seen(store, facts) -> tuple[object, ...]:
    """All that can be asked for."""
    talks = [store.conversation("demo", f"c{number}") for number in range(4)]
    return (
        talks,
        store.next_alarm(),
        store.alarms(50, 2),
        store.alarms(99, 9),
        list(store.facts_between("demo", 0, 1 << 60)),
        [store.conversation_of("demo", one.key) for one in facts],
        store.lost_elsewhere("demo", "b", "t", 1, "c9"),
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),  # is it undone?
            st.lists(
                st.tuples(
                    st.integers(0, 3), st.one_of(st.none(), st.integers(0, 99)), st.integers(0, 30), st.booleans()
                ),
                max_size=4,
            ),
        ),
        max_size=12,
    )
)
def test_it_holds_what_the_other_holds(doings):
    """After any transactions, kept and undone, of few conversations held, both stores say the same."""
    held = fleeting.HELD
    fleeting.HELD = 1
    facts = [fact(number) for number in range(31)]
    both = (SQLiteStore(None), FleetingStore())
    try:
        for undone, deeds in doings:
            for store in both:
                with contextlib.suppress(Broken), store.transaction():
                    do(store, deeds, facts)
                    if undone:
                        raise Broken
            assert seen(both[0], facts) == seen(both[1], facts)
    finally:
        fleeting.HELD = held
        for store in both:
            store.close()


def do(store, deeds, facts) -> None:
    """Facts, conversations, alarms and lost days, as the engine writes them."""
    for talk, alarm, number, lost in deeds:
        name = f"c{talk}"
        store.record([facts[number]])
        before = store.conversation("demo", name) or Conversation("demo", name)
        store.keep(Conversation("demo", name, version=before.version + 1, buyer=str(number)), due=alarm)
        store.set_alarm("demo", name, alarm)
        place = LostDay("b", "t", 1, name, number)
        (store.lose if lost else store.unlose)("demo", place)
        store.tell("demo", name, "x", 1, "{}")


def test_writes_stand_inside_a_transaction(store):
    """Outside of one nothing is kept, and a version that is not the next is refused."""
    for write in (
        lambda: store.keep(Conversation("demo", "c1", version=1), due=None),
        lambda: store.set_alarm("demo", "c1", 1),
        lambda: store.tell("demo", "c1", "x", 1, "{}"),
    ):
        with pytest.raises(StoreError, match="transaction"):
            write()
    with store.transaction():
        store.keep(Conversation("demo", "c1", version=1), due=None)
        with pytest.raises(StoreError, match="newer"):
            store.keep(Conversation("demo", "c1", version=3), due=None)


def test_who_asks_in_between_may_still_undo(store):
    """A question that needs the rows has them written; undone, everything is as it was."""
    with store.transaction():
        store.keep(Conversation("demo", "c1", version=1), due=5)
    with contextlib.suppress(Broken), store.transaction():
        store.keep(Conversation("demo", "c1", version=2), due=7)
        assert [held.version for held in store.waiting("demo", 9)] == [2]
        raise Broken
    assert store.conversation("demo", "c1").version == 1
    assert [held.version for held in store.waiting("demo", 9)] == [1]


def test_alarms_set_again_and_again_take_no_room(store):
    """What is no alarm any more is let go of, however often it is set anew."""
    for at in range(3 * fleeting.HELD):
        with store.transaction():
            store.set_alarm("demo", "c1", at)
    assert len(store._ring) <= fleeting.HELD + 3
    assert store.next_alarm() == 3 * fleeting.HELD - 1


def test_the_engine_tells_the_same_on_it(said, shop_on):
    """Facts with their alarms cause the same events, in the same order, on both stores."""
    told = ([], [])
    for heard, store in zip(told, (SQLiteStore(None), FleetingStore()), strict=True):
        driver = VirtualDriver({"demo": shop_on("pinduoduo")}, heard.append, store=store)
        driver.put(said("在吗", id="m1"))
        driver.put(said("什么时候发货", id="m2", at=1_795_222_900))
        driver.put(said("什么时候发货", id="m2", at=1_795_222_900))
        driver.put(said("加我微信 abc88990", kind=AgentSaid, id="a1", at=1_795_226_000))
        driver.put(said("好的", id="m3", at=1_795_227_000))
        driver.finish()
        driver.close()
    assert told[0] == told[1]
    assert {event.type for event in told[0]} > {"deadline.warning", "deadline.missed", "violation.seen"}
