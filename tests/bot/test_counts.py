"""Counting on from where one was finds the waits that counting everything finds, and looks at next to nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import deadline, platforms, recount, talk
from bot.model import Conversation, Message

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
PLACES = [platforms.load(name).targets for name in platforms.names()]
ZONE = deadline.Zone("Asia/Shanghai")

_said = st.builds(
    Message,
    id=st.just("m"),
    at=st.integers(NINE, NINE + 4000) | st.integers(NINE, NINE + 5),
    role=st.sampled_from(["buyer", "buyer", "agent", "robot", "assisted", "system", "closed"]),
    kind=st.sampled_from(["text", "text", "card"]),
    recalled_at=st.none() | st.none() | st.integers(NINE + 4000, NINE + 5000),
)


class Judge(msgspec.Struct):
    """By what is counted."""

    targets: tuple[deadline.Target, ...]
    zone: deadline.Zone


@pytest.fixture
def eager(monkeypatch):
    """The first message is worth remembering."""
    monkeypatch.setattr(recount, "LONG", 1)


def judged(targets) -> list[deadline.Target]:
    """Those that are judged one by one."""
    return [target for target in targets if target.mean is None]


@pytest.mark.usefixtures("eager")
def test_the_waits_are_those_of_a_whole_count():
    """In whatever order messages come, with recalls, with other targets at times, and after messages were let go."""

    @given(st.lists(_said, max_size=14), st.booleans(), st.data())
    @settings(max_examples=150, deadline=None)
    def check(said, in_order, data):
        counts, conversation = recount.Counts(), Conversation("demo", "c1")
        for message in sorted(said, key=deadline.order) if in_order else said:
            judge = Judge(data.draw(st.sampled_from(PLACES[:2])), ZONE)
            conversation = talk.insert(conversation, message, judge)
            if len(conversation.messages) > 3 and data.draw(st.sampled_from([True, False, False])):
                settled = deadline.settle(conversation.messages[:1], judge.targets, ZONE, conversation.settled)
                conversation = msgspec.structs.replace(
                    conversation, messages=conversation.messages[1:], settled=settled
                )
            got = counts.waits(conversation, judge.targets, ZONE)
            whole = (conversation.messages, judged(judge.targets), ZONE, conversation.settled)
            assert got == deadline.waits_of(*whole)
            assert counts.waits(conversation, judge.targets, ZONE) == got

    check()


def test_a_message_more_is_all_that_is_counted(monkeypatch):
    """However long the conversation is; another one in between changes nothing."""
    counts, judge = recount.Counts(), Judge(platforms.load("pinduoduo").targets, ZONE)
    monkeypatch.setattr(talk, "HELD", 10_000)
    gone: list[int] = []
    run = deadline.Course.run
    monkeypatch.setattr(deadline.Course, "run", lambda course, said: gone.append(len(said)) or run(course, said))
    talks = [Conversation("demo", "c1"), Conversation("demo", "c2")]
    for number in range(60):
        message = Message(f"m{number}", NINE + number, "agent" if number % 3 == 2 else "buyer")
        talks = [talk.insert(one, message, judge) for one in talks]
        gone.clear()
        for one in talks:
            counts.waits(one, judge.targets, ZONE)
    assert set(gone) == {1}


def test_what_is_remembered_is_bounded(monkeypatch):
    """Conversations that nobody spoke in for long are forgotten."""
    monkeypatch.setattr(recount, "LONG", 1)
    monkeypatch.setattr(recount, "REMEMBERED", 5)
    counts = recount.Counts()
    for number in range(40):
        counts.waits(Conversation("demo", f"c{number}", messages=(Message("m1", NINE, "buyer"),)), PLACES[0], ZONE)
    assert len(counts._late) + len(counts._before) <= 10
