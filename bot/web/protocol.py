"""I answer what aiohttp refuses before the application is asked, in the same shape as every other error."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.web.app import CODES, error_answer

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest

log = logging.getLogger(__name__)

IDLE = 75.0  # seconds that a connection may take for the head of a request; a little more than common proxies keep one
MOST = 2000  # connections at a time
LAST_WORDS = 5.0  # seconds that requests under way have when the server stops


class Protocol(web.RequestHandler):
    """One connection."""

    __slots__ = ("_full",)

    def __init__(self, manager: _Server, **settings: Any) -> None:  # noqa: ANN401 - aiohttp's own settings
        """`manager` knows how many others there are."""
        super().__init__(manager, **settings)
        self._full = manager.full

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """One more; beyond as many as may be it is told so, and closed."""
        super().connection_made(transport)
        if self._full() and isinstance(transport, asyncio.Transport):
            transport.write(_FULL)
            transport.close()

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
            log.error("request failed", exc_info=exc, extra={"action": "failed"})
            answer = error_answer(status, "internal", "the request could not be answered; the log says why")
        answer.force_close()
        return answer

    async def finish_response(
        self, request: BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer; aiohttp's own errors that no middleware saw (417) get our shape."""
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            resp = error_answer(resp.status, CODES.get(resp.status, "bad_request"), resp.reason)
        return await super().finish_response(request, resp, start_time)


class _Server(web.Server):
    most = MOST

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
        return server
