"""Whatever comes over the wire: a clear 4xx, never a 500, and the server goes on."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest
from living import TOKENS, living
from rawwire import refused, wire

TOKEN = f"Authorization: Bearer {TOKENS['demo']}"
SAID = {"id": "m-1", "conversation": "c-1", "role": "buyer", "text": "什么时候发货"}
POSTS = ["/check", "/conversations/c-1/replies", "/conversations/c-1/feedback"]


BROKEN = [
    b"",
    b"{",
    b"nul",
    b"[]",
    b"5",
    b'"x"',
    b"null",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b'{"text":"\xed\xa0\x80"}',
    b'{"text":"\\ud800"}',
    b'{"text":"\\udc00\\ud800"}',
    b"[" * 60_000,
    b'{"text":' * 8_000,
    b'{"text":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"text":' + b"9" * 60_000 + b"}",
    b'{"text":1e999}',
    b'{"text":NaN}',
    b'{"text":"x"} {}',
    b'{"text":5,"id":5,"script":5,"action":5}',
    b'{"text":[],"id":{},"script":[],"action":null}',
    b'{"text":true,"id":true}',
    b'{"text":"x","id":1.5,"script":"x","action":{}}',
]


@pytest.mark.parametrize("body", BROKEN, ids=lambda body: f"{body[:12]}{len(body)}")
async def test_broken_bodies(server, body):
    """Not JSON, not UTF-8, too deep, too big a number, of another type: 400 from every call that takes a body."""
    await server.hear({"type": "message.created", "data": SAID})
    for path in POSTS:
        given = body or b" "
        if path == "/check" and b'"text":"x","id"' in body:
            continue  # a good question with more beside it
        assert (await server.api("POST", path, given)).status == (413 if len(body) > 65_536 else 400), path
    heard = await server.hear(body)
    assert heard.status == (200 if body == b"[]" else 413 if len(body) > 65_536 else 400)
    assert await server.alive()


async def test_a_nul_is_a_character(server):
    """A NUL in ids and texts is kept, found again and shown as what it is."""
    event = {"type": "message.created", "data": SAID | {"id": "m\x00", "conversation": "c\x00", "text": "发\x00货"}}
    assert (await server.hear(event)).json["results"][0]["id"] == "m\x00"
    assert (await server.hear(event)).json["duplicates"] == 1
    held = (await server.api("GET", "/conversations/c%00")).json
    assert held["messages"][0]["text"] == "发\x00货"
    assert (await server.api("POST", "/check", {"text": "发\x00货", "conversation": "c\x00"})).status == 200


@pytest.mark.parametrize(
    "text", ["1" * 60_000, "一" * 20_000, "加" * 20_000, "{" * 60_000, "a1" * 30_000, " \u200b" * 15_000]
)
async def test_a_very_long_text_holds_nobody_up(server, text):
    """As long a text as fits in a body is heard, checked and refused or sent within the time of a breath."""
    async with asyncio.timeout(5):
        for number, role in enumerate(("buyer", "agent", "robot")):
            event = {"type": "message.created", "data": SAID | {"id": number, "text": text, "role": role}}
            assert (await server.hear(event)).status == 200
        assert (await server.api("POST", "/check", {"text": text})).status == 200
        given = {"id": "r-1", "text": text}
        assert (await server.api("POST", "/conversations/c-1/replies", given)).status == 200


async def test_the_limit_is_64_kib(server):
    """65,536 bytes are taken; one more, or a megabyte, is 413, with a length or in chunks."""

    def padded(size: int) -> bytes:
        return json.dumps({"type": "message.created", **SAID}).encode().ljust(size)

    assert (await server.hear(padded(65_536))).json["accepted"] == 1
    for size in (65_537, 1_048_576):
        answer = await server.hear(padded(size))
        assert (answer.status, answer.code) == (413, "too_large")
        assert (await server.api("POST", "/check", padded(size))).status == 413

    async def pieces(size: int):
        for _ in range(size // 4096):
            yield b" " * 4096

    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKENS['demo']}"}
    answer = await server.ask("POST", "/api/shops/demo/check", data=pieces(1_048_576), headers=headers)
    assert (answer.status, answer.code) == (413, "too_large")
    assert await server.alive()


async def test_a_body_in_pieces_is_a_body(server):
    """Chunked, cut anywhere, it is the same delivery."""
    body = json.dumps({"type": "message.created", **SAID}, ensure_ascii=False).encode()

    async def pieces():
        for at in range(0, len(body), 7):
            yield body[at : at + 7]

    answer = await server.ask("POST", "/webhook/demo", data=pieces(), headers=server.signed(body))
    assert answer.json["accepted"] == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "x"])
async def test_compressed_bodies_are_415(server, encoding):
    """Nothing is unpacked, however small it is packed."""
    bomb = gzip.compress(b" " * 10_000_000)
    answer = await server.ask(
        "POST", "/webhook/demo", data=bomb, headers=server.signed(bomb) | {"Content-Encoding": encoding}
    )
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x", ";"]
)
async def test_other_types_are_415(server, kind):
    """What is not said to be JSON is not read as JSON."""
    answer = await server.ask(
        "POST", "/webhook/demo", data=b"[]", headers=server.signed(b"[]") | {"Content-Type": kind}
    )
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"]
)
async def test_every_way_to_say_json(server, kind):
    """JSON by any of its names is taken."""
    answer = await server.ask(
        "POST", "/webhook/demo", data=b"[]", headers=server.signed(b"[]") | {"Content-Type": kind}
    )
    assert answer.status == 200


async def test_slow_bodies_are_408(shops, tmp_path):
    """Who does not finish his body is told so, and holds nobody up; so is who never sent what he announced."""
    async with living(tmp_path, shops, patience=0.05) as server:
        head = f"POST /api/shops/demo/check HTTP/1.1\r\nHost: x\r\n{TOKEN}\r\n".encode()
        slow = (
            b"Content-Length: 9\r\n\r\n{",
            b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
            b"Content-Length: 60000\r\n\r\n",
        )
        answers = await asyncio.gather(*(wire(server, head + tail) for tail in slow * 10))
        for answer in answers:
            refused(answer, 408)
        assert await server.alive()


async def test_slow_heads_are_cut_off(shops, tmp_path):
    """A request whose head never ends is closed without an answer."""
    async with living(tmp_path, shops, keepalive_timeout=0.05) as server:
        heads = (b"", b"G", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ")
        answers = await asyncio.gather(*(wire(server, head) for head in heads))
        assert answers == [[], [], []]
        assert await server.alive()


@pytest.mark.parametrize(
    "tail",
    [
        b"Content-Length: 9\r\n\r\n{",
        b"Content-Length: 65536\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_a_client_that_leaves_in_the_middle(server, caplog, tail):
    """Half a body and gone: no accident, and nothing heard."""
    sent = f"POST /api/shops/demo/check HTTP/1.1\r\nHost: x\r\n{TOKEN}\r\n".encode() + tail
    assert await wire(server, sent, answers=0) == []
    assert await server.alive()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_nobodys_words_are_logged(server, caplog):
    """Whatever is said, refused, held or broken: no text of a buyer or an agent stands in the log, and no secret."""
    caplog.set_level("INFO")
    await server.hear({"type": "message.created", "data": SAID | {"text": "悄悄话一"}})
    await server.hear(
        {"type": "message.created", "data": SAID | {"id": "m-2", "role": "agent", "text": "加我微信 悄悄话二"}}
    )
    await server.hear({"type": "message.created", "data": SAID | {"at": "悄悄话三"}})
    await server.hear(SAID | {"role": "悄悄话四", "type": "message.created"})
    await server.api("POST", "/conversations/c-1/replies", {"id": "r-1", "text": "加我微信 悄悄话五"})
    await server.api("POST", "/check", '{"text": "悄悄话六'.encode())
    await wire(server, "GET /悄悄话七 悄悄话八\r\n\r\n".encode())
    assert "悄悄话" not in caplog.text
    assert TOKENS["demo"] not in caplog.text


async def test_many_at_once(server):
    """Requests sent before the answers are read are answered in their order."""
    sent = b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in [b"/healthz", b"/nothing"] * 20)
    assert [status for status, _ in await wire(server, sent, answers=40)] == [200, 404] * 20
