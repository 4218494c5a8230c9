"""A replay says what would have happened: the same for the same log, byte for byte, and nothing about unknown times."""

from __future__ import annotations

import json
import re
import sys
from subprocess import run as run_program
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from running import LONGEST, environment, run

from bot.cli import main
from replies import policy

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = """
group = "客服"
[[scripts]]
id = "hours"
title = "几点上班"
phrasings = ["客服几点在线"]
text = "您好，客服九点到二十一点在线。"
"""


def at(clock: str) -> str:
    """That time of one day, in Shanghai."""
    return f"2026-11-21T{clock}+08:00"


def said(conversation: str, role: str, text: str, clock: str | None = None, **more: object) -> dict[str, object]:
    """A message of a log."""
    line = {"conversation": conversation, "role": role, "text": text, **more}
    return line if clock is None else {**line, "at": at(clock)}


TALK = [
    said("c-1", "buyer", "客服几点在线", "10:00:00", buyer="b-1"),
    said("c-1", "robot", "您好，请稍等", "10:00:01"),
    said("c-2", "buyer", "这款瓶子盖得紧吗", "10:10:00", buyer="b-2"),
    said("c-1", "agent", "您好，九点到二十一点在线", "10:45:00", agent="a-1"),
    said("c-2", "agent", "加我微信 abc88990 发您图", "11:10:00", agent="a-2"),
    said("c-3", "buyer", "", "11:00:00", buyer="b-3", kind="image"),
    said("c-4", "buyer", "在吗", "23:30:00", buyer="b-4"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with a small library."""
    made = tmp_path_factory.mktemp("replay")
    (made / "library.toml").write_text(LIBRARY, encoding="utf-8")
    return made


@pytest.fixture
def replay(folder):
    """Replays lines with 拼多多's rules; the JSON, and what was printed."""

    def replaying(lines: list[dict[str, object]], *options: str) -> tuple[dict, str]:
        log = folder / "log.jsonl"
        log.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
        platform = () if "--platform" in options else ("--platform", "pinduoduo")
        given = ["replay", str(log), "--library", str(folder / "library.toml"), "--json", str(folder / "out.json")]
        done = CliRunner().invoke(main, [*given, *platform, *options])
        assert done.exit_code == 0, done.output
        said = "格式 jsonl（第一行是带 " if lines else "格式 empty"
        assert done.stderr.startswith(f"{log}：{said}")
        assert done.stderr.count("\n") == 1
        return json.loads((folder / "out.json").read_text(encoding="utf-8")), done.stdout

    return replaying


def test_what_a_replay_counts(replay):
    """Conversations, messages and facts; what was offered; what the guard found in the shop's words, with its place."""
    result, _ = replay(TALK)
    assert (result["conversations"], result["messages"], result["facts"]) == (4, 7, 7)
    suggest = {key: result["suggest"][key] for key in ("asked", "shown", "silent")}
    assert suggest == {"asked": 3, "shown": 1, "silent": 2}
    guard = result["guard"]
    assert {key: guard[key] for key in ("checked", "allow", "warn", "block")} == {
        "checked": 3,
        "allow": 2,
        "warn": 0,
        "block": 1,
    }
    finding = guard["findings"][0]
    assert (finding["conversation"], finding["role"], finding["agent"]) == ("c-2", "agent", "a-2")
    assert finding["action"] == "block"
    assert finding["text"][slice(*finding["span"])] == finding["excerpt"]


def test_the_clock_of_a_replay(replay):
    """Each target of the platform: who was met, who was late and when it was due; each warning at its own time."""
    result, _ = replay(TALK)
    assert result["deadline"]["timed"]
    target = result["deadline"]["targets"][0]
    assert (target["name"], target["platform"]) == ("effective_reply_1h", "pinduoduo")
    # b-1 after 45 minutes and b-2 at 60 minutes sharp are in time, b-3 never answered; b-4 wrote outside the hours.
    assert (target["population"], target["met"], target["waiting"]) == (3, 2, 0)
    late = target["late"][0]
    assert {key: late[key] for key in ("buyer", "conversation", "start", "due", "answered")} == {
        "buyer": "b-3",
        "conversation": "c-3",
        "start": at("11:00:00"),
        "due": at("12:00:00"),
        "answered": None,
    }
    alarms = [alarm for alarm in result["deadline"]["alarms"] if alarm["target"] == "effective_reply_1h"]
    assert [(alarm["conversation"], alarm["stage"], alarm["at"][11:19]) for alarm in alarms] == [
        ("c-1", 1800, "10:30:00"),
        ("c-2", 1800, "10:40:00"),
        ("c-2", 600, "11:00:00"),
        ("c-2", 180, "11:07:00"),
        ("c-3", 1800, "11:30:00"),
        ("c-3", 600, "11:50:00"),
        ("c-3", 180, "11:57:00"),
    ]
    assert alarms[0] == {
        "conversation": "c-1",
        "target": "effective_reply_1h",
        "stage": 1800,
        "at": at("10:30:00"),
        "due": at("11:00:00"),
    }


def test_the_summary_says_it_in_words(replay):
    """The summary has a line for each part."""
    _, summary = replay(TALK)
    lines = summary.splitlines()
    assert lines[0] == "会话 4 个，消息 7 条"
    assert lines[1] == "话术：买家提问 3 次，给出建议 1 次（33.3%），静默 2 次"
    assert lines[2] == "检查：客服消息 3 条，放行 2，提醒 0，拦截 1"
    assert "时限：1小时有效回复率 66.67%（2/3），超时 1 次，将到时限才回复 1 次" in lines
    assert lines[-1].startswith("提醒：")


def test_a_log_without_times(replay):
    """Where the log has no times, suggestions and findings are the same, and nothing is said about time."""
    timed, _ = replay(TALK)
    untimed, summary = replay([{key: value for key, value in line.items() if key != "at"} for line in TALK])
    assert untimed["deadline"] == {"timed": False, "targets": [], "alarms": []}
    assert untimed["suggest"] == {**timed["suggest"], "hours": []}
    assert untimed["guard"]["block"] == timed["guard"]["block"]
    assert summary.endswith("时限：记录没有时间，不作统计\n")


def test_both_shapes_are_one_log(replay):
    """Conversations a line and messages a line give the same figures and the same alarms."""
    turns: dict[str, dict] = {}
    for line in TALK:
        talk = turns.setdefault(str(line["conversation"]), {"id": line["conversation"], "turns": []})
        talk["turns"].append({key: value for key, value in line.items() if key != "conversation"})
    one, _ = replay(TALK)
    other, _ = replay(list(turns.values()))
    assert other["deadline"] == one["deadline"]
    assert other["suggest"] == one["suggest"]
    assert [finding["rule"] for finding in other["guard"]["findings"]] == [
        finding["rule"] for finding in one["guard"]["findings"]
    ]


def test_a_message_twice_is_one_fact(replay):
    """The same id again is counted as a message and changes nothing else."""
    line = said("c", "buyer", "客服几点在线", "10:00:00", id="m-1")
    once, _ = replay([line])
    twice, _ = replay([line, line])
    assert (twice["messages"], twice["facts"]) == (2, 1)
    assert {**twice, "messages": 1} == once


def test_days_and_hours_are_of_the_time_zone(replay):
    """Times without an offset, and the hours that count, are of --timezone; an offset is kept."""
    half_past_ten = [said("c", "buyer", "在吗", at="2026-11-21T22:30:00+08:00")]
    shanghai, _ = replay(half_past_ten)
    tokyo, _ = replay(half_past_ten, "--timezone", "Asia/Tokyo")
    assert shanghai["deadline"]["targets"][0]["population"] == 1
    assert tokyo["deadline"]["targets"][0]["population"] == 0
    local, _ = replay([said("c", "buyer", "在吗", at="2026-11-21 22:30:00")], "--timezone", "Asia/Tokyo")
    assert local["deadline"]["alarms"][-1]["due"].endswith("+09:00")


def test_platforms_have_their_own_targets(replay):
    """Another platform's targets are counted; no platform in particular has none."""
    result, _ = replay(TALK, "--platform", "taobao")
    assert {target["platform"] for target in result["deadline"]["targets"]} == {"taobao"}
    result, summary = replay(TALK, "--platform", "any")
    assert result["deadline"]["targets"] == []
    assert summary.endswith("提醒：0 次\n")


def test_warned_and_blocked_are_counted_apart(replay):
    """A message that a rule warns of counts as warned, one that a rule blocks as blocked."""
    warned = next(
        example
        for pack in policy.packs("pinduoduo")
        for rule in pack.rules
        for example in rule.warns
        if isinstance(example, str)
    )
    result, _ = replay(
        [said("c", "agent", warned), said("d", "agent", "加我微信 abc88990"), said("e", "agent", "您好")]
    )
    guard = result["guard"]
    assert (guard["checked"], guard["allow"], guard["warn"], guard["block"]) == (3, 1, 1, 1)


def test_an_empty_log_is_a_log(replay):
    """A log without a message is replayed: nothing of everything."""
    result, summary = replay([])
    assert (result["conversations"], result["messages"], result["suggest"]["asked"]) == (0, 0, 0)
    assert summary.startswith("会话 0 个，消息 0 条\n话术：买家提问 0 次，给出建议 0 次，静默 0 次\n")


def test_two_runs_are_equal_byte_for_byte(replay, folder):
    """A process with another hash seed writes the same bytes as this one; stderr tells the format, and no progress where nobody looks."""
    replay(TALK)
    given = ["--library", str(folder / "library.toml"), "--json", str(folder / "again.json")]
    done = run("replay", str(folder / "log.jsonl"), "--platform", "pinduoduo", *given, PYTHONHASHSEED="7")
    assert done.returncode == 0
    assert done.stderr.decode().endswith("，编码 UTF-8\n")
    assert (folder / "again.json").read_bytes() == (folder / "out.json").read_bytes()


def test_progress_is_shown_on_a_terminal(folder):
    """On a terminal a bar shows how many messages are done, how many a second, and what time is left."""
    log = folder / "long.jsonl"
    log.write_text('{"conversation":"c","role":"buyer","text":"在吗"}\n' * 600, encoding="utf-8")
    terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    arguments = ["-m", "bot", "replay", str(log), "--library", str(folder / "library.toml")]
    done = run_program(
        [sys.executable, "-c", terminal, sys.executable, *arguments],
        input=b"",
        capture_output=True,
        env=environment(TERM="xterm", COLUMNS="120"),
        timeout=LONGEST,
        check=True,
    )
    shown = done.stdout.decode()
    assert re.search(r"回放.*600/600.*[\d,]+ 条/秒.*剩余", shown), shown


def test_compare_takes_a_library_in_one_file(replay, folder):
    """A single TOML file of scripts is compared as a library, and is no config that lacks shops."""
    other = folder / "other.toml"
    other.write_text(
        LIBRARY.replace("客服几点在线", "你们周末开门吗").replace("几点上班", "周末营业"), encoding="utf-8"
    )
    log = folder / "log.jsonl"
    replay(TALK)
    given = ["replay", str(log), "--library", str(folder / "library.toml"), "--compare"]
    same = CliRunner().invoke(main, [*given, str(folder / "library.toml")])
    assert same.exit_code == 0, same.stderr
    changed = CliRunner().invoke(main, [*given, str(other)])
    assert changed.exit_code == 1, changed.stderr
