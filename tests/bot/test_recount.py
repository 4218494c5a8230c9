"""Every target of every platform, and every switch of theirs: the clock and the rates equal the slow, obvious count."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recounted import Log, figures

from bot import deadline, history, logrates, model, platforms, rates, talk, wire
from bot.model import Message
from bot.pile import Pile
from bot.virtual import VirtualDriver

if TYPE_CHECKING:
    from collections.abc import Sequence

ZONES = ("Asia/Shanghai", "Europe/Berlin")
START = 1_774_652_400  # 2026-03-28 00:00 in Berlin, the day before its summer time begins
CHANGES = {
    "pinduoduo": {"effective_reply_1h": {"closing_ends": True}},
    "jd": {"first_reply_30s": {"first_only": False}},
    "douyin": {"session_reply_3min": {"judged": "mean"}},
    "taobao": {"round_mean": {"mean": {"cap": 600, "unanswered": "left_out"}}},
    "kuaishou": {"human_reply_3min": {"answers": ["agent", "assisted", "robot"], "starts": ["text", "card"]}},
}
TARGETS = [
    target
    for name in platforms.names()
    for changes in (None, CHANGES.get(name))
    for target in platforms.load(name, changes).targets
]
GAPS = [0, 1, 29, 30, 31, 100, 150, 180, 181, 600, 601, 1800, 1801, 3000, 3600, 3601, 7200, 28_800, 40_000]


class Talk(msgspec.Struct):
    """One conversation: whose, what was said, and when what was said arrived after that."""

    name: str
    buyer: str
    messages: list[Message]
    lags: list[int]
    given: list[tuple[int, str]]


@st.composite
def talks(draw, lags: Sequence[int] = (0,)):
    """Up to three conversations of two buyers, dense around limits, windows and the ends of sessions."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        at = START + draw(st.sampled_from([0, 6 * 3600, 7 * 3600 + 1790, 8 * 3600, 22 * 3600, 82_799, 82_800]))
        messages, delays = [], []
        for position in range(draw(st.integers(1, 12))):
            at += draw(st.sampled_from(GAPS))
            role = draw(st.sampled_from(["buyer"] * 5 + ["agent"] * 3 + ["robot", "assisted", "system", "closed"]))
            kind = draw(st.sampled_from(["text", "text", "card", "image"]))
            back = draw(st.sampled_from([None] * 4 + [0, 20, 170, 2000])) if role == "buyer" else None
            recalled = None if back is None else at + back
            messages.append(Message(f"m{number}-{position}", at, role, "嗯", kind, recalled_at=recalled))
            delays.append(draw(st.sampled_from(lags)))
        given_at = st.tuples(st.integers(START, at), st.sampled_from(["小快", "小慢"]))
        given = draw(st.lists(given_at, max_size=2))
        found.append(Talk(f"c{number}", draw(st.sampled_from(["b1", "b2"])), messages, delays, given))
    return found


@given(talks(), st.sampled_from(TARGETS), st.sampled_from(ZONES))
@settings(max_examples=400, deadline=None)
def test_waits_are_those_of_the_slow_count(found, target, zone):
    """Start, answer and session of every wait."""
    for each in found:
        counted = deadline.waits(each.messages, target, deadline.Zone(zone))
        slow = Log(each.messages, target, zone).waits()
        assert sorted((w.start, w.answered, w.session) for w in counted) == sorted(slow), each.messages


def facts_of(each: Talk) -> list[model.AnyFact]:
    """What a tool would tell of a conversation, in the order of arrival."""
    facts: list[model.AnyFact] = []
    for message, lag in zip(each.messages, each.lags, strict=True):
        at = message.at
        base = {"shop": "demo", "conversation": each.name, "at": at, "arrived": at + lag}
        said = {**base, "key": message.id, "id": message.id, "text": "嗯", "kind": message.kind}
        match message.role:
            case "buyer":
                facts.append(model.BuyerSaid(**said, buyer=each.buyer))
            case "agent":
                facts.append(model.AgentSaid(**said))
            case "robot" | "assisted":
                facts.append(model.RobotSaid(**said, assisted=message.role == "assisted"))
            case "system":
                facts.append(model.SystemSaid(**said))
            case "closed":
                facts.append(model.Closed(**base, key=message.id))
        if message.recalled_at is not None:
            recalled = {"at": message.recalled_at, "arrived": message.recalled_at + lag}
            facts.append(model.Recalled(**{**base, **recalled}, key=f"r{message.id}", id=message.id))
            facts.append(model.Edited(**{**base, **recalled}, key=f"e{message.id}", id=message.id, text="哦"))
    for at, agent in each.given:
        base = {"shop": "demo", "conversation": each.name, "at": at, "arrived": at}
        facts.append(model.Assigned(**base, key=f"a{each.name}{at}{agent}", agent=agent))
    return facts


def played(shop, found: list[Talk], targets: Sequence[deadline.Target], zone: str):
    """The driver after every fact, and all it told."""
    told: list[dict] = []
    shop = copy(shop)
    shop.targets, shop.zone = tuple(targets), deadline.Zone(zone)
    driver = VirtualDriver({"demo": shop}, lambda e: told.append({"type": e.type, **msgspec.json.decode(e.data)}))
    for fact in sorted((fact for each in found for fact in facts_of(each)), key=lambda fact: fact.arrived):
        driver.put(fact)
    return driver, told


@given(talks(lags=(0, 0, 0, 1, 45, 200, 4000)), st.lists(st.sampled_from(TARGETS), min_size=1, max_size=3), st.data())
@settings(max_examples=150, deadline=None)
def test_clock_and_rates_are_those_of_the_slow_count(read_shop, found, targets, data):
    """However late and out of order facts come: the open waits, each rate, who was late, and nothing told twice."""
    targets = list({target.name: target for target in targets}.values())
    zone = data.draw(st.sampled_from(ZONES))
    driver, told = played(read_shop, found, targets, zone)
    now = int(driver.clock.now())
    running = {each.name: driver.engine.conversation("demo", each.name) for each in found}
    for target in targets:
        if target.mean is None:
            for each in found:
                held = [w for w in running[each.name].waits if w.target == target.name and w.answered is None]
                slow = [w.start for w in Log(each.messages, target, zone).waits() if w.answered is None]
                assert sorted(wait.start for wait in held) == sorted(slow)
        lines = history.lines(driver.engine.store.facts_between("demo", 0, 1 << 60))
        rate = rates.rate(lines, target, deadline.Zone(zone), now=now)
        named = {each.name: (each.buyer if _named(each) else each.name, each.messages) for each in found}
        late = sorted((wait.conversation, wait.start) for wait in rate.late)
        slow = figures(named, target, zone, now)
        assert (rate.population, rate.met, rate.waiting, rate.mean_s, late) == slow
    driver.finish()
    driver.close()
    assert _twice([one for one in told if "target" in one]) == [], found


def _twice(told: list[dict]) -> list[tuple]:
    """What was told again of a wait that was not over in between."""
    standing: dict[tuple, set] = {}
    twice = []
    for one in told:
        known = standing.setdefault((one["conversation"], one["target"], one["start"]), set())
        what = (one["type"], one.get("stage"))
        if one["type"] == "deadline.cleared":
            known.clear()
            if one["reason"] == "recalled":  # what goes on under another start is told anew, with what is left of it
                for (conversation, target, _), said in standing.items():
                    if (conversation, target) == (one["conversation"], one["target"]):
                        said.clear()
        elif what in known:
            twice.append((one["start"], *what))
        known.add(what)
    return twice


def _named(each: Talk) -> bool:
    return any(message.role == "buyer" for message in each.messages)


@given(talks(), st.lists(st.sampled_from(TARGETS), min_size=1, max_size=2))
@settings(max_examples=150, deadline=None)
def test_warnings_are_those_of_the_slow_count(read_shop, found, targets):
    """Told in time: each stage once at its mark, each miss once, and each cleared once, for every target at once."""
    targets = list({target.name: target for target in targets if target.mean is None}.values())
    for each in found:
        each.messages = [msgspec.structs.replace(message, recalled_at=None) for message in each.messages]
    driver, told = played(read_shop, found, targets, "Asia/Shanghai")
    driver.finish()
    driver.close()
    zone = deadline.Zone("Asia/Shanghai")
    wanted = []
    for target in targets:
        for each in found:
            for wait in Log(each.messages, target, zone.name).waits():
                end = 1 << 60 if wait.answered is None else wait.answered
                place, due = (each.name, target.name, wire.iso(wait.start, zone)), wait.start + target.limit
                marks = [stage for stage in target.stages if due - stage < end]
                wanted += [("deadline.warning", *place, s, wire.iso(due - s, zone)) for s in marks]
                wanted += [("deadline.missed", *place, None, wire.iso(due + 1, zone))] if end > due else []
                if end < 1 << 60 and (marks or end > due):
                    wanted.append(("deadline.cleared", *place, None, wire.iso(end, zone)))
    keys = [
        (e["type"], e["conversation"], e["target"], e["start"], e.get("stage"), e["at"]) for e in told if "target" in e
    ]
    assert sorted(keys, key=str) == sorted(wanted, key=str)


@pytest.fixture
def piles_of_few(monkeypatch):
    """Lists that are too long to be held begin with the third row."""
    monkeypatch.setattr(Pile.__init__, "__kwdefaults__", {"key": None, "held": 2})


def whole(lines, targets, zone: deadline.Zone, now: int) -> list[rates.Rate]:
    """Rates as a replay counts them, with tuples for what it lists."""
    log = logrates.LogRates(targets, zone)
    for line in lines:
        log.hear(line)
    return [msgspec.structs.replace(rate, late=tuple(rate.late), near=tuple(rate.near)) for rate in log.rates(now)]


@pytest.mark.usefixtures("piles_of_few")
def test_a_whole_log_counts_as_all_of_it_at_once():
    """Conversation by conversation: every figure, list, agent and day of each target, at any instant."""

    @given(talks(), st.lists(st.sampled_from(TARGETS), min_size=1, max_size=4), st.sampled_from(ZONES), st.data())
    @settings(max_examples=150, deadline=None)
    def check(found, targets, zone, data):
        zone, now = deadline.Zone(zone), data.draw(st.integers(START, START + 300_000))
        lines = [line for each in found for line in history.lines(facts_of(each))]
        assert whole(lines, targets, zone, now) == [rates.rate(lines, target, zone, now=now) for target in targets]

    check()


@pytest.mark.usefixtures("piles_of_few")
@pytest.mark.parametrize("answer", [0, 60, 4000, 90_000])
def test_buyers_with_many_conversations_on_many_days(answer):
    """A buyer's day is that of all his conversations, whether or not anybody answers."""
    zone, lines = deadline.Zone(ZONES[0]), []
    for place in range(9):
        at = START + 8 * 3600 + place * 30_000
        said = [Message(f"m{place}", at, "buyer", "嗯"), Message(f"n{place}", at + answer, "agent", "嗯")]
        each = Talk(
            f"c{place}", f"b{place % 2}", said[: 1 + bool(answer)], [0, 0][: 1 + bool(answer)], [(at + 30, "小快")]
        )
        lines += history.lines(facts_of(each))
    now = START + 600_000
    assert whole(lines, TARGETS, zone, now) == [rates.rate(lines, target, zone, now=now) for target in TARGETS]


@pytest.fixture
def forgetful(monkeypatch):
    """Conversations are cut after a few messages."""
    monkeypatch.setattr(talk, "HELD", 4)
    monkeypatch.setattr(talk, "HELD_AFTER_CUT", 2)
    monkeypatch.setattr(talk, "GUARD_SECONDS", 1)


@pytest.mark.usefixtures("forgetful")
def test_what_is_let_go_changes_nothing(read_shop):
    """Told in time, the open waits and the lost days are the same when next to nothing is remembered."""

    @given(talks(), st.lists(st.sampled_from(TARGETS), min_size=1, max_size=2))
    @settings(max_examples=60, deadline=None)
    def check(found, targets):
        targets = list({target.name: target for target in targets if target.mean is None}.values())
        short, told = played(read_shop, found, targets, "Asia/Shanghai")
        for each in found:
            held = short.engine.conversation("demo", each.name)
            for target in targets:
                slow = [w.start for w in Log(each.messages, target, "Asia/Shanghai").waits() if w.answered is None]
                running = [w.start for w in held.waits if w.target == target.name and w.answered is None]
                assert sorted(running) == sorted(slow), (each, target.name)
        short.finish()
        short.close()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(talk, "HELD", 48)
            long, whole = played(read_shop, found, targets, "Asia/Shanghai")
            long.finish()
            long.close()
        assert [one for one in told if "target" in one] == [one for one in whole if "target" in one], found

    check()


def test_kinds_are_those_of_the_vocabulary():
    """The talks above use kinds that exist."""
    assert {"text", "card", "image"} <= set(get_args(model.Kind))
