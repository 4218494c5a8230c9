"""Recorded conversations are read in both shapes, or it is said which line cannot be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import logs
from bot.deadline import Zone
from replies import DataError

if TYPE_CHECKING:
    from pathlib import Path

SHANGHAI = Zone("Asia/Shanghai")
TEN = 1_795_226_400  # 2026-11-21 10:00:00 in Shanghai


@pytest.fixture
def read(tmp_path):
    """Reads lines (objects, or text as it is) as one file or several."""

    def reading(*files: list[object], zone: Zone = SHANGHAI) -> list[logs.Said]:
        paths = []
        for number, lines in enumerate(files):
            paths.append(tmp_path / f"log{number}.jsonl")
            text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
            paths[-1].write_text(text, encoding="utf-8")
        with logs.read(paths, zone) as log:
            return list(log)

    return reading


def said(**given: object) -> dict[str, object]:
    """A message; every field has a default."""
    return {"conversation": "c", "role": "buyer", "text": "在吗", **given}


def test_messages_line_by_line(read):
    """One message a line: ids, roles, kinds and times are taken over, unknown keys ignored, numbers are ids too."""
    (one,) = read(
        [
            said(
                id=7,
                conversation=8,
                at="2026-11-21T10:00:00+08:00",
                buyer=9,
                context={"order_id": 1},
                kind="card",
                x=[],
            )
        ]
    )
    assert (one.id, one.conversation, one.role, one.text, one.kind) == ("7", "8", "buyer", "在吗", "card")
    assert (one.buyer, one.agent, one.at, one.context) == ("9", "", TEN, {"order_id": "1"})


def test_conversations_line_by_line(read):
    """One conversation a line with its turns: the same messages, times under `at` or `ts`, ids of their own."""
    turns = [
        {"role": "buyer", "text": "在吗", "at": "2026-11-21T10:00:00+08:00"},
        {"role": "agent", "text": "您好", "ts": TEN + 5, "agent": "a-1"},
        {"role": "system", "text": None, "ts": (TEN + 6) * 1000},
    ]
    told = read([{"id": "c", "buyer": "b", "turns": turns}, {"id": "d", "turns": []}])
    assert [(one.conversation, one.role, one.text, one.at, one.buyer, one.agent) for one in told] == [
        ("c", "buyer", "在吗", TEN, "b", ""),
        ("c", "agent", "您好", TEN + 5, "b", "a-1"),
        ("c", "system", "", TEN + 6, "b", ""),
    ]
    assert len({one.id for one in told}) == 3


def test_ids_of_several_files_do_not_meet(read):
    """Messages without an id have one by file and line: the same line in two files is two messages."""
    told = read([said(), said()], [said()])
    assert len({one.id for one in told}) == 3


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        ("2026-11-21T10:00:00+08:00", TEN),
        ("2026-11-21T02:00:00Z", TEN),
        ("2026-11-21 10:00:00", TEN),
        ("2026-11-21T10:00:00.999", TEN),
        (TEN, TEN),
        (TEN + 0.9, TEN),
        (TEN * 1000 + 999, TEN),
    ],
)
def test_times_as_logs_write_them(read, at, seconds):
    """ISO 8601 with or without an offset, unix seconds and milliseconds; fractions are cut off."""
    assert read([said(at=at)])[0].at == seconds


def test_times_without_an_offset_are_local(read):
    """A time without an offset is of the zone asked for; one with an offset is not moved by it."""
    tokyo = Zone("Asia/Tokyo")
    assert read([said(at="2026-11-21T11:00:00")], zone=tokyo)[0].at == TEN
    assert read([said(at="2026-11-21T10:00:00+08:00")], zone=tokyo)[0].at == TEN


def test_timed_logs_are_put_in_order(read):
    """Messages with times come in the order of time over all files, equal ones as they stand; untimed as they stand."""
    told = read([said(text="3", at=TEN + 9), said(text="1", at=TEN)], [said(text="2", at=TEN)])
    assert [one.text for one in told] == ["1", "2", "3"]
    assert [one.text for one in read([said(text="b"), said(text="a")])] == ["b", "a"]


def test_what_is_no_message_is_left_out(read, tmp_path):
    """Blank lines, line ends of Windows and a byte order mark are no mistakes; an empty file has no messages."""
    file = tmp_path / "windows.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(said()).encode() + b"\r\n\r\n  \r\n")
    with logs.read([file], SHANGHAI) as log:
        assert len(log) == len(list(log)) == 1
    assert read([]) == []
    assert read([""], ["", ""]) == []


def mistakes(read, *files: list[object]) -> list[str]:
    """What is wrong, without the folder."""
    with pytest.raises(DataError) as raised:
        read(*files)
    return [problem.rpartition("/")[2] for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "Input data was truncated"),
        ("[]", "Expected `object`, got `array`"),
        ("5", "Expected `object`, got `int`"),
        ({"role": "buyer"}, "missing required field `conversation`"),
        (said(role="boss"), "Invalid enum value 'boss' - at `$.role`"),
        (said(kind="song"), "Invalid enum value 'song' - at `$.kind`"),
        (said(text=5), "Expected `str | null`, got `int` - at `$.text`"),
        (said(conversation=1.5), "Expected `int | str`, got `float` - at `$.conversation`"),
        (said(at="yesterday"), "'yesterday' is not an ISO 8601 time"),
        (said(at="1970-01-01T00:00:00Z"), "is before the year 2000"),
        (said(at="9999-12-31T23:59:59-23:00"), "is after the year 9998"),
        (said(at=5), "at: 5 is neither unix seconds nor milliseconds"),
        (said(at=-1), "at: -1 is neither"),
        (said(at=1e300), "is neither unix seconds nor milliseconds"),
        (said(context={"x": [1]}), "at `$.context"),
        ({"id": "c", "turns": [{"text": "x"}]}, "missing required field `role` - at `$.turns[0]`"),
        ({"id": "c", "turns": 5}, "Expected `array`, got `int` - at `$.turns`"),
        ({"turns": []}, "missing required field `id`"),
        ('{"conversation":"c","role":"buyer","text":"\\ud800"}', "truncated"),
        ('{"id":"c","turns":' + "[" * 100_000, "recursion"),
        (said(at=253_370_764_800), "is neither unix seconds nor milliseconds"),
    ],
)
def test_a_bad_line_is_named(read, line, words):
    """A line that cannot be read is named by file and line, with what is wrong with it."""
    (problem,) = mistakes(read, [said(), line])
    assert problem.startswith("log0.jsonl:2: ")
    assert words in problem


def test_every_bad_line_is_named_up_to_a_bound(read):
    """Bad lines of all files are listed together; of a file that is wrong in every line the first with a sentence."""
    found = mistakes(read, ["x", said(), "y"], ["z"] * 50 + [said()] + ["z"] * 49)
    assert [problem.partition(": ")[0] for problem in found[:3]] == ["log0.jsonl:1", "log0.jsonl:3", "log1.jsonl:1"]
    assert len(found) == 2 + logs.MOST_PROBLEMS + 1
    assert found[-1] == "log1.jsonl: 另有 79 处读不了：第 21-50、52-100 行"


def test_a_log_is_timed_or_not(read):
    """Where only some messages have a time, the first without is named."""
    (problem,) = mistakes(read, [said(at=TEN), said(), said(at=TEN)])
    assert problem.startswith("log0.jsonl:2: has no time, while 2 other messages have one")


def test_files_that_are_none(tmp_path):
    """A file that is missing, an empty folder, and bytes that are not UTF-8 are named, all at once."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary").write_bytes(b'{"conversation":"\xff","role":"buyer"}')
    with pytest.raises(DataError) as raised:
        logs.read([tmp_path / "none", tmp_path / "empty", tmp_path / "binary"], SHANGHAI)
    assert raised.value.problems[:2] == [
        f"{tmp_path / 'none'}: cannot be read: No such file or directory",
        f"{tmp_path / 'empty'}: 文件夹里没有文件",
    ]
    assert raised.value.problems[2].startswith(f"{tmp_path / 'binary'}:1: ")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.binary(max_size=30), max_size=5))
def test_any_bytes_are_read_or_refused(tmp_path: Path, lines):
    """Whatever a file holds, it is read, or refused with a sentence for a line."""
    file = tmp_path / "any"
    file.write_bytes(b"\n".join(lines))
    problems: list[str] = []
    try:
        logs.read([file], SHANGHAI).close()
    except DataError as error:
        problems = error.problems
    assert all(problem.startswith(f"{file}:") for problem in problems)
    told = b"\n".join(lines).removeprefix(b"\xef\xbb\xbf")  # a mark of the encoding is no line
    assert bool(problems) == any(line.strip() for line in told.split(b"\n"))
