"""The command that shows group robots says nothing in a group unless asked, and never their addresses."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from bot.cli import main

CONFIG = """
[server]
allow_private_callbacks = true
[[shops]]
id = "demo"
platform = "pinduoduo"
webhook_secrets = ["env:HOOK"]
token = "env:TOKEN"
[[shops.robots]]
kind = "wecom"
url = "env:ROBOT"
who = "owner"
form = "markdown"
"""


@pytest.fixture
def group():
    """A group on a real socket that answers as told, and remembers what it was sent."""

    class Group(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.server.bodies.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.server.answer)

        def log_message(self, *_: object) -> None:
            """Not on stderr."""

    made = HTTPServer(("127.0.0.1", 0), Group)
    made.bodies, made.answer = [], b'{"errcode":0}'
    running = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    running.start()
    yield made
    made.shutdown()
    running.join()
    made.server_close()


@pytest.fixture
def ask(tmp_path, group, monkeypatch):
    """Run `kuaihui robots` on a config with one robot in the group."""
    file = tmp_path / "config.toml"
    file.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("HOOK", "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")
    monkeypatch.setenv("TOKEN", "token-of-the-shop")
    monkeypatch.setenv("ROBOT", f"http://127.0.0.1:{group.server_port}/send?key=secret-key")
    return lambda *more: CliRunner().invoke(main, ["robots", "--config", str(file), *more])


def test_nothing_is_sent_unless_asked(ask, group):
    """It says who hears what, and how to try it."""
    done = ask()
    assert done.exit_code == 0, done.output
    assert "demo 企业微信群机器人（快回紧急提醒，markdown） effective_reply_1h 提前 180 秒" in done.output
    assert "超时：effective_reply_1h、human_reply_3min" in done.output
    assert "--send" in done.output
    assert group.bodies == []
    assert "secret-key" not in done.output


def test_a_test_message_arrives(ask, group):
    """One message, in the robot's own form, that says what it is."""
    done = ask("--send")
    assert (done.exit_code, len(group.bodies)) == (0, 1)
    assert '"msgtype":"markdown"' in group.bodies[0]
    assert "【快回紧急提醒】demo：这是一条测试消息" in group.bodies[0]
    assert "：已送达" in done.output


def test_what_goes_wrong_is_said(ask, group):
    """The vendor's code in words, exit 1, and no address."""
    group.answer = b'{"errcode":93000}'
    done = ask("--send")
    assert done.exit_code == 1
    assert "企业微信群机器人 93000：机器人地址无效" in done.output
    assert "secret-key" not in done.output


def test_an_unknown_shop_is_named(ask):
    """Exit 2, with those there are."""
    done = ask("--shop", "nobody")
    assert done.exit_code == 2
    assert "--shop: 'nobody' is not one of demo" in done.output
