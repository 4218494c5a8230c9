"""Watching a running server: lines where nobody looks, a table and the newest of the feed on a terminal."""

from __future__ import annotations

import asyncio
import io
import json
import signal
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner
from rich.console import Console
from rich.text import Text
from running import LONGEST, serving, started

from bot.cli import main
from bot.told import told
from bot.web.watch import Watch
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from click.testing import Result


def line(seq: int, kind: str, data: dict[str, object]) -> bytes:
    """An event as it stands in the stream."""
    event = {"type": kind, "timestamp": f"2026-11-21T10:00:0{seq}+08:00", "data": data}
    return f"id: {seq}\nevent: {kind}\ndata: {json.dumps(event)}\n\n".encode()


def waiting(**changes: object) -> dict[str, object]:
    """A waiting conversation as the API lists it."""
    known = {
        "buyer": {"id": "b-1", "name": None},
        "last": "什么时候发货",
        "left_s": 95,
        "target": "human_reply_3min",
        "due": "2001-01-01T00:00:00+08:00",
    }
    return {**known, **changes}


def console(*, terminal: bool = False) -> Console:
    """A console that writes into memory."""
    return Console(file=io.StringIO(), force_terminal=terminal, width=80, height=24, highlight=False)


def shown(kept: Console) -> str:
    """What was written."""
    assert isinstance(kept.file, io.StringIO)
    return kept.file.getvalue()


@pytest.fixture
async def answering() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """Starts a server that answers these two requests so; its address."""
    servers: list[TestServer] = []

    async def start(listed: object, events: object = None) -> str:
        app = web.Application()
        for path, handler in (("conversations", listed), ("events", events)):
            if handler is not None:
                app.router.add_get(f"/api/shops/demo/{path}", handler)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("/"))

    yield start
    for server in servers:
        await server.close()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, "<html>", "is no server of ours"),
        (200, '"text"', "is no server of ours"),
        (200, "{}", "is no server of ours"),
        (404, "{}", "is no server of ours"),
        (403, '{"error":{"code":"forbidden","message":"this token is another shop\'s"}}', "answered 403: this token"),
    ],
)
async def test_what_is_no_server_of_ours_is_said(answering, status, body, words):
    """An answer that is not ours, or a refusal, is a sentence before anything is drawn."""

    async def listed(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type="application/json")

    with pytest.raises(DataError, match=words):
        await Watch(await answering(listed), "demo", "token", console()).run()


async def test_lines_where_nobody_looks(answering, monkeypatch):
    """Without a terminal each event is a line, never broken; a stream that ends is gone on from where it stopped."""
    monkeypatch.setattr("bot.web.watch.LOOK", 0.01)
    asked: list[str] = []
    enough = asyncio.Event()

    async def listed(_: web.Request) -> web.Response:
        return web.json_response({"conversations": []})

    async def events(request: web.Request) -> web.StreamResponse:
        asked.append(request.query["after"])
        response = web.StreamResponse()
        await response.prepare(request)
        if len(asked) == 1:
            await response.write(b"retry: 2000\n\n: alive\n\n")
            long = {"text": "长" * 200, "findings": [], "verdict": "block"}
            await response.write(line(1, "draft.held", long) + line(2, "new.kind", {}))
            await response.write(line(3, "deadline.missed", {"target": "human_reply_3min", "buyer": "b-1"}))
            return response
        enough.set()
        await asyncio.Event().wait()
        return response

    kept = console()
    watching = asyncio.create_task(Watch(await answering(listed, events), "demo", "token", kept).run())
    async with asyncio.timeout(LONGEST):
        await enough.wait()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert asked == ["0", "3"]
    assert shown(kept).splitlines() == [
        f"10:00:01 ⛔ 未发送：{'长' * 200}",
        "10:00:03 ✗ 买家 b-1 等待超时：3分钟人工回复率",
    ]


async def test_targets_of_the_shop_are_called_by_their_labels(answering):
    """A target that no platform file knows is called as the shop calls it."""

    async def listed(_: web.Request) -> web.Response:
        return web.json_response({"conversations": []})

    heard = asyncio.Event()

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        missed = {"target": "own_5min", "label": "店规五分钟", "buyer": "b-1"}
        await response.write(line(1, "deadline.missed", missed))
        if request.query["after"] == "1":
            heard.set()
            await asyncio.Event().wait()
        return response

    kept = console()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.web.watch.LOOK", 0.01)
        watching = asyncio.create_task(Watch(await answering(listed, events), "demo", "token", kept).run())
        async with asyncio.timeout(LONGEST):
            await heard.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert "等待超时：店规五分钟" in shown(kept)


@pytest.mark.parametrize("words", ["[/b]到了吗", "[red]急", "\x1b[2J\x1b]0;x\x07在吗", "一行\n另一行"])
def test_what_buyers_write_does_not_steer_the_terminal(words):
    """Brackets are words, and no control character of a buyer reaches the terminal, in the table or the feed."""
    kept = console(terminal=True)
    watch = Watch("http://127.0.0.1", "demo", "token", kept)
    watch._waiting = [waiting(last=words, buyer={"id": words, "name": None}, target="own_5min")]
    kept.print(watch._table())
    tail = words.split("\x07")[-1].split("\n")[-1]
    assert shown(kept).count(tail) == 2
    assert "own_5min" in shown(kept)
    held = {"text": words, "findings": [], "verdict": "block"}
    (spoken,) = told("draft.held", held, "10:00:00", {})
    for said in (shown(kept), spoken.plain):
        assert "\x1b[2J" not in said
        assert "\x1b]" not in said
    assert "\n" not in spoken.plain


async def test_a_lost_server_is_said_once(answering, monkeypatch):
    """While the server is away that is said once, and watching goes on."""
    monkeypatch.setattr("bot.web.watch.LOOK", 0.01)
    tries = 0
    enough = asyncio.Event()

    async def listed(_: web.Request) -> web.Response:
        return web.json_response({"conversations": []})

    async def events(_: web.Request) -> web.Response:
        nonlocal tries
        tries += 1
        if tries == 5:
            enough.set()
        raise web.HTTPServiceUnavailable

    kept = console()
    watching = asyncio.create_task(Watch(await answering(listed, events), "demo", "token", kept).run())
    async with asyncio.timeout(LONGEST):
        await enough.wait()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert shown(kept) == "连接断开，正在重连……\n"


def test_the_table_counts_down_by_the_servers_clock():
    """Who waits is listed with his last words and what is left by the server's own clock."""
    kept = console(terminal=True)
    watch = Watch("http://127.0.0.1", "demo", "token", kept)
    watch._waiting = [waiting(), waiting(buyer={"id": "b-2", "name": "某买家"}, left_s=-1, label="店规五分钟")] + [
        waiting()
    ] * 20
    kept.print(watch._table())
    said = shown(kept)
    for words in (
        "等待回复的买家（22）",
        "b-1",
        "某买家",
        "什么时候发货",
        "1 分 35 秒",
        "已超时",
        "3分钟人工回复率",
        "店规五分钟",
    ):
        assert words in said
    assert said.count("b-1") == 11


def test_the_newest_lines_stay_in_sight():
    """Of a long feed the terminal shows the newest lines that fit, in order."""
    watch = Watch("http://127.0.0.1", "demo", "token", console(terminal=True))
    watch._lines.extend(Text(f"第 {number} 行") for number in range(30))
    assert [str(one) for one in watch._latest(20)] == [f"第 {number} 行" for number in range(26, 30)]
    assert watch._latest(24) == []


def kuaihui(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, arguments)


def test_the_real_program_watches_a_real_server(tmp_path):
    """`kuaihui watch` prints what a running server tells, and Ctrl+C ends it with exit 0 and no traceback."""
    data = str(tmp_path / "data")
    with (
        serving("--data", data, "--clock-start", "2026-11-21T10:00:00+08:00") as server,
        started("watch", "--url", server.url, "--data", data) as watching,
    ):
        assert kuaihui("send", "什么时候发货", "--url", server.url, "--data", data).exit_code == 0
        assert watching.stdout.readline().decode().startswith("10:00:")
        assert "我的订单什么时候发" in watching.stdout.readline().decode()
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=LONGEST) == 0
        assert watching.stderr.read() == b""
        wrong = kuaihui("watch", "--url", server.url, "--token", "x" * 20)
        assert wrong.exit_code == 2
        assert wrong.stderr == "the server answered 401: send Authorization: Bearer with the shop's token\n"
