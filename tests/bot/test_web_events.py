"""The events feed: what is told, to whom, from where on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from living import TEN, living

from bot import loop as loops
from bot import platforms


def said(identity: str, conversation: str = "c-1", **more: Any) -> dict[str, Any]:
    """A buyer's question."""
    data = {"id": identity, "conversation": conversation, "role": "buyer", "text": "什么时候发货"}
    return {"type": "message.created", "data": data | more}


async def test_a_listener_hears_what_was_and_what_comes(server):
    """From the start without `after`: first what is on record, then what happens."""
    await server.hear(said("m-1"))
    async with server.listen() as listener:
        assert (await listener.next())["data"]["turn"] == ["m-1"]
        await server.hear(said("m-2", "c-2"))
        assert (await listener.next())["data"]["turn"] == ["m-2"]


async def test_a_listener_goes_on_where_it_stopped(server):
    """`after` and `Last-Event-ID` name the last event seen; the header, which a browser sends by itself, wins."""
    await server.hear([said(f"m-{number}", f"c-{number}") for number in range(1, 6)])
    async with server.listen() as listener:
        numbers = [event["seq"] for event in await listener.some(5)]
    assert numbers == sorted(set(numbers))
    for how in ({"after": numbers[2]}, {"last": str(numbers[2])}, {"after": 0, "last": str(numbers[2])}):
        async with server.listen(**how) as listener:
            assert [event["seq"] for event in await listener.some(2)] == numbers[3:]


async def test_every_listener_hears_everything(server):
    """Two listeners at once miss nothing and get nothing twice."""
    async with server.listen() as one, server.listen() as two:
        await server.hear([said(f"m-{number}", f"c-{number}") for number in range(20)])
        heard = await asyncio.gather(one.some(20), two.some(20))
    assert heard[0] == heard[1]
    assert [event["data"]["conversation"] for event in heard[0]] == [f"c-{number}" for number in range(20)]


async def test_events_outlive_the_server(shops, tmp_path):
    """After a restart the same numbers mean the same events, and new ones go on from there."""
    async with living(tmp_path, shops) as server:
        await server.hear(said("m-1"))
        async with server.listen() as listener:
            first = await listener.next()
    async with living(tmp_path, shops) as server:
        await server.hear(said("m-2", "c-2"))
        async with server.listen() as listener:
            again, new = await listener.some(2)
    assert again == first
    assert new["seq"] > first["seq"]


async def test_a_listener_far_behind_catches_up(shops, tmp_path, monkeypatch):
    """More events than are kept in memory, and more than one read takes: all come, in order, none twice."""
    monkeypatch.setattr("bot.tail.ROWS", 10)
    async with living(tmp_path, shops) as server:
        async with server.listen() as early:
            for part in range(8):
                await server.hear([said(f"m-{part}-{n}", f"c-{part}-{n}") for n in range(100)])
            numbers = [event["seq"] for event in await early.some(800)]
        async with server.listen(after=numbers[99]) as late:
            assert [event["seq"] for event in await late.some(700)] == numbers[100:]
    assert numbers == sorted(set(numbers))


async def test_silence_is_filled(server, monkeypatch):
    """A listener that hears nothing still hears that the server lives, and how soon to come back."""
    monkeypatch.setattr(loops, "HEARTBEAT", 0.02)
    async with server.listen() as listener:
        assert (await listener.line()).startswith("retry: ")
        assert await listener.line() == "\n"
        assert (await listener.line()).startswith(":")


async def test_deadlines_are_told(server):
    """A warning before, a miss after, a clearing with the answer: each once, with the wait's own instants."""
    await server.hear(said("m-1"))
    async with server.listen() as listener:
        assert (await listener.next())["type"] == "suggestion.created"
        await server.move_to(TEN + 1800)
        await server.move_to(TEN + 3601)
        await server.hear({"type": "message.created", "data": said("m-2")["data"] | {"role": "agent"}})
        events = []
        while not events or events[-1]["type"] != "deadline.cleared":
            events += [await listener.next()]
            if events[-1]["data"].get("target") != "effective_reply_1h":
                events.pop()
    assert [(event["type"], event["data"].get("stage")) for event in events][-2:] == [
        ("deadline.missed", None),
        ("deadline.cleared", None),
    ]
    assert ("deadline.warning", 1800) in [(event["type"], event["data"].get("stage")) for event in events]
    assert {event["data"]["due"] for event in events} == {"2026-11-21T11:00:00+08:00"}
    assert events[-1]["data"]["reason"] == "answered"
    (hour,) = [target for target in platforms.load("pinduoduo").targets if target.name == "effective_reply_1h"]
    assert {event["data"]["label"] for event in events} == {hour.label}


async def test_what_breaks_a_rule_on_the_platform_is_told(server, shops):
    """An agent's message that was sent past us is checked too."""
    guard = shops["demo"].guard
    text = next(
        example
        for pack in guard.packs
        for rule in pack.rules
        for example in rule.blocks
        if isinstance(example, str) and guard.check([example]).verdict == "block"
    )
    await server.hear(said("m-1", role="agent", agent="a-1", text=text))
    async with server.listen() as listener:
        event = await listener.next()
    assert event["type"] == "violation.seen"
    assert (event["data"]["id"], event["data"]["agent"], event["data"]["text"]) == ("m-1", "a-1", text)


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "%20", "１", "9" * 19, "1e3", "%00", "0x1"])
async def test_what_is_no_number_is_400(server, after):
    """`after` is a number of at most 18 digits."""
    path = "".join(
        letter if letter.isascii() else "".join(f"%{byte:02X}" for byte in letter.encode()) for letter in after
    )
    answer = await server.api("GET", f"/events?after={path}")
    assert (answer.status, answer.code) == (400, "bad_payload")


async def test_listeners_do_not_hold_up_the_end(shops, tmp_path):
    """A server that stops tells its listeners at once; they see the end of the stream."""
    async with living(tmp_path, shops) as server, server.listen() as listener:
        assert (await listener.line()).startswith("retry: ")
        server.loop.release()
        assert await listener.line() == "\n"
        assert await listener.line() == ""


async def test_a_listener_that_leaves_harms_nobody(server, monkeypatch):
    """Whoever goes away in the middle of the stream leaves the server as it was."""
    monkeypatch.setattr(loops, "HEARTBEAT", 0.02)
    for _ in range(20):
        async with server.listen() as listener:
            await listener.line()
    await server.hear(said("m-1"))
    async with server.listen() as listener:
        assert (await listener.next())["type"] == "suggestion.created"
