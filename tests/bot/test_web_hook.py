"""The webhook: who may speak, what is heard, what is heard twice, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from living import SECRETS, TEN

AT = "2026-11-21T09:59:58+08:00"


def said(identity: Any = "m-1", text: str = "什么时候发货", **more: Any) -> dict[str, Any]:
    """The generic event of a buyer's message."""
    data = {"id": identity, "conversation": "c-1", "role": "buyer", "text": text, "at": AT, **more}
    return {"type": "message.created", "data": {key: value for key, value in data.items() if value is not ...}}


async def texts(server, conversation: str = "c-1") -> list[str]:
    """What stands in a conversation now."""
    answer = await server.api("GET", f"/conversations/{conversation}")
    return [message["text"] for message in answer.json.get("messages", [])]


async def test_a_message_is_answered_with_suggestions(server):
    """A buyer's question comes back with up to three scripts, each with its score and its why."""
    answer = await server.hear(said())
    assert (answer.status, answer.json["accepted"], answer.json["duplicates"]) == (200, 1, 0)
    (result,) = answer.json["results"]
    assert result["id"] == "m-1"
    assert 1 <= len(result["suggestions"]) <= 3
    scores = [suggestion["score"] for suggestion in result["suggestions"]]
    assert scores == sorted(scores, reverse=True)


async def test_what_is_answered_is_durable(server):
    """When the answer is there, the message is."""
    await server.hear(said())
    assert await texts(server) == ["什么时候发货"]


async def test_both_secrets_are_believed(server):
    """While a shop changes its secret, deliveries signed with either one are heard; another shop's is not."""
    assert (await server.hear(said("m-1"), key=SECRETS["demo"])).status == 200
    assert (await server.hear(said("m-2"), key=SECRETS["spare"])).status == 200
    answer = await server.hear(said("m-3"), key=SECRETS["other"])
    assert (answer.status, answer.code) == (401, "unauthorized")


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_unsigned_is_401(server, name):
    """Without any one of the three headers nothing is heard."""
    headers = server.signed(b"[]")
    del headers[name]
    answer = await server.ask("POST", "/webhook/demo", data=b"[]", headers=headers)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert name in answer.json["error"]["message"]


@pytest.mark.parametrize(("late", "status"), [(-301, 401), (-300, 200), (300, 200), (301, 401)])
async def test_stale_is_401(server, late, status):
    """Five minutes either way are in time, a second more is not."""
    assert (await server.hear(said(), late=late)).status == status


async def test_bytes_as_an_id_are_401(server):
    """A webhook-id that is no text is refused, whatever is signed."""
    headers = server.signed(b"[]") | {"webhook-id": "\udcff\udcfe"}
    assert (await server.ask("POST", "/webhook/demo", data=b"[]", headers=headers)).status == 401


async def test_a_changed_body_is_401(server):
    """The signature covers the very bytes."""
    answer = await server.ask("POST", "/webhook/demo", data=b"[ ]", headers=server.signed(b"[]"))
    assert answer.status == 401


async def test_an_unknown_shop_is_404(server):
    """A shop that is not served has no webhook."""
    answer = await server.hear(said(), shop="nobody")
    assert (answer.status, answer.code) == (404, "not_found")


async def test_a_list_is_heard_in_order(server):
    """Several events in one delivery are taken in their order, and answered one by one."""
    answer = await server.hear([said("m-1", "在吗"), said("m-2", "多少钱"), {"type": "x.y"}, said("m-3", "包邮吗")])
    assert (answer.json["accepted"], answer.json["ignored"]) == (3, 1)
    assert [result["id"] for result in answer.json["results"]] == ["m-1", "m-2", None, "m-3"]
    assert await texts(server) == ["在吗", "多少钱", "包邮吗"]


async def test_an_empty_list_says_nothing(server):
    """No event is no error."""
    assert (await server.hear([])).json == {"accepted": 0, "duplicates": 0, "results": []}


@pytest.mark.parametrize("wrong", [{"type": "message.created", "data": {}}, said(role="alien"), 5, {}])
async def test_a_list_is_all_or_nothing(server, wrong):
    """One wrong event in a list, and nothing of it is heard; its place is named."""
    answer = await server.hear([said("m-1"), wrong])
    assert answer.status in (400, 422)
    assert "event 1" in answer.json["error"]["message"]
    assert await texts(server) == []


async def test_data_may_stand_at_top_level(server):
    """The same event with its data beside the type is the same event."""
    event = said()
    assert (await server.hear({"type": event["type"], **event["data"]})).json["accepted"] == 1
    assert (await server.hear(event)).json["duplicates"] == 1


async def test_every_type_is_heard(server):
    """Messages, recalls, edits, closing, assignment and orders all leave their trace in the conversation."""
    change = {"conversation": "c-1", "at": AT}
    answer = await server.hear(
        [
            said("m-1", "这件掉色吗", buyer={"id": "b-1", "name": "买家一"}, context={"product": "毛衣"}),
            said("m-2", "打错了"),
            {"type": "message.recalled", "data": {"id": "m-2", **change}},
            {"type": "message.edited", "data": {"id": "m-1", "text": "这件起球吗", **change}},
            {"type": "order.updated", "data": {"context": {"order_id": 5, "product": None}, **change}},
            {"type": "conversation.assigned", "data": {"agent": "a-1", **change}},
            {"type": "conversation.closed", "data": change},
        ]
    )
    assert answer.json["accepted"] == 7
    held = (await server.api("GET", "/conversations/c-1")).json
    assert (held["buyer"], held["agent"]) == ({"id": "b-1", "name": "买家一"}, "a-1")
    assert held["context"] == {"product": "毛衣", "order_id": "5"}
    assert [(said["text"], said.get("edited"), said.get("recalled")) for said in held["messages"]] == [
        ("这件起球吗", True, None),
        ("打错了", None, True),
    ]


@pytest.mark.parametrize(("role", "waits"), [("buyer", True), ("agent", False), ("robot", False), ("system", False)])
async def test_only_a_buyer_waits(server, role, waits):
    """Every role is heard; only a buyer's message starts a clock."""
    assert (await server.hear(said(role=role))).json["accepted"] == 1
    assert bool((await server.api("GET", "/conversations")).json["conversations"]) is waits


@pytest.mark.parametrize("kind", ["text", "image", "video", "audio", "card", "order", "emotion", "file"])
async def test_every_kind_of_message_waits(server, kind):
    """A picture or a card wants an answer as a sentence does."""
    assert (await server.hear(said(kind=kind, text="x" if kind == "text" else ...))).status == 200
    (waiting,) = (await server.api("GET", "/conversations")).json["conversations"]
    assert waiting["id"] == "c-1"


async def test_an_unknown_type_is_ignored(server):
    """A type of tomorrow is answered 200 and told so."""
    answer = await server.hear({"type": "buyer.typing", "data": {"anything": [1]}})
    assert answer.status == 200
    assert answer.json == {
        "accepted": 0,
        "duplicates": 0,
        "ignored": 1,
        "results": [{"id": None, "ignored": True, "suggestions": []}],
    }


async def test_the_same_id_is_heard_once(server):
    """Twice in one list, again in another delivery, again under the same webhook-id: once."""
    first = await server.hear([said(), said()], delivery="d-1")
    assert (first.json["accepted"], first.json["duplicates"]) == (1, 1)
    assert first.json["results"][1]["duplicate"] is True
    assert (await server.hear(said(text="别的"), delivery="d-2")).json["duplicates"] == 1
    assert (await server.hear(said(), delivery="d-1")).json["duplicates"] == 1
    assert await texts(server) == ["什么时候发货"]


async def test_a_duplicate_is_answered_like_the_first(server):
    """A retry gets the suggestions that the lost answer held."""
    first, again = await server.hear(said()), await server.hear(said())
    assert again.json["results"][0]["suggestions"] == first.json["results"][0]["suggestions"]


async def test_without_an_id_delivery_and_position_count(server):
    """Messages without id: the same delivery is one, two deliveries are two, two places of one are two."""
    bare = [said(...), said(...)]
    assert (await server.hear(bare, delivery="d-1")).json["accepted"] == 2
    assert (await server.hear(bare, delivery="d-1")).json["duplicates"] == 2
    assert (await server.hear(bare, delivery="d-2")).json["accepted"] == 2
    assert len(await texts(server)) == 4


async def test_a_delivery_id_alone_makes_no_duplicate(server):
    """Different messages under one webhook-id are different messages."""
    assert (await server.hear(said("m-1"), delivery="d-1")).json["accepted"] == 1
    assert (await server.hear(said("m-2"), delivery="d-1")).json["accepted"] == 1


async def test_two_buyers_may_say_the_same(server):
    """The same words in the same second from two buyers are two messages."""
    assert (await server.hear([said("m-1"), said("m-2", conversation="c-2")])).json["accepted"] == 2


@pytest.mark.parametrize("kind", ["message.edited", "message.recalled"])
async def test_changes_are_the_same_by_their_time(server, kind):
    """An edit or recall is a duplicate at the same time, and another one at another."""
    change = {"type": kind, "data": {"id": "m-1", "conversation": "c-1", "text": "好", "at": AT}}
    later = {"type": kind, "data": change["data"] | {"at": "2026-11-21T09:59:59+08:00"}}
    answers = [await server.hear(one) for one in (change, change, later)]
    assert [answer.json["duplicates"] for answer in answers] == [0, 1, 0]


async def test_the_latest_edit_stands(server):
    """Of two edits that overtake each other the later one counts, for the agent's eyes and for the suggestions."""
    change = {"id": "m-1", "conversation": "c-1"}
    new = {"type": "message.edited", "data": change | {"text": "开发票吗", "at": "2026-11-21T09:59:59+08:00"}}
    old = {"type": "message.edited", "data": change | {"text": "嗯嗯", "at": AT}}
    await server.hear([said(), new, old])
    held = (await server.api("GET", "/conversations/c-1")).json
    assert held["messages"][0]["text"] == "开发票吗"
    assert any("发票" in suggestion["title"] for suggestion in held["suggestions"])


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-11-21T01:30:00Z", "2026-11-21T09:30:00+08:00"),
        ("2026-11-21T09:30:00.999+08:00", "2026-11-21T09:30:00+08:00"),
        ("2026-11-21T23:00:00+08:00", "2026-11-21T10:00:00+08:00"),
        (None, "2026-11-21T10:00:00+08:00"),
    ],
)
async def test_instants(server, at, shown):
    """Any offset is understood, fractions are cut, what is later than arrival counts as arrival."""
    assert server.clock.now() == TEN
    await server.hear(said(at=at))
    assert (await server.api("GET", "/conversations/c-1")).json["messages"][0]["at"] == shown


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"at": "2026-11-21T09:59:58"}, 400),
        ({"at": "soon"}, 400),
        ({"conversation": ...}, 400),
        ({"role": ...}, 400),
        ({"text": ...}, 400),
        ({"text": 5}, 400),
        ({"role": "alien"}, 422),
        ({"kind": "smell"}, 422),
        ({"at": "2026-02-30T10:00:00+08:00"}, 422),
        ({"identity": ""}, 422),
        ({"conversation": "x" * 201}, 422),
    ],
)
async def test_wrong_events(server, wrong, status):
    """A missing field, a wrong type and a time without offset are 400, a value that cannot be is 422; nothing is kept."""
    answer = await server.hear(said(**wrong))
    assert (answer.status, answer.code) == (status, {400: "bad_payload", 422: "impossible"}[status])
    assert await texts(server) == []
