"""I put the routes together, and turn everything that goes wrong into a clear answer."""

from __future__ import annotations

import asyncio
import hmac
import logging
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from bot.errors import BadPayload, Busy, Forbidden, Missing, WireError
from bot.shop import hash_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.channels.outbox import Outbox
    from bot.loop import Loop
    from bot.shop import Shop
    from bot.web.metrics import Metrics

log = logging.getLogger(__name__)

LARGEST_BODY = 65_536  # bytes
SLOWEST_BODY = 10.0  # seconds for the whole of it
CODES = {404: "not_found", 405: "method_not_allowed", 408: "too_slow", 413: "too_large", 415: "unsupported_media_type"}

LOOP: web.AppKey[Loop] = web.AppKey("loop")
SHOPS: web.AppKey[Mapping[str, Shop]] = web.AppKey("shops")
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
OUTBOX: web.AppKey[Outbox] = web.AppKey("outbox")


def make(loop: Loop, shops: Mapping[str, Shop], metrics: Metrics) -> web.Application:
    """The application; its loop is started by whoever serves it."""
    from bot.web import api, events, hook, probes  # noqa: PLC0415 - they import this module

    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[answer_errors])
    app[LOOP], app[SHOPS], app[METRICS] = loop, shops, metrics
    app.router.add_post("/webhook/{shop}", hook.webhook)
    app.router.add_post("/api/shops/{shop}/check", api.check)
    app.router.add_post("/api/shops/{shop}/conversations/{conversation}/replies", api.reply)
    app.router.add_post("/api/shops/{shop}/conversations/{conversation}/feedback", api.feedback)
    app.router.add_get("/api/shops/{shop}/scripts", api.scripts, allow_head=False)
    app.router.add_get("/api/shops/{shop}/conversations", api.conversations, allow_head=False)
    app.router.add_get("/api/shops/{shop}/conversations/{conversation}", api.conversation, allow_head=False)
    app.router.add_get("/api/shops/{shop}/events", events.stream, allow_head=False)
    app.router.add_get("/api/shops/{shop}/rates", api.rates, allow_head=False)
    app.router.add_get("/healthz", probes.healthz, allow_head=False)
    app.router.add_get("/readyz", probes.readyz, allow_head=False)
    app.router.add_get("/metrics", probes.metrics, allow_head=False)
    app.router.add_get("/openapi.json", probes.openapi, allow_head=False)
    return app


@web.middleware
async def answer_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Every error is `{"error":{"code","message"}}`."""
    try:
        return await handler(request)
    except WireError as error:
        return _error(error.status, error.code, str(error), {"Retry-After": "1"} if isinstance(error, Busy) else {})
    except web.HTTPException as error:
        if error.status < 400:
            raise
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return _error(error.status, CODES.get(error.status, "bad_request"), error.reason, allow)


def _error(status: int, code: str, message: str, headers: Mapping[str, str]) -> web.Response:
    return answer({"error": {"code": code, "message": message}}, status=status, headers=headers)


def answer(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:  # noqa: ANN401
    """`data` as JSON."""
    return web.Response(body=msgspec.json.encode(data), status=status, headers=headers, content_type="application/json")


async def body_of(request: web.Request) -> bytes:
    """The request's bytes; 413 when too many, 408 when too slow, 415 when they are not said to be JSON."""
    kind = request.content_type
    if "Content-Type" in request.headers and kind != "application/json" and not kind.endswith("+json"):
        raise web.HTTPUnsupportedMediaType(reason="send application/json")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(reason="send the body uncompressed")
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            return await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(reason=f"the body took longer than {SLOWEST_BODY:.0f} s") from error
    except web.HTTPRequestEntityTooLarge as error:
        raise web.HTTPRequestEntityTooLarge(
            LARGEST_BODY, error_size(request), reason=f"at most {LARGEST_BODY} bytes are taken"
        ) from error
    except (ValueError, web.RequestPayloadError) as error:
        raise BadPayload("the body ended early or was framed wrongly") from error


def error_size(request: web.Request) -> int:
    """How large the body said it was."""
    return request.content_length or LARGEST_BODY + 1


def shop_of(request: web.Request) -> Shop:
    """The shop in the path, if the bearer's token is its own. 401 without a token we know, 403 for another shop's."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    given = hash_token(token.strip())
    shops = request.app[SHOPS]
    owner = None
    for shop in shops.values():  # all are compared, so that the time taken tells nothing
        if hmac.compare_digest(shop.token_hash, given):
            owner = shop
    if kind.lower() != "bearer" or not token.strip() or owner is None:
        raise web.HTTPUnauthorized(reason="send Authorization: Bearer with the shop's token")
    if owner.id != request.match_info["shop"]:
        if request.match_info["shop"] not in shops:
            raise Missing("no such shop")
        raise Forbidden("this token is another shop's")
    return owner


def path_id(request: web.Request, name: str) -> str:
    """An id from the path; 404 for one that cannot be encoded."""
    text = request.match_info[name]
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Missing(f"no such {name}") from error
    return text
