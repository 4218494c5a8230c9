"""What an agent's program reads: scripts, who waits, a conversation, the day's rates."""

from __future__ import annotations

from threading import current_thread
from typing import Any

import pytest
from living import TEN, TOKENS, Listener

from bot import platforms


def said(identity: str, conversation: str, minute: int, *, role: str = "buyer", **more: Any) -> dict[str, Any]:
    """A message some minutes after nine."""
    at = f"2026-11-21T09:{minute:02}:00+08:00"
    data = {"id": identity, "conversation": conversation, "role": role, "text": "什么时候发货", "at": at}
    return {"type": "message.created", "data": data | more}


async def test_scripts_by_shortcut_words_and_initials(server):
    """A shortcut, words in any order and pinyin initials all find the script an agent has in mind."""
    for asked in ("fh", "%E5%8F%91%E8%B4%A7+%E4%BB%80%E4%B9%88%E6%97%B6%E5%80%99", "shipping.when"):
        found = (await server.api("GET", f"/scripts?q={asked}")).json["scripts"]
        assert 1 <= len(found) <= 20
        assert any("发" in script["title"] for script in found), asked
        scores = [script["score"] for script in found]
        assert scores == sorted(scores, reverse=True)


async def test_without_a_question_the_library_is_listed(server):
    """No `q` and an empty one are the same."""
    assert (await server.api("GET", "/scripts")).json == (await server.api("GET", "/scripts?q=")).json


async def test_a_question_may_be_200_characters(server):
    """A longer one is 422."""
    assert (await server.api("GET", "/scripts?q=" + "x" * 200)).status == 200
    answer = await server.api("GET", "/scripts?q=" + "x" * 201)
    assert (answer.status, answer.code) == (422, "impossible")


async def test_the_library_is_searched_where_suggestions_are_made(server, shops, monkeypatch):
    """A matcher is not for two threads at a time: searching and suggesting happen on one, the engine's."""
    matcher, seen = shops["demo"].matcher, []
    search, rank = matcher.search, matcher.rank
    monkeypatch.setattr(matcher, "search", lambda *given, **how: seen.append(current_thread()) or search(*given, **how))
    monkeypatch.setattr(matcher, "rank", lambda *given, **how: seen.append(current_thread()) or rank(*given, **how))
    await server.hear(said("m-1", "c-1", 59))
    await server.api("GET", "/scripts?q=fh")
    assert {thread.name for thread in seen} == {"engine"}
    assert len(seen) >= 2


async def test_nobody_waits_at_first(server):
    """A new shop has an empty list."""
    assert (await server.api("GET", "/conversations")).json == {"conversations": []}


async def test_who_waits_stands_in_order(server):
    """Those who can still be answered in time come first; among them and among the lost ones, the earlier due."""
    await server.hear([said("m-1", "late", 58), said("m-2", "early", 30), said("m-3", "lost", 10)])
    await server.hear([said("m-4", "answered", 20), said("m-5", "answered", 21, role="agent")])
    await server.move_to(TEN + 900)  # 10:15: "lost" was due at 10:10
    listed = (await server.api("GET", "/conversations")).json["conversations"]
    assert [held["id"] for held in listed] == ["early", "late", "lost"]
    assert [held["missed"] for held in listed] == [False, False, True]
    early = listed[0]
    assert (early["due"], early["left_s"]) == ("2026-11-21T10:30:00+08:00", 900)
    assert early["start"] == "2026-11-21T09:30:00+08:00"
    known = {target.name: target.label for target in platforms.load("pinduoduo").targets}
    assert early["label"] == known[early["target"]]
    assert {wait["target"] for wait in early["waits"]} >= {"effective_reply_1h"}
    assert all(wait["label"] == known[wait["target"]] for wait in early["waits"])


async def test_an_answer_ends_the_waiting(server):
    """Whoever is answered is not listed any more."""
    await server.hear(said("m-1", "c-1", 59))
    assert len((await server.api("GET", "/conversations")).json["conversations"]) == 1
    await server.hear(said("m-2", "c-1", 59, role="agent"))
    assert (await server.api("GET", "/conversations")).json == {"conversations": []}


async def test_a_conversation_is_shown_whole(server):
    """Its messages by their own time, who they are of, what is offered, and what is known of the order."""
    first = said("m-2", "c-1", 59, buyer={"id": "b-1", "name": "老顾客"}, context={"order_id": "240101-1"})
    await server.hear([first, said("m-1", "c-1", 58), said("m-0", "c-1", 57, role="agent", agent="a-1", text="您好")])
    held = (await server.api("GET", "/conversations/c-1")).json
    assert (held["id"], held["buyer"]) == ("c-1", {"id": "b-1", "name": "老顾客"})
    assert held["context"] == {"order_id": "240101-1"}
    assert [(message["id"], message["role"]) for message in held["messages"]] == [
        ("m-0", "agent"),
        ("m-1", "buyer"),
        ("m-2", "buyer"),
    ]
    assert held["messages"][0]["agent"] == "a-1"
    assert held["suggestions"]
    assert all("order_id" not in suggestion["missing"] for suggestion in held["suggestions"])
    assert held["waits"]


async def test_a_conversation_without_a_buyer_is_its_own(server):
    """Where the tool names no buyer, the conversation's id stands for him."""
    await server.hear(said("m-1", "c-1", 59))
    assert (await server.api("GET", "/conversations/c-1")).json["buyer"] == {"id": "c-1", "name": None}


@pytest.mark.parametrize(
    "identity", ["a b", "a/b", "a?b", "a#b", "会话一", "..", "%", "a\x00b", "\U0001f4ac", "x" * 200]
)
async def test_any_id_can_be_asked_for(server, identity):
    """A conversation's id may hold any character; in the path it stands percent-encoded."""
    await server.hear(said("m-1", identity, 59))
    path = "".join(f"%{byte:02X}" for byte in identity.encode())
    assert (await server.api("GET", f"/conversations/{path}")).json["id"] == identity
    given = {"id": "r-1", "text": "您好，稍等。"}
    assert (await server.api("POST", f"/conversations/{path}/replies", given)).json["state"] == "queued"


async def test_rates_follow_the_facts(server):
    """Two buyers answered in time, one late, one still waiting."""
    for name, answered in (("a", 10), ("b", 59), ("late", None), ("open", None)):
        await server.hear(said(f"{name}-1", name, 0 if name != "open" else 59))
        if answered is not None:
            await server.hear(said(f"{name}-2", name, answered, role="agent"))
    await server.move_to(TEN + 60)
    for path in ("/rates", "/rates?day=2026-11-21"):
        day = (await server.api("GET", path)).json
        assert day["day"] == "2026-11-21"
        hour = next(target for target in day["targets"] if target["name"] == "effective_reply_1h")
        assert (hour["population"], hour["met"], hour["waiting"]) == (4, 2, 1)
        assert hour["rate"] == pytest.approx(2 / 3, abs=1e-6)
        assert [wait["buyer"] for wait in hour["late"]] == ["late"]


@pytest.mark.parametrize("day", ["2020-02-29", "2030-01-01", "0001-01-01", "0001-01-02", "9999-12-31", "9999-12-30"])
async def test_any_day_can_be_asked_for(server, day):
    """A day of which nothing is known has nobody in it."""
    answer = await server.api("GET", f"/rates?day={day}")
    assert (answer.status, answer.json["day"]) == (200, day)
    assert {target["population"] for target in answer.json["targets"]} == {0}


@pytest.mark.parametrize(
    ("day", "status"),
    [("", 400), ("yesterday", 400), ("20261121", 400), ("2026-W47-6", 400), ("2026-02-30", 422), ("0000-01-01", 422)],
)
async def test_what_is_no_day(server, day, status):
    """What is not written like a day is 400, a day that is not in the calendar 422."""
    assert (await server.api("GET", f"/rates?day={day}")).status == status


async def test_a_long_conversation_comes_in_pages(server):
    """The latest messages first; `earlier` leads to those before, to the first, each once."""
    for number in range(7):
        data = {"id": f"m-{number}", "conversation": "c-1", "role": "buyer", "text": "在吗"}
        await server.hear({"type": "message.created", "data": data})
    pages, before = [], ""
    while before is not None:
        page = (await server.api("GET", f"/conversations/c-1?limit=3{before and f'&before={before}'}")).json
        pages.append([message["id"] for message in page["messages"]])
        before = page["earlier"]
    assert pages == [["m-4", "m-5", "m-6"], ["m-1", "m-2", "m-3"], ["m-0"]]
    whole = (await server.api("GET", "/conversations/c-1")).json
    assert (len(whole["messages"]), whole["earlier"]) == (7, None)
    for wrong, status in (("limit=x", 400), ("limit=0", 422), ("limit=501", 422), ("before=m-9", 404)):
        assert (await server.api("GET", f"/conversations/c-1?{wrong}")).status == status


async def test_a_listener_may_begin_now(server):
    """With `latest` nothing of before comes, and everything after."""
    event = {
        "type": "message.created",
        "data": {"id": "m-1", "conversation": "c-1", "role": "buyer", "text": "什么时候发货"},
    }
    await server.hear(event)
    headers = {"Authorization": f"Bearer {TOKENS['demo']}"}
    async with server.client.get("/api/shops/demo/events?after=latest", headers=headers) as response:
        await server.hear({**event, "data": {**event["data"], "id": "m-2", "conversation": "c-2"}})
        heard = await Listener(response).next()
    assert heard["data"]["conversation"] == "c-2"
