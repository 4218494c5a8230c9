"""Two replays of one log: nothing changed for the same library; every change of another is named."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

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
