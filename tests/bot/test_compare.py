"""Two replays of one log: nothing changed for the same library; every change of another is named."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from running import run

from bot.cli import main

LOG = [
    {"id": "1", "conversation": "c", "role": "buyer", "text": "什么时候发货", "at": "2026-11-21T09:00:00+08:00"},
    {"id": "2", "conversation": "c", "role": "agent", "text": "今天发出", "at": "2026-11-21T09:40:00+08:00"},
    {"id": "3", "conversation": "c", "role": "buyer", "text": "包邮吗", "at": "2026-11-21T09:41:00+08:00"},
    {"id": "4", "conversation": "c", "role": "agent", "text": "内部代号小蓝", "at": "2026-11-21T09:42:00+08:00"},
]
SCRIPTS = """group = "测试"
[[scripts]]
id = "ship"
title = "什么时候发货"
phrasings = ["什么时候发货", "多久发货"]
text = "您好，付款后按顺序发出。"
"""
MORE = """
[[scripts]]
id = "post"
title = "是否包邮"
phrasings = ["包邮吗", "要运费吗"]
text = "您好，多数地区包邮。"
"""


@pytest.fixture
def log(tmp_path):
    """A small log."""
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in LOG), encoding="utf-8")
    return file


def library(folder, name: str, text: str):
    """A library of one file."""
    place = folder / name
    place.mkdir()
    (place / "scripts.toml").write_text(text, encoding="utf-8")
    return place


def replay(log, first, second, *more: str):
    """Run the command."""
    args = ["replay", str(log), "--platform", "pinduoduo", "--library", str(first), "--compare", str(second), *more]
    return CliRunner().invoke(main, args)


def test_the_same_library_changes_nothing(log, tmp_path):
    """Exit code 0, and it says so."""
    scripts = library(tmp_path, "a", SCRIPTS)
    answer = replay(log, scripts, scripts)
    assert answer.exit_code == 0
    assert "两次回放没有差别" in answer.stdout


def test_a_gained_suggestion_is_shown_where_it_is(log, tmp_path):
    """A script more: exit code 1, and the message that would now have it is named; the JSON holds it too."""
    first, second = library(tmp_path, "a", SCRIPTS), library(tmp_path, "b", SCRIPTS + MORE)
    out = tmp_path / "out.json"
    answer = replay(log, first, second, "--json", str(out))
    assert answer.exit_code == 1
    assert "新增建议 1 处" in answer.stdout
    (gained,) = json.loads(out.read_text(encoding="utf-8"))["compare"]["suggest"]["gained"]
    assert (gained["id"], gained["before"], gained["after"]) == ("3", [], ["post"])
    lost = replay(log, second, first)
    assert (lost.exit_code, "失去建议 1 处" in lost.stdout) == (1, True)


def test_a_config_changes_deadlines(log, tmp_path, monkeypatch):
    """Other stages of a config: the wait whose warnings differ is named."""
    monkeypatch.setenv("SECRET", "whsec_" + "QUJDRA" * 8)
    monkeypatch.setenv("TOKEN", "t" * 20)
    scripts = library(tmp_path, "a", SCRIPTS)
    config = tmp_path / "config.toml"
    config.write_text(
        '[[shops]]\nid = "s"\nplatform = "pinduoduo"\nlibrary = ["a"]\nwebhook_secrets = ["env:SECRET"]\n'
        'token = "env:TOKEN"\n[shops.stages]\neffective_reply_1h = [2000, 600]\n',
        encoding="utf-8",
    )
    answer = replay(log, scripts, config)
    assert answer.exit_code == 1, answer.output
    assert "提醒改变 1 处" in answer.stdout
    assert "1800 → 2000" in answer.stdout


def compared(log, first, second, folder, *more: str):
    """What the JSON says of the difference, and the answer of the command."""
    out = folder / "compared.json"
    answer = replay(log, first, second, "--json", str(out), *more)
    return json.loads(out.read_text(encoding="utf-8"))["compare"], answer


def test_other_words_and_other_order_are_told_apart(log, tmp_path):
    """A script with another text is reworded, two that changed places are reordered, another one in its place is replaced."""
    first = library(tmp_path, "a", SCRIPTS)
    found, answer = compared(log, first, library(tmp_path, "b", SCRIPTS.replace("按顺序发出", "尽快发出")), tmp_path)
    assert [one["id"] for one in found["suggest"]["reworded"]] == ["1"]
    assert "建议文字改变 1 处" in answer.stdout
    found, _ = compared(log, first, library(tmp_path, "c", SCRIPTS.replace('"ship"', '"sent"')), tmp_path)
    assert [(one["before"], one["after"]) for one in found["suggest"]["replaced"]] == [(["ship"], ["sent"])]
    twins = SCRIPTS + SCRIPTS.partition("\n")[2].replace('"ship"', '"sent"')
    swapped = SCRIPTS.replace('"ship"', '"sent"') + SCRIPTS.partition("\n")[2]
    found, _ = compared(log, library(tmp_path, "d", twins), library(tmp_path, "e", swapped), tmp_path)
    assert sum(len(entries) for entries in found["suggest"].values()) == 1


CONFIG = """[[shops]]
id = "s"
platform = "pinduoduo"
library = ["a"]
webhook_secrets = ["env:NOBODY_HAS_THIS"]
token = "file:not/here"
callback_url = "https://shop.example/events"
[[shops.robots]]
kind = "wecom"
url = "env:NOR_THIS"
who = "agent"
"""


def configured(folder, name: str, text: str = ""):
    """A config beside the libraries, whose secrets nobody has."""
    file = folder / name
    file.write_text(CONFIG + text, encoding="utf-8")
    return file


def test_a_config_needs_no_secrets(log, tmp_path):
    """A config is compared on a machine that has none of its secrets; the same shop changes nothing."""
    scripts = library(tmp_path, "a", SCRIPTS)
    answer = replay(log, scripts, configured(tmp_path, "config.toml"))
    assert (answer.exit_code, answer.stderr.count("\n")) == (0, 1), answer.output


def test_a_config_that_is_wrong_is_refused(log, tmp_path):
    """What is wrong with a config is said, but for its secrets."""
    answer = replay(
        log, library(tmp_path, "a", SCRIPTS), configured(tmp_path, "config.toml", "[shops.bars]\nnonsense = 1\n")
    )
    assert answer.exit_code == 2
    assert "shops[0].bars.nonsense: unknown key" in answer.stderr


def test_other_targets_change_rates(log, tmp_path):
    """A shorter limit makes a wait late: the target is named with both figures and the conversation."""
    scripts = library(tmp_path, "a", SCRIPTS)
    config = configured(tmp_path, "config.toml", "[shops.targets.effective_reply_1h]\nlimit = 1200\nstages = [600]\n")
    found, answer = compared(log, scripts, config, tmp_path)
    assert answer.exit_code == 1
    target = next(one for one in found["targets"] if one["target"] == "effective_reply_1h")
    assert (target["before"]["met"], target["after"]["met"]) == (1, 0)
    assert [wait["conversation"] for wait in target["gained"]] == ["c"]
    assert "回复率改变" in answer.stdout


def test_other_weights_change_the_inspection(log, tmp_path):
    """Other weights of the inspection: the conversation with both scores; without a rule its faults are gone."""
    scripts = library(tmp_path, "a", SCRIPTS)
    config = configured(tmp_path, "config.toml", '[shops.inspection]\noff = ["wait.no_apology"]\n')
    found, answer = compared(log, scripts, config, tmp_path)
    (change,) = found["inspection"]
    assert change["conversation"] == "c"
    assert change["after"]["score"] == change["before"]["score"] + 10
    assert "减少 长时间等待未致歉" in answer.stdout
    assert not found["targets"]


def test_a_config_may_play_first(log, tmp_path):
    """--config plays as its shop; --compare then takes another library for the same shop, and --shop must exist."""
    library(tmp_path, "a", SCRIPTS)
    config = configured(tmp_path, "config.toml", '[shops.inspection]\noff = ["wait.no_apology"]\n')
    out = tmp_path / "out.json"
    more = library(tmp_path, "b", SCRIPTS + MORE)
    given = ["replay", str(log), "--config", str(config), "--compare", str(more), "--json", str(out)]
    answer = CliRunner().invoke(main, given)
    assert answer.exit_code == 1, answer.output
    result = json.loads(out.read_text(encoding="utf-8"))
    assert "wait.no_apology" not in [rule["rule"] for rule in result["inspection"]["rules"]]
    assert [one["id"] for one in result["compare"]["suggest"]["gained"]] == ["3"]
    assert not result["compare"]["inspection"]
    wrong = CliRunner().invoke(main, [*given, "--shop", "nobody"])
    assert (wrong.exit_code, "has no shop 'nobody' (s)" in wrong.stderr) == (2, True)


def test_two_comparisons_are_equal_byte_for_byte(log, tmp_path):
    """With other hash seeds a comparison writes the same bytes."""
    first, second = library(tmp_path, "a", SCRIPTS), library(tmp_path, "b", SCRIPTS + MORE)
    outs = [tmp_path / "1.json", tmp_path / "2.json"]
    for seed, out in zip(("1", "2"), outs, strict=True):
        given = ["--library", str(first), "--compare", str(second), "--json", str(out)]
        done = run("replay", str(log), "--platform", "pinduoduo", *given, PYTHONHASHSEED=seed)
        assert done.returncode == 1, done.stderr
    assert outs[0].read_bytes() == outs[1].read_bytes()
