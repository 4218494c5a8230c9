"""I take the usual webhook a short way: one that came whole becomes facts without a task, a route and a request of its own.

What is not quite usual is left to bot/web/hook.py, by aiohttp's way, which is three times as long; both ask and answer by
the same functions.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, TypeGuard

from aiohttp import HttpVersion11, hdrs
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http_parser import RawRequestMessage
from multidict import istr

from bot.errors import WireError
from bot.web import hook
from bot.web.app import HEADERS, JSON, LARGEST_BODY, LOOP, SHOPS, encoded, error_answer, refusal
from bot.web.timing import TIMING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiohttp import StreamReader, web

    from bot.engine import Outcome
    from bot.model import AnyFact

log = logging.getLogger(__name__)

PLACE = "/webhook/"
_SIGNED = istr("webhook-signature")
_HEAD = "".join(f"{name}: {value}\r\n" for name, value in {**HEADERS, "Content-Type": JSON}.items())
_TAKEN = f"HTTP/1.1 200 OK\r\n{_HEAD}Date: "

_KINDS = {b"%d" % of: ("POST", f"{PLACE}{{shop}}", f"{of}xx") for of in range(1, 6)}  # by the answer's tenth byte


class Quick:
    """The short way of one application."""

    def __init__(self, app: web.Application) -> None:
        """`app`: whose shops are told."""
        self._app, self._loop, self._shops, self._timing = app, app[LOOP], app[SHOPS], app[TIMING]

    def takes(self, message: object, payload: StreamReader) -> TypeGuard[RawRequestMessage]:
        """Is it a signed delivery to a shop, whole, and with nothing about it that would have to be looked at?"""
        if not isinstance(message, RawRequestMessage):
            return False
        headers = message.headers
        return (
            message.method == "POST"
            and message.path.startswith(PLACE)
            and message.path[len(PLACE) :] in self._shops
            and message.version == HttpVersion11
            and not (message.should_close or message.upgrade or message.chunked)
            and payload.is_eof()
            and payload.exception() is None
            and _SIGNED in headers
            and headers.get(hdrs.CONTENT_TYPE, JSON) == JSON
            and int(headers.get(hdrs.CONTENT_LENGTH, "0")) <= LARGEST_BODY
            and hdrs.CONTENT_ENCODING not in headers
            and hdrs.EXPECT not in headers
        )

    def begin(self, message: RawRequestMessage, payload: StreamReader, send: Callable[[bytes], object]) -> None:
        """Hand the delivery to the engine; `send` is called once, at once or later, with the answer's bytes."""
        try:
            shop = self._shops[message.path[len(PLACE) :]]
            facts = hook.heard(self._app, shop, message.headers, payload.read_nowait())
            known = [fact for fact in facts if fact is not None]
            if known:
                self._loop.hand_over(known, partial(self._end, facts, send))
            else:
                self._end(facts, send, [], None)
        except Exception as error:  # noqa: BLE001 - it is answered
            send(self._refused(error))

    def _end(
        self,
        facts: Sequence[AnyFact | None],
        send: Callable[[bytes], object],
        outcomes: Sequence[Outcome],
        error: Exception | None,
    ) -> None:
        if error is None:
            try:
                body = encoded(hook.told(self._app, facts, outcomes))
            except Exception as wrong:  # noqa: BLE001 - it is answered
                error = wrong
            else:
                head = f"{_TAKEN}{rfc822_formatted_time()}\r\nContent-Length: {len(body)}\r\n\r\n"
                send(head.encode() + body)
                return
        send(self._refused(error))

    def took(self, answer: bytes, seconds: float) -> None:
        """So long it took until this answer."""
        self._timing.note(_KINDS[answer[9:10]], seconds)

    def _refused(self, error: Exception) -> bytes:
        return raw(refusal(self._app, error) if isinstance(error, WireError) else broken(error))


def broken(error: BaseException | None) -> web.Response:
    """The answer to what nobody foresaw; the log says more."""
    log.error("request failed", exc_info=error, extra={"action": "failed"})
    return error_answer(500, "internal", "the request could not be answered; the log says why")


def raw(answer: web.Response) -> bytes:
    """An answer with a body, as it goes over the wire."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    fields = {**answer.headers, "Date": rfc822_formatted_time(), "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {answer.status} {answer.reason}\r\n{head}\r\n".encode() + body
