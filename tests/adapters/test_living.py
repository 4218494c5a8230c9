"""Each tool's own request, signed its own way, reaches the real server and comes back with suggestions."""

from __future__ import annotations

import hmac
import json
import logging
from copy import copy
from hashlib import sha1
from typing import Any
from urllib.parse import urlencode

import pytest
from living import TEN, living

from .conftest import payload, raw

SHIP = "什么时候发货"
KINDS = {"qianniu": "text/plain", "wecom_callback": "text/xml"}
BUYERS = {
    "generic": ("generic/message", "c-1"),
    "chatwoot": ("chatwoot/message_created", "10"),
    "douyin": ("douyin/receive_text", "@4F8Aconversation=="),
    "qianniu": ("qianniu/text", "2200000000001.1-700000002.1#11001@cntaobao"),
    "pinduoduo": ("pinduoduo/text", "8000000001"),
    "wecom_kf": ("wecom_kf/sync_msg", "wkAJexample01:wmAJexample01"),
    "lanren": ("lanren/turn", "inst-1:t_买家昵称_01"),
}


def signed(server, tool: str, body: bytes, delivery: str, secret: str) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and the parameters with which a tool sends."""
    stamp = int(server.clock.now())
    kind = {"Content-Type": KINDS.get(tool, "application/json")}
    if tool == "chatwoot":
        made = hmac.digest((secret or "cw_test_secret").encode(), f"{stamp}.".encode() + body, "sha256").hex()
        marks = {
            "X-Chatwoot-Delivery": delivery,
            "X-Chatwoot-Timestamp": str(stamp),
            "X-Chatwoot-Signature": f"sha256={made}",
        }
        return kind | marks, {}
    if tool == "douyin":
        made = sha1((secret or "client_secret_test").encode() + body).hexdigest()  # noqa: S324 - the tool signs so
        return kind | {"Msg-Id": delivery, "X-Douyin-Signature": made}, {}
    if tool == "qianniu":
        return kind, {"token": secret or "a-token-in-the-address"}
    return server.signed(body, delivery=delivery, **({"key": secret} if secret else {})), {}


async def hear(server, tool: str, body: bytes, *, delivery: str = "d-1", secret: str = "", **more: str) -> Any:
    """A delivery of a tool, signed as it signs."""
    headers, query = signed(server, tool, body, delivery, secret)
    path = f"/webhook/demo/{tool}" + (f"?{urlencode(query)}" if query else "")
    return await server.ask("POST", path, data=body, headers=headers | more)


async def conversation(server, name: str) -> Any:
    """What the shop's own program reads of it."""
    from urllib.parse import quote

    answer = await server.api("GET", f"/conversations/{quote(name, safe='')}")
    assert answer.status == 200
    return answer.json


async def waiting(server) -> list[str]:
    """The conversations in which a buyer waits."""
    return [one["id"] for one in (await server.api("GET", "/conversations")).json["conversations"]]


@pytest.mark.parametrize("tool", BUYERS)
async def test_a_question_is_answered_with_suggestions(server, tool):
    """A signed message of each tool comes back with a script, and stands in its conversation under the tool's ids."""
    fixture, name = BUYERS[tool]
    answer = await hear(server, tool, raw(fixture))
    assert answer.status == 200
    if tool != "wecom_kf":  # there an agent has answered already, in the same delivery
        assert [one["script"] for one in answer.json["results"][-1]["suggestions"]] == ["test.ship"]
    said = await conversation(server, name)
    assert SHIP in [message["text"] for message in said["messages"]]


@pytest.mark.parametrize("tool", BUYERS)
async def test_a_foreign_secret_is_refused(server, tool):
    """A delivery that another secret signed is 401, and nothing of it is kept; it is counted."""
    fixture, _ = BUYERS[tool]
    foreign = (
        "whsec_" + "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
        if tool not in ("chatwoot", "douyin", "qianniu")
        else "not-the-secret"
    )
    answer = await hear(server, tool, raw(fixture), secret=foreign)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert await waiting(server) == []
    assert b'kuaihui_refused_total{reason="signature"} 1.0' in (await server.ask("GET", "/metrics")).body


async def test_both_secrets_are_believed(server):
    """While a secret is changed, deliveries signed with either are heard."""
    for number, secret in enumerate(("cw_test_secret", "cw_next_secret")):
        body = raw("chatwoot/message_created", id=number)
        assert (await hear(server, "chatwoot", body, secret=secret)).json["accepted"] == 1


@pytest.mark.parametrize("tool", ["nobody", "wecom", "Chatwoot", "a%2Fb", "%ED%A0%80"])
async def test_an_adapter_that_is_not_named_is_404(server, tool):
    """Unknown, or known and not enabled for the shop: the same answer, signed or not."""
    answer = await server.ask("POST", f"/webhook/demo/{tool}", data=b"{}")
    assert (answer.status, answer.code) == (404, "not_found")


async def test_a_shop_without_adapters_has_none(adapted_shops, tmp_path):
    """A shop that names no adapter answers 404 for all, GET and POST."""
    shop = copy(adapted_shops["demo"])
    shop.adapters = {}
    async with living(tmp_path, {"demo": shop}) as server:
        for method in ("GET", "POST"):
            answer = await server.ask(method, "/webhook/demo/chatwoot", data=b"{}")
            assert (answer.status, answer.code) == (404, "not_found")
        assert (await server.ask("POST", "/webhook/nobody/chatwoot", data=b"{}")).status == 404


async def test_duplicates_of_every_kind(server):
    """The same message two to four times, in fresh deliveries or the same one, and after a restart: one message."""
    for tool in ("chatwoot", "douyin", "pinduoduo", "qianniu"):
        fixture, name = BUYERS[tool]
        answers = [await hear(server, tool, raw(fixture), delivery=f"{tool}-{number // 2}") for number in range(4)]
        assert [(one.json["accepted"], one.json["duplicates"]) for one in answers] == [(1, 0), (0, 1), (0, 1), (0, 1)]
        assert len((await conversation(server, name))["messages"]) == 1


async def test_duplicates_after_a_restart(adapted_shops, tmp_path):
    """A message that was heard before a restart is known after it."""
    for accepted in (1, 0):
        async with living(tmp_path, adapted_shops) as server:
            assert (await hear(server, "douyin", raw("douyin/receive_text"))).json["accepted"] == accepted


async def test_the_handshake_of_douyin(server):
    """The challenge comes back as it was, if it is signed; unsigned it is refused."""
    body = b'{"event":"verify_webhook","content":{"challenge":12345}}'
    answer = await hear(server, "douyin", body)
    assert (answer.status, answer.json) == (200, {"challenge": 12345})
    answer = await server.ask("POST", "/webhook/demo/douyin", data=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.code) == (401, "unauthorized")


async def test_a_recall_finds_its_message(server):
    """抖音's recall names the message alone: the only question taken back, nobody waits any more."""
    await hear(server, "douyin", raw("douyin/receive_text"))
    assert await waiting(server) == ["@4F8Aconversation=="]
    answer = await hear(server, "douyin", raw("douyin/recall"), delivery="d-2")
    assert (answer.status, answer.json["accepted"]) == (200, 1)
    assert await waiting(server) == []
    (message,) = (await conversation(server, "@4F8Aconversation=="))["messages"]
    assert message["recalled"] is True


async def test_a_recall_before_its_message(adapted_shops, tmp_path):
    """A recall that overtook its message holds when that comes, also after a restart; it opens no wait."""
    async with living(tmp_path, adapted_shops) as server:
        assert (await hear(server, "douyin", raw("douyin/recall"))).json["accepted"] == 1
        assert (await hear(server, "douyin", raw("douyin/recall"))).json["duplicates"] == 1
    async with living(tmp_path, adapted_shops) as server:
        assert (await hear(server, "douyin", raw("douyin/recall"))).json["duplicates"] == 1
        await hear(server, "douyin", raw("douyin/receive_text"), delivery="d-2")
        assert await waiting(server) == []
        (message,) = (await conversation(server, "@4F8Aconversation=="))["messages"]
        assert message["recalled"] is True
        day = (await server.api("GET", "/rates?day=2026-11-21")).json
        assert all(one["population"] == 0 for one in day["targets"])


async def test_a_recall_of_another_message_waits(server):
    """A recall of a message never seen touches no other, not even one whose id begins alike."""
    for identity in ("@9VwNmessage1==:x", "@9VwNmessage1", "nothing"):
        body = raw("douyin/recall", content=json.dumps({"server_message_id": identity}))
        assert (await hear(server, "douyin", body)).json["accepted"] == 1
    assert await server.loop.read(lambda store: list(store.facts_between("demo", 0, 2 * TEN))) == []
    await hear(server, "douyin", raw("douyin/receive_text"))
    assert await waiting(server) == ["@4F8Aconversation=="]


async def test_an_answer_on_another_device_stops_the_clock(server):
    """An agent's message that Kuaihui did not send ends the wait; a robot's, a note and a system line do not."""
    await hear(server, "chatwoot", raw("chatwoot/message_created"))
    for fixture in ("bot", "automation", "template", "activity", "private_note"):
        assert (await hear(server, "chatwoot", raw(f"chatwoot/{fixture}"))).status == 200
        assert await waiting(server) == ["10"]
    await hear(server, "chatwoot", raw("chatwoot/agent_reply"))
    assert await waiting(server) == []


async def test_a_note_is_not_guarded(server):
    """An internal note with words that no buyer may read breaks no rule."""
    await hear(server, "chatwoot", raw("chatwoot/private_note"))
    async with server.listen(after=0) as feed:
        await hear(server, "chatwoot", raw("chatwoot/agent_reply", content="加我微信 abc12345"))
        event = await feed.next()
    assert (event["type"], event["data"]["id"]) == ("violation.seen", "119")


async def test_an_edit_without_a_change(server):
    """Chatwoot tells of an update when a message was delivered or read: no rule is broken a second time by it."""
    wrong = {
        "content": "加我微信 abc12345",
        "message_type": "outgoing",
        "sender": payload("chatwoot/agent_reply")["sender"],
    }
    async with server.listen(after=0) as feed:
        await hear(server, "chatwoot", raw("chatwoot/message_created", id=200, **wrong))
        for delivery in ("d-2", "d-3"):
            await hear(server, "chatwoot", raw("chatwoot/message_updated", id=200, **wrong), delivery=delivery)
        await hear(
            server,
            "chatwoot",
            raw("chatwoot/message_updated", id=200, **wrong | {"content": "加我QQ 12345678"}),
            delivery="d-4",
        )
        first, second = await feed.some(2)
    assert [one["data"]["text"] for one in (first, second)] == ["加我微信 abc12345", "加我QQ 12345678"]


@pytest.mark.parametrize("known", [True, False])
async def test_our_own_reply_comes_back_once(server, known):
    """The echo of what we sent, by its id or by the same words, is that reply: one message, no second answer, no guard."""
    await hear(server, "chatwoot", raw("chatwoot/message_created"))
    text = payload("chatwoot/echo")["content"]
    sent = await server.api("POST", "/conversations/10/replies", {"id": "r-1", "agent": "3", "text": text})
    assert sent.json["state"] == "queued"
    echo = "chatwoot/echo" if known else "chatwoot/agent_reply"
    for delivery in ("d-2", "d-2", "d-3"):
        answer = await hear(server, "chatwoot", raw(echo, created_at="2026-11-21T02:00:00.000Z"), delivery=delivery)
        assert answer.status == 200
    held = await conversation(server, "10")
    assert [message["role"] for message in held["messages"]] == ["buyer", "agent"]
    assert [reply["state"] for reply in held["replies"]] == ["sent"]
    assert await waiting(server) == []


async def test_cards_become_context(server):
    """A product card is no question; what it shows fills the conversation, and the next question is answered."""
    await hear(server, "pinduoduo", raw("pinduoduo/goods_inquiry"))
    held = await conversation(server, "8000000001")
    assert held["context"]["product"] == "加绒保暖手套"
    assert held["suggestions"] == []
    assert await waiting(server) == ["8000000001"]
    answer = await hear(server, "pinduoduo", raw("pinduoduo/text"), delivery="d-2")
    assert [one["script"] for one in answer.json["results"][0]["suggestions"]] == ["test.ship"]


@pytest.mark.parametrize("fixture", ["pinduoduo/robot_hint", "pinduoduo/user_source", "qianniu/red_packet"])
async def test_lines_of_the_platform_open_no_wait(server, fixture):
    """Red packets and notices of the platform start no clock."""
    assert (await hear(server, fixture.partition("/")[0], raw(fixture))).json["accepted"] == 1
    assert await waiting(server) == []


async def test_all_or_nothing(server):
    """Of a list with one message that cannot be, none is kept."""
    wrong = payload("pinduoduo/text")
    wrong["message"]["from"]["role"] = "ghost"
    body = json.dumps([payload("pinduoduo/text"), wrong]).encode()
    answer = await hear(server, "pinduoduo", body)
    assert (answer.status, answer.code) == (422, "impossible")
    assert "event 1" in answer.json["error"]["message"]
    assert await waiting(server) == []


async def test_what_is_known_and_not_needed_is_ignored(server):
    """An event that is no message is answered 200, so that the tool does not send it again."""
    for fixture in ("chatwoot/widget_triggered", "douyin/enter", "qianniu/conversation_change", "pinduoduo/auth"):
        answer = await hear(server, fixture.partition("/")[0], raw(fixture))
        assert (answer.status, answer.json["ignored"], answer.json["accepted"]) == (200, 1, 0)


async def test_content_types(server):
    """Each tool's own kinds of content are taken, others are not; Chatwoot sends JSON alone."""
    assert (await hear(server, "qianniu", raw("qianniu/text"))).status == 200
    answer = await hear(server, "chatwoot", raw("chatwoot/message_created"), **{"Content-Type": "text/plain"})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


async def test_a_tool_that_cannot_sign(server):
    """Where the shop says so, an unsigned request is taken; from a web page it is not."""
    body = json.dumps({"c": "c-9", "t": SHIP}).encode()
    kind = {"Content-Type": "application/json"}
    answer = await server.ask("POST", "/webhook/demo/open", data=body, headers=kind)
    assert (answer.status, answer.json["accepted"]) == (200, 1)
    answer = await server.ask(
        "POST", "/webhook/demo/open", data=body, headers=kind | {"Origin": "https://elsewhere.example"}
    )
    assert (answer.status, answer.code) == (403, "forbidden")


async def test_bytes_without_an_id(server):
    """Without any id the same bytes within a minute are heard once; a buyer who asks again later is heard again."""
    body, kind = json.dumps({"c": "c-9", "t": "在吗"}).encode(), {"Content-Type": "application/json"}
    for at, accepted in ((TEN, 1), (TEN + 5, 0), (TEN + 900, 1)):
        await server.move_to(at)
        answer = await server.ask("POST", "/webhook/demo/open", data=body, headers=kind)
        assert answer.json["accepted"] == accepted


async def test_no_greeting_but_of_wecom(server):
    """GET is for tools that try the address with it; for the others it is 405."""
    answer = await server.ask("GET", "/webhook/demo/chatwoot")
    assert (answer.status, answer.code) == (405, "method_not_allowed")


async def test_the_callback_of_wecom(server):
    """The console's try of the address is answered in plain text; an event is opened and refused with what to do."""
    pytest.importorskip("cryptography", reason="the optional part `wecom` is not installed")
    from .test_wecom import FIXTURES, sealed

    query, body = sealed(b"1616140317555161061")
    echo = body.partition(b"<Encrypt><![CDATA[")[2].partition(b"]]>")[0].decode()
    answer = await server.ask("GET", f"/webhook/demo/wecom_callback?{urlencode(query | {'echostr': echo})}")
    assert (answer.status, answer.body) == (200, b"1616140317555161061")
    assert (await server.ask("GET", "/webhook/demo/wecom_callback?echostr=x")).status == 401
    event = (FIXTURES / "wecom_callback" / "event.xml").read_bytes()
    for stamp, status in ((TEN, 422), (TEN - 301, 401)):
        query, body = sealed(event, stamp=stamp)
        path = f"/webhook/demo/wecom_callback?{urlencode(query)}"
        answer = await server.ask("POST", path, data=body, headers={"Content-Type": "text/xml"})
        assert answer.status == status
    assert (
        "sync_msg"
        in (
            await server.ask(
                "POST", f"/webhook/demo/wecom_callback?{urlencode(sealed(event)[0])}", data=sealed(event)[1]
            )
        ).json["error"]["message"]
    )


async def test_no_word_of_a_buyer_in_the_log(server, caplog):
    """What adapters hear and refuse leaves no trace of a buyer's words or of secrets in the log."""
    caplog.set_level(logging.INFO)
    await hear(server, "chatwoot", raw("chatwoot/message_created"))
    await hear(server, "chatwoot", raw("chatwoot/message_created"), secret="not-the-secret")
    await hear(server, "qianniu", raw("qianniu/text"))
    assert SHIP not in caplog.text
    assert "a-token-in-the-address" not in caplog.text
