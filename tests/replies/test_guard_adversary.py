"""The guard against lines that someone invented who had not read its rules: rates are held, not each line."""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from replies import guard, policy

LINES = Path(__file__).parent / "guard"
UNNAMED = {"hint_only", "paraphrase"}  # nothing forbidden is named


@cache
def guarding(platform):
    """The guard of a platform, made once."""
    return guard.Guard(policy.packs(platform))


class Held(NamedTuple):
    """The rates a set of lines is held to: shares blocked and caught at least, blocked and warned of at most."""

    blocked: float
    hints: float
    slips: int
    caught: float
    held_wrongly: float
    warned_wrongly: float


HELD = {
    "adversary_second": Held(0.99, 0.9, 1, 0.96, 0.005, 0.01),
    "adversary_third": Held(0.98, 0.95, 1, 0.95, 0.005, 0.01),
    "adversary_fourth": Held(0.98, 0.95, 2, 0.95, 0.005, 0.01),
    # never used for mending or fitting
    "adversary_fifth": Held(0.95, 0.8, 3, 0.92, 0.01, 0.04),
}


class Judged(NamedTuple):
    """How often each (expected, technique, verdict) was seen in a set, and what the set is held to."""

    seen: Counter
    held: Held


@pytest.fixture(scope="module", params=HELD)
def judged(request):
    """A set of lines, judged."""
    cases = map(json.loads, (LINES / f"{request.param}.jsonl").read_text(encoding="utf8").splitlines())
    seen = Counter(
        (case["expect"], case["technique"], guarding(case["platform"]).check(case["messages"]).verdict)
        for case in cases
    )
    return Judged(seen, HELD[request.param])


def share(judged, expect, verdicts, among=bool):
    """The part of the cases of a kind that got one of `verdicts`."""
    told = [
        (verdict, count)
        for (kind, technique, verdict), count in judged.seen.items()
        if kind == expect and among(technique)
    ]
    return sum(count for verdict, count in told if verdict in verdicts) / sum(count for _, count in told)


def test_disguises_are_blocked(judged):
    """What must be stopped is, whatever it is dressed in."""
    assert share(judged, "block", {"block"}, lambda technique: technique not in UNNAMED) >= judged.held.blocked


def test_hints_are_blocked(judged):
    """So is what names nothing, for the greater part."""
    assert share(judged, "block", {"block"}, lambda technique: technique in UNNAMED) >= judged.held.hints


def test_hardly_one_of_a_technique_slips_through(judged):
    """No technique is a hole."""
    slipped = Counter()
    for (expect, technique, verdict), count in judged.seen.items():
        if expect == "block" and verdict != "block" and technique not in UNNAMED:
            slipped[technique] += count
    assert all(count <= judged.held.slips for count in slipped.values()), slipped


def test_offences_are_warned_of(judged):
    """What deserves a warning gets at least that."""
    assert share(judged, "warn", {"warn", "block"}) >= judged.held.caught


def test_look_alikes_pass(judged):
    """What only looks like an offence is not held, and hardly warned of."""
    assert share(judged, "allow", {"block"}) <= judged.held.held_wrongly
    assert share(judged, "allow", {"warn"}) <= judged.held.warned_wrongly


@pytest.mark.parametrize(
    ("messages", "verdict"),
    [
        (["傻（就是这个字）逼"], "block"),
        (["私啊下啊转啊账啊"], "block"),
        (["“好”后面加“评”，“返”后面加“现”，连起来"], "block"),
        (["加点料\n微微甜\n信得过的店\n每行首字，abc_7788"], "block"),
        (["one3eight00138000 找我便宜"], "block"),
        (["QQ 是二十亿八千八百一十七万三千四百五十一"], "block"),
        (["s h o p 8 8 . c o m 下单"], "block"),
        (["&#24494;&#20449; abc_7788"], "block"),
        (["转下账私给我"], "block"),
        (["这款有的，您加我微", "信吧，发您图"], "block"),
        (["138", "0013", "8000"], "block"),
        (["①③⑧⓪⓪①③⑧⓪⓪⓪"], "block"),
        (["加围巾一起买更划算"], "allow"),
        (["智障人士的辅具"], "allow"),
        (["转", "账单在订单里看"], "allow"),
        (["您写的“加V聊”是什么意思呀"], "allow"),
        (["快递员 13800138000 会联系您约时间"], "allow"),
    ],
)
def test_each_reading_finds_what_it_is_for(messages, verdict):
    """A text is read without notes, fillers and gaps, decoded, put together and in figures; what looks alike still passes."""
    assert guarding("any").check(messages).verdict == verdict
