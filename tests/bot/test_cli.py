"""The command line keeps its contract: what it takes, how it exits, and that it never answers with a traceback."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import stat
import sys
from pathlib import Path
from subprocess import run as run_program

import click
import pytest
from click.testing import CliRunner
from running import ROOT, environment, run, serving, started

from bot.cli import main
from bot.cli_replay import PLATFORMS

# Of the contract: what each command takes. Options that are still to come are not listed.
PROMISED = {
    "serve": "--config --demo --host --port --data --ready-json --clock-start --clock-rate",
    "watch": "--url --token",
    "simulate": "--scene --shop --speed --start --buyers --invent --rate --seed --record --load --target --line --agents --seeds --coverage --plot --json",
    "replay": "LOG... --jobs --platform --format --encoding --shop-name --exported --columns --skip-bad --mask --library --timezone --json --report --compare --config --shop",
    "suggest": "[TEXT] --jsonl --learn --all --library --top",
    "guard": "[TEXT] --jsonl --platform --rules --at --unanswered --timezone --explain --json --audit --day --since "
    "--right --wrong --by --why --import --into --shop --config --data",
    "rates": "DAY --shop",
    "check": "--config",
    "robots": "--config --shop --send",
    "send": "[TEXT]",
    "library lint": "[PATH]",
    "library import": "FILE --into --format --encoding --platform --update --skip --dry-run",
    "library export": "OUT --library --format --encoding --force",
    "library gaps": "[LOG]...",
    "library stats": "--shop",
    "library learned": "--accept --revoke --shop --config --data",
    "outbox": "list|resend|drop|enable [ID]... --shop --config --data --json",
    "adapter try": "NAME|MAP.toml FILE --header --json",
    "audit": "--shop --since --config --data --json",
    "token": "list|add|revoke [ID]... --shop --role --name --config --data --json",
    "backup": "FILE --config --data",
    "restore": "FILE --config --data",
}


@pytest.fixture(autouse=True)
def _by_words(monkeypatch):
    """Without the optional comparing by meaning, whose model takes seconds to load."""
    monkeypatch.setattr("bot.ask.meaning.load", lambda *_: None)


def kuaihui(*arguments: str, given: str | bytes | None = None):
    """Run a command in this process: exit code, stdout and stderr; anything but an orderly exit is raised."""
    done = CliRunner(env={"KUAIHUI_TOKEN": None}).invoke(main, arguments, input=given, prog_name="kuaihui")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def commands(group: click.Group, before: str = "") -> list[str]:
    """The full names of all commands."""
    found = []
    for name, command in group.commands.items():
        found += commands(command, f"{name} ") if isinstance(command, click.Group) else [before + name]
    return found


@pytest.mark.parametrize("command", PROMISED)
def test_help_names_what_was_promised(command):
    """--help and -h of a command name every argument and option of the contract, and each option says what it does."""
    said = kuaihui(*command.split(), "--help")
    assert said.exit_code == 0
    for word in PROMISED[command].split():
        assert word in said.stdout
    assert kuaihui(*command.split(), "-h").stdout == said.stdout


def test_every_command_is_promised():
    """No command stands outside the list above."""
    assert sorted(commands(main)) == sorted(PROMISED)


def test_help_is_quick():
    """Asking for help loads none of the heavy parts."""
    asked = "import sys; from bot.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    done = run_program([sys.executable, "-c", asked], capture_output=True, text=True, env=environment(), check=True)
    loaded = set(done.stdout.rpartition("\n\n")[2].split()) | set(done.stdout.split())
    assert "click" in loaded
    assert loaded.isdisjoint({"aiohttp", "asyncio", "jieba", "msgspec", "rich", "sqlite_utils", "replies.match"})


def test_python_m_bot_is_the_same():
    """`python -m bot` and the installed program print the same help, and the version."""
    installed = Path(sys.executable).with_name("kuaihui")
    for option, beginning in (("--help", b"Usage: kuaihui [OPTIONS]"), ("--version", b"kuaihui, version ")):
        done = run_program([installed, option], capture_output=True, env=environment(), check=True)
        assert done.stdout.startswith(beginning)
        assert run(option).stdout == done.stdout


def test_platforms_are_those_with_a_file():
    """The platforms that can be named on the command line are those of the contract."""
    assert set(PLATFORMS) == {
        "any",
        "douyin",
        "jd",
        "kuaishou",
        "pinduoduo",
        "taobao",
        "tmall",
        "xiaohongshu",
    }


WRONG = [
    "",
    "nothing",
    "suggest",
    "suggest x --jsonl",
    "suggest x --top 0",
    "suggest x --library {tmp}/none",
    "suggest x --library {tmp}",
    "suggest x --library {tmp}/text",
    "guard",
    "guard x --platform nowhere",
    "replay",
    "replay {tmp}/none",
    "replay {tmp}",
    "replay {tmp}/text",
    "replay {tmp}/log --platform nowhere",
    "replay {tmp}/log --timezone Asia/Nowhere",
    "replay {tmp}/log --timezone ../../etc/passwd",
    "replay {tmp}/log --format xls",
    "replay {tmp}/log --json {tmp}",
    "replay {tmp}/log --json {tmp}/none/out.json",
    "rates",
    "rates 2026-13-01 --data {tmp}/data",
    "rates 2026-11-21 --data {tmp}/none",
    "rates 2026-11-21 --config {tmp}/none",
    "simulate --scene {tmp}/none",
    "simulate --scene {tmp}/text",
    "simulate --platform nowhere",
    "simulate --start yesterday",
    "simulate --speed 0",
    "library",
    "library lint {tmp}/text",
    "library lint --day tomorrow",
    "check --config {tmp}",
    "serve --config {tmp}/none",
    "serve --config {tmp}/text",
    "serve --config {tmp}/text --demo",
    "serve --port 70000",
    "serve --clock-rate 0",
    "serve --clock-start soon --data {tmp}/data",
    "serve --clock-start 2026-11-21T10:00:00 --data {tmp}/data",
    "serve --clock-start 9999-12-31T10:00:00Z --data {tmp}/data",
    "simulate --start 9999-12-31T23:59:59",
    "serve --clock-rate 60 --host 0.0.0.0 --data {tmp}/data",
    "serve --clock-start 2026-11-21T10:00:00+08:00 --host example.com --data {tmp}/data",
    "serve --data {tmp}/text/data",
    "serve --data {tmp}/text",
    "send",
    "send x --json {{}}",
    "send x --data {tmp}/none",
    "send x --data {tmp}/broken",
    "send x --secret-file {tmp}/none",
    "send x --secret-file {tmp}/text",
    "send x --secret-file {tmp}/secret --url ftp://127.0.0.1",
    "send x --secret-file {tmp}/secret --url http://[bad",
    "send x --secret-file {tmp}/secret --url http://127.0.0.1:bad",
    "send x --secret-file {tmp}/secret --url http://127.0.0.1:{closed}",
    "watch --data {tmp}/none",
    "watch --data {tmp}/broken",
    "watch --token x --url nonsense",
    "watch --token x --url http://[bad",
    "watch --token x --url http://127.0.0.1:{closed}",
]


@pytest.fixture(scope="module")
def around(tmp_path_factory) -> dict[str, object]:
    """A folder with files that are not what they are given for, and a port on which nobody listens."""
    folder = tmp_path_factory.mktemp("around")
    (folder / "text").write_text("not what was asked for\n")
    (folder / "log").write_text('{"conversation":"c","role":"buyer","text":"在吗"}\n', encoding="utf-8")
    (folder / "secret").write_text("whsec_" + "QUJD" * 8)
    (folder / "broken").mkdir()
    (folder / "broken" / "demo.json").write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closed = listening.getsockname()[1]
    return {"tmp": folder, "closed": closed}


@pytest.mark.parametrize("line", WRONG)
def test_wrong_use_is_a_sentence(line, around):
    """Bad usage and bad input exit 2 with sentences on stderr: nothing on stdout, and never a traceback."""
    done = kuaihui(*line.format(**around).split())
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_looking_makes_nothing(around):
    """Commands that only look at a demo make neither folder nor secrets."""
    assert not (Path(str(around["tmp"])) / "none").exists()


def test_what_is_not_utf8_is_a_sentence(around):
    """An argument that is not UTF-8 is judged or refused, not stumbled over."""
    bad = "\udcff\udcfe"
    assert kuaihui("suggest", bad).exit_code == 0
    assert kuaihui("guard", bad).exit_code == 1
    secret = f"{around['tmp']}/secret"
    assert kuaihui("send", bad, "--secret-file", secret).exit_code == 2
    assert kuaihui("send", "--json", bad, "--secret-file", secret).exit_code == 2


def test_bad_data_names_file_and_line(tmp_path):
    """A broken library is listed with file, line and script; a log with file and line, even a wrong word deep in it."""
    (tmp_path / "bad.toml").write_text(
        'group = "x"\n\n[[scripts]]\nid = "a.b"\ntitle = "t"\ntext = "x"\nphrasings = []\n', encoding="utf-8"
    )
    done = kuaihui("suggest", "x", "--library", str(tmp_path))
    assert done.exit_code == 2
    assert f"{tmp_path}/bad.toml:3: a.b: phrasings: needs at least one" in done.stderr
    log = tmp_path / "log.jsonl"
    log.write_text('{"conversation":"c","role":"buyer","text":"x"}\n{"conversation":"c","role":"boss"}\n')
    done = kuaihui("replay", str(log))
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{log}:2: ")


def test_rates_of_the_first_and_last_day(demo):
    """The days at the edges of the calendar are days too."""
    for day in ("0001-01-01", "9999-12-31"):
        assert kuaihui("rates", day, "--data", str(demo)).exit_code == 0


def test_check_lists_what_is_wrong(tmp_path):
    """All is well: exit 0. Something is wrong with the config: it is listed, exit 1."""
    done = kuaihui("check")
    assert (done.exit_code, done.stdout) == (0, "一切正常\n")
    (tmp_path / "config.toml").write_text("x = 1\n")
    done = kuaihui("check", "--config", str(tmp_path / "config.toml"))
    assert done.exit_code == 1
    assert f"{tmp_path}/config.toml: x: unknown key" in done.stdout
    assert "共 2 处问题" in done.stdout


def test_lint_of_the_library():
    """The library that comes with the program has no error."""
    done = kuaihui("library", "lint", "--day", "2026-11-21")
    assert (done.exit_code, done.stdout.splitlines()[-1][:6]) == (0, "错误 0 处")


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """A data folder in which a demo server ran: two buyers asked at ten, one was answered at once."""
    data = tmp_path_factory.mktemp("demo") / "data"
    with serving("--demo", "--data", str(data)) as server:
        for conversation, role, text in (
            ("c-1", "buyer", "什么时候发货"),
            ("c-2", "buyer", "能退吗"),
            ("c-1", "agent", "您好，今天发出"),
        ):
            event = {
                "type": "message.created",
                "data": {
                    "id": f"{conversation}-{role}",
                    "conversation": conversation,
                    "role": role,
                    "text": text,
                    "at": f"2020-11-21T10:00:0{len(role) % 2}+08:00",
                },
            }
            done = kuaihui("send", "--json", json.dumps(event), "--url", server.url, "--data", str(data))
            assert done.exit_code == 0, done.stderr
            assert json.loads(done.stdout)["accepted"] == 1
        token = server.token
        assert server.stop() == (0, b"")
    secrets = json.loads((data / "demo.json").read_text())
    assert secrets["token"] == token
    return data


def test_demo_secrets_are_kept(demo):
    """The demo's secrets are for the owner's eyes only, and the same after a restart; so is what was heard."""
    mode = stat.S_IMODE((demo / "demo.json").stat().st_mode)
    assert oct(mode) == "0o600"
    assert oct(stat.S_IMODE(demo.stat().st_mode)) == "0o700"
    secrets = json.loads((demo / "demo.json").read_text())
    with serving("--data", str(demo)) as server:
        shop = server.told["shops"][0]
        assert shop == {"id": "demo", "platform": "pinduoduo", **secrets}
        assert server.url.startswith("http://127.0.0.1:")
        done = kuaihui("send", "在吗", "--url", server.url, "--data", str(demo), "--role", "robot")
        assert done.exit_code == 0
        refused = kuaihui("send", "--json", '{"type":5}', "--url", server.url, "--data", str(demo))
        assert refused.exit_code == 1
        assert json.loads(refused.stdout)["error"]["code"] == "bad_payload"
        assert server.stop(signal.SIGINT)[0] == 0


def test_rates_of_a_day(demo):
    """The day's rates for people and as JSON, of a server that does not run; an unknown shop is named."""
    done = kuaihui("rates", "2020-11-21", "--data", str(demo))
    assert done.exit_code == 0
    assert "1小时有效回复率 50.00%：达标 1/2" in done.stdout
    assert "会话 c-2" in done.stdout
    shown = json.loads(kuaihui("rates", "2020-11-21", "--data", str(demo), "--json").stdout)
    assert (shown["shop"], shown["day"]) == ("demo", "2020-11-21")
    target = shown["targets"][0]
    assert (target["name"], target["met"], target["population"]) == ("effective_reply_1h", 1, 2)
    assert kuaihui("rates", "20201121", "--data", str(demo)).stdout == done.stdout
    other = kuaihui("rates", "2020-11-21", "--data", str(demo), "--shop", "nobody")
    assert other.exit_code == 2
    assert "'nobody' is not one of demo" in other.stderr


def test_a_stream_does_not_hold_up_the_end(demo):
    """SIGTERM ends a server within two seconds, though somebody listens to its events, and the listener is told."""
    with serving("--data", str(demo)) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        listening = http.client.HTTPConnection(host, int(port), timeout=10)
        listening.request("GET", "/api/shops/demo/events?after=0", headers={"Authorization": f"Bearer {server.token}"})
        answer = listening.getresponse()
        assert answer.readline().startswith(b"retry: ")
        assert server.stop(within=2) == (0, b"")
        assert answer.read().count(b"event: ") >= 3
        listening.close()


@pytest.fixture
def _own_logs(monkeypatch):
    """A server that starts in this process leaves its logs as they are."""
    monkeypatch.setattr("bot.web.serve.logging.basicConfig", lambda **_: None)


@pytest.mark.usefixtures("_own_logs")
def test_a_port_in_use_is_a_sentence(tmp_path):
    """Of two servers on one port the second says so and exits 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = kuaihui("serve", "--port", str(port), "--data", str(tmp_path / "data"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"cannot listen on 127.0.0.1:{port}: Address already in use")


@pytest.mark.usefixtures("_own_logs")
def test_a_broken_database_is_a_sentence(tmp_path):
    """A database that is none is named, exit 2."""
    (tmp_path / "kuaihui.sqlite").write_bytes(b"not a database" * 100)
    done = kuaihui("serve", "--port", "0", "--data", str(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{tmp_path / 'kuaihui.sqlite'}: ")
    assert "Traceback" not in done.stderr


def test_config_secrets_are_not_printed(tmp_path):
    """With a config the ready line has no secrets, and neither stdout nor stderr shows them."""
    config = tmp_path / "config.toml"
    config.write_text(
        f'[server]\ndata = "{tmp_path}"\n[[shops]]\nid = "one"\nplatform = "taobao"\n'
        'webhook_secrets = ["env:MY_SECRET"]\ntoken = "env:MY_TOKEN"\n'
    )
    known = {"MY_SECRET": "whsec_" + "QUJD" * 8, "MY_TOKEN": "a-token-of-twenty-letters"}
    with serving("--config", str(config), **known) as server:
        assert server.told["shops"] == [{"id": "one", "platform": "taobao", "webhook_secret": None, "token": None}]
        assert server.stop() == (0, b"")


def test_the_greeting_can_be_pasted(tmp_path):
    """Without --ready-json people are greeted: address, secrets of the demo, and a line that sends a signed message."""
    data = tmp_path / "data"
    with started("serve", "--demo", "--port", "0", "--data", str(data)) as process:
        lines = [process.stdout.readline().decode() for _ in range(7)]
        secrets = json.loads((data / "demo.json").read_text())
        assert lines[0].startswith("快回已启动：http://127.0.0.1:")
        assert secrets["webhook_secret"] in lines[2]
        assert secrets["token"] in lines[3]
        pasted = lines[6].split()
        assert pasted[:2] == [".venv/bin/kuaihui", "send"]
        assert kuaihui(*pasted[1:]).exit_code == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_root_of_the_project():
    """Make's two commands run the program that is tested here."""
    said = (ROOT / "Makefile").read_text()
    assert "\t$(VENV)/bin/kuaihui serve --demo $(ARGS)\n" in said
    assert "\t$(VENV)/bin/python -m pytest " in said
