"""Counts that are kept as facts come: equal to a count of the whole day at any moment, however facts come."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import daybook, deadline, model, platforms, rates
from bot.daybook import Daybook, Daybooks
from bot.store import SQLiteStore, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

EIGHT = 1_795_219_200  # 2026-11-21 08:00:00 in Shanghai
ZONE = deadline.Zone("Asia/Shanghai")
DAY = ZONE.local(EIGHT)[0]
BASE = {"shop": "demo"}
CHANGED = {
    "douyin": {"session_reply_3min": {"judged": "mean"}},
    "kuaishou": {"human_reply_3min": {"closing_ends": True}},
}
GAPS = [0, 0, 1, 20, 31, 100, 175, 181, 700, 1801, 3601, 20_000]
STEPS = (
    ["buyer"] * 6
    + ["agent"] * 6
    + ["robot", "closed", "recall", "unknown", "draft", "delivered", "echo", "given", "undone"]
)


class Judged(NamedTuple):
    """What of a shop counts."""

    id: str
    targets: tuple[deadline.Target, ...]
    zone: deadline.Zone = ZONE


SHOPS = [
    Judged("demo", platforms.load(name, changes).targets)
    for name in platforms.names()
    for changes in (None, CHANGED.get(name))
]

HOUR = Judged("demo", platforms.load("pinduoduo").targets)


class Teller:
    """Makes facts up, one at a time."""

    def __init__(self, draw) -> None:
        """`draw`: from hypothesis."""
        self.draw, self.at, self.number = draw, EIGHT + draw(st.sampled_from([-86_400, -30_000, 0, 50_000])), 0
        self.said: list[str] = []
        self.drafts: list[str] = []

    def facts(self) -> Iterator[model.AnyFact]:  # noqa: C901 - one case a step
        """What one step tells."""
        draw, what = self.draw, self.draw(st.sampled_from(STEPS))
        self.at += draw(st.sampled_from(GAPS))
        self.number += 1
        name = f"{what}{self.number}"
        at = self.at - draw(st.sampled_from([0] * 12 + [50, 1000, 90_000]))
        place = {
            **BASE,
            "key": name,
            "conversation": draw(st.sampled_from(["c1", "c1", "c2"])),
            "at": at,
            "arrived": self.at,
        }
        agent = draw(st.sampled_from(["小快", "小慢", ""]))
        match what:
            case "buyer":
                self.said.append(name)
                buyer = draw(st.sampled_from(["b1", "b1", "b1", "", "b2"]))
                yield model.BuyerSaid(
                    **place, id=name, text="嗯", buyer=buyer, kind=draw(st.sampled_from(["text", "card"]))
                )
            case "agent" | "echo":
                reply = (
                    draw(st.sampled_from(self.drafts)) if what == "echo" and self.drafts and draw(st.booleans()) else ""
                )
                yield model.AgentSaid(**place, id=name, text=draw(st.sampled_from("甲乙")), agent=agent, reply_id=reply)
            case "robot":
                yield model.RobotSaid(**place, id=name, text="您好", assisted=draw(st.booleans()))
            case "closed":
                yield model.Closed(**place)
            case "recall" if self.said:
                yield model.Recalled(**place, id=draw(st.sampled_from(self.said)))
            case "draft":
                self.drafts.append(name)
                yield model.Drafted(**place, id=name, agent="小快", text=draw(st.sampled_from("甲乙")))
            case "delivered" if self.drafts:
                yield model.Delivered(**place, id=draw(st.sampled_from(self.drafts)))
            case "undone" if self.drafts:
                yield model.SendFailed(**place, id=draw(st.sampled_from(self.drafts)), reason="拒收", after=True)
            case "given":
                yield model.Assigned(**place, agent=agent)
            case "unknown":  # the recall of a message that comes later
                self.said.append(f"buyer{self.number + 1}")
                yield model.Recalled(**{**place, "conversation": ""}, id=f"buyer{self.number + 1}")


def keep(store, fact: model.AnyFact) -> None:
    """Record it as the engine does: what waited for a message is placed as that comes."""
    with store.transaction():
        store.record([fact])
        for change in store.unplaced("demo", "unknown", "unknown~") if isinstance(fact, model.BuyerSaid) else ():
            if change.id == fact.id:
                store.place(msgspec.structs.replace(change, conversation=fact.conversation))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_book_says_what_the_whole_count_says(data):
    """After any number of facts, in any order, with replies of ours, recalls, handovers: every target, every field."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(daybook, "LONG", data.draw(st.sampled_from([2, 6])))
        patch.setattr(daybook, "KEPT", 1)
        patch.setattr(daybook, "SLICE", 4)
        shop, store, teller = data.draw(st.sampled_from(SHOPS)), SQLiteStore(None), Teller(data.draw)
        book = Daybook(shop, DAY)
        for _ in range(data.draw(st.integers(1, 30))):
            for fact in teller.facts():
                keep(store, fact)
            if data.draw(st.booleans()):
                while not book.advance(store):
                    pass
                now = teller.at + data.draw(st.sampled_from([0, 40, 4000]))
                assert book.rates(now) == rates.of_day(store, shop, DAY, now)
        while not book.advance(store):
            pass
        assert book.rates(teller.at) == rates.of_day(store, shop, DAY, teller.at)
        store.close()


@pytest.fixture
def store():
    """A store in memory."""
    made = SQLiteStore(None)
    yield made
    made.close()


def ask(number: int, *, at: int = EIGHT, conversation: str = "c1") -> list[model.AnyFact]:
    """A question and its answer."""
    place = {"shop": "demo", "conversation": conversation, "text": "嗯"}
    return [
        model.BuyerSaid(**place, key=f"b{number}", id=f"b{number}", at=at, arrived=at),
        model.AgentSaid(**place, key=f"a{number}", id=f"a{number}", at=at + 1, arrived=at + 1),
    ]


def record(store, facts) -> None:
    """All in one transaction."""
    with store.transaction():
        store.record(facts)


def test_a_reading_costs_what_is_new(store, monkeypatch):
    """After a thousand messages of a talk, a further one is counted beside some dozens, and nothing is asked of the store."""
    book = Daybook(HOUR, DAY)
    record(store, [fact for number in range(500) for fact in ask(number, at=EIGHT + 2 * number)])
    while not book.advance(store):
        pass
    counted: list[int] = []
    waits = deadline.waits
    monkeypatch.setattr(daybook.deadline, "waits", lambda said, *more: counted.append(len(said)) or waits(said, *more))
    monkeypatch.setattr(store, "facts_within", None)
    record(store, ask(500, at=EIGHT + 2000))
    assert book.advance(store)
    assert max(counted) <= daybook.LONG + 2
    assert book.rates(EIGHT + 3000) == rates.of_day(store, HOUR, DAY, EIGHT + 3000)


def test_what_is_known_of_a_talk_does_not_grow(store):
    """Ten times the messages take no more room: in time and answered, nothing of them is left but sums."""
    book = Daybook(HOUR, DAY)
    sizes = []
    for start in (0, 200, 2000):
        record(store, [fact for number in range(start, start + 200) for fact in ask(number, at=EIGHT + 2 * number)])
        while not book.advance(store):
            pass
        sizes.append(len(book._pages["c1"]))
    assert sizes[2] < 1.1 * sizes[0] + 50


def test_a_store_that_fails_in_between_is_asked_again(store, monkeypatch):
    """What was counted before it broke is not counted twice."""
    book = Daybook(HOUR, DAY)
    record(store, ask(1))
    assert book.advance(store)
    record(store, [*ask(2, at=EIGHT + 10, conversation="c2"), *ask(3, at=EIGHT + 10, conversation="c3")])
    hear, broken = book._hear, ["c3"]

    def hears(store, conversation, *more):
        if conversation in broken:
            raise StoreError("disk I/O error")
        hear(store, conversation, *more)

    monkeypatch.setattr(book, "_hear", hears)
    with pytest.raises(StoreError):
        book.advance(store)
    broken.clear()
    assert book.advance(store)
    assert book.rates(EIGHT + 60) == rates.of_day(store, HOUR, DAY, EIGHT + 60)


def test_books_are_kept_open_as_long_as_they_are_asked_for():
    """Of each shop two days; a shop whose targets changed begins a new one, and so does one whose data was deleted."""
    books, shop, other = Daybooks(), HOUR, SHOPS[1]._replace(id="other")
    today = books.of(shop, DAY)
    books.of(other, DAY)
    books.of(shop, DAY - 1)
    assert books.of(shop, DAY) is today
    books.of(shop, DAY - 2)
    assert books.of(shop, DAY) is today
    assert books.of(shop._replace(targets=SHOPS[2].targets), DAY) is not today
    kept = books.of(other, DAY)
    books.close("demo")
    assert books.of(other, DAY) is kept
    assert books.of(shop, DAY) is not today
