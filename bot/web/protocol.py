"""I answer what aiohttp refuses before the application is asked, in the same shape as every other error."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http_parser import HttpRequestParser

from bot.web.app import CODES, error_answer
from bot.web.quick import Quick, broken

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest

log = logging.getLogger(__name__)

IDLE = 75.0  # seconds that a connection may take for the head of a request; a little more than common proxies keep one
MOST = 2000  # connections at a time
LAST_WORDS = 5.0  # seconds that requests under way have when the server stops


class Protocol(web.RequestHandler):
    """One connection."""

    __slots__ = ("_began", "_full", "_quick", "_short")

    def __init__(self, manager: _Server, **settings: Any) -> None:  # noqa: ANN401 - aiohttp's own settings
        """`manager` knows how many others there are."""
        super().__init__(manager, **settings)
        self._full, self._quick = manager.full, manager.quick
        self._began = 0.0
        self._short = False  # is an answer under way that goes the short way?

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """One more; beyond as many as may be it is told so, and closed."""
        super().connection_made(transport)
        if self._full() and isinstance(transport, asyncio.Transport):
            transport.write(_FULL)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Bytes of a client; a delivery that is whole with them goes the short way, everything else aiohttp's."""
        waiter = self._waiter
        if self._quick is None or waiter is None or waiter.done():  # aiohttp's task is at work
            super().data_received(data)
            return
        self._waiter = None  # the task is not woken by what it is not to see
        try:
            super().data_received(data)
        finally:
            self._waiter = waiter
        if self._messages and not self._short:
            self._go_on(self._quick, waiter)

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 - aiohttp's own
        """Read on, where reading was paused; aiohttp would go through its parser once more after every body."""
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    def _go_on(self, quick: Quick, waiter: asyncio.Future[None]) -> None:
        message, payload = self._messages[0]
        if len(self._messages) > 1 or self._paused or not quick.takes(message, payload):
            waiter.set_result(None)
            return
        self._messages.popleft()
        if self._parser is not None:
            self._parser.message_consumed()
        self._short = self._request_in_progress = True  # a server that stops waits for it
        self._began = self._loop.time()
        quick.begin(message, payload, self._send)

    def _send(self, answer: bytes) -> None:
        """Answer what went the short way; what came meanwhile is next."""
        self._short = self._request_in_progress = False
        if self._quick is not None:
            self._quick.took(answer, self._loop.time() - self._began)
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)
        if self.transport is None:  # nobody is there any more
            return
        self.transport.write(answer)
        if self._close:
            self.transport.close()
            return
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        waiter = self._waiter
        if self._messages and self._quick is not None and waiter is not None and not waiter.done():
            self._go_on(self._quick, waiter)

    def _process_keepalive(self) -> None:
        if self._short:  # who waits for an answer is not idle
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        super()._process_keepalive()

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer to a request that cannot be read (400), or to whatever nobody caught (500); closes the connection.

        What was sent is neither shown nor logged: it may hold a buyer's words, or a secret.
        """
        del message
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun")
        if status < 500:
            log.info("unreadable request", extra={"action": "refused", "kind": type(exc).__name__})
            answer = error_answer(status, CODES.get(status, "bad_request"), "the request is not HTTP that can be read")
        else:
            answer = broken(exc)
            answer.set_status(status)
        answer.force_close()
        return answer

    async def finish_response(
        self, request: BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer; aiohttp's own errors that no middleware saw (417) get our shape."""
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            resp = error_answer(resp.status, CODES.get(resp.status, "bad_request"), resp.reason)
        return await super().finish_response(request, resp, start_time)


# What the short way knows of aiohttp's inside; where one of them has gone, everything goes the long way.
_LEANS_ON = (
    *("_buffer_paused", "_close", "_handler_waiter", "_keepalive_timeout", "_messages", "_next_keepalive_close_time"),
    *("_paused", "_process_keepalive", "_reading_paused", "_request_in_progress", "_waiter", "resume_reading"),
)
SHORT = all(hasattr(web.RequestHandler, name) for name in _LEANS_ON) and hasattr(HttpRequestParser, "message_consumed")


class _Server(web.Server):
    most = MOST
    quick: Quick | None = None

    def full(self) -> bool:
        """Are there more connections than may be?"""
        return len(self._connections) > self.most

    def __call__(self) -> Protocol:
        return Protocol(self, loop=self._loop, **self._kwargs)


_SAID = b'{"error":{"code":"busy","message":"too many connections"}}'
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: kuaihui\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(_SAID), _SAID)
)


class Runner(web.AppRunner):
    """Runs the application. Bodies are never unpacked: what is compressed is refused (415), not inflated."""

    def __init__(self, app: web.Application, *, connections: int = MOST, **settings: Any) -> None:  # noqa: ANN401
        """`connections` at a time; aiohttp's own `settings` replace ours."""
        self._most = connections
        ours = {"access_log": None, "auto_decompress": False, "keepalive_timeout": IDLE, "shutdown_timeout": LAST_WORDS}
        super().__init__(app, **{**ours, **settings})

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        server = _Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,  # noqa: SLF001 - the only way to another protocol
            **made._kwargs,  # noqa: SLF001
        )
        server.most = self._most
        server.quick = Quick(self.app) if SHORT else None
        return server
