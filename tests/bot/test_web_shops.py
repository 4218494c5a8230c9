"""Two shops in one server: each hears, sends and reads its own, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from living import SECRETS, TOKENS

FINE = "您好，您的包裹今天下午发出。"
CALLS = [
    ("POST", "/check", {"text": FINE}),
    ("POST", "/conversations/c-1/replies", {"id": "r-1", "text": FINE}),
    ("POST", "/conversations/c-1/feedback", {"script": "shipping.when", "action": "picked"}),
    ("GET", "/scripts", None),
    ("GET", "/conversations", None),
    ("GET", "/conversations/c-1", None),
    ("GET", "/events", None),
    ("GET", "/rates", None),
]


def said(identity: str = "m-1", text: str = "什么时候发货", **more: Any) -> dict[str, Any]:
    """A buyer's message; both shops' tools number theirs the same way."""
    return {
        "type": "message.created",
        "data": {"id": identity, "conversation": "c-1", "role": "buyer", "text": text} | more,
    }


@pytest.mark.parametrize(("method", "path", "data"), CALLS)
async def test_every_call_needs_the_shops_own_token(server, method, path, data):
    """Without a token we know 401, with another shop's 403; with a known one, a shop that is not served 404."""
    await server.hear(said())
    for wrong in (
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic ZGVtbzpkZW1v",
        f"Token {TOKENS['demo']}",
        "Bearer \udcff",
    ):
        given = {"data": b"{}", "headers": {"Authorization": wrong} if wrong else {}}
        answer = await server.ask(method, f"/api/shops/demo{path}", **given)
        assert (answer.status, answer.code) == (401, "unauthorized"), wrong
    answer = await server.api(method, path, data, shop="demo", token=TOKENS["other"])
    assert (answer.status, answer.code) == (403, "forbidden")
    answer = await server.api(method, path, data, shop="nobody", token=TOKENS["demo"])
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_token_is_taken_however_its_scheme_is_written(server, scheme):
    """The scheme's name is the same in any letters."""
    headers = {"Authorization": f"{scheme} {TOKENS['demo']}"}
    assert (await server.ask("GET", "/api/shops/demo/conversations", headers=headers)).status == 200


async def test_a_refusal_does_not_repeat_the_token(server):
    """What was given wrongly does not come back."""
    answer = await server.api("GET", "/conversations", token="nearly-the-right-token")
    assert b"nearly" not in answer.body


async def test_one_shops_secret_opens_no_other_shop(server):
    """A delivery signed with one shop's secret is unsigned for the other."""
    assert (await server.hear(said(), shop="demo", key=SECRETS["other"])).status == 401
    assert (await server.hear(said(), shop="other", key=SECRETS["demo"])).status == 401
    assert (await server.api("GET", "/conversations")).json == {"conversations": []}


async def test_the_same_ids_in_two_shops_are_two_conversations(server):
    """Ids belong to their shop: nothing is a duplicate of another shop's, and nothing is read across."""
    for shop, text in (("demo", "什么时候发货"), ("other", "你们几点开门")):
        assert (await server.hear(said(text=text), shop=shop)).json["accepted"] == 1
    for shop, text in (("demo", "什么时候发货"), ("other", "你们几点开门")):
        held = (await server.api("GET", "/conversations/c-1", shop=shop)).json
        assert [message["text"] for message in held["messages"]] == [text]


async def test_recalls_and_replies_stay_in_their_shop(server):
    """A recall, a close or a reply under an id that both shops use touches one of them."""
    for shop in ("demo", "other"):
        await server.hear(said(), shop=shop)
    await server.hear({"type": "message.recalled", "data": {"id": "m-1", "conversation": "c-1"}}, shop="demo")
    await server.api("POST", "/conversations/c-1/replies", {"id": "r-1", "text": FINE}, shop="demo")
    assert (await server.api("GET", "/conversations", shop="demo")).json["conversations"] == []
    (waiting,) = (await server.api("GET", "/conversations", shop="other")).json["conversations"]
    assert waiting["id"] == "c-1"
    held = (await server.api("GET", "/conversations/c-1", shop="other")).json
    assert held["replies"] == []
    assert "recalled" not in held["messages"][0]


async def test_each_shop_has_its_own_scripts(server):
    """Suggestions, search and feedback know the shop's own library only."""
    own = (await server.hear(said(text="你们几点开门"), shop="other")).json["results"][0]["suggestions"]
    assert [suggestion["script"] for suggestion in own] == ["other.hours"]
    assert await server.hear(said(text="什么时候发货"))
    found = (await server.api("GET", "/scripts?q=yysj", shop="other")).json["scripts"]
    assert [script["script"] for script in found] == ["other.hours"]
    demo = (await server.api("GET", "/scripts?q=yysj", shop="demo")).json["scripts"]
    assert "other.hours" not in [script["script"] for script in demo]
    given = {"script": "other.hours", "action": "picked"}
    assert (await server.api("POST", "/conversations/c-1/feedback", given, shop="other")).status == 200
    assert (await server.api("POST", "/conversations/c-1/feedback", given, shop="demo")).status == 422


async def test_each_shop_has_its_platforms_clock(server):
    """The other shop's platform counts other targets."""
    for shop in ("demo", "other"):
        await server.hear(said(), shop=shop)
    targets = {
        shop: {target["name"] for target in (await server.api("GET", "/rates", shop=shop)).json["targets"]}
        for shop in ("demo", "other")
    }
    assert "effective_reply_1h" in targets["demo"]
    assert "round_reply_3min" in targets["other"]
    assert not targets["demo"] & targets["other"]


@pytest.mark.parametrize("after", [None, 0, 1])
async def test_each_shop_hears_its_own_feed(server, after):
    """Events of another shop never come, whichever number a listener goes on from."""
    await server.hear(said("m-0", conversation="c-0"))
    await server.hear(said(text="你们几点开门"), shop="other")
    await server.hear(said())
    await server.hear(said("m-2", "你们几点开门", conversation="c-2"), shop="other")
    async with server.listen(shop="other", after=after) as listener:
        heard = await listener.some(2)
    assert [event["data"]["conversation"] for event in heard] == ["c-1", "c-2"]
    assert {event["data"]["suggestions"][0]["script"] for event in heard} == {"other.hours"}
