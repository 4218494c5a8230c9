"""Masking puts the same stand-in for the same value, finds what is disguised, and leaves the rest alone."""

from __future__ import annotations

import json

import pytest

from bot import logs
from bot.logs.mask import Mask, rules
from replies import policy
from replies.guard import Guard


@pytest.fixture(scope="module")
def shared() -> Mask:
    """One run's mask."""
    return Mask()


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("电话13812345678", "13812345678"),
        ("打138 1234 5678", "1234"),
        ("一三八一二三四五六七八", "一二三四"),
        ("座机010-62345678", "62345678"),
        ("身份证11010519491231002X", "19491231"),
        ("卡号6222021234567890123", "6222021234567890123"),
        ("单号240309-402233834970071", "402233834970071"),
        ("发到 someone.else@mail.example.com", "someone"),
        ("收货地址：浙江省某某市中山路12号3单元", "中山路12号"),
    ],
)
def test_what_is_masked(shared, text, gone):
    """Numbers however they are written, mail and addresses are gone; what is masked once stays as it is."""
    masked = shared.text(text)
    assert gone not in masked
    assert masked != text


@pytest.mark.parametrize(
    "text", ["在吗", "两件3折，满300减40", "明天10:30发货", "170/65A 有吗", "尺码80x120", "", "[图片]"]
)
def test_what_is_left_alone(shared, text):
    """Prices, sizes and times are nobody's."""
    assert shared.text(text) == text


def test_a_buyer_stays_the_same_buyer(zone, tmp_path):
    """Conversation, buyer and agent have stand-ins that are equal where they were; names in words are theirs."""
    lines = [
        {"conversation": "买家甲", "role": "buyer", "buyer": "买家甲", "text": "电话13812345678"},
        {
            "conversation": "买家甲",
            "role": "agent",
            "agent": "店:客服一",
            "text": "买家甲您好，我是客服一，138 1234 5678 对吗",
        },
        {"conversation": "乙", "role": "buyer", "buyer": "买家甲", "text": "是的", "context": {"phone": "13900001111"}},
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with logs.read([path], zone, mask=True) as log:
        one, two, three = log
    assert one.conversation == two.conversation != three.conversation
    assert one.buyer == three.buyer == "买家1"
    assert two.text == f"买家1您好，我是{two.agent}，{one.text[2:]} 对吗"
    assert three.context["phone"].startswith("1600")
    assert "13812345678" not in one.text + two.text
    with logs.read([path], zone, mask=True) as log:
        assert list(log) == [one, two, three]


def test_the_guard_finds_the_same(shared):
    """A masked phone is still one to whoever checks what the shop said."""
    guard = Guard(policy.packs("any"))
    said = "加我微信 13812345678"
    masked = shared.text(said)
    assert masked != said
    assert [one.rule for one in guard.check([masked]).findings] == [one.rule for one in guard.check([said]).findings]


def test_the_rules_prove_themselves():
    """Every pattern of the data file has examples of both kinds."""
    assert all(one.hides and one.keeps for one in rules().patterns)
