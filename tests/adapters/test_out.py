"""A tool is told through its own API, as its map says: suggestions are notes, guarded replies messages, and echoes are ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import deque
from copy import copy
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from living import living, sent_out

from bot import config
from bot.adapters import mapfile
from bot.channels.outbox import Outbox
from bot.channels.tools import Tools
from bot.channels.ways import Ways
from bot.shop import assemble
from replies import DataError

from .conftest import KNOWN, LIBRARY, SHOP, raw
from .test_living import SHIP, conversation, hear, waiting

TOKEN = "a-bot-token-of-chatwoot"
CONFIG = (
    SHOP
    + """
[shops.adapters.chatwoot]
secrets = ["env:CHATWOOT"]
[shops.adapters.chatwoot.out]
url = "URL"
token = "env:CHATWOOT_TOKEN"
values = { account = "7" }
"""
)


class Chatwoot:
    """Takes messages and status changes as Chatwoot does; answers with the next of `statuses`, then 200."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.tokens: set[str | None] = set()
        self.statuses: deque[int] = deque()
        self.mute = False  # takes a request, and lets nobody know
        self._number = 900

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What buyers were sent."""
        return [body for _, path, body in self.asked if path.endswith("/messages") and not body["private"]]

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What only agents see."""
        return [body for _, path, body in self.asked if path.endswith("/messages") and body["private"]]

    async def take(self, request: web.Request) -> web.Response:
        self.tokens.add(request.headers.get("api_access_token"))
        body = await request.json()
        status = self.statuses.popleft() if self.statuses else 200
        if status == 200:
            self.asked.append((request.method, request.raw_path, body))
        if self.mute:
            assert request.transport is not None
            request.transport.close()
        self._number += 1
        return web.json_response({"id": self._number, **body} if status == 200 else {"error": "x"}, status=status)


@pytest.fixture
async def tool():
    made = Chatwoot()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.take)
    server = TestServer(app, shutdown_timeout=0.1)
    await server.start_server()
    made.url = str(server.make_url("/"))
    yield made
    await server.close()


def shops(folder, text: str, **more: str):
    (folder / "library.toml").write_text(LIBRARY, encoding="utf-8")
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return assemble(config.load(folder / "config.toml", KNOWN | {"CHATWOOT_TOKEN": TOKEN} | more))


class House:
    """A living server whose outbox speaks to the tool."""

    def __init__(self, server, outbox) -> None:
        self.server, self.outbox = server, outbox

    async def settled(self) -> None:
        await sent_out(self.outbox)

    async def move(self, seconds: float) -> None:
        await self.server.move_to(self.server.clock.now() + seconds)
        await self.settled()

    async def reply(self, text: str, identity: str = "r-1") -> Any:
        answer = await self.server.api(
            "POST", "/conversations/10/replies", {"id": identity, "agent": "3", "text": text}
        )
        await self.settled()
        return answer.json

    async def kinds(self) -> list[str]:
        return [event.type for event in await self.server.loop.read(lambda store: store.feed("demo", 0, 99))]


@contextlib.asynccontextmanager
async def house_of(folder, made, *, allow_private: bool = True):
    async with living(folder, made) as server:
        ways = Ways(made, server.clock, allow_private=allow_private)
        outbox = Outbox(server.loop, ways, chance=random.Random(3))  # noqa: S311 - repeatable
        running = asyncio.create_task(outbox.run())
        yield House(server, outbox)
        server.loop.release()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def house(tmp_path, tool):
    async with house_of(tmp_path, shops(tmp_path, CONFIG.replace("URL", tool.url))) as made:
        yield made


async def test_a_suggestion_is_a_private_note(house, tool):
    """The agent sees it beside the buyer's question, the buyer does not; taken back it makes no second note."""
    await hear(house.server, "chatwoot", raw("chatwoot/message_created"))
    await house.settled()
    (asked,) = tool.asked
    assert asked[:2] == ("POST", "/api/v1/accounts/7/conversations/10/messages")
    (note,) = tool.notes
    assert note["content"].startswith("快回建议\n1. 发货时间\n您好，付款后48小时内发出，请放心。")
    assert (note["message_type"], note["content_attributes"]) == ("outgoing", {"kuaihui_note": "evt_demo_1"})
    assert tool.tokens == {TOKEN}
    await hear(house.server, "chatwoot", raw("chatwoot/agent_reply"))
    await house.settled()
    assert len(tool.asked) == 1


async def test_a_guarded_reply_is_a_message_and_its_echo_is_ours(house, tool):
    """Sent once, under the reply's id; what comes back through the webhook is that reply, not an agent's."""
    await hear(house.server, "chatwoot", raw("chatwoot/message_created"))
    text = "您好，付款后48小时内发出。"
    assert (await house.reply(text))["state"] == "queued"
    (sent,) = tool.messages
    assert sent == {
        "content": text,
        "message_type": "outgoing",
        "private": False,
        "content_attributes": {"kuaihui_reply": "r-1"},
    }
    echo = raw("chatwoot/echo", content_attributes=sent["content_attributes"], created_at="2026-11-21T02:00:01.000Z")
    for delivery in ("d-2", "d-3"):
        await hear(house.server, "chatwoot", echo, delivery=delivery)
    held = await conversation(house.server, "10")
    assert [message["role"] for message in held["messages"]] == ["buyer", "agent"]
    assert [reply["state"] for reply in held["replies"]] == ["sent"]
    assert (await house.kinds()).count("message.sent") == 1
    assert "violation.seen" not in await house.kinds()
    assert await waiting(house.server) == []


async def test_a_held_reply_is_a_note_with_the_reason(house, tool):
    """It goes to no buyer; the agent reads at once why, and what to say instead."""
    await hear(house.server, "chatwoot", raw("chatwoot/message_created"))
    assert (await house.reply("加我微信 abc88990"))["state"] == "held"
    assert tool.messages == []
    assert tool.notes[-1]["content"].startswith("没有发出：加我微信 abc88990\n- ")


async def test_what_an_agent_typed_there_is_told_of(house, tool):
    """A message on the platform that breaks a rule becomes a note; our notes come back and are nobody's words."""
    await hear(house.server, "chatwoot", raw("chatwoot/agent_reply", content="加我微信 abc88990"))
    await house.settled()
    assert tool.notes[-1]["content"].startswith("已发出的消息违反平台规则：加我微信 abc88990\n- ")
    before = await house.kinds()
    await hear(house.server, "chatwoot", raw("chatwoot/private_note", content=tool.notes[-1]["content"]))
    assert await house.kinds() == before


async def test_a_pending_conversation_is_handed_over(house, tool):
    """An agent bot is given conversations that nobody sees; they are opened to the people, once for a burst."""
    body = json.loads(raw("chatwoot/message_created"))
    body["conversation"]["status"] = "pending"
    tool.statuses.extend([500] * 4)
    for number in range(3):
        await hear(house.server, "chatwoot", json.dumps(body | {"id": 500 + number}).encode())
    await house.settled()
    for _ in range(3):
        await house.move(90)
    opened = [asked for asked in tool.asked if asked[1].endswith("/toggle_status")]
    assert opened == [("POST", "/api/v1/accounts/7/conversations/10/toggle_status", {"status": "open"})]


async def test_an_answer_that_was_lost_sends_nothing_twice(house, tool):
    """Chatwoot took the message and its answer was lost: its echo comes before the next try, and there is none."""
    await hear(house.server, "chatwoot", raw("chatwoot/message_created"))
    await house.settled()
    tool.mute = True
    await house.reply("您好，付款后48小时内发出。")
    tool.mute = False
    assert len(tool.messages) == 1
    assert "message.delayed" in await house.kinds()
    await house.move(15)
    assert len(tool.messages) == 1
    await hear(
        house.server, "chatwoot", raw("chatwoot/echo", content_attributes=tool.messages[0]["content_attributes"])
    )
    await house.move(600)
    assert len(tool.messages) == 1
    assert (await house.kinds()).count("message.sent") == 1


@pytest.mark.parametrize(("status", "final"), [(404, True), (422, True), (401, False), (500, False), (429, False)])
async def test_what_the_tool_answers(house, tool, status, final):
    """A conversation that is not there fails at once; a wrong token or a server in trouble is tried on."""
    await hear(house.server, "chatwoot", raw("chatwoot/message_created"))
    await house.settled()
    tool.statuses.append(status)
    await house.reply("您好，付款后48小时内发出。")
    if not final:
        await house.move(80)
    (reply,) = (await conversation(house.server, "10"))["replies"]
    assert (reply["state"], str(status) in (reply["reason"] or "")) == (("failed", True) if final else ("sent", False))


async def test_an_odd_conversation_changes_no_address(house, tool):
    """Whatever stands in an id stays in its place of the address."""
    body = json.loads(raw("chatwoot/message_created"))
    body["conversation"]["id"] = "10/../../2?x=#"
    await hear(house.server, "chatwoot", json.dumps(body).encode())
    await house.settled()
    assert tool.asked[0][1] == "/api/v1/accounts/7/conversations/10%2F..%2F..%2F2%3Fx%3D%23/messages"


async def test_the_rest_goes_to_the_callback(tmp_path, tool):
    """Each event goes to one place: to the tool where its map tells of it, else to the callback."""
    made = shops(tmp_path, CONFIG.replace("URL", tool.url))
    shop = made["demo"]
    assert shop.destination("chatwoot", "message.send") == "demo/chatwoot"
    assert shop.destination("chatwoot", "deadline.warning") is None
    assert shop.destination("", "message.send") is None
    shop.callback_url = tool.url
    assert shop.destination("chatwoot", "message.send") == "demo/chatwoot"
    assert shop.destination("chatwoot", "deadline.warning") == "demo"
    assert shop.destination("", "message.send") == "demo"


async def test_a_private_address_is_refused(tmp_path, tool):
    """Unless the config allows it, nothing is sent to this machine."""
    async with house_of(tmp_path, shops(tmp_path, CONFIG.replace("URL", tool.url)), allow_private=False) as house:
        await hear(house.server, "chatwoot", raw("chatwoot/message_created"))
        await house.reply("您好，付款后48小时内发出。")
        assert tool.tokens == set()
        (reply,) = (await conversation(house.server, "10"))["replies"]
        assert (reply["state"], "allow_private_callbacks" in reply["reason"]) == ("failed", True)


async def test_no_secret_in_a_reason(tmp_path, caplog):
    """Neither token nor address stands in what is told of a failure."""
    made = shops(tmp_path, CONFIG.replace("URL", "http://127.0.0.1:1/secret-path"))
    async with house_of(tmp_path, made) as house:
        await hear(house.server, "chatwoot", raw("chatwoot/message_created"))
        await house.reply("您好，付款后48小时内发出。")
        (reply,) = (await conversation(house.server, "10"))["replies"]
        for text in (reply["reason"], caplog.text, repr(made["demo"].adapters["chatwoot"].out)):
            assert TOKEN not in text
        assert "secret-path" not in reply["reason"] + caplog.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('values = { account = "7" }', ""), "chatwoot.out.values.account: is missing"),
        (('account = "7"', 'account = "7", acount = "8"'), "chatwoot.out.values.acount: unknown key"),
        (('url = "URL"', ""), "chatwoot.out.url: must be an http or https address"),
        (("URL", "https://chat.example:99999"), "chatwoot.out.url: must be an http or https address with a host"),
        (("env:CHATWOOT_TOKEN", "inline"), 'out.token: secrets are written "env:NAME"'),
        (
            ("[shops.adapters.chatwoot.out]", "[shops.adapters.douyin]\nunsigned = true\n[shops.adapters.douyin.out]"),
            "the map douyin has no way out",
        ),
    ],
)
def test_what_is_wrong_with_a_way_out(tmp_path, change, said):
    """Each mistake is named with its place when the config is read."""
    with pytest.raises(DataError) as raised:
        shops(tmp_path, CONFIG.replace(*change).replace("URL", "https://chat.example"))
    assert any(said in problem for problem in raised.value.problems), raised.value.problems


HEAD = 'signature = { scheme = "standard" }\n[[events]]\ntype = "message.created"\nfields.conversation = "c"\nfields.role = { value = "buyer" }\n'
ONE = '[[out.requests]]\nevent = ["message.send"]\npath = "/x"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[out]\n", "out.requests: at least one"),
        (ONE.replace("message.send", "message.sent"), "out.requests[0].event: 'message.sent' is none of"),
        (ONE.replace('["message.send"]', "[]"), "out.requests[0].event: names no event"),
        (ONE.replace("/x", "/{{ text"), "out.requests[0].path: unexpected end of template"),
        (ONE.replace("/x", "/{{ stage }}"), "out.requests[0].path: there is no 'stage' here"),
        (ONE + 'body = { a = ["{{ b }}"] }\n', "out.requests[0].body.a[0]: there is no 'b' here"),
        (ONE + "when = { x = [] }\n", "out.requests[0].when.x: must be a value"),
        ("[out]\nheaders = { a = '{{ x }}' }\n" + ONE, "out.headers.a: there is no 'x' here"),
        ("[out]\nanswer = { later = { x = 1.0 } }\n" + ONE, "out.answer.later.x: must be a number"),
        ("[out]\nnonsense = 1\n" + ONE, "out.nonsense: unknown key"),
    ],
)
def test_what_is_wrong_with_an_outward_map(text, said):
    """A template with a mistake, or with a word that is not there, is found when the map is read."""
    with pytest.raises(DataError) as raised:
        mapfile.read(HEAD + text, "mine", "mine.toml")
    assert any(said in problem for problem in raised.value.problems), raised.value.problems


async def test_a_template_that_breaks_fails_its_push_alone(tmp_path, tool):
    """What a map of one's own cannot make of an event is final, and told without the event's words."""
    made = shops(tmp_path, CONFIG.replace("URL", tool.url))
    broken = mapfile.read(HEAD + ONE.replace("/x", "/{{ text.nothing.there }}"), "mine", "mine.toml")
    adapters = made["demo"].adapters
    out = adapters["chatwoot"].out
    swapped = type(out)(broken.out, out.url, out.words)
    entrance = adapters["chatwoot"]
    made["demo"] = copy(made["demo"])
    made["demo"].adapters = {"chatwoot": type(entrance)(entrance.how, entrance.keys, entrance.unsigned, swapped)}
    async with house_of(tmp_path, made) as house:
        await hear(house.server, "chatwoot", raw("chatwoot/message_created"))
        await house.reply(SHIP)
        (reply,) = (await conversation(house.server, "10"))["replies"]
        assert (reply["state"], reply["reason"]) == ("failed", "the map cannot make its request: UndefinedError")


async def test_a_tool_that_hangs(tmp_path, tool):
    """The time of a request is bounded."""
    made = shops(tmp_path, CONFIG.replace("URL", tool.url))
    over = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        over.set()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    out = made["demo"].adapters["chatwoot"].out
    tools = Tools(made, None, allow_private=True, timeout=aiohttp.ClientTimeout(total=0.05))
    words = {"text": "x", "reply_id": "r", "conversation": "1", "key": "k", "type": "message.send"}
    from bot.errors import Unavailable

    with pytest.raises(Unavailable, match="did not answer") as caught:
        await tools.ask("demo/chatwoot", type(out)(out.how, url, out.words), out.how.requests[0], words)
    assert caught.value.pause == 20
    await tools.close()
    await over.wait()
    server.close()
    await server.wait_closed()
