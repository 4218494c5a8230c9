"""`kuaihui adapter try` shows what a payload becomes, Chinese first, and what is not understood or missing."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bot.cli import main

from .conftest import FIXTURES, payload

MINE = """
signature = { scheme = "standard" }
[[events]]
when = { event = "say" }
type = "message.created"
fields = { conversation = "c", role = { from = "who", values = { b = "buyer" } }, text = "t" }
"""


def run(*arguments: str, given: bytes | None = None):
    """The command in this process: exit code, stdout and stderr; anything but an orderly exit is raised."""
    done = CliRunner().invoke(main, ["adapter", "try", *arguments], input=given)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def mine(tmp_path) -> str:
    """A map of one's own."""
    file = tmp_path / "mine.toml"
    file.write_text(MINE, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*/*.json")), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_fixture_is_understood(file):
    """Of a tool's own payloads every field is known, and nothing stands in the way."""
    done = run(file.parent.name, str(file), "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["problems"], told["unused"]) == (0, [], [])


def test_what_people_read():
    """The event with its fields; then what is missing and what that means."""
    done = run("lanren", str(FIXTURES / "lanren" / "answered.json"))
    assert done.exit_code == 0
    assert done.stdout.startswith("懒人客服（lanren）：1 个事件")
    assert 'role = "agent"' in done.stdout
    assert "没有消息编号：再次收到时只能按投递编号认出重复" in done.stdout
    assert "问题" not in done.stdout


def test_what_is_not_understood(mine):
    """Fields that the map does not speak of are listed once; a word and an event that it does not know are problems."""
    said = {"event": "say", "c": 1, "who": "b", "t": "在吗", "more": [{"x": 1}, {"x": 2}], "empty": None}
    done = run(mine, "-", given=json.dumps(said).encode())
    assert done.exit_code == 0
    assert "没看懂的字段：\n  more[].x\n" in done.stdout
    done = run(mine, "-", given=json.dumps(said | {"who": "ghost"}).encode())
    assert done.exit_code == 1
    assert "event 0: role: 'ghost'" in done.stdout
    done = run(mine, "-", given=json.dumps([said, {"event": "type"}]).encode())
    assert done.exit_code == 1
    assert "event 1: 没有一条规则适合它" in done.stdout
    done = run(mine, "-", given=json.dumps(said | {"c": None}).encode())
    assert done.exit_code == 1
    assert "event 0" in done.stdout
    assert "conversation" in done.stdout


def test_json_for_programs(mine):
    """--json prints one object; its events are what POST /webhook/{shop} takes."""
    done = run(mine, "-", "--json", given=b'{"event":"say","c":1,"who":"b","t":"hi"}')
    told = json.loads(done.stdout)
    assert told["events"] == [{"type": "message.created", "data": {"conversation": 1, "role": "buyer", "text": "hi"}}]
    assert set(told) == {"events", "ignored", "answer", "unused", "missing", "notes", "problems"}


def test_a_handshake_and_headers():
    """The answer to a handshake is shown; headers may be given where a map reads them."""
    assert '回答：{"challenge":12345}' in run("douyin", str(FIXTURES / "douyin" / "verify.json")).stdout
    file = str(FIXTURES / "chatwoot" / "message_updated.json")
    headers = ("--header", "X-Chatwoot-Timestamp: 1795226399", "--header", "X-Chatwoot-Delivery: d-7")
    told = json.loads(run("chatwoot", file, *headers, "--json").stdout)
    assert told["events"][0]["data"]["at"] == "2026-11-21T09:59:59+08:00"
    assert told["events"][0]["data"]["revision"] == "d-7"
    assert told["missing"] == []


def test_the_callback_of_wecom():
    """The opened callback says what to do; the encrypted one cannot be opened here."""
    done = run("wecom_callback", str(FIXTURES / "wecom_callback" / "event.xml"))
    assert done.exit_code == 1
    assert "sync_msg" in done.stdout
    done = run("wecom_callback", "-", given=b"<xml><Encrypt>abc</Encrypt></xml>")
    assert done.exit_code == 2
    assert "加密" in done.stderr
    assert run("wecom_callback", "-", given=b"<xml>").exit_code == 2


def test_a_file_saved_by_an_editor():
    """A GBK payload saved as UTF-8 is read as such, and that is said."""
    told = json.loads(run("qianniu", str(FIXTURES / "qianniu" / "text.json"), "--json").stdout)
    assert told["events"][0]["data"]["text"] == payload("qianniu/text")["message"]
    assert "UTF-8" in told["notes"][0]
    assert json.loads(run("qianniu", str(FIXTURES / "qianniu" / "text.gbk.json"), "--json").stdout)["notes"] == []


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("nobody", "-"), b"{}", "no adapter 'nobody' (chatwoot, "),
        (("generic", "does-not-exist.json"), None, "does-not-exist.json"),
        (("does-not-exist.toml", "-"), b"{}", "does-not-exist.toml: cannot be read"),
        (("generic", "-"), b"{", "<stdin>: the body is not JSON in UTF-8"),
        (("generic", "-"), b"\xff", "<stdin>: the body is not JSON in UTF-8"),
        (("generic",), None, "Missing argument"),
    ],
)
def test_bad_usage(arguments, given, said):
    """What cannot be tried ends with 2 and a sentence."""
    done = run(*arguments, given=given)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_map_with_mistakes(tmp_path):
    """All mistakes of a map are listed before anything is tried."""
    (tmp_path / "bad.toml").write_text('title = "x"\nnonsense = 1\n', encoding="utf-8")
    done = run(str(tmp_path / "bad.toml"), "-", given=b"{}")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 2
    assert "Traceback" not in done.stderr
