"""What a shop's owner adds to the rules."""

import json

import pytest

from replies import DataError, guard, guard_owner, policy

PACKS = policy.packs("any")


def guarded(path):
    """A guard with the owner's rules of one file."""
    return guard.Guard(PACKS, owner=guard_owner.read_rules([path]))


def test_one_word_a_line(tmp_path):
    """Each word of a list is stopped, also between signs and in other forms of its characters; comments are not words."""
    path = tmp_path / "forbidden.txt"
    path.write_text("﻿# ours\n蓝精灵\n宝贝\n\n", encoding="utf8")
    shop = guarded(path)
    for text in ("有蓝精灵款吗", "蓝-精-灵", "藍精靈", "宝贝您好"):
        finding = shop.check([text]).findings[0]
        assert (finding.rule, finding.action) == ("owner.forbidden", "block")
        assert text[slice(*finding.span)] == finding.excerpt
    assert shop.check(["有蓝色的精灵款"]).verdict == "allow"


def test_rules_with_words_patterns_and_watch(tmp_path):
    """Own words and patterns get own reasons and actions; a rule in watch mode only records."""
    path = tmp_path / "mine.toml"
    path.write_text(
        """
[[rules]]
id = "mine.code"
reason = "内部编码不外发。"
action = "warn"
patterns = ['nb-\\d{4}']
[[rules]]
id = "mine.watch"
reason = "看看有多少。"
words = ["到付"]
watch = true
""",
        encoding="utf8",
    )
    shop = guarded(path)
    assert shop.check(["编码 ＮＢ-1234 的那款"]).findings[0].excerpt == "ＮＢ-1234"
    assert shop.check(["编码 NB-1234 的那款"]).verdict == "warn"
    assert shop.check(["可以到付吗"]).verdict == "allow"
    assert [finding.rule for finding in shop.watched("可以到付吗")] == ["mine.watch"]
    assert "+owner@" in shop.version


def test_intercept_rules_of_wecom(tmp_path):
    """Words, phone and e-mail meanings, and the two kinds of interception are understood."""
    path = tmp_path / "wecom.json"
    rules = [
        {
            "rule_name": "名单",
            "word_list": ["蓝精灵"],
            "semantics_list": [1, 2],
            "intercept_type": 1,
            "applicable_range": {"user_list": ["a"]},
        },
        {"rule_name": "提醒", "word_list": ["到付"], "intercept_type": 2},
    ]
    path.write_text(json.dumps(rules, ensure_ascii=False), encoding="utf8")
    shop = guarded(path)
    assert shop.check(["蓝精灵到了"]).verdict == "block"
    assert shop.check(["可以到付"]).verdict == "warn"
    assert "owner.名单" in {finding.rule for finding in shop.check(["师傅号码 13800138000"]).findings}


def test_intercept_rules_as_wecom_tells_them(tmp_path):
    """The answer that holds one rule is read too, its meanings from where they stand there."""
    told = {"rule_id": 1, "rule_name": "红包", "extra_rule": {"semantics_list": [3]}, "intercept_type": 2}
    (tmp_path / "wecom.json").write_text(json.dumps({"errcode": 0, "rule": told}), encoding="utf8")
    (rule,) = guard_owner.read_rules([tmp_path / "wecom.json"])
    assert (rule.id, rule.action, rule.slots) == ("owner.红包", "warn", ("cash",))


def test_a_list_from_elsewhere_may_be_gb18030(tmp_path):
    """Word lists come out of old programs: their encoding is found by their bytes."""
    (tmp_path / "old.txt").write_bytes("蓝精灵\r\n宝贝\r\n".encode("gb18030"))
    (rule,) = guard_owner.read_rules([tmp_path / "old.txt"])
    assert rule.words == ("蓝精灵", "宝贝")


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|a){0,40}b",
        "a*b",
        "(x{1,9}){1,9}y",
        r"(a)\1",
        "a{0,40}a{0,40}b",
        "(?:ab|a.){2,9}c",
        "[",
        "a{0,5}",
        "(?=x*)y",
    ],
)
def test_a_pattern_that_can_run_away_is_refused(tmp_path, pattern):
    """Open or nested repeats, choices inside repeats, references back and what is no pattern are told by name."""
    path = tmp_path / "mine.toml"
    path.write_text(f"[[rules]]\nid = 'mine.p'\nreason = '不行'\npatterns = ['''{pattern}''']\n", encoding="utf8")
    with pytest.raises(DataError) as refused:
        guard_owner.read_rules([path])
    assert "mine.p" in refused.value.problems[0]


@pytest.mark.parametrize("pattern", ["nb-\\d{4}", "加.{0,6}群", "(?:旺旺|叮咚)号", "(?<!\\d)88\\d{6}(?!\\d)", "a?b?c"])
def test_a_plain_pattern_is_accepted(pattern):
    """Bounded repeats, choices, and looks around are fine."""
    assert guard_owner.runs_away(pattern) == ""


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.toml", "[[rules]]\nid = 'x'\n", "reason"),
        ("a.toml", "[[rules]]\nid = 'x'\nreason = 'y'\n", "has no words"),
        ("a.toml", "[[rules]]\nid = 'x'\nreason = 'y'\nwords = ['…']\n", "nothing when folded"),
        ("a.toml", "colour = 1\n", "unknown key"),
        ("a.json", "{", "cannot be read"),
        ("a.json", '{"rule_name":"x","intercept_type":3,"word_list":["y"]}', "intercept_type"),
        ("a.json", '{"rule_name":"x","intercept_type":1,"semantics_list":[9]}', "semantics_list"),
        ("a.csv", "x", ".toml, .json and .txt"),
    ],
)
def test_a_mistake_is_named(tmp_path, name, text, told):
    """What is wrong with an owner's file is a sentence, not a traceback."""
    (tmp_path / name).write_text(text, encoding="utf8")
    with pytest.raises(DataError) as refused:
        guard_owner.read_rules([tmp_path / name])
    assert told in " ".join(refused.value.problems)
