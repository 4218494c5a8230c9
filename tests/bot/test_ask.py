"""Single questions, by word and by line: what is suggested, what may be sent, and how lines come and go."""

from __future__ import annotations

import io
import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from running import LONGEST, run, started

from bot import lines
from bot.ask import Checker
from bot.cli import main
from bot.cli_replay import PLATFORMS

LIBRARY = [
    {"id": "hours", "question": "你们几点上班", "variants": ["客服几点在线"], "answer": "您好，九点到二十一点在线。"},
    {"id": "size", "question": "有没有大码", "answer": None, "unknown": {"key": 1}},
    {"id": 'quote"', "question": "可以货到付款吗", "variants": [], "answer": "您好，暂不支持。"},
]


@pytest.fixture(autouse=True)
def _by_words(monkeypatch):
    """Without the optional comparing by meaning, whose model takes seconds to load."""
    monkeypatch.setattr("bot.ask.meaning.load", lambda *_: None)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A library of questions, as other tools write it."""
    file = tmp_path_factory.mktemp("library") / "questions.jsonl"
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in LIBRARY), encoding="utf-8")
    return str(file)


def ask(*arguments: str, given: list[object] | bytes = b""):
    """Exit code and answers of a command that reads lines; objects are written as JSON."""
    text = given if isinstance(given, bytes) else b"\n".join(json.dumps(line).encode() for line in given)
    done = CliRunner().invoke(main, arguments, input=text)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_word_to_people(library):
    """TEXT alone is answered for people: numbered scripts with their reason, or that nothing fits; exit 0 both times."""
    done = CliRunner().invoke(main, ["suggest", "几点上班", "--library", library])
    assert done.exit_code == 0
    assert done.stdout.startswith("1. [")
    assert "您好，九点到二十一点在线。" in done.stdout
    done = CliRunner().invoke(main, ["suggest", "火星上有水吗", "--library", library])
    assert (done.exit_code, done.stdout) == (0, "没有合适的话术，不提示。\n")
    done = CliRunner().invoke(main, ["suggest", "", "--library", library])
    assert done.exit_code == 0


def test_missing_variables_are_named(tmp_path):
    """A suggestion whose blanks are not filled says which."""
    (tmp_path / "scripts.toml").write_text(
        'group = "快递"\n[[scripts]]\nid = "courier"\ntitle = "发什么快递"\nphrasings = ["用哪家快递"]\n'
        'text = "您好，本店发{courier}，单号{tracking_no}。"\n',
        encoding="utf-8",
    )
    done = CliRunner().invoke(main, ["suggest", "发什么快递", "--library", str(tmp_path)])
    assert "待填写：courier、tracking_no" in done.stdout
    _, (answer,) = ask("suggest", "--jsonl", "--library", str(tmp_path), given=[{"id": 1, "text": "发什么快递"}])
    assert answer["suggestions"][0]["missing"] == ["courier", "tracking_no"]


def test_suggestions_by_line(library):
    """Each line has its id, whether to be silent, and suggestions with every promised field, best first."""
    code, answers = ask(
        "suggest",
        "--jsonl",
        "--library",
        library,
        given=[
            {"id": "a", "text": "几点上班"},
            {"id": 7, "messages": [{"role": "buyer", "text": "在吗"}, {"role": "buyer", "text": "有没有大码"}]},
            {"id": None, "text": "火星上有水吗"},
            {"text": ""},
        ],
    )
    assert code == 0
    assert [answer["id"] for answer in answers] == ["a", 7, None, None]
    assert [answer["silent"] for answer in answers] == [False, False, True, True]
    best = answers[0]["suggestions"][0]
    assert set(best) == {"script", "title", "text", "score", "phrasing", "why", "missing"}
    assert best["script"] == "hours"
    assert 0 <= best["score"] <= 1
    assert answers[1]["suggestions"][0]["script"] == "size"
    assert answers[1]["suggestions"][0]["text"] is None


def test_a_turn_begins_after_the_agent(library):
    """Of a conversation only what the buyer said since the agent's last message is asked for."""
    said = [
        {"role": "buyer", "text": "几点上班"},
        {"role": "agent", "text": "您好"},
        {"role": "robot", "text": "请稍等"},
    ]
    _, (alone, after) = ask(
        "suggest",
        "--jsonl",
        "--library",
        library,
        given=[{"messages": said}, {"messages": [*said, {"role": "buyer", "text": "有没有大码"}]}],
    )
    assert alone["silent"]
    assert after["suggestions"][0]["script"] == "size"


def test_all_and_top(library):
    """--all lists what stayed below the bar, --top bounds the list; silence is the same with both."""
    line = [{"text": "有大码"}]
    _, (few,) = ask("suggest", "--jsonl", "--library", library, given=line)
    _, (every,) = ask("suggest", "--jsonl", "--all", "--top", "100", "--library", library, given=line)
    _, (one,) = ask("suggest", "--jsonl", "--all", "--top", "1", "--library", library, given=line)
    assert len(every["suggestions"]) >= len(few["suggestions"])
    assert [found["script"] for found in every["suggestions"]][:1] == [found["script"] for found in one["suggestions"]]
    assert few["silent"] == every["silent"] == one["silent"]


def test_learning(library):
    """A picked line writes nothing; without --learn, or with a script or a shape that is none, it is a bad line."""
    picked = {"id": 1, "picked": {"text": "啥时候有人", "script": "hours"}}
    code, answers = ask("suggest", "--jsonl", "--learn", "--library", library, given=[picked, {"id": 2, "text": "在"}])
    assert (code, [answer["id"] for answer in answers]) == (0, [2])
    code, answers = ask("suggest", "--jsonl", "--library", library, given=[picked])
    assert code == 2
    assert answers == [{"id": 1, "error": "line 1: picked lines need --learn"}]
    for wrong in ({"text": "x", "script": "none"}, {"text": "x"}, "hours", None):
        code, answers = ask("suggest", "--jsonl", "--learn", "--library", library, given=[{"id": 3, "picked": wrong}])
        assert code == 2
        assert answers[0]["id"] == 3
        assert answers[0]["error"].startswith("line 1: picked")


BAD = [
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b'{"id":1}',
    b'{"id":1,"text":5,"messages":5}',
    b'{"id":1,"messages":[5]}',
    b'{"id":true,"text":"x","messages":["x"]}',
    b'{"id":1.5,"text":"x","messages":["x"]}',
    b'{"id":[],"text":"x","messages":["x"]}',
    b'{"id":"\\ud800","text":"x","messages":["x"]}',
    b'{"id":1,"text":"\\u12"}',
    b'["\\ud800"]',
    b"[" * 5000,
]


@pytest.mark.parametrize("command", ["suggest", "guard"])
def test_bad_lines_do_not_stop_the_work(command, library):
    """A bad line is answered with its number and an error, the next ones are answered, and the exit code is 2."""
    arguments = [command, "--jsonl", *(["--library", library] if command == "suggest" else [])]
    good = b'{"id":"last","text":"x","messages":["\xe6\x82\xa8\xe5\xa5\xbd"]}'
    code, answers = ask(*arguments, given=b"\n\n".join([*BAD, good]))
    assert code == 2
    assert len(answers) == len(BAD) + 1
    for position, answer in enumerate(answers[:-1]):
        assert set(answer) == {"id", "error"}
        assert answer["error"].startswith(f"line {position * 2 + 1}: "), BAD[position]
        assert answer["id"] in (None, 1)
    assert answers[-1]["id"] == "last"
    assert "error" not in answers[-1]


def test_a_byte_order_mark_is_no_mistake(library):
    """Lines from an editor that begins files with a mark are read."""
    code, answers = ask("suggest", "--jsonl", "--library", library, given=b'\xef\xbb\xbf{"id":1,"text":"x"}\r\n')
    assert (code, answers[0]["id"]) == (0, 1)


def test_verdicts_by_line():
    """Each line has a verdict, a rewrite or null, and findings in order of span; any that is not allowed exits 1."""
    lines = [
        {"id": 1, "messages": ["您好，今天可以发货"]},
        {"id": 2, "messages": ["您好", "加我微信 abc88990"], "platform": "jd"},
    ]
    code, (fine, wrong) = ask("guard", "--jsonl", given=lines)
    assert code == 1
    assert fine == {"id": 1, "verdict": "allow", "rewrite": None, "findings": []}
    assert (wrong["id"], wrong["verdict"]) == (2, "block")
    finding = wrong["findings"][0]
    assert {"rule", "category", "action", "span", "excerpt", "reason", "source", "rewrite"} <= set(finding)
    begin, end = finding["span"]
    assert "加我微信 abc88990"[begin:end] == finding["excerpt"]
    assert ask("guard", "--jsonl", given=lines[:1])[0] == 0


def test_a_word_may_not_be_sent():
    """TEXT alone is judged for people: allowed exits 0; held exits 1 and says what, why and by which rule."""
    assert CliRunner().invoke(main, ["guard", "您好，今天可以发货"]).stdout == "可以发送\n"
    done = CliRunner().invoke(main, ["guard", "加我微信 abc88990"])
    assert done.exit_code == 1
    assert done.stdout.startswith("不能发送\n- ")
    assert "依据：" in done.stdout


@pytest.mark.parametrize(
    "text", ["", " \n", "\ud800", "好" * 100_001, "好\udfff"], ids=["empty", "blank", "half", "long", "half at the end"]
)
def test_what_cannot_be_sent_at_all(text):
    """Empty, longer than 100,000 characters, or half a character: verdict block, with the id."""
    code, (answer,) = ask("guard", "--jsonl", given=[{"id": "x", "messages": [text]}])
    assert code == 1
    assert (answer["id"], answer["verdict"]) == ("x", "block")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_is_judged(platform):
    """Each platform of the contract gets a verdict, on the line and on the command line; the line's own goes first."""
    assert Checker().check(["加我微信 abc88990"], platform).verdict == "block"
    line = {"messages": ["您好"], "platform": platform}
    assert ask("guard", "--jsonl", "--platform", "any", given=[line])[1][0]["verdict"] == "allow"


def test_an_unknown_platform_is_a_bad_line():
    """A platform that is none is named, with those that are."""
    code, (answer,) = ask("guard", "--jsonl", given=[{"id": 1, "messages": ["x"], "platform": "nowhere"}])
    assert code == 2
    assert answer["error"].startswith("line 1: platform must be one of any, ")


def test_bad_lines_weigh_more_than_blocked_ones():
    """Where lines were bad and others blocked, the exit code is that of bad input."""
    code, _ = ask("guard", "--jsonl", given=b'{"messages":[""]}\nbad\n')
    assert code == 2


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("suggest", b'{"id":1,"text":"\xe5\x9c\xa8\xe5\x90\x97"}\n'),
        ("guard", b'{"id":1,"messages":["\xe5\x9c\xa8"]}\n'),
    ],
)
def test_answers_come_line_by_line(command, line):
    """An answer comes before the next line is written; a reader who leaves early is no failure."""
    with started(command, "--jsonl") as process:
        for _ in range(3):
            process.stdin.write(line)
            assert json.loads(process.stdout.readline())["id"] == 1
        process.stdout.close()
        process.stdin.write(line)
        process.stdin.close()
        assert process.wait(timeout=LONGEST) == 0
        assert process.stderr.read() == b""


def test_no_input_is_no_answer():
    """Nothing on stdin: nothing on stdout, exit 0."""
    done = run("guard", "--jsonl")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.binary(max_size=12) | anything.map(lambda value: json.dumps(value).encode()), max_size=6))
def test_any_bytes_are_answered(written):
    """Whatever stands on the lines: one JSON object for each that is not blank, ids unchanged, and a count of the bad."""
    source = b"\n".join(written)
    sink = io.BytesIO()
    bad = lines.answer(io.BytesIO(source), sink, lambda asked: {"got": len(asked)})
    answers = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert len(answers) == sum(bool(line.strip()) for line in source.split(b"\n"))
    assert bad == sum("error" in answer for answer in answers)
