"""I imitate the group robots of 企业微信, 钉钉 and 飞书 on a real socket: their signatures, limits and error codes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.test_utils import TestServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.clock import VirtualClock

SECRET = "SEC-of-the-group"
KEY = "key-of-the-group"


class Group:
    """One group. `down`: answers 502. `answer`: the code it gives instead of looking."""

    def __init__(self, kind: str, clock: VirtualClock) -> None:
        self.kind, self.clock = kind, clock
        self.down, self.answer = False, 0
        self.texts: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.came: list[float] = []  # every request, also those refused
        self.before: Callable[[], Any] | None = None  # called while a message is on its way
        self.heard = asyncio.Event()
        self.origin = ""

    @property
    def url(self) -> str:
        """Its address, as it would be copied from the group."""
        tail = {"wecom": f"/send?key={KEY}", "dingtalk": f"/robot/send?access_token={KEY}", "feishu": f"/hook/{KEY}"}
        return self.origin + tail[self.kind]

    async def post(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.came.append(self.clock.now())
        if self.before is not None:
            await self.before()
        if self.down:
            return web.Response(status=502, text="bad gateway")
        body = json.loads(raw)
        code = self.answer or self._judge(request, body, raw)
        if not code:
            self.bodies.append(body)
            self.texts.append(self._text(body))
        self.heard.set()
        return web.json_response({"code": code} if self.kind == "feishu" else {"errcode": code, "errmsg": "as it is"})

    def _text(self, body: dict[str, Any]) -> str:
        if self.kind == "feishu":
            return body["content"]["text"]
        said = body[body["msgtype"]]
        return said["text"] if (self.kind, body["msgtype"]) == ("dingtalk", "markdown") else said["content"]

    def _judge(self, request: web.Request, body: dict[str, Any], raw: bytes) -> int:
        minute = [at for at in self.came if at > self.clock.now() - 60]
        match self.kind:
            case "wecom":
                if request.query.get("key") != KEY:
                    return 93000
                if len(self._text(body).encode()) > (2048 if body["msgtype"] == "text" else 4096):
                    return 40058
                return 45009 if len(minute) > 20 else 0
            case "dingtalk":
                stamp = request.query.get("timestamp", "0")
                digest = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()
                fresh = abs(int(stamp) / 1000 - self.clock.now()) < 3600
                if not fresh or request.query.get("sign") != base64.b64encode(digest).decode():
                    return 310000
                return 130101 if len(minute) > 20 else 0
            case _:
                key = f"{body.get('timestamp')}\n{SECRET}".encode()
                if body.get("sign") != base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode():
                    return 19021
                second = [at for at in minute if at > self.clock.now() - 1]
                return 11232 if len(minute) > 100 or len(second) > 5 or len(raw) > 20_480 else 0


@contextlib.asynccontextmanager
async def group(kind: str, clock: VirtualClock) -> AsyncIterator[Group]:
    """A group that listens on this machine."""
    made = Group(kind, clock)
    app = web.Application()
    app.router.add_post("/{tail:.*}", made.post)
    server = TestServer(app)
    await server.start_server(access_log=None)  # an access log is the other side's, and holds addresses
    async with server:
        made.origin = f"http://127.0.0.1:{server.port}"
        yield made
