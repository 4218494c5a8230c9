"""The commands tell on stderr how logs were read, and play nothing of a log with a bad line unless told to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main

FIXTURES = Path(__file__).parent / "fixtures"
LIBRARY = 'group = "客服"\n[[scripts]]\nid = "a.b"\ntitle = "发货"\nphrasings = ["什么时候发货"]\ntext = "今天发货。"\n'


@pytest.fixture
def kuaihui(tmp_path):
    """Runs a command with a small library: exit code, what was said, and the JSON if it was asked for."""
    (tmp_path / "library.toml").write_text(LIBRARY, encoding="utf-8")

    def running(*arguments: object):
        done = CliRunner().invoke(main, [*map(str, arguments), "--library", str(tmp_path / "library.toml")])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return running


def test_a_copied_chat_is_replayed(kuaihui, tmp_path):
    """A chat copied out of 千牛 gives figures like any log; how it was read is on stderr, stdout is as ever."""
    done = kuaihui("replay", FIXTURES / "qianniu-heads.txt", "--platform", "taobao", "--json", tmp_path / "out.json")
    assert done.exit_code == 0
    assert done.stderr.endswith("qianniu-heads.txt：格式 qianniu-text（第 2 行是名字和时间），编码 UTF-8\n")
    assert done.stdout.startswith("会话 1 个，消息 6 条\n")
    result = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (result["deadline"]["timed"], result["guard"]["checked"]) == (True, 3)


def test_bad_lines_stop_a_replay(kuaihui, tmp_path):
    """With a bad line nothing is done, and the line is named; with --skip-bad the rest is played and the line told."""
    log, out = tmp_path / "log.jsonl", tmp_path / "out.json"
    log.write_text('{"conversation":"c","role":"buyer","text":"在吗"}\nx\n', encoding="utf-8")
    done = kuaihui("replay", log, "--json", out)
    assert (done.exit_code, done.stdout, out.exists()) == (2, "", False)
    assert done.stderr.startswith(f"{log}:2: ")
    done = kuaihui("replay", log, "--json", out, "--skip-bad")
    assert (done.exit_code, json.loads(out.read_bytes())["messages"]) == (0, 1)
    assert f"\n跳过 {log}:2: " in done.stderr


def test_masked_buyers_do_not_come_out(kuaihui, tmp_path):
    """With --mask no name or number of the log stands in the result."""
    log, out = tmp_path / "log.jsonl", tmp_path / "out.json"
    lines = [
        {
            "conversation": "买家甲",
            "role": "buyer",
            "buyer": "买家甲",
            "text": "在吗",
            "at": "2026-11-21T10:00:00+08:00",
        },
        {"conversation": "买家甲", "role": "agent", "text": "加我微信 13812345678", "at": "2026-11-21T12:00:00+08:00"},
    ]
    log.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    assert kuaihui("replay", log, "--platform", "pinduoduo", "--json", out, "--mask").exit_code == 0
    said = out.read_text(encoding="utf-8")
    assert json.loads(said)["guard"]["block"] == 1
    assert "买家1" in said
    assert "买家甲" not in said
    assert "13812345678" not in said


def test_gaps_of_any_log(kuaihui):
    """What the library cannot answer is looked for in logs of every format."""
    done = kuaihui("library", "gaps", FIXTURES / "table.csv")
    assert done.exit_code == 0
    assert done.stdout.startswith("买家消息 1 条")
    assert "格式 csv" in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--exported", "soon"), "--exported"),
        (("--encoding", "nosuch"), "没有 nosuch 这种编码"),
        (("--columns", FIXTURES / "table.csv"), "table.csv: "),
        (("--format", "xls"), "--format"),
        (("--format", "taobao"), "qianniu-heads.txt: "),
    ],
)
def test_wrong_options_are_sentences(kuaihui, options, words):
    """An option that cannot be is refused with what is wrong."""
    done = kuaihui("replay", FIXTURES / "qianniu-heads.txt", *options)
    assert done.exit_code == 2
    assert words in done.stderr
