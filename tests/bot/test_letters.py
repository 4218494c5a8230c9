"""`kuaihui outbox` shows what could not be sent, and what it asks for is done by the server that runs beside it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bot import demo
from bot.cli import main
from bot.ports import Disabled
from bot.store import DATABASE, SQLiteStore

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai


@pytest.fixture
def folder(tmp_path):
    """A data folder as a server left it: three dead letters, one push that waits, one destination that is disabled."""
    demo.make(tmp_path)
    store = SQLiteStore(tmp_path / DATABASE)
    with store.transaction():
        for number, conversation in enumerate(("c1", "c2", "c3", "c4"), 1):
            store.push(
                store.tell("demo", conversation, "violation.seen", NINE, "{}"),
                "demo",
                conversation,
                "violation.seen",
                "",
                NINE,
            )
            if number < 4:
                store.push_again(number, NINE + 1, "x")
                store.bury(number, "the callback answered 500", NINE + 60.5)
        store.disable(Disabled("demo/chatwoot", "demo", "a", NINE, "410"))
    store.close()
    return tmp_path


def run(folder, *arguments):
    return CliRunner().invoke(main, ["outbox", *arguments, "--data", str(folder)])


def test_the_list(folder):
    """Counts, destinations that are disabled and how to enable them, and each dead letter with its reason."""
    done = run(folder)
    assert done.exit_code == 0
    assert done.stdout.startswith("等待发送 1 条，死信 3 条，停用的目的地 1 个\n")
    assert "kuaihui outbox enable demo/chatwoot" in done.stdout
    assert "  1  2026-11-21T09:00:00+08:00  demo  violation.seen  会话 c1\n" in done.stdout
    assert "2026-11-21T09:01:00+08:00 放弃，试了 1 次：the callback answered 500" in done.stdout
    letters = [json.loads(line) for line in run(folder, "list", "--json").stdout.splitlines()]
    assert [one["seq"] for one in letters] == [1, 2, 3]
    assert letters[0]["reason"] == "the callback answered 500"


def test_what_is_asked_for(folder):
    """Beside a server that has the database open: dead letters are marked or dropped, and nothing else is touched."""
    server = SQLiteStore(folder / DATABASE)
    assert run(folder, "resend", "1", "3").stdout == "服务器会重新发送 2 条死信\n"
    assert [push.seq for push in server.asked(9)] == [1, 3]
    assert "（已要求重发）" in run(folder, "list").stdout
    assert run(folder, "drop", "2", "4", "77").exit_code == 1  # 4 still waits, and 77 never was
    assert [one.seq for one in server.dead(None, 9)] == [1, 3]
    assert server.outbox_size() == 1
    assert run(folder, "drop", "all").exit_code == 0
    assert server.dead(None, 9) == []
    assert run(folder, "enable", "demo/chatwoot").stdout == "已启用：demo/chatwoot\n"
    assert run(folder, "enable", "demo/chatwoot").exit_code == 1
    assert server.disabled() == []
    server.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("resend",), "need at least one"),
        (("list", "3"), "takes no ID"),
        (("resend", "x"), "ID: 'x' is not the number of a dead letter"),
        (("drop", "-1"), "No such option"),
        (("drop", "9" * 30), "is not the number"),
        (("burn", "1"), "is not one of"),
        (("list", "--shop", "nobody"), "--shop: 'nobody' is not one of demo"),
    ],
)
def test_bad_usage(folder, arguments, said):
    """It ends with 2 and a sentence."""
    done = run(folder, *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_without_a_database(tmp_path):
    """Where no server has run, that is said."""
    demo.make(tmp_path)
    done = run(tmp_path)
    assert done.exit_code == 2
    assert "no server has run there yet" in done.stderr


def test_what_is_no_database(tmp_path):
    """A sentence, no traceback."""
    demo.make(tmp_path)
    (tmp_path / DATABASE).write_text("nonsense " * 99)
    for arguments in ((), ("drop", "1")):
        done = run(tmp_path, *arguments)
        assert done.exit_code == 2
        assert "Traceback" not in done.output
