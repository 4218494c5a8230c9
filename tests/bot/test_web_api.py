"""What an agent's program may ask: check, reply, feedback, scripts, who waits, a conversation, rates."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from living import TEN

from replies import guard_judge

FINE = "您好，您的包裹今天下午发出。"


@pytest.fixture
def wording(shops):
    """A text that the demo shop's guard warns of, or blocks: an example of one of its own rules."""

    def find(action: str, *, other_than: str = "") -> str:
        guard = shops["demo"].guard
        return next(
            example
            for pack in guard.packs
            for rule in pack.rules
            for example in (*rule.warns, *rule.blocks)
            if isinstance(example, str) and example != other_than and guard.check([example]).verdict == action
        )

    return find


def said(identity: str = "m-1", text: str = "什么时候发货", **more: Any) -> dict[str, Any]:
    """A buyer's message."""
    return {
        "type": "message.created",
        "data": {"id": identity, "conversation": "c-1", "role": "buyer", "text": text} | more,
    }


async def reply(server, text: str = FINE, *, identity: Any = "r-1", conversation: str = "c-1", **more: Any):
    """Ask to send."""
    asked = {"id": identity, "agent": "a-1", "text": text} | more
    return await server.api("POST", f"/conversations/{conversation}/replies", asked)


async def test_check_gives_the_verdict(server, wording):
    """The guard's verdict on a text: allow without findings, warn or block with them, each with its reason."""
    for action, text in (("allow", FINE), ("warn", wording("warn")), ("block", wording("block"))):
        verdict = (await server.api("POST", "/check", {"text": text})).json
        assert verdict["verdict"] == action
        assert bool(verdict["findings"]) is (action != "allow")
        for finding in verdict["findings"]:
            start, end = finding["span"]
            assert 0 <= start < end <= len(text)
            assert finding["reason"]
            assert finding["source"]


async def test_check_reads_what_was_said_before(server, shops):
    """What only together with an earlier message breaks a rule is found with the conversation, and not without."""
    guard = shops["demo"].guard
    before, last = next(
        example
        for pack in guard.packs
        for rule in pack.rules
        for example in (*rule.warns, *rule.blocks)
        if len(example) == 2 and not isinstance(example, str) and guard.check(example[1:]).verdict == "allow"
    )
    await server.hear([said(), said("m-2", before, role="agent", agent="a-1")])
    alone = (await server.api("POST", "/check", {"text": last})).json
    after = (await server.api("POST", "/check", {"text": last, "conversation": "c-1"})).json
    assert alone["verdict"] == "allow"
    assert after["verdict"] != "allow"
    assert after["findings"][0]["across"] is True


@pytest.mark.parametrize("conversation", [7, "7"])
async def test_a_conversation_may_be_a_number(server, conversation):
    """Tools that number their conversations may say so everywhere."""
    await server.hear(said(conversation=7))
    assert (await server.api("POST", "/check", {"text": FINE, "conversation": conversation})).status == 200
    assert (await server.api("GET", "/conversations/7")).json["id"] == "7"


async def test_check_of_an_unknown_conversation_reads_the_text_alone(server):
    """No conversation is needed to check a text."""
    answer = await server.api("POST", "/check", {"text": FINE, "conversation": "never heard"})
    assert answer.json["verdict"] == "allow"


async def test_an_allowed_reply_is_queued(server):
    """What the guard allows goes out once, whoever asks again."""
    await server.hear(said())
    answer = await reply(server, script="shipping.when")
    assert answer.json == {"state": "queued", "verdict": "allow", "rewrite": None, "findings": []}
    assert (await reply(server)).json["state"] == "queued"
    async with server.listen() as listener:
        events = await listener.some(2)
    assert [event["type"] for event in events] == ["suggestion.created", "message.send"]
    assert events[1]["data"] | {"rules": ""} == {
        "conversation": "c-1",
        "buyer": "c-1",
        "reply_id": "r-1",
        "agent": "a-1",
        "text": FINE,
        "script": "shipping.when",
        "rules": "",
    }
    (held,) = (await server.api("GET", "/conversations/c-1")).json["replies"]
    assert (held["id"], held["state"], held["text"]) == ("r-1", "queued", FINE)


async def test_the_same_reply_at_the_same_time_is_sent_once(server):
    """Ten impatient clicks are one message."""
    await server.hear(said())
    answers = await asyncio.gather(*(reply(server) for _ in range(10)))
    assert {answer.json["state"] for answer in answers} == {"queued"}
    assert len((await server.api("GET", "/conversations/c-1")).json["replies"]) == 1
    await reply(server, "稍等。", identity="r-2")
    async with server.listen() as listener:
        sent = [event["data"]["reply_id"] for event in await listener.some(3) if event["type"] == "message.send"]
    assert sent == ["r-1", "r-2"]


async def test_other_text_under_a_queued_id_is_409(server):
    """An id that was sent stands for its text."""
    await server.hear(said())
    await reply(server)
    answer = await reply(server, FINE + "谢谢。")
    assert (answer.status, answer.code) == (409, "conflict")


async def test_a_reply_id_belongs_to_its_conversation(server):
    """The same id in another conversation is another reply."""
    await server.hear([said(), said("m-2", conversation="c-2")])
    assert (await reply(server)).json["state"] == "queued"
    assert (await reply(server, "稍等。", conversation="c-2")).json["state"] == "queued"


async def test_a_warned_reply_needs_a_reason(server, wording):
    """Held with its findings, until the same id comes with a reason; then it is sent as it is."""
    await server.hear(said())
    text = wording("warn")
    first = await reply(server, text)
    assert (first.json["state"], first.json["verdict"]) == ("held", "warn")
    assert (await reply(server, text)).json == first.json
    sent = await reply(server, text, override={"reason": "买家问的就是这个"})
    assert (sent.json["state"], sent.json["verdict"]) == ("queued", "warn")
    async with server.listen() as listener:
        events = await listener.some(3)
    assert [event["type"] for event in events] == ["suggestion.created", "draft.held", "message.send"]
    assert events[2]["data"]["text"] == text


async def test_an_override_before_the_warning_counts_for_nothing(server, wording):
    """Nobody confirms what he has not been shown; asked again with the reason, it goes."""
    await server.hear(said())
    text, why = wording("warn"), {"reason": "x"}
    assert (await reply(server, text, override=why)).json["state"] == "held"
    assert (await reply(server, text, override={"reason": "看过了"})).json["state"] == "queued"


async def test_a_blocked_reply_never_goes(server, wording):
    """No reason sends what the rules forbid."""
    await server.hear(said())
    text = wording("block")
    for _ in range(2):
        answer = await reply(server, text, override={"reason": "老板说可以"})
        assert (answer.json["state"], answer.json["verdict"]) == ("held", "block")
    (held,) = (await server.api("GET", "/conversations/c-1")).json["replies"]
    assert held["state"] == "held"


async def test_new_text_under_a_held_id_is_checked_anew(server, wording):
    """A held reply may be rewritten: what is fine then goes, and what is not is held for its own reasons."""
    await server.hear(said())
    await reply(server, wording("block"))
    other = await reply(server, wording("warn"), override={"reason": "x"})
    assert (other.json["state"], other.json["verdict"]) == ("held", "warn")
    assert (await reply(server)).json["state"] == "queued"
    (only,) = (await server.api("GET", "/conversations/c-1")).json["replies"]
    assert (only["text"], only["state"]) == (FINE, "queued")


async def test_the_guards_record_is_counted_for_operators(server, wording):
    """What a rule held, and what was sent all the same, stand in the metrics by rule."""
    await server.hear(said())
    text = wording("warn")
    held = await reply(server, text)
    rule = held.json["findings"][0]["rule"]
    await reply(server, text, override={"reason": "买家问的就是这个"})
    page = (await server.ask("GET", "/metrics")).body.decode()
    for event in ("held", "overridden"):
        assert f'kuaihui_guard_findings_total{{event="{event}",rule="{rule}",shop="demo"}} 1.0' in page


async def test_a_rule_that_raises_blocks_and_is_reported(server, shops, monkeypatch, caplog):
    """Held whatever reason is given; the answer, the feed, the record and the log name the rule; others go on."""
    real = guard_judge.matches
    broken = shops["demo"].guard.packs[0].rules[0].id

    def fails(way, reading):
        if way.rule.id == broken:
            raise ZeroDivisionError
        return real(way, reading)

    monkeypatch.setattr(guard_judge, "matches", fails)
    await server.hear(said())
    for override in ({}, {"override": {"reason": "快点"}}):
        answer = await reply(server, "您加我微信吧", **override)
        assert (answer.status, answer.json["state"], answer.json["overridable"]) == (200, "held", False)
        (finding,) = answer.json["findings"]
        assert finding["rule"] == "guard.failed"
        assert broken in finding["reason"]
    async with server.listen() as listener:
        events = await listener.some(2)
    assert events[1]["data"]["findings"][0]["rule"] == "guard.failed"
    assert 'rule="guard.failed"' in (await server.ask("GET", "/metrics")).body.decode()
    assert any(broken in str(getattr(record, "reason", "")) for record in caplog.records)
    assert "您加我微信吧" not in caplog.text
    assert (await server.api("POST", "/check", {"text": "您加我微信吧"})).json["verdict"] == "block"
    assert (await reply(server, identity="r-9")).json["state"] == "queued"


async def test_what_is_queued_pauses_the_stages(server):
    """While a reply is on its way nobody is warned."""
    await server.hear(said())
    await server.move_to(TEN + 60)
    await reply(server)
    await server.move_to(TEN + 170)
    async with server.listen() as listener:
        kinds = [event["type"] for event in await listener.some(3)]
    assert "deadline.warning" not in kinds


@pytest.mark.parametrize("text", ["", "   ", "您的订单{order_id}今天发出。"])
async def test_what_cannot_be_sent_is_held(server, text):
    """An empty text, or one with a blank left in it, never reaches a buyer."""
    await server.hear(said())
    answer = await reply(server, text)
    assert (answer.json["state"], answer.json["verdict"]) == ("held", "block")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"identity": ""}, 422),
        ({"identity": "x" * 201}, 422),
        ({"agent": "x" * 201}, 422),
        ({"override": {"reason": "  "}}, 422),
        ({"identity": 1.5}, 400),
        ({"text": None}, 400),
        ({"override": "yes"}, 400),
        ({"override": {}}, 400),
        ({"script": 5}, 400),
    ],
)
async def test_wrong_replies(server, wrong, status):
    """Wrong types are 400, impossible ids and reasons 422; nothing is kept."""
    await server.hear(said())
    given = {"text": FINE, **wrong}
    assert (await reply(server, given.pop("text"), **given)).status == status
    assert (await server.api("GET", "/conversations/c-1")).json["replies"] == []


@pytest.mark.parametrize("agent", [None, "", 7, "a-1"])
async def test_an_agent_may_be_nameless(server, agent):
    """A tool that does not know who types can send too."""
    await server.hear(said())
    assert (await reply(server, agent=agent)).json["state"] == "queued"


@pytest.mark.parametrize("action", ["picked", "edited", "ignored", "withdrawn"])
async def test_feedback_is_kept(server, action):
    """What an agent did with a suggestion is recorded."""
    await server.hear(said())
    given = {"script": "shipping.when", "action": action, "agent": "a-1"}
    assert (await server.api("POST", "/conversations/c-1/feedback", given)).json == {"recorded": True}


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"script": "no.such"}, 422), ({"action": "loved"}, 422), ({"action": 5}, 400), ({"script": None}, 400)],
)
async def test_wrong_feedback(server, wrong, status):
    """A script that the library does not have and an action that is none are 422."""
    await server.hear(said())
    given = {"script": "shipping.when", "action": "picked"} | wrong
    assert (await server.api("POST", "/conversations/c-1/feedback", given)).status == status


@pytest.mark.parametrize("call", ["replies", "feedback", ""])
async def test_a_conversation_never_heard_is_404(server, call):
    """Nothing can be sent to, said of or read in a conversation that nobody told us of."""
    given = {"replies": {"id": "r-1", "text": FINE}, "feedback": {"script": "shipping.when", "action": "picked"}}.get(
        call
    )
    answer = await server.api("POST" if call else "GET", f"/conversations/c-9/{call}".rstrip("/"), given)
    assert (answer.status, answer.code) == (404, "not_found")
