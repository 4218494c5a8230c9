"""I am the chat tool at the other end of a callback: a real socket that answers as it is told, and remembers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web
from aiohttp.test_utils import TestServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from bot.ports import Clock


class Got(NamedTuple):
    """One request. `at`: by the clock of the shop."""

    at: float
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Its webhook-id."""
        return self.headers["webhook-id"]

    @property
    def type(self) -> str:
        """Of the event."""
        return str(json.loads(self.body)["type"])

    @property
    def data(self) -> dict[str, Any]:
        """Of the event."""
        read: dict[str, Any] = json.loads(self.body)["data"]
        return read


class Receiver:
    """Answers with the next of `statuses`, then 200. `hangs`: takes requests and answers none of them until it is freed."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.url = clock, ""
        self.got: list[Got] = []
        self.statuses: deque[int] = deque()
        self.headers: dict[str, str] = {}
        self.hangs = False
        self.at_once = self.most_at_once = 0
        self._free, self._heard = asyncio.Event(), asyncio.Event()

    def free(self) -> None:
        """Answer what hangs, and hang no more."""
        self.hangs = False
        self._free.set()

    async def until(self, holds: Callable[[Receiver], object]) -> None:
        """Wait until what came is so; fails after ten seconds."""
        async with asyncio.timeout(10):
            while not holds(self):
                self._heard.clear()
                await self._heard.wait()

    async def take(self, request: web.Request) -> web.Response:
        """Any request."""
        body = await request.read()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.got.append(Got(self.clock.now(), request.headers, body))
        self._heard.set()
        try:
            if self.hangs:
                await self._free.wait()
        finally:
            self.at_once -= 1
        return web.Response(status=self.statuses.popleft() if self.statuses else 200, headers=self.headers)


@contextlib.asynccontextmanager
async def receiver(clock: Clock) -> AsyncIterator[Receiver]:
    """One that listens on loopback."""
    made = Receiver(clock)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.take)
    server = TestServer(app, shutdown_timeout=0.1)
    await server.start_server()
    made.url = str(server.make_url("/hook"))
    try:
        yield made
    finally:
        made.free()
        await server.close()
