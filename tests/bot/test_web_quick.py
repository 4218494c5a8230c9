"""The short way of a webhook: the same answers as by aiohttp's, in order, and for whoever waits when the server stops."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager

import pytest
from living import living
from rawwire import wire

from bot.web import hook, protocol
from bot.web.quick import Quick


def event(number: int = 1, text: str = "什么时候发货") -> bytes:
    """A buyer's message."""
    said = {"id": f"m-{number}", "conversation": "c-1", "role": "buyer", "text": text}
    return json.dumps({"type": "message.created", "data": said}).encode()


def post(server, body: bytes, *more: str, path: str = "/webhook/demo", version: str = "1.1") -> bytes:
    """A whole signed request as it goes over the wire."""
    fields = {"Host": "x", "Content-Length": str(len(body)), **server.signed(body)}
    head = [f"POST {path} HTTP/{version}", *(f"{name}: {value}" for name, value in fields.items()), *more]
    return "\r\n".join([*head, "", ""]).encode() + body


@pytest.fixture
def short(monkeypatch):
    """The paths of what went the short way."""
    gone: list[str] = []
    begin = Quick.begin

    def counting(self, message, payload, send):
        gone.append(message.path)
        begin(self, message, payload, send)

    monkeypatch.setattr(Quick, "begin", counting)
    return gone


@asynccontextmanager
async def held(server):
    """The engine's thread is kept busy meanwhile."""
    free, began = threading.Event(), threading.Event()

    def wait() -> None:
        began.set()
        free.wait(10)

    waiting = asyncio.ensure_future(server.loop.think(wait))
    await asyncio.to_thread(began.wait, 10)
    try:
        yield
    finally:
        free.set()
        await waiting


async def depth(server, number: int) -> None:
    """Until so many facts wait for the engine."""
    while server.loop.depth < number:
        await server.loop.read(lambda store: store.feed_end())


async def test_aiohttp_has_what_the_short_way_leans_on():
    """Where it has not any more, webhooks are as slow as they were, and nobody would notice."""
    assert protocol.SHORT


async def test_a_whole_delivery_goes_the_short_way(server, short):
    """One that comes at once does, and is answered like any other."""
    ((status, said),) = await wire(server, post(server, event()))
    assert (status, said["accepted"], said["results"][0]["id"]) == (200, 1, "m-1")
    assert short == ["/webhook/demo"]


@pytest.mark.parametrize("body", [event(), b"[]", b"{", b'{"type":"message.created","data":{}}', b'{"type":"x"}'])
async def test_both_ways_answer_alike(server, short, body):
    """Status, fields of the head and body are the same: good ones, empty ones, bad ones."""
    sent = {"data": body, "headers": server.signed(body)}
    one = await server.ask("POST", "/webhook/demo", **sent)
    other = await server.ask("POST", "/webhook/demo?long", **sent)
    assert short == ["/webhook/demo"]
    assert one.status == other.status
    assert set(one.headers.items()) - {("Date", one.headers["Date"])} >= {
        (name, value) for name, value in other.headers.items() if name not in ("Date", "Content-Length")
    }
    if body != event():
        assert one.body == other.body


async def test_an_unsigned_one_is_refused_alike(server):
    """A signature that does not fit is 401 by both ways."""
    headers = server.signed(b"[]")
    for path in ("/webhook/demo", "/webhook/demo?long"):
        answer = await server.ask("POST", path, data=b"[ ]", headers=headers)
        assert (answer.status, answer.code) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("more", "how"),
    [
        (("Connection: close",), {}),
        (("Content-Encoding: identity",), {}),
        (("Expect: 100-continue",), {}),
        ((), {"version": "1.0"}),
        ((), {"path": "/webhook/demo?x=1"}),
    ],
)
async def test_what_is_not_quite_usual_goes_the_long_way(server, short, more, how):
    """Another version, a question behind the path, fields that ask for something: aiohttp knows what they mean."""
    ((status, said),) = await wire(server, post(server, event(), *more, **how))
    assert (status, said["accepted"], short) == (200, 1, [])


async def test_what_comes_in_pieces_goes_the_long_way(server, short):
    """A body that lets wait for itself is waited for there."""
    sent = post(server, event())
    reader, writer = await asyncio.open_connection(*server.address)
    for piece in (sent[:-40], sent[-40:]):
        writer.write(piece)
        await writer.drain()
        await server.alive()
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    assert short == []
    writer.close()


async def test_requests_behind_each_other_are_answered_in_order(server, short):
    """What came while one went the short way is next, whichever way it goes."""
    first, probe = post(server, event(1)), b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    async with held(server):
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(first)
        await depth(server, 1)
        writer.write(probe + post(server, event(2)) + probe)
        await server.alive()
    got = []
    for _ in range(4):
        head = await reader.readuntil(b"\r\n\r\n")
        got.append(await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])))
    assert [b"m-1" in got[0], b"ok" in got[1], b"m-2" in got[2], b"ok" in got[3]] == [True] * 4
    writer.write(post(server, event(3)))
    await reader.readuntil(b"\r\n\r\n")
    assert len(short) == 2
    writer.close()


async def test_who_has_gone_is_not_answered(server, caplog):
    """A client that does not wait for its answer harms nobody; what it told is kept."""
    async with held(server):
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(post(server, event()))
        await depth(server, 1)
        writer.close()
        await writer.wait_closed()
        await server.alive()
    assert (await server.hear(event())).json["duplicates"] == 1
    assert [record for record in caplog.records if record.levelno >= 30] == []


async def test_a_server_that_stops_answers_what_it_took(shops, tmp_path):
    """The answer of one that is under way when the end comes goes out, and then the connection is closed."""
    async with living(tmp_path, shops) as server:
        async with held(server):
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(post(server, event()))
            await depth(server, 1)
            stopping = asyncio.ensure_future(server.client.close())
            writer.write(post(server, event(2)))
            while not server.client.server.runner.server.connections[0]._close:
                await server.loop.read(lambda store: store.feed_end())
        answer = await reader.read()
        await stopping
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.count(b"HTTP/1.1") == 1
        writer.close()


async def test_an_answer_that_takes_long_is_waited_for(shops, tmp_path):
    """Who waits for the engine is not idle, however short idle connections live."""
    async with living(tmp_path, shops, keepalive_timeout=0.02) as server:
        async with held(server):
            asked = asyncio.ensure_future(wire(server, post(server, event())))
            await depth(server, 1)
            for _ in range(8):  # each lives until its own connection is closed for being idle
                reader, writer = await asyncio.open_connection(*server.address)
                await reader.read()
                writer.close()
        assert [status for status, _ in await asked] == [200]


@pytest.mark.parametrize("place", ["heard", "told"])
async def test_what_nobody_foresaw_is_500(server, caplog, monkeypatch, place):
    """In our shape, in the log, and the connection lives."""

    def fail(*_):
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(hook, place, fail)
        answers = await wire(server, post(server, event()))
    ((status, said),) = answers
    assert (status, said["error"]["code"]) == (500, "internal")
    assert [record.getMessage() for record in caplog.records if record.levelno >= 40] == ["request failed"]
    assert (await server.hear(event())).status == 200
