"""微信客服 says only that messages wait: they are fetched page by page, nothing twice and nothing lost, and replies are sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import deque
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from living import TEN, living, sent_out

from bot import config, wire
from bot.channels.outbox import Outbox
from bot.channels.puller import Puller
from bot.channels.ways import Ways
from bot.shop import assemble
from bot.web.app import WANTED

from .conftest import FIXTURES, KNOWN, LIBRARY, SHOP, payload
from .test_living import SHIP, conversation, waiting

pytest.importorskip("cryptography", reason="the optional part `wecom` is not installed")

from .test_wecom import sealed

NAME = "wkAJexample01:wmAJexample01"
CONFIG = (
    SHOP
    + """
[shops.adapters.wecom_callback]
secrets = ["env:WECOM"]
[shops.adapters.wecom_kf.out]
url = "URL"
token = "env:KF_SECRET"
values = { corp = "wwexample0001" }
"""
)


class WeCom:
    """The three requests of 微信客服 that are needed. `codes`: what the next ones answer instead; `page`: messages a page."""

    def __init__(self) -> None:
        self.held: list[dict[str, Any]] = []
        self.page = 2
        self.codes: deque[int] = deque()
        self.logins, self.valid = 0, ""
        self.pulled: list[dict[str, Any]] = []
        self.sent: dict[str, dict[str, Any]] = {}
        self.repeated = 0

    def say(self, number: int, text: str = SHIP, **more: Any) -> None:
        said = {"msgid": f"m{number}", "open_kfid": "wkAJexample01", "external_userid": "wmAJexample01", "origin": 3}
        self.held.append(said | {"send_time": TEN - 5, "msgtype": "text", "text": {"content": text}} | more)

    async def take(self, request: web.Request) -> web.Response:
        if request.path.endswith("/gettoken"):
            assert dict(request.query) == {"corpid": "wwexample0001", "corpsecret": "the-secret-of-kf"}
            self.logins += 1
            self.valid = f"access-{self.logins}"
            return web.json_response({"errcode": 0, "access_token": self.valid, "expires_in": 7200})
        body = json.loads(await request.read())
        if request.query.get("access_token") != self.valid:
            return web.json_response({"errcode": 42001, "errmsg": "access_token expired"})
        if self.codes and (code := self.codes.popleft()):
            return web.json_response({"errcode": code, "errmsg": "said so"})
        if request.path.endswith("/send_msg"):
            self.repeated += body["msgid"] in self.sent
            self.sent[body["msgid"]] = body
            return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": body["msgid"]})
        self.pulled.append(body)
        assert body["open_kfid"] == "wkAJexample01"
        start = int(body["cursor"] or 0)
        end = min(start + self.page, len(self.held))
        told = {"next_cursor": str(end), "has_more": int(end < len(self.held)), "msg_list": self.held[start:end]}
        return web.json_response({"errcode": 0, "errmsg": "ok", **told})


class House:
    """A living server that fetches and sends."""

    def __init__(self, server, outbox, puller) -> None:
        self.server, self.outbox, self.puller = server, outbox, puller

    async def called(self) -> Any:
        """The encrypted callback comes; what there is is fetched."""
        event = (FIXTURES / "wecom_callback" / "event.xml").read_bytes()
        query, body = sealed(event, stamp=int(self.server.clock.now()))
        path = f"/webhook/demo/wecom_callback?{urlencode(query)}"
        answer = await self.server.ask("POST", path, data=body, headers={"Content-Type": "text/xml"})
        await self.fetch()
        return answer

    async def fetch(self) -> None:
        await self.puller.look()
        await self.puller.settled()

    async def settled(self) -> None:
        await sent_out(self.outbox)

    async def move(self, seconds: float) -> None:
        await self.server.move_to(self.server.clock.now() + seconds)
        await self.fetch()
        await self.settled()

    async def texts(self) -> list[str]:
        return [one["text"] for one in (await conversation(self.server, NAME))["messages"]]


@pytest.fixture
async def wecom():
    made = WeCom()
    app = web.Application()
    app.router.add_route("*", "/cgi-bin/{tail:.*}", made.take)
    server = TestServer(app, shutdown_timeout=0.1)
    await server.start_server()
    made.url = str(server.make_url("/"))
    yield made
    await server.close()


@contextlib.asynccontextmanager
async def house_of(folder, wecom):
    (folder / "library.toml").write_text(LIBRARY, encoding="utf-8")
    (folder / "config.toml").write_text(CONFIG.replace("URL", wecom.url), encoding="utf-8")
    shops = assemble(config.load(folder / "config.toml", KNOWN | {"KF_SECRET": "the-secret-of-kf"}))
    async with living(folder, shops) as server:
        ways = Ways(shops, server.clock, allow_private=True)
        chance = random.Random(3)  # noqa: S311 - repeatable
        outbox = Outbox(server.loop, ways, chance=chance)
        puller = Puller(server.loop, shops, ways.tools, server.client.app[WANTED], chance=chance)
        running = [asyncio.create_task(one.run()) for one in (outbox, puller)]
        yield House(server, outbox, puller)
        server.loop.release()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture
async def house(tmp_path, wecom):
    async with house_of(tmp_path, wecom) as made:
        yield made


async def test_a_callback_fetches_all_pages(house, wecom):
    """Every page is fetched with the ticket, from where the last one ended; the buyer waits and scripts are offered."""
    for number in range(5):
        wecom.say(number, SHIP if number == 4 else f"第{number}句")
    answer = await house.called()
    assert (answer.status, answer.json["accepted"]) == (200, 1)
    assert await house.texts() == ["第0句", "第1句", "第2句", "第3句", SHIP]
    assert [(body["cursor"], body["token"], body["limit"]) for body in wecom.pulled] == [
        ("", "ENCexample", 1000),
        ("2", "ENCexample", 1000),
        ("4", "ENCexample", 1000),
    ]
    assert await waiting(house.server) == [NAME]
    assert wecom.logins == 1


async def test_the_fixture_means_the_same_when_it_is_fetched(house, wecom):
    """What sync_msg answers is heard as if somebody had passed it on."""
    wecom.held, wecom.page = payload("wecom_kf/sync_msg")["msg_list"], 10
    await house.called()
    held = await conversation(house.server, NAME)
    assert [(one["role"], one["kind"]) for one in held["messages"]] == [
        ("buyer", "text"),
        ("buyer", "image"),
        ("agent", "text"),
    ]


async def test_a_reply_that_was_taken_and_did_not_arrive_is_shown_to_who_sent_it(house, wecom):
    """It had answered the buyer: he waits again, the reply has failed for a reason; sent again it goes out anew."""
    wecom.say(1)
    await house.called()
    draft = {"id": "r-1", "agent": "小快", "text": "今天下午发出。"}
    path = f"/conversations/{quote(NAME, safe='')}/replies"
    await house.server.api("POST", path, draft)
    await house.settled()
    assert await waiting(house.server) == []
    wecom.held += payload("wecom_kf/send_fail")["msg_list"][:1]
    (wecom.held[-1]["event"]["fail_msgid"],) = wecom.sent
    await house.called()
    (reply,) = (await conversation(house.server, NAME))["replies"]
    assert (reply["state"], reply["reason"], reply["agent"]) == ("failed", "微信客服：用户拒收", "小快")
    events = await house.server.loop.read(lambda store: store.feed("demo", 0, 99))
    (told,) = [json.loads(event.data) for event in events if event.type == "message.failed"]
    assert (told["reply_id"], told["agent"], told["reason"]) == ("r-1", "小快", "微信客服：用户拒收")
    assert await waiting(house.server) == [NAME]
    await house.server.api("POST", path, draft)
    await house.settled()
    assert len(wecom.sent) == 2
    assert await waiting(house.server) == []


async def test_the_cursor_outlives_a_restart(tmp_path, wecom):
    """After a restart it goes on where it was, without any callback; what was heard is not heard again."""
    wecom.say(1)
    async with house_of(tmp_path, wecom) as house:
        await house.called()
    wecom.say(2, "能便宜点吗")
    async with house_of(tmp_path, wecom) as house:
        await house.called()
        assert await house.texts() == [SHIP, "能便宜点吗"]
        assert wecom.pulled[-1]["cursor"] == "1"
        assert (await house.server.ask("GET", "/metrics")).body.count(b"kuaihui_duplicates_total 0.0") == 1


async def test_a_page_that_was_not_kept_is_fetched_again(house, wecom, monkeypatch):
    """The store cannot write: the cursor stays, and the page comes again once it can."""
    from bot.errors import Busy

    wecom.say(1)
    submit, refused = house.server.loop.submit, []

    async def full(facts):
        if len(refused) < 2:
            refused.append(facts)
            raise Busy("the store cannot write now")
        return await submit(facts)

    monkeypatch.setattr(house.server.loop, "submit", full)
    await house.called()
    assert await waiting(house.server) == []
    monkeypatch.setattr(house.server.clock, "_now", TEN + 3)
    await house.fetch()
    monkeypatch.setattr(house.server.clock, "_now", TEN + 9)
    await house.fetch()
    assert await house.texts() == [SHIP]
    assert [body["cursor"] for body in wecom.pulled] == ["", "", ""]


async def test_a_login_is_kept_and_renewed(house, wecom):
    """One login for many requests; a new one before it runs out, and at once when it is not taken any more."""
    wecom.say(1)
    await house.called()
    await house.called()
    assert wecom.logins == 1
    wecom.valid = "revoked"
    wecom.say(2, "能便宜点吗")
    await house.called()
    assert wecom.logins == 2
    assert await house.texts() == [SHIP, "能便宜点吗"]
    await house.move(7000)
    assert wecom.logins == 3


async def test_a_stale_ticket(house, wecom):
    """The ticket holds for ten minutes; without it the messages come all the same."""
    wecom.say(1)
    wecom.codes.append(95007)
    await house.called()
    assert await house.texts() == [SHIP]
    assert [body["token"] for body in wecom.pulled] == [""]


@pytest.mark.parametrize(("code", "wait"), [(45009, 60), (-1, 2), (99999, 1)])
async def test_too_often(house, wecom, code, wait):
    """A limit of theirs is kept, an error is not repeated at once; then it goes on."""
    wecom.say(1)
    wecom.codes.append(code)
    await house.called()
    await house.called()
    assert wecom.pulled == []
    await house.move(wait - 1 if wait > 1 else 0.1)
    assert wecom.pulled == []
    await house.move(3)
    assert await house.texts() == [SHIP]


async def test_a_callback_that_was_lost(house, wecom):
    """It is asked now and then although nobody said anything."""
    wecom.say(1)
    await house.called()
    wecom.say(2, "在吗在吗")
    await house.fetch()
    assert len(await house.texts()) == 1
    await house.move(301)
    assert await house.texts() == [SHIP, "在吗在吗"]


async def test_a_message_that_is_not_understood_loses_no_other(house, wecom):
    """One of a kind that nobody knows is passed over and counted."""
    wecom.say(1, origin=77)
    wecom.held.append("nonsense")
    wecom.say(2)
    await house.called()
    assert await house.texts() == [SHIP]
    assert house.puller.passed_over >= 1


async def test_an_end_that_never_comes(house, wecom, monkeypatch):
    """A tool that says there is more and moves no further is left alone."""
    wecom.say(1)
    monkeypatch.setattr(wecom, "page", 0)
    await house.called()
    assert len(wecom.pulled) == 2
    await house.fetch()
    assert len(wecom.pulled) == 2


async def test_a_reply_is_sent_once(house, wecom):
    """Under an id of its own that is the same on every try: an answer that was lost sends nothing twice."""
    wecom.say(1)
    await house.called()
    wecom.codes.append(-1)
    for _ in range(2):
        answer = await house.server.api(
            "POST", f"/conversations/{NAME}/replies", {"id": "r-1", "agent": "3", "text": "您好，今天发出。"}
        )
        assert answer.json["state"] == "queued"
    await house.settled()
    await house.move(10)
    (sent,) = wecom.sent.values()
    assert len(sent.pop("msgid")) == 32
    assert sent == {
        "open_kfid": "wkAJexample01",
        "touser": "wmAJexample01",
        "msgtype": "text",
        "text": {"content": "您好，今天发出。"},
    }
    assert await waiting(house.server) == []


@pytest.mark.parametrize(("code", "said"), [(95001, "5 条"), (95002, "48 小时"), (60020, "60020: said so")])
async def test_what_their_server_refuses_is_shown(house, wecom, code, said):
    """Five messages, 48 hours, and whatever else: final at once, with a reason that an agent understands."""
    wecom.say(1)
    await house.called()
    wecom.codes.append(code)
    await house.server.api("POST", f"/conversations/{NAME}/replies", {"id": "r-1", "agent": "3", "text": "您好"})
    await house.settled()
    (reply,) = (await conversation(house.server, NAME))["replies"]
    assert (reply["state"], said in reply["reason"]) == ("failed", True)


async def test_a_reply_after_the_login_ran_out(house, wecom):
    """A new one is asked for and the reply goes out, without the agent noticing."""
    wecom.say(1)
    await house.called()
    wecom.valid = "revoked"
    await house.server.api("POST", f"/conversations/{NAME}/replies", {"id": "r-1", "agent": "3", "text": "您好"})
    await house.settled()
    assert len(wecom.sent) == 1
    assert "message.delayed" not in [
        event.type for event in await house.server.loop.read(lambda store: store.feed("demo", 0, 99))
    ]


def test_a_message_of_theirs_keeps_its_time():
    """Seconds of theirs are instants of ours."""
    assert wire.instant("2026-11-21T09:59:55+08:00", "x") == TEN - 5
