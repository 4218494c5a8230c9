"""A buyer's day that is lost in one conversation is lost in all of them, and in no other buyer's, target's or day's."""

from __future__ import annotations

import msgspec
import pytest

from bot import model
from bot.ports import LostDay
from bot.store import SQLiteStore

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
DAY = 86_400


@pytest.fixture
def hour(shop):
    """The shop judged by the one-hour rule alone."""
    shop.targets = tuple(target for target in shop.targets if target.name == "effective_reply_1h")
    return shop


def ask(driver, said, conversation, *, at=NINE, buyer="b", answered=None):
    """A buyer asks, and is answered so many seconds after, or not."""
    driver.put(said(at=at, buyer=buyer, conversation=conversation))
    if answered is not None:
        driver.put(said("在的", at=at + answered, conversation=conversation, kind=model.AgentSaid))


def warned(told, conversation):
    """Of each warning of a conversation: does it say that the day is lost?"""
    shown = [msgspec.json.decode(event.data) for event in told if event.type == "deadline.warning"]
    return [data.get("lost", False) for data in shown if data["conversation"] == conversation]


@pytest.mark.usefixtures("hour")
@pytest.mark.parametrize(
    ("other", "lost"),
    [
        ({"conversation": "c2"}, True),
        ({"conversation": "c2", "buyer": "somebody"}, False),
        ({"conversation": "c2", "at": NINE + DAY}, False),
    ],
)
def test_a_day_is_lost_for_its_buyer(driver, said, told, other, lost):
    """After a late answer in one conversation, warnings of his others say so that day."""
    ask(driver, said, "c1", answered=3700)
    ask(driver, said, **{"at": NINE + 4000, **other})
    driver.finish()
    assert warned(told, "c2") == [lost] * 3


@pytest.mark.usefixtures("hour")
def test_what_is_settled_stays_lost(driver, said, told):
    """A long talk later, when the late wait is no longer held, the day is still lost elsewhere."""
    ask(driver, said, "c1", answered=3700)
    for number in range(100):
        ask(driver, said, "c1", at=NINE + 4000 + 30 * number, answered=10)
    assert driver.engine.conversation("demo", "c1").settled is not None
    ask(driver, said, "c2", at=NINE + 9000)
    driver.finish()
    assert warned(told, "c2") == [True] * 3


@pytest.mark.usefixtures("hour")
def test_a_buyer_who_is_named_later_has_lost_his_day(driver, said, told):
    """The day goes over to whom the conversation turns out to be of."""
    ask(driver, said, "c1", buyer="", answered=3700)
    ask(driver, said, "c1", at=NINE + 3900, answered=10)
    ask(driver, said, "c2", at=NINE + 4000)
    driver.finish()
    assert warned(told, "c2") == [True] * 3


def test_rounds_and_sessions_are_not_days(driver, shop_on, shop, said, told):
    """Where no day is counted, no other conversation is concerned."""
    shop.targets = shop_on("taobao").targets
    ask(driver, said, "c1", answered=300)
    ask(driver, said, "c2", at=NINE + 400)
    driver.finish()
    assert warned(told, "c2") == [False] * 2


def test_a_store_remembers_lost_days():
    """Recorded once, asked for by buyer, target and day, of other conversations only; and taken back."""
    store = SQLiteStore(None)
    lost = LostDay("b", "t", 5, "c1", 77)
    with store.transaction():
        store.lose("demo", lost)
        store.lose("demo", lost)
        store.lose("demo", lost._replace(start=88))
    assert store.lost_elsewhere("demo", "b", "t", 5, "c2")
    for other in (("x", "b", "t", 5, "c2"), ("demo", "x", "t", 5, "c2"), ("demo", "b", "x", 5, "c2")):
        assert not store.lost_elsewhere(*other)
    assert not store.lost_elsewhere("demo", "b", "t", 6, "c2")
    assert not store.lost_elsewhere("demo", "b", "t", 5, "c1")
    with store.transaction():
        store.unlose("demo", lost)
    assert store.lost_elsewhere("demo", "b", "t", 5, "c2")
    with store.transaction():
        store.unlose("demo", lost._replace(start=88))
    assert not store.lost_elsewhere("demo", "b", "t", 5, "c2")
