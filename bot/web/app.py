"""I put the routes together, and turn everything that goes wrong into a clear answer."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from bot.daybook import Daybooks
from bot.errors import BadPayload, Busy, Limited, Missing, Unknown, WireError
from bot.limits import Limiter, Limits
from bot.web.timing import TIMING, timed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from bot.channels.outbox import Outbox
    from bot.loop import Loop
    from bot.shop import Shop
    from bot.web.metrics import Metrics

log = logging.getLogger(__name__)

JSON = "application/json"
LARGEST_BODY = 65_536  # bytes
# Nothing of ours is a page, to be shown in another or guessed to be one; answers hold what a shop's buyers say.
HEADERS = {
    "Server": "kuaihui",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_HEADERS = CIMultiDict({**HEADERS, "Content-Type": JSON})
encoded = msgspec.json.Encoder().encode
CODES = {
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "unsupported_media_type",
    417: "expectation_failed",
}

LOOP: web.AppKey[Loop] = web.AppKey("loop")
BOOKS: web.AppKey[Daybooks] = web.AppKey("books")
SHOPS: web.AppKey[Mapping[str, Shop]] = web.AppKey("shops")
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
STREAMS: web.AppKey[Counter[str]] = web.AppKey("streams")
OUTBOX: web.AppKey[Outbox] = web.AppKey("outbox")
WANTED: web.AppKey[asyncio.Event] = web.AppKey("wanted")  # set when a tool says that messages wait to be fetched
LIMITER: web.AppKey[Limiter] = web.AppKey("limiter")


def make(loop: Loop, shops: Mapping[str, Shop], metrics: Metrics, limits: Limits | None = None) -> web.Application:
    """The application; its loop is started by whoever serves it."""
    from bot.web import access, api, events, hook, probes  # noqa: PLC0415 - they import this module

    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[timed, answer_errors])
    app[LOOP], app[SHOPS], app[METRICS], app[LIMITER] = loop, shops, metrics, Limiter(limits or Limits())
    app[TIMING] = metrics.timing
    app[BOOKS], app[STREAMS], app[WANTED] = Daybooks(), Counter(), asyncio.Event()
    app.router.add_post("/webhook/{shop}", hook.webhook)
    app.router.add_post("/webhook/{shop}/{adapter}", hook.adapted)
    app.router.add_get("/webhook/{shop}/{adapter}", hook.greeted, allow_head=False)
    for method, path, handler in (
        ("POST", "check", api.check),
        ("POST", "conversations/{conversation}/replies", api.reply),
        ("POST", "conversations/{conversation}/feedback", api.feedback),
        ("GET", "scripts", api.scripts),
        ("GET", "conversations", api.conversations),
        ("GET", "conversations/{conversation}", api.conversation),
        ("GET", "events", events.events),
        ("GET", "rates", api.rates),
    ):
        app.router.add_route(method, f"/api/shops/{{shop}}/{path}", access.admitted(handler.__name__, handler))
    app.router.add_get("/healthz", probes.healthz, allow_head=False)
    app.router.add_get("/readyz", probes.readyz, allow_head=False)
    app.router.add_get("/metrics", probes.metrics, allow_head=False)
    app.router.add_get("/openapi.json", probes.openapi, allow_head=False)
    return app


@web.middleware
async def answer_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Every error is `{"error":{"code","message"}}`. What nobody foresaw is answered 500 by bot/web/protocol.py."""
    try:
        return await handler(request)
    except WireError as error:
        return refusal(request.app, error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return error_answer(error.status, CODES.get(error.status, "bad_request"), error.reason, allow)


def refusal(app: web.Application, error: WireError) -> web.Response:
    """The answer to what is refused on purpose."""
    headers: dict[str, str] = {}
    match error:
        case Limited(wait=wait):
            app[METRICS].refused.labels("rate").inc()
            headers = {"Retry-After": str(max(1, math.ceil(wait)))}
        case Busy():
            headers = {"Retry-After": "1"}
        case Unknown():
            headers = {"WWW-Authenticate": "Bearer"}
    return error_answer(error.status, error.code, str(error), headers)


def error_answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer to whatever went wrong."""
    return answer({"error": {"code": code, "message": message}}, status=status, headers=headers)


def answer(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:  # noqa: ANN401
    """`data` as JSON."""
    shown = {**_HEADERS, **headers} if headers else _HEADERS
    return web.Response(body=encoded(data), status=status, headers=shown)


def limit(app: web.Application, kind: str, name: str | bytes) -> None:
    """Count a request of `name` against a limit (see bot/limits.py). Raises Limited."""
    wait = app[LIMITER].wait(kind, name, app[LOOP].clock.world())
    if wait > 0.0:
        raise Limited("too many requests in a short time; nothing was taken", wait)


async def body_of(request: web.Request, kinds: Collection[str] = (JSON,)) -> bytes:
    """The request's bytes; 413 when too many, 408 when too slow, 415 when they are not said to be one of `kinds`."""
    headers = request.headers
    said = headers.get("Content-Type")
    if said is not None and said not in kinds:
        kind = request.content_type
        if kind not in kinds and not (JSON in kinds and kind.endswith("+json")):
            raise web.HTTPUnsupportedMediaType(reason=f"send {' or '.join(kinds)}")
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(reason="send the body uncompressed")
    patience = request.app[LIMITER].limits.body
    try:
        if request.content.is_eof():  # nearly always it came with its head
            return await request.read()
        async with asyncio.timeout(patience):
            return await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(reason=f"the body took longer than {patience:g} s") from error
    except web.HTTPRequestEntityTooLarge as error:
        raise web.HTTPRequestEntityTooLarge(LARGEST_BODY, reason=f"at most {LARGEST_BODY} bytes are taken") from error
    except (ValueError, web.RequestPayloadError, ConnectionError) as error:
        raise BadPayload("the body ended early or was framed wrongly") from error


def path_id(request: web.Request, name: str) -> str:
    """An id from the path; 404 for one that cannot be encoded."""
    text = request.match_info[name]
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Missing(f"no such {name}") from error
    return text
