"""What is no HTTP, or HTTP of no use, is refused in our own error shape, before or behind the parser."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from living import TOKENS, living
from rawwire import refused, wire

TOKEN = f"Authorization: Bearer {TOKENS['demo']}"


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / SPDY/1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n",
        b"X / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GE T / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"G\xc3\x89T / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n : y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"POST /webhook/demo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /webhook/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 1e3\r\n\r\n",
        b"POST /webhook/demo HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n",
        b"POST /webhook/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST /webhook/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /webhook/demo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n",
        b"GET http://[x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x:99999/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET //x:99999/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=range(24),
)
async def test_what_is_no_http_is_400(server, caplog, sent):
    """The parser's refusals have our shape, tell nothing of what was sent, and fill no log."""
    answers = await wire(server, sent)
    refused(answers)
    assert "aaaa" not in str(answers)
    assert [record for record in caplog.records if record.levelno >= 30] == []
    assert await server.alive()


@pytest.mark.parametrize(
    "chunks",
    [b"x\r\n", b"5\r\nab\r\n0\r\n\r\n", b"-5\r\nabcde\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n", b"2\r\nabXX0\r\n\r\n"],
)
async def test_broken_chunks_are_400(server, caplog, chunks):
    """A body in pieces that do not fit is refused."""
    head = f"POST /api/shops/demo/check HTTP/1.1\r\nHost: x\r\n{TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers = await wire(server, head.encode() + chunks)
    refused(answers[:1], 400)
    assert [record for record in caplog.records if record.levelno >= 40] == []
    assert await server.alive()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/x",
        "/webhook",
        "/webhook/",
        "/webhook/%00",
        "/webhook/%ff",
        "/webhook/%ED%A0%80",
        "/webhook/%2e%2e",
        "/webhook/demo/%ff",
        "/webhook/demo//",
        "/api/shops/%00/check",
        "/api/shops/demo%2Fcheck",
        "/API/shops/demo/check",
        "/openapi.json/",
        "/healthz/x",
        "/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/console/..%5c..%5cx",
        "/?" + "x" * 7000,
        "/" + "x" * 7000,
        "/healthz%0d%0aX: y",
        "/%",
        "/%zz",
    ],
)
async def test_odd_paths_are_404(server, path):
    """A path that leads nowhere is 404 in our shape, however it is written."""
    for method in (b"GET", b"POST"):
        answers = await wire(server, method + b" " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        refused(answers)
    assert await server.alive()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize(
    "path", ["/webhook/demo", "/api/shops/demo/check", "/api/shops/demo/conversations", "/healthz"]
)
async def test_odd_methods_are_405(server, method, path):
    """A method that a path does not have is 405, and says which it has."""
    answer = await server.ask(method, path)
    assert answer.status == 405
    assert answer.headers["Allow"] in ("GET", "POST")
    assert method == "HEAD" or answer.code == "method_not_allowed"


@pytest.mark.parametrize("target", [b"*", b"x:443", b"http://elsewhere/healthz"])
async def test_proxy_requests_are_not_served(server, target):
    """We are nobody's proxy: CONNECT and OPTIONS * are refused."""
    for method in (b"CONNECT", b"OPTIONS"):
        refused(await wire(server, method + b" " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert await server.alive()


@pytest.mark.parametrize("path", [b"/healthz", b"/x", b"/api/shops/demo/conversations"])
async def test_an_expectation_we_cannot_meet_is_417(server, path):
    """`Expect` of anything but 100-continue is refused in our shape, on any path."""
    answers = await wire(server, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n")
    refused(answers, 417)


async def test_an_upgrade_is_not_taken(server):
    """Whoever offers another protocol is answered in this one."""
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
    answers = await wire(server, head)
    assert [status for status, _ in answers] == [200]


@pytest.mark.parametrize(
    "query", ["q=%ff", "q=%00", "q=%ED%A0%80", "q=%F0%9F%98%80", "q=&q=x", "q", "&&&=", "q=" + "%E4" * 190, "%ff=1"]
)
async def test_odd_questions_are_searched_or_refused(server, query):
    """Whatever stands behind `?q=`."""
    assert (await server.api("GET", f"/scripts?{query}")).status in (200, 422)
    assert (await server.api("GET", f"/conversations?{query}")).status == 200


_PIECES = (
    *(b"GET ", b"POST ", b"/healthz", b"/webhook/demo", b" HTTP/1.1\r\n", b"Host: x\r\n", b"\r\n", b"\r\n\r\n", b"\n"),
    *(b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Type: application/json\r\n", b"{}"),
    *(b"0\r\n\r\n", b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Content-Encoding: gzip\r\n"),
    TOKEN.encode() + b"\r\n",
)
_requests = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=12), max_size=12).map(b"".join)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.lists(_requests, min_size=8, max_size=8))
async def test_any_bytes_are_answered_in_shape(shops, tmp_path, sent):
    """Any pieces of requests in any order: good answers or errors of ours, never a 5xx, and the server lives."""
    async with living(tmp_path, shops, patience=0.02, keepalive_timeout=0.02) as server:
        for answers in await asyncio.gather(*(wire(server, one, answers=20) for one in sent)):
            for status, said in answers:
                assert status < 500
                assert status < 400 or set(said) == {"error"}
        assert await server.alive()
