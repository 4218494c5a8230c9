"""The clock: what is counted in pieces equals a slow, obvious recount of the whole."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import deadline, history, model, rates
from bot.deadline import Sessions, Target, Window, Zone
from bot.model import Message
from bot.virtual import VirtualDriver

if TYPE_CHECKING:
    from collections.abc import Sequence

SHANGHAI = Zone("Asia/Shanghai")
START = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
HOUR = Target(
    name="effective_reply_1h",
    label="",
    limit=3600,
    window=Window(8 * 3600, 23 * 3600, end_included=True),
    counted="buyer_day",
    stages=(1800, 600, 180),
    answers=("agent",),
    starts=frozenset(get_args(model.Kind)),
    sessions=Sessions(),
    pass_line=0.5,
    smallest=100,
    consequence="",
    source="",
    sure="",
)


def recount(messages: Sequence[Message]) -> list[tuple[int, int | None]]:
    """(start, answered) of every wait by the words of the rule, looking at every earlier message each time."""
    said = [m for m in messages if m.role in ("buyer", "agent")]

    def answer(of: Message) -> int | None:
        later = [m.at for m in said if m.role == "agent" and m.at >= of.at]
        return min(later, default=None)

    def local(at: int) -> datetime:
        return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo("Asia/Shanghai"))

    def counts(of: Message) -> bool:
        if of.role != "buyer" or (of.recalled_at is not None and (answer(of) or of.recalled_at + 1) > of.recalled_at):
            return False
        clock = local(of.at).strftime("%H:%M:%S")
        return "08:00:00" <= clock <= "23:00:00"

    asked = sorted((m for m in said if counts(m)), key=lambda m: m.at)
    found: list[tuple[int, int | None]] = []
    for question in asked:
        answered = answer(question)
        joins = any(
            end == answered and (question.at <= start + 3600 or local(question.at).date() == local(start).date())
            for start, end in found
        )
        if not joins:
            found.append((question.at, answered))
    return found


@st.composite
def conversations(draw):
    """Some messages over up to three days, dense around the edges of the rule."""
    gaps = st.sampled_from([0, 1, 59, 600, 1799, 1800, 3599, 3600, 3601, 7200, 30_000, 50_000])
    at = START + draw(st.integers(-86_400, 86_400))
    messages = []
    for number in range(draw(st.integers(1, 14))):
        at += draw(gaps)
        role = draw(st.sampled_from(["buyer", "buyer", "buyer", "agent", "agent", "robot", "system"]))
        recalled = draw(st.sampled_from([None, None, None, 0, 1, 700, 4000])) if role == "buyer" else None
        messages.append(Message(f"m{number}", at, role, recalled_at=None if recalled is None else at + recalled))
    return messages


@given(conversations())
@settings(max_examples=300, deadline=None)
def test_waits_equal_a_recount(messages):
    """Waits and their answers are those that the rule's words give, message by message."""
    counted = deadline.waits(messages, HOUR, SHANGHAI)
    assert sorted((wait.start, wait.answered) for wait in counted) == sorted(recount(messages))


def facts_of(messages: Sequence[Message], lags: Sequence[int]) -> list[model.AnyFact]:
    """The messages and recalls as facts, each arriving some time after it was sent."""
    kinds = {"buyer": model.BuyerSaid, "agent": model.AgentSaid, "robot": model.RobotSaid, "system": model.SystemSaid}
    facts: list[model.AnyFact] = []
    for message, lag in zip(messages, lags, strict=True):
        base = {"shop": "demo", "conversation": "c", "at": message.at, "arrived": message.at + lag}
        facts.append(kinds[message.role](**base, key=message.id, id=message.id, text="嗯", kind="emotion"))
        if message.recalled_at is not None:
            at = message.recalled_at
            facts.append(model.Recalled(**{**base, "at": at, "arrived": at + lag}, key=f"r{message.id}", id=message.id))
    return sorted(facts, key=lambda fact: fact.arrived)


def play(shop, facts: Sequence[model.AnyFact]) -> tuple[list[dict[str, object]], rates.Rate]:
    """What the engine tells of `facts`, and the rate at the end."""
    told: list[dict[str, object]] = []
    shop = copy(shop)
    shop.targets = (HOUR,)
    driver = VirtualDriver({"demo": shop}, lambda e: told.append({"type": e.type, **msgspec.json.decode(e.data)}))
    for fact in facts:
        driver.put(fact)
    driver.finish()
    lines = tuple(history.lines(driver.engine.store.facts_between("demo", 0, 1 << 60)))
    counted = rates.rate(lines, HOUR, SHANGHAI, now=int(driver.clock.now()))
    driver.close()
    return told, counted


@given(messages=conversations(), data=st.data())
@settings(max_examples=120, deadline=None)
def test_rates_follow_the_facts_however_late_they_come(read_shop, messages, data):
    """The order in which facts arrive changes nothing of the rate."""
    lags = data.draw(st.lists(st.sampled_from([0, 0, 1, 5, 900, 4000]), min_size=len(messages), max_size=len(messages)))
    _, counted = play(read_shop, facts_of(messages, lags))
    days = {}
    for start, answered in recount(messages):
        in_time = answered is not None and answered <= start + 3600
        days.setdefault(SHANGHAI.local(start)[0], []).append(in_time)
    assert (counted.population, counted.met) == (len(days), sum(all(day) for day in days.values()))


@given(messages=conversations())
@settings(max_examples=150, deadline=None)
def test_warnings_are_those_of_the_waits_that_pass_a_mark(read_shop, messages):
    """Told in time, each stage is given once at its mark to the waits that reach it, and to no other."""
    messages = [msgspec.structs.replace(message, recalled_at=None) for message in messages]
    told, _ = play(read_shop, facts_of(messages, [0] * len(messages)))
    given_stages = [(one["start"], one["stage"], one["at"]) for one in told if one["type"] == "deadline.warning"]
    missed = [one["start"] for one in told if one["type"] == "deadline.missed"]

    def iso(at: int) -> str:
        return datetime.fromtimestamp(at, ZoneInfo("Asia/Shanghai")).isoformat()

    wanted = [
        (iso(start), stage, iso(start + 3600 - stage))
        for start, answered in recount(messages)
        for stage in HOUR.stages
        if answered is None or answered > start + 3600 - stage
    ]
    late = [iso(start) for start, answered in recount(messages) if answered is None or answered > start + 3600]
    assert sorted(given_stages) == sorted(wanted)
    assert sorted(missed) == sorted(late)


@pytest.mark.parametrize("name", ["Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu", "UTC"])
def test_local_time_is_that_of_the_zone(name):
    """Days and seconds agree with the calendar, over a change of summer time and a leap day."""
    zone, info = Zone(name), ZoneInfo(name)
    for begin in (
        datetime(2024, 2, 28, tzinfo=UTC),
        datetime(2026, 3, 28, tzinfo=UTC),
        datetime(2026, 10, 24, tzinfo=UTC),
    ):
        for step in range(0, 3 * 86_400, 1111):
            instant = begin + timedelta(seconds=step)
            local = instant.astimezone(info)
            day, second = zone.local(int(instant.timestamp()))
            assert day == local.toordinal() - datetime(1970, 1, 1, tzinfo=UTC).toordinal()
            assert second == local.hour * 3600 + local.minute * 60 + local.second


def test_a_flood_without_answer_stays_bounded_and_keeps_its_start(driver, said):
    """Thousands of messages of one buyer leave a small state, and the wait still begins at the first."""
    for number in range(1500):
        driver.put(said("在吗", at=START + number))
    held = driver.engine.conversation("demo", "c1")
    assert len(held.messages) < 200
    assert {wait.start for wait in held.waits} == {START}


def test_a_long_conversation_stays_bounded(driver, said):
    """A conversation of thousands of messages keeps what may still matter, and counts as ever."""
    for number in range(800):
        driver.put(said("在吗", at=START + 20 * number))
        driver.put(said("在的", at=START + 20 * number + 10, kind=model.AgentSaid))
    held = driver.engine.conversation("demo", "c1")
    assert len(held.messages) < 200
    assert all(wait.answered is not None for wait in held.waits)
