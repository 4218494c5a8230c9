"""Alerts are short, say the most urgent first, go to whom they should, and keep their distance."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import alerts, brief
from bot.alerts import MISSED, Pace, Robot, Waiting
from bot.deadline import Zone
from bot.model import Conversation, Message, Queued, Wait
from bot.ports import Alert

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
TARGET = "effective_reply_1h"
FAMILY, FLAG, THUMB, ACCENT = "👨‍👩‍👧", "🇨🇳", "👍🏽", "e\u0301"
LABELS = {TARGET: "1小时有效回复率", "human_reply_3min": "3分钟人工回复率"}


def talk(
    name: str = "", *, at: int = NINE, text: str = "在吗", due: int | None = None, **fields: object
) -> Conversation:
    """A conversation in which a buyer waits since `at`."""
    wait = Wait(TARGET, at, due or at + 3600)
    said = Message("m1", at, "buyer", text)
    return Conversation("demo", str(fields.pop("id", "c1")), name=name, messages=(said,), waits=(wait,), **fields)


def shown(*held: Conversation, now: int = NINE + 3000, limit: int = 2048, lines: int = 50, shop: str = "示例店") -> str:
    """The alert of all waits of the conversations."""
    found = [
        alerts.waiting(
            each, each.waits, shop=shop, labels=LABELS, zone=Zone("Asia/Shanghai"), marks={"image": "[图片]"}
        )
        for each in held
    ]
    return alerts.compose(found, title="快回提醒", now=now, limit=limit, lines=lines)


def test_an_alert_says_who_waits_how_long_and_how_long_is_left():
    """One line a buyer: the target, what is left of it, until when, since when he waits, and his last words."""
    assert shown(talk("青山", text="我的快递\n到哪了")) == (
        "【快回提醒】示例店：1位买家在等回复\n"
        "1. 青山：1小时有效回复率剩10分00秒（截止10:00:00），已等50分00秒「我的快递 到哪了」"
    )


def test_who_can_still_be_saved_comes_before_who_is_missed():
    """Those with time left come first, earliest due first; then those already missed."""
    missed = talk("丙", at=NINE - 4000, id="c3")
    missed = Conversation(**{**_fields(missed), "waits": (Wait(TARGET, NINE - 4000, NINE - 400, missed=True),)})
    text = shown(missed, talk("乙", at=NINE + 60, id="c2"), talk("甲", id="c1"))
    assert text.splitlines()[0] == "【快回提醒】示例店：2位买家在等回复，1位买家已超时仍未回复"
    assert [line[3] for line in text.splitlines()[1:]] == ["甲", "乙", "丙"]
    assert "已超时56分40秒" in text


def _fields(held: Conversation) -> dict[str, object]:
    return {name: getattr(held, name) for name in held.__struct_fields__}


def test_two_waits_of_one_buyer_are_one_line():
    """A buyer who is missed by one target and waited for by another is named once, with both."""
    waits = (Wait("human_reply_3min", NINE, NINE + 180, missed=True), Wait(TARGET, NINE, NINE + 3600, lost=True))
    text = shown(Conversation("demo", "c1", buyer="b-7", waits=waits))
    assert text.splitlines()[1] == (
        "1. b-7：1小时有效回复率剩10分00秒（截止10:00:00，此前已超时过）；3分钟人工回复率已超时47分00秒，已等50分00秒"
    )


def test_the_last_words_are_the_buyers_that_still_stand():
    """A recalled message is not quoted; a picture is named; without leave nothing is quoted."""
    said = (
        Message("m1", NINE, "buyer", "第一句"),
        Message("m2", NINE + 1, "buyer", "收回的", recalled_at=NINE + 2),
        Message("m3", NINE + 3, "agent", "客服的话"),
    )
    held = Conversation("demo", "c1", messages=said, waits=talk().waits)
    assert "「第一句」" in shown(held)
    picture = Conversation(
        "demo", "c1", messages=(*said, Message("m4", NINE + 4, "buyer", "", "image")), waits=held.waits
    )
    assert "「[图片]」" in shown(picture)
    silent = alerts.waiting(held, held.waits, shop="", labels={}, zone=Zone("UTC"), marks=None)
    assert silent.words == ""


def test_markdown_orders_nothing():
    """What buyers write cannot become a link, a heading or bold type; what we stress is stressed."""
    style = alerts.Style(head="**{text}**", left="<{text}>", missed="!{text}!", line="\n\n")
    held = talk(name="[点我](http://x)*_`#")
    found = [alerts.waiting(held, held.waits, shop="店", labels={}, zone=Zone("Asia/Shanghai"), marks=None)]
    text = alerts.compose(found, title="快回", now=NINE + 3000, limit=4096, lines=9, style=style)
    head, line = text.split("\n\n")
    assert head.startswith("**【快回】店：")
    assert "［点我］(http://x)" in line
    assert not set("*_`[]#") & set(line.partition("：")[0])
    assert "<剩" in line


def test_nobody_waiting_is_no_alert():
    """Nothing is composed for nobody."""
    assert alerts.compose([], title="快回提醒", now=NINE, limit=2048, lines=50) == ""


def test_who_does_not_fit_is_counted():
    """Fifty buyers in 2048 bytes: the most urgent are named, the rest told as a number with the next one's time."""
    held = [talk(f"买家{number:02d}", at=NINE + number, id=f"c{number}") for number in range(50)]
    text = shown(*reversed(held))
    lines = text.splitlines()
    named = len(lines) - 2
    assert len(text.encode()) <= 2048
    assert [line.split("：")[0] for line in lines[1:-1]] == [f"{n + 1}. 买家{n:02d}" for n in range(named)]
    assert lines[-1].startswith(f"……另有{50 - named}位买家在等，其中最急的1小时有效回复率剩")
    assert len(shown(*held, limit=20_000, lines=10).splitlines()) == 12


words = st.text(alphabet=st.characters(codec="utf-8"), max_size=60) | st.lists(
    st.sampled_from([FAMILY, FLAG, THUMB, ACCENT, "字", "a"]), max_size=40
).map("".join)
people = st.builds(talk, words, at=st.integers(NINE - 90_000, NINE), text=words, id=st.uuids().map(str))


@given(st.lists(people, min_size=1, max_size=12), st.integers(0, 1500), words)
def test_the_limit_is_never_passed(held, limit, shop):
    """Whatever people write and however small the room: no byte too many, and no line that is only begun."""
    text = shown(*held, limit=limit, shop=shop)
    assert len(text.encode()) <= limit
    whole = shown(*held, limit=1_000_000, shop=shop).splitlines()
    lines = text.splitlines()
    named = [line for line in lines[1:] if not line.startswith("……另有")]
    if lines and lines[0] == whole[0]:
        assert named == whole[1 : len(named) + 1]
        told = f"……另有{len(held) - len(named)}位" in lines[-1]
        assert len(named) == len(held) or told or lines == whole[:1]  # the heading alone tells how many there are
    else:
        assert whole[0].startswith(text)


@given(st.lists(people, min_size=1, max_size=12))
def test_the_most_urgent_come_first(held):
    """The lines stand in the order of what is left."""
    text = shown(*held, now=NINE + 1, limit=1_000_000)
    ordered = sorted(wait.due for each in held for wait in each.waits)
    clocks = [f"{(due + 28_800) // 3600 % 24:02d}:{due // 60 % 60:02d}:{due % 60:02d}" for due in ordered if due > NINE]
    assert re.findall(r"截止(\d\d:\d\d:\d\d)", text) == clocks


@given(st.lists(st.sampled_from([FAMILY, FLAG, THUMB, ACCENT, "字", "a"]), max_size=30), st.integers(0, 90))
def test_no_character_is_cut(characters, limit):
    """What is cut ends where a character that people see ends: families, flags, skin tones and accents stay whole."""
    text = "".join(characters)
    whole = {"".join(characters[:count]) for count in range(len(characters) + 1)}
    assert brief.cut(text, limit, lambda part: len(part.encode())) in whole
    assert brief.clip(text, limit).removesuffix("…") in whole


@given(words)
def test_strangers_words_are_harmless(text):
    """No line break, nothing invisible, no tag that a group tool would obey, no number long enough to be a phone's."""
    plain = brief.plain(text)
    assert plain == plain.encode().decode()
    assert not set("<>\n\r\t\x00\u202e") & set(plain)
    assert not re.search(r"\d{7}", plain)
    assert all(unicodedata.category(character) not in ("Cc", "Cs") for character in plain)


def test_tags_and_long_numbers_do_not_travel():
    """A buyer cannot call the whole group, and a phone number stays in the shop."""
    assert brief.plain('<at user_id="all"></at> 电话13912345678') == '＜at user_id="all"＞＜/at＞ 电话139…'


def robot(**fields: object) -> Robot:
    """A robot with nothing to hear."""
    given_fields = {"id": "r", "kind": "wecom", "who": "agent", "title": "快回提醒", "url": "https://x/?key=KEY"}
    return Robot(**{**given_fields, "secret": "SEC", "stages": {}, "missed": (), **fields})


def test_a_robot_does_not_print_its_address_or_secret():
    """Neither repr nor str holds what gives access to the group."""
    assert "KEY" not in f"{robot()!r} {robot()}"
    assert "SEC" not in f"{robot()!r} {robot()}"


@pytest.mark.parametrize(
    ("hears", "stages", "expected"),
    [
        ("every", (1800, 600, 180), (1800, 600, 180)),
        ("later", (1800, 600, 180), (600, 180)),
        ("last", (1800, 600, 180), (180,)),
        ("later", (30,), (30,)),
        ("last", (30,), (30,)),
        ("later", (), ()),
    ],
)
def test_later_ears_hear_later_stages(hears, stages, expected):
    """All but the first, or only the last; the only stage there is, all hear."""
    assert alerts.heard(stages, hears) == expected


def test_an_event_goes_to_who_hears_of_it():
    """By target and stage, and misses by target."""
    robots = [
        robot(id="agent", stages={TARGET: (600, 180)}),
        robot(id="owner", stages={TARGET: (180,)}, missed=(TARGET,)),
    ]
    heard = {stage: [each.id for each in alerts.hearing(robots, TARGET, stage)] for stage in (1800, 600, 180, MISSED)}
    assert heard == {1800: [], 600: ["agent"], 180: ["agent", "owner"], MISSED: ["owner"]}
    assert alerts.hearing(robots, "another", 180) == []


@given(st.lists(st.floats(0, 20), max_size=300), st.sampled_from([Pace(20), Pace(100, 5, 10)]), st.integers(0, 3600))
def test_no_minute_holds_more_than_it_may(gaps, pace, start):
    """However alerts come, any 60 seconds hold at most so many messages, any second too, crowded seconds none."""
    now, last, sent = float(NINE + start), 0.0, []
    for gap in gaps:
        now += gap
        at = alerts.slot(pace, now, last=last, quiet_until=0.0, due=None)
        assert at >= now
        if at == now:
            sent.append(now)
            last = now
    assert all(late - early > 60 for early, late in zip(sent, sent[pace.per_minute :], strict=False))
    if pace.per_second:
        assert all(late - early > 1 for early, late in zip(sent, sent[pace.per_second :], strict=False))
    assert all(at % 1800 >= pace.avoid for at in sent)


def test_an_urgent_alert_does_not_wait_out_the_crowd():
    """At ten o'clock sharp 飞书 is left alone for some seconds, unless somebody is missed by then."""
    pace, ten = Pace(100, 5, 10), NINE + 3600
    assert alerts.slot(pace, ten + 2, last=0.0, quiet_until=0.0, due=ten + 60) == ten + 10
    assert alerts.slot(pace, ten + 2, last=0.0, quiet_until=0.0, due=ten + 9) == ten + 2
    assert alerts.slot(pace, ten + 1800, last=0.0, quiet_until=0.0, due=None) == ten + 1810


def test_a_clock_set_back_does_not_silence_a_robot():
    """An instant at which it last spoke is not believed when it lies ahead."""
    assert alerts.slot(Pace(20), NINE, last=NINE + 9000.0, quiet_until=0.0, due=None) == NINE
    assert alerts.slot(Pace(20), NINE, last=NINE - 1.0, quiet_until=NINE + 40.0, due=None) == NINE + 40


@pytest.mark.parametrize(
    ("stage", "wait", "now", "expected"),
    [
        (600, Wait(TARGET, NINE, NINE + 3600), NINE + 3000, True),
        (600, Wait(TARGET, NINE, NINE + 3600), NINE + 3600, True),
        (600, Wait(TARGET, NINE, NINE + 3600), NINE + 3601, False),
        (600, Wait(TARGET, NINE, NINE + 3600, answered=NINE + 3000), NINE + 3001, False),
        (600, Wait(TARGET, NINE, NINE + 3600, missed=True), NINE + 3601, False),
        (600, Wait(TARGET, NINE - 60, NINE + 3540), NINE + 3000, True),
        (600, Wait(TARGET, NINE + 900, NINE + 4500), NINE + 3000, False),
        (600, Wait("human_reply_3min", NINE, NINE + 180), NINE + 100, False),
        (600, Wait(TARGET, NINE + 86_400, NINE + 90_000), NINE + 89_500, False),
        (MISSED, Wait(TARGET, NINE, NINE + 3600, missed=True), NINE + 9000, True),
        (MISSED, Wait(TARGET, NINE, NINE + 3600, answered=NINE + 3700, missed=True), NINE + 9000, False),
    ],
)
def test_only_what_still_is_so_is_told(stage, wait, now, expected):
    """Not what was answered, missed since, put off by a recall, or is of another target or day."""
    alert = Alert("r", 1, "demo", "c1", TARGET, stage, NINE, NINE + 3600)
    held = Conversation("demo", "c1", waits=(wait,))
    assert (alerts.standing(alert, held, now) is not None) == expected
    assert alerts.standing(alert, None, now) is None


def test_a_reply_is_on_its_way_for_ten_minutes():
    """As long as it is tried; then the wait runs on."""
    held = Conversation("demo", "c1", queued=(Queued("r1", NINE, "好的"),))
    assert alerts.on_its_way(held, NINE + 599)
    assert not alerts.on_its_way(held, NINE + 600)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0秒"),
        (59, "59秒"),
        (60, "1分00秒"),
        (3599, "59分59秒"),
        (3600, "1小时0分"),
        (90_000, "1天1小时"),
        (-5, "0秒"),
    ],
)
def test_time_left_in_words(seconds, expected):
    """In the two largest units."""
    assert alerts.span(seconds) == expected


def test_shops_are_named_when_there_are_several():
    """A robot that serves two shops says which buyer is whose."""
    rows = [
        alerts.waiting(talk(name), talk().waits, shop=shop, labels=LABELS, zone=Zone("Asia/Shanghai"), marks=None)
        for name, shop in (("甲", "一店"), ("乙", "二店"))
    ]
    text = alerts.compose(rows, title="快回提醒", now=NINE, limit=2048, lines=50)
    assert text.startswith("【快回提醒】2位买家在等回复\n")
    assert "一店 甲：" in text
    assert "二店 乙：" in text
    assert isinstance(rows[0], Waiting)
