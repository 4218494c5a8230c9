"""Secrets, tokens and the rest of the config change while the server runs; a wrong config changes nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from copy import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import requests
from living import SECRETS, TOKENS, living
from running import LONGEST, serving
from standardwebhooks import Webhook

from bot import config, renewal, shop
from bot.channels.alerting import Alerting
from bot.web import events
from bot.web.app import METRICS
from bot.web.rereader import Rereader, Source
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from running import Server

OLD, NEW = SECRETS["demo"], SECRETS["other"]
FIRST = """
[server]
reload = 0
{server}
[[shops]]
id = "demo"
platform = "pinduoduo"
library = ["library.toml"]
webhook_secrets = [{secrets}]
token = "file:token"
{more}
"""
LIBRARY = """
group = "开店"

[[scripts]]
id = "other.hours"
title = "营业时间"
shortcut = "yysj"
phrasings = ["你们几点开门", "几点有人上班", "晚上几点关门"]
text = "您好，我们每天早上九点到晚上九点都在线。"
"""


def write(folder: Path, *secrets: str, server: str = "", more: str = "") -> None:
    """A config whose shop believes these files of secrets."""
    named = ", ".join(f'"file:{name}"' for name in secrets)
    (folder / "config.toml").write_text(FIRST.format(secrets=named, server=server, more=more), encoding="utf-8")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A config, two secrets, two tokens and a library."""
    for name, text in {"old": OLD, "new": NEW, "token": TOKENS["demo"], "library.toml": LIBRARY}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    write(tmp_path, "old")
    path: Path = tmp_path
    return path


class Hung:
    """A real server, and what it says on stderr."""

    def __init__(self, server: Server) -> None:
        """Begins to count deliveries."""
        self._server, self._number = server, 0

    def told(self, word: str) -> str:
        """The next line of the log with a word."""
        while word not in (line := self._server.process.stderr.readline().decode()):
            assert line, f"the server ended before it said {word}"
        return line

    def hang_up(self) -> None:
        """What `systemctl reload` sends."""
        self._server.process.send_signal(signal.SIGHUP)

    def send(self, secret: str) -> int:
        """The status of a delivery that is signed with a secret."""
        self._number += 1
        data = f'{{"id":"m-{self._number}","conversation":"c-1","role":"buyer","text":"几点有人上班"}}'
        body, now = f'{{"type":"message.created","data":{data}}}', datetime.now(UTC)  # noqa: TID251 - a real server
        headers = {
            "content-type": "application/json",
            "webhook-id": f"d-{self._number}",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(f"d-{self._number}", now, body),
        }
        answer = requests.post(f"{self._server.url}/webhook/demo", body.encode(), headers=headers, timeout=LONGEST)
        return answer.status_code

    def ask(self, token: str) -> int:
        """The status of a question that carries a token."""
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self._server.url}/api/shops/demo/conversations"
        return requests.get(url, headers=headers, timeout=LONGEST).status_code


@pytest.fixture
def hung(folder) -> Iterator[Hung]:
    """It reads its config again only when it is told so."""
    with serving("--config", str(folder / "config.toml")) as server:
        yield Hung(server)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_secrets_are_rotated_by_a_signal(folder, hung):
    """Old, both, new: no delivery is lost on the way; a wrong config is refused by name, and what held before goes on."""
    assert (hung.send(OLD), hung.send(NEW)) == (200, 401)
    write(folder, "old", "new")
    hung.hang_up()
    assert "demo: webhook_secrets" in hung.told("config taken")
    assert (hung.send(OLD), hung.send(NEW)) == (200, 200)
    for wrong, said in (("nowhere", "nowhere cannot be read"), ("library.toml", "webhook_secrets[0]: ")):
        write(folder, wrong)
        hung.hang_up()
        assert said in hung.told("config refused, the one before goes on")
        assert (hung.send(OLD), hung.send(NEW)) == (200, 200)
    write(folder, "new")
    (folder / "token").write_text("quite-another-token-of-the-shop", encoding="utf-8")
    hung.hang_up()
    assert "demo: webhook_secrets, token" in hung.told("config taken")
    assert (hung.send(OLD), hung.send(NEW)) == (401, 200)
    assert (hung.ask(TOKENS["demo"]), hung.ask("quite-another-token-of-the-shop")) == (401, 200)


@pytest.fixture
async def house(folder, tmp_path):
    """A server in this process that was started with the config, and what reads it again."""
    read = config.load(folder / "config.toml")
    shops = shop.assemble(read)
    (tmp_path / "data").mkdir()
    async with living(tmp_path / "data", shops) as server:
        renewed: list[config.Config] = []

        async def after(new: config.Config) -> None:
            renewed.append(new)
            server.told.set()

        source = Source(folder / "config.toml", lambda: config.load(folder / "config.toml"))
        server.rereader = Rereader(source, read, server.loop, shops, server.client.app[METRICS], after=after)
        server.shops, server.renewed, server.told = shops, renewed, asyncio.Event()
        yield server


async def figure(server, name: str) -> float:
    """A figure of the metrics page."""
    page = (await server.ask("GET", "/metrics")).body.decode()
    return float(next(line.split()[1] for line in page.splitlines() if line.startswith(f"{name} ")))


async def test_what_a_shop_is_told_to_do_changes_at_once(house, folder):
    """Callback, stages, rules, overrides, robots, days kept: as after a start; it is counted, and stands in the audit log."""
    (folder / "rules.toml").write_text(
        '[[rules]]\nid = "own.word"\nreason = "店里不说这个"\nwords = ["独家词语"]\n', encoding="utf-8"
    )
    more = 'callback_url = "https://tool.example/hook"\nkeep_days = 30\nrules = ["rules.toml"]\n'
    more += "[shops.stages]\nhuman_reply_3min = [100]\n"
    write(folder, "old", more=more)
    ours, matcher = house.shops["demo"], house.shops["demo"].matcher
    said = {"text": "这是独家词语"}
    assert (await house.api("POST", "/check", said)).json["verdict"] == "allow"
    await house.rereader.reread()
    assert (await house.api("POST", "/check", said)).json["verdict"] == "block"
    assert (ours.callback_url, ours.keep_days) == ("https://tool.example/hook", 30)
    assert next(one.stages for one in ours.targets if one.name == "human_reply_3min") == (100,)
    assert ours.matcher is matcher
    assert await figure(house, "kuaihui_config_reloads_total") == 1
    assert house.renewed[-1].shops[0].keep_days == 30
    (note,) = await house.loop.read(lambda store: store.notes("demo", 0))
    assert (note.who, note.what) == ("", "config.reload")
    assert set(note.about.split()) == {"callback_url", "keep_days", "rules", "stages"}


async def test_a_rule_that_says_something_else_is_read_again(house, folder):
    """The config itself is the same."""
    rule = '[[rules]]\nid = "own.word"\nreason = "店里不说这个"\nwords = ["{0}"]\n'
    (folder / "rules.toml").write_text(rule.format("独家词语"), encoding="utf-8")
    write(folder, "old", more='rules = ["rules.toml"]')
    await house.rereader.reread()
    (folder / "rules.toml").write_text(rule.format("另外的词"), encoding="utf-8")
    await house.rereader.reread()
    assert (await house.api("POST", "/check", {"text": "独家词语"})).json["verdict"] == "allow"
    assert (await house.api("POST", "/check", {"text": "另外的词"})).json["verdict"] == "block"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text + "[broken", "config.toml: "),
        (lambda text: text + "colour = 3\n", "shops[0].colour: unknown key"),
        (lambda text: text.replace("file:old", "file:empty"), "empty is empty"),
        (lambda text: text + "[shops.stages]\nhuman_reply_3min = [9999]\n", "stages.human_reply_3min"),
        (lambda text: text + 'rules = ["missing.toml"]\n', "missing.toml does not exist"),
        (lambda text: text + 'rules = ["library.toml"]\n', "library.toml"),
    ],
)
async def test_a_wrong_config_changes_nothing(house, folder, caplog, change, said):
    """Every mistake is named; what stands in it beside the mistake is not taken either; it shows until it is mended."""
    (folder / "empty").write_text("", encoding="utf-8")
    right = (folder / "config.toml").read_text(encoding="utf-8")
    before = copy(vars(house.shops["demo"]))
    (folder / "config.toml").write_text(
        change(right.replace('id = "demo"', 'id = "demo"\nkeep_days = 9')), encoding="utf-8"
    )
    await house.rereader.reread()
    assert said in caplog.text
    assert "config refused, the one before goes on" in caplog.text
    assert vars(house.shops["demo"]) == before
    assert await figure(house, "kuaihui_config_broken") >= 1
    (folder / "config.toml").write_text(right, encoding="utf-8")
    await house.rereader.reread()
    assert await figure(house, "kuaihui_config_broken") == 0
    assert await figure(house, "kuaihui_config_reloads_total") == 0


async def test_what_waits_for_a_restart_is_said_and_the_rest_is_taken(house, folder, caplog):
    """Port, library, platform and shops that come or go."""
    caplog.set_level("INFO")
    (folder / "other.toml").write_text(LIBRARY.replace("other.hours", "another.hours"), encoding="utf-8")
    write(folder, "old", server="port = 1234", more="keep_days = 7")
    file = folder / "config.toml"
    text = file.read_text(encoding="utf-8").replace("library.toml", "other.toml")
    file.write_text(
        text + text[text.index("[[shops]]") :].replace('"demo"', '"more"').replace("file:token", "file:new")
    )
    await house.rereader.reread()
    for key in ("server.port", "shops.demo.library", "shops.more"):
        assert f"config: {key} takes effect at the next start" in caplog.text
    assert house.shops["demo"].keep_days == 7
    assert set(house.shops) == {"demo"}
    file.write_text(text.replace("pinduoduo", "taobao").replace("keep_days = 7", "keep_days = 8"))
    await house.rereader.reread()
    assert "shops.demo.platform takes effect" in caplog.text
    assert (house.shops["demo"].platform.id, house.shops["demo"].keep_days) == ("pinduoduo", 7)


async def test_a_listener_whose_token_is_gone_is_let_go(house, folder, monkeypatch):
    """The stream of a token that the config no longer has ends with the next event."""
    monkeypatch.setattr(events, "LOOK", 0.0)
    async with house.listen() as listener:
        (folder / "token").write_text("quite-another-token-of-the-shop", encoding="utf-8")
        await house.rereader.reread()
        message = {"id": "m-1", "conversation": "c-1", "role": "buyer", "text": "几点有人上班"}
        await house.hear({"type": "message.created", "data": message})
        while await listener.line():
            pass


async def test_a_changed_file_is_read_by_itself(house, folder):
    """A secret's file that is written anew is noticed once it has stayed the same for a look; nothing else is read again."""
    watched = house.rereader._watched
    assert not watched.changed()
    (folder / "old").write_text(NEW + "\n", encoding="utf-8")
    os.utime(folder / "old", (1, 1))
    assert [watched.changed() for _ in range(3)] == [False, True, False]


async def test_it_looks_by_itself(house, folder):
    """Without being told, some looks after the change; and it ends with the server."""
    task = asyncio.create_task(house.rereader.run(0.01))
    write(folder, "old", "new")
    async with asyncio.timeout(LONGEST):
        await house.told.wait()
    assert len(house.shops["demo"].keys) == 2
    house.rereader.ask()
    house.loop.release()
    await task


async def test_robots_come_and_go(house, folder):
    """A robot that the new config has speaks from then on; what one that is gone had to say is forgotten."""
    (folder / "robot").write_text("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", encoding="utf-8")
    alerting = Alerting(house.loop, house.shops, None)
    assert not alerting._robots
    write(folder, "old", more='[[shops.robots]]\nkind = "wecom"\nurl = "file:robot"\nwho = "owner"\n')
    await house.rereader.reread()
    await alerting.renew()
    assert len(alerting._robots) == 1
    write(folder, "old")
    await house.rereader.reread()
    await alerting.renew()
    assert not alerting._robots


def test_nothing_is_built_of_a_config_with_a_mistake(folder):
    """Every shop's mistakes are collected before anything changes."""
    read = config.load(folder / "config.toml")
    shops = shop.assemble(read)
    (folder / "rules.toml").write_text("[[rules]]\n", encoding="utf-8")
    write(folder, "old", more='rules = ["rules.toml"]')
    with pytest.raises(DataError):
        renewal.prepare(read, config.load(folder / "config.toml"), shops)
