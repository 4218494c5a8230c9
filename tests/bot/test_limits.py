"""How much may be asked: by a shop, by a token, at once, slowly or without reading; and what every answer carries."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from living import TOKENS, living
from rawwire import wire

from bot.limits import BURST, Bucket, Limits
from bot.ports import Event
from bot.web.app import STREAMS

EVENT = '{"conversation":"c-1","buyer":{"id":"b","name":null},"reply_id":"r","agent":null,"reason":"x"}'
HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cache-Control")


def said(identity: str = "m-1") -> dict[str, Any]:
    """A buyer's message."""
    return {"type": "message.created", "data": {"id": identity, "conversation": "c-1", "role": "buyer", "text": "在"}}


@given(
    rate=st.floats(0.1, 1e5),
    steps=st.lists(st.tuples(st.floats(-5, 5), st.integers(1, 40)), max_size=30),
)
def test_a_bucket_never_lets_more_through(rate, steps):
    """Over any span, backwards jumps of the clock left out, at most the rate and two seconds' worth pass."""
    bucket, now, forward, passed = Bucket(rate), 1e9, 0.0, 0
    for step, asked in steps:
        now += step
        forward += max(0.0, step)
        passed += sum(bucket.take(now) == 0.0 for _ in range(asked))
        # What a clock lost by going back comes again when it goes on: only forward steps count.
        assert passed <= max(1.0, rate * BURST) + rate * forward + 1e-3 * passed + 1
    assert bucket.take(now + max(1.0, 1.0 / rate) + 1e-6) == 0.0


async def test_a_token_that_asks_too_much_is_429(shops, tmp_path):
    """Two seconds' worth at once, then as many as the rate says; the shop's other tokens and other shops go on."""
    async with living(tmp_path, shops, limits=Limits(token=2)) as server:
        answers = [await server.api("GET", "/conversations") for _ in range(5)]
        assert [answer.status for answer in answers] == [200] * 4 + [429]
        assert answers[-1].code == "rate_limited"
        assert int(answers[-1].headers["Retry-After"]) == 1
        assert (await server.api("GET", "/conversations", shop="other")).status == 200
        server.clock.move_to(server.clock.now() + 1)
        assert [(await server.api("GET", "/conversations")).status for _ in range(3)] == [200, 200, 429]
        page = (await server.ask("GET", "/metrics")).body.decode()
        assert 'kuaihui_refused_total{reason="rate"} 2.0' in page


async def test_a_shop_that_asks_too_much_is_429(shops, tmp_path):
    """All its tokens together have a limit, and its webhooks one of their own, which unsigned ones do not use up."""
    async with living(tmp_path, shops, limits=Limits(shop=1, webhooks=1)) as server:
        assert [(await server.api("GET", "/conversations")).status for _ in range(3)] == [200, 200, 429]
        for _ in range(5):
            assert (await server.hear(said(), key="whsec_" + "QUJD" * 8)).status == 401
        heard = [await server.hear(said(f"m-{number}")) for number in range(3)]
        assert [answer.status for answer in heard] == [200, 200, 429]
        server.clock.move_to(server.clock.now() + 1)
        assert (await server.hear(said("m-2"))).json["accepted"] == 1
        held = (await server.api("GET", "/conversations/c-1")).json
        assert [message["id"] for message in held["messages"]] == ["m-0", "m-1", "m-2"]


async def test_too_many_listeners_are_429(shops, tmp_path):
    """One who leaves makes room."""

    def tell(store: Any) -> list[Any]:
        return [Event(store.tell("demo", "c-1", "message.failed", 0, EVENT), "demo", "c-1", "message.failed", 0, EVENT)]

    async with living(tmp_path, shops, limits=Limits(streams=1)) as server:
        async with server.listen():
            refused = await server.api("GET", "/events")
            assert (refused.status, refused.code) == (429, "rate_limited")
        async with asyncio.timeout(5):
            while server.client.server.app[STREAMS]["demo"]:
                await server.loop.write(tell)  # whoever left is noticed when there is something to say
        async with server.listen() as listener:
            assert listener


async def test_too_many_connections_are_503(shops, tmp_path):
    """What is open stays; one more is told so and closed, until one goes."""
    async with living(tmp_path, shops, connections=2) as server:
        ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        opened = [await asyncio.open_connection(*server.address) for _ in range(2)]
        for reader, writer in opened:
            writer.write(ask)
            assert b" 200 " in await reader.readline()
        ((status, error),) = await wire(server, b"")
        assert (status, error["error"]["code"]) == (503, "busy")
        for _, writer in opened:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(5):
            while (await wire(server, ask))[0][0] != 200:
                pass


async def test_a_listener_that_does_not_read_is_let_go(shops, tmp_path, caplog):
    """Its connection is cut, what it holds is freed, and it goes on from where it was when it comes back."""
    caplog.set_level("INFO")
    async with living(tmp_path, shops, limits=Limits(stalled=0.05)) as server:
        await server.hear(said())

        large = '{"text":"%s"}' % ("x" * 60_000)

        def much(store: Any) -> list[Any]:
            kind = "suggestion.created"
            return [Event(store.tell("demo", "c-1", kind, 0, large), "demo", "c-1", kind, 0, large) for _ in range(300)]

        await server.loop.write(much)
        lazy = socket.socket()
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(lazy, server.address)
        head = (
            f"GET /api/shops/demo/events?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKENS['demo']}\r\n\r\n"
        )
        await loop.sock_sendall(lazy, head.encode())
        async with asyncio.timeout(5):
            while "does not read" not in caplog.text:
                await server.alive()
        assert server.client.server.app[STREAMS]["demo"] == 0
        lazy.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("GET", "/nothing"),
        ("POST", "/webhook/demo"),
    ],
)
async def test_every_answer_carries_the_headers(server, method, path):
    """No answer may be framed, guessed at or kept, and none says what it is made with."""
    answer = await server.ask(method, path)
    assert all(name in answer.headers for name in HEADERS)
    assert answer.headers["Server"] == "kuaihui"
    async with server.listen() as listener:
        assert listener._response.headers["Server"] == "kuaihui"


async def test_what_cannot_be_read_is_answered_as_modestly(server):
    """The answer to what is not HTTP says no more of us than the others."""
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(b"x\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"Server: kuaihui\r\n" in head
    assert b"aiohttp" not in head
    writer.close()
