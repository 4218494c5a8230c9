"""A callback goes to the address in the config and nowhere else, signed, within its time, and says what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver
from receiving import receiver
from standardwebhooks import Webhook, WebhookVerificationError

from bot import signature
from bot.channels.callback import Callback, PublicResolver, is_public, literal_is_private, payload
from bot.clock import SystemClock, VirtualClock
from bot.errors import Gone, Refused, Unavailable
from bot.ports import Push

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
SPARE = "whsec_" + "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4"
PUSH = Push(7, "demo", "c1", "message.send", "r1", 0, NINE, NINE, '{"reply_id":"r1","text":"亲，在的"}')


@pytest.fixture
async def tool():
    """A chat tool."""
    async with receiver(VirtualClock(NINE)) as made:
        yield made


@pytest.fixture
async def open_callback(shop):
    """Open a callback for a shop with an address."""
    opened: list[Callback] = []

    async def make(url: str, **settings: object) -> Callback:
        shop.callback_url, shop.keys = url, (signature.secret(SECRET), signature.secret(SPARE))
        opened.append(Callback({"demo": shop}, SystemClock(), **{"allow_private": True, **settings}))
        return opened[-1]

    yield make
    for callback in opened:
        await callback.close()


async def test_it_is_signed_with_the_first_secret(tool, open_callback):
    """While secrets are being changed the first one signs; nobody else's verifies."""
    await (await open_callback(tool.url)).deliver(PUSH)
    (got,) = tool.got
    assert got.id == "evt_demo_7"
    assert Webhook(SECRET).verify(got.body, got.headers)["type"] == "message.send"
    with pytest.raises(WebhookVerificationError):
        Webhook(SPARE).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body + b" ", got.headers)


async def test_what_is_signed_is_the_time_of_the_world(tool, open_callback):
    """In a trial the shop's clock runs elsewhere; the tool's does not."""
    callback = await open_callback(tool.url)
    callback._clock = SystemClock(start=NINE, rate=1000)
    await callback.deliver(PUSH)
    Webhook(SECRET).verify(tool.got[0].body, tool.got[0].headers)  # it refuses what is five minutes old


def test_the_body_names_type_time_and_data(shop):
    """In the shop's time zone, the data as the feed has it."""
    assert json.loads(payload(PUSH, shop)) == {
        "type": "message.send",
        "timestamp": "2026-11-21T09:00:00+08:00",
        "data": {"reply_id": "r1", "text": "亲，在的"},
    }


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_success(tool, open_callback, status):
    """The tool took it."""
    tool.statuses.append(status)
    await (await open_callback(tool.url)).deliver(PUSH)


@pytest.mark.parametrize("status", [300, 302, 304, 400, 401, 404, 409, 429, 500, 502, 503])
async def test_anything_else_is_tried_again(tool, open_callback, status):
    """But for 410: a tool that is being set up, moved or overloaded may take it later."""
    tool.statuses.append(status)
    with pytest.raises(Unavailable, match=str(status)):
        await (await open_callback(tool.url)).deliver(PUSH)


async def test_gone_is_final(tool, open_callback):
    """410 says that it wants no more, of anything."""
    tool.statuses.append(410)
    with pytest.raises(Gone, match="410"):
        await (await open_callback(tool.url)).deliver(PUSH)


@pytest.mark.parametrize(
    ("given", "wait"),
    [
        ("30", 30),
        ("0", 0),
        ("-3", 0),
        ("soon", 0),
        ("", 0),
        ("3600", 3600),
        ("9999999", 3600),
        ("9" * 500, 3600),
        ("Sat, 21 Nov 2026 01:00:45 GMT", 45),
        ("Saturday, 21-Nov-26 01:00:45 GMT", 45),
        ("Sat, 21 Nov 2026 00:59:00 GMT", 0),
        ("Sun, 21 Nov 2027 01:00:00 GMT", 3600),
        ("Sat, 99 Nov 2026 01:00:00 GMT", 0),
        ("Sat, 21 Nov 2026 09:01:00 +0800", 60),
    ],
)
async def test_how_long_a_tool_wants_to_be_left_alone(tool, open_callback, given, wait):
    """Seconds and dates are heeded, up to an hour; nonsense and what is past are not."""
    tool.statuses.append(503)
    tool.headers["Retry-After"] = given
    callback = await open_callback(tool.url)
    callback._clock = VirtualClock(NINE)
    with pytest.raises(Unavailable) as caught:
        await callback.deliver(PUSH)
    assert caught.value.wait == wait


async def test_a_tool_that_hangs(tool, open_callback):
    """The time is bounded."""
    tool.hangs = True
    callback = await open_callback(tool.url, timeout=aiohttp.ClientTimeout(total=0.05))
    with pytest.raises(Unavailable, match="Timeout"):
        await callback.deliver(PUSH)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=["nothing", "nonsense", "half", "endless header"],
)
async def test_a_tool_that_speaks_no_http(open_callback, answer):
    """Whatever comes back, or nothing: it is a failure, and bounded."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Unavailable):
        await (await open_callback(f"http://127.0.0.1:{port}/")).deliver(PUSH)
    server.close()
    await server.wait_closed()


async def test_an_answer_without_end_is_not_read(open_callback):
    """The status says it all: what follows is not waited for, however long it is."""
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.read(100)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < 1 << 30:
                writer.write(b"x" * 65_536)
                sent += 65_536
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    callback = await open_callback(f"http://127.0.0.1:{port}/")
    await callback.deliver(PUSH)
    await callback.close()
    server.close()
    await server.wait_closed()
    assert sent < 1 << 26


LITERALS = {
    "127.0.0.1": False,
    "127.1": False,
    "2130706433": False,
    "0": False,
    "0177.0.0.1": False,
    "127.0.0.1.": False,
    "10.1.2.3": False,
    "172.16.0.1": False,
    "192.168.1.1": False,
    "169.254.169.254": False,
    "100.64.0.1": False,
    "0.0.0.0": False,  # noqa: S104 - nothing is bound
    "255.255.255.255": False,
    "224.0.0.1": False,
    "8.8.8.8": True,
    "::1": False,
    "::": False,
    "fe80::1": False,
    "fe80::1%eth0": False,
    "fd00::1": False,
    "ff02::1": False,
    "::ffff:127.0.0.1": False,
    "64:ff9b::7f00:1": False,
    "64:ff9b::808:808": True,
    "2002:7f00:1::": False,
    "2002:c0a8:101::": False,
    "2001:4860:4860::8888": True,
}


@pytest.mark.parametrize(("host", "public"), LITERALS.items())
def test_which_addresses_are_public(host, public):
    """Also those that wrap another, and those that only systems understand."""
    assert is_public(host) is public
    assert literal_is_private(host) is not public


@pytest.mark.parametrize("host", ["example.com", "localhost", "a1.b2", "1.example"])
def test_names_are_no_addresses(host):
    """A name is judged by where it leads."""
    assert not literal_is_private(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0", "[::1]", "[::ffff:127.0.0.1]", "localhost", "0x7f.1"]
)
async def test_nothing_is_sent_to_a_private_address(tool, open_callback, host):
    """However it is spelt: nothing arrives, and the reason names the setting that would allow it."""
    callback = await open_callback(tool.url.replace("127.0.0.1", host), allow_private=False)
    with pytest.raises(Refused, match="allow_private_callbacks"):
        await callback.deliver(PUSH)
    assert tool.got == []


class Names(AbstractResolver):
    """Knows one name, with the addresses given."""

    def __init__(self, *addresses: str) -> None:
        self.addresses, self.asked = addresses, 0

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list:
        self.asked += 1
        found = [{"hostname": host, "host": each, "port": port, "proto": 0, "flags": 0} for each in self.addresses]
        return [{**each, "family": family} for each in found]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("127.0.0.1", "8.8.8.8"), ("::1",)])
async def test_a_name_that_leads_home_is_refused(open_callback, addresses):
    """One private address among public ones is enough."""
    callback = await open_callback("http://tool.example/", allow_private=False)
    resolver = PublicResolver()
    resolver._inner = Names(*addresses)
    callback._session.connector._resolver = resolver
    with pytest.raises(Refused, match=r"tool\.example"):
        await callback.deliver(PUSH)


async def test_the_connection_goes_to_the_address_that_was_checked(tool, open_callback, monkeypatch):
    """Asked a second time the name could lead elsewhere; it is not asked a second time."""
    monkeypatch.setattr("bot.channels.callback.is_public", lambda _host: True)
    callback = await open_callback(tool.url.replace("127.0.0.1", "tool.example"), allow_private=False)
    resolver = PublicResolver()
    resolver._inner = names = Names("127.0.0.1")
    callback._session.connector._resolver = resolver
    await callback.deliver(PUSH)
    assert len(tool.got) == 1
    assert names.asked == 1


async def test_a_name_that_nobody_knows_is_tried_again(open_callback):
    """The name server may be away."""

    async def fail(*_asked: object, **_how: object) -> list:
        raise OSError("no such name")

    callback = await open_callback("http://tool.example/", allow_private=False)
    resolver = PublicResolver()
    resolver._inner = Names()
    resolver._inner.resolve = fail
    callback._session.connector._resolver = resolver
    with pytest.raises(Unavailable):
        await callback.deliver(PUSH)


async def test_no_proxy_of_the_environment_is_used(tool, open_callback, monkeypatch):
    """Buyers' words go to the shop's own tool and nowhere else."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await (await open_callback(tool.url)).deliver(PUSH)
    assert len(tool.got) == 1


async def test_the_address_of_a_shop(open_callback, shop):
    """It is told apart by something that does not show it, and changes when it does."""
    callback = await open_callback("http://tool.example/secret")
    known = callback.address("demo")
    assert known
    assert "secret" not in known
    shop.callback_url = "http://tool.example/other"
    assert callback.address("demo") not in (known, "")
    assert callback.address("gone") == ""


async def test_what_was_sent_under_another_id_keeps_it(tool, open_callback):
    """A reply that is sent again bears the id under which the tool may have seen it."""
    await (await open_callback(tool.url)).deliver(PUSH._replace(key="evt_demo_3"))
    assert tool.got[0].id == "evt_demo_3"


async def test_a_shop_that_is_not_served(open_callback):
    """It may be served again; one without an address never wanted anything."""
    callback = await open_callback("")
    with pytest.raises(Unavailable):
        await callback.deliver(PUSH._replace(shop="gone"))
    with pytest.raises(Refused):
        await callback.deliver(PUSH)


async def test_cookies_are_not_kept(tool, open_callback):
    """What one answer sets is not sent with the next request."""
    tool.headers["Set-Cookie"] = "a=b"
    callback = await open_callback(tool.url)
    await callback.deliver(PUSH)
    await callback.deliver(PUSH)
    assert "cookie" not in tool.got[1].headers


async def test_stamps_are_those_of_now(tool, open_callback):
    """Within the five minutes that receivers allow."""
    await (await open_callback(tool.url)).deliver(PUSH)
    stamp = datetime.fromtimestamp(int(tool.got[0].headers["webhook-timestamp"]), UTC)
    assert abs(datetime.fromtimestamp(SystemClock().world(), UTC) - stamp) < timedelta(seconds=60)
