"""I stream a shop's feed as server-sent events, from wherever the listener stopped."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from bot import wire
from bot.errors import BadPayload, Limited
from bot.web.access import shop_of, still
from bot.web.app import HEADERS, LIMITER, LOOP, STREAMS

if TYPE_CHECKING:
    from bot.ports import Event
    from bot.shop import Shop

log = logging.getLogger(__name__)

LATEST = "latest"
RETRY_MS = 2000  # how soon a listener that lost us comes back
LONG = 60.0  # seconds after which it may be tried again to listen, where too many do
LOOK = 1.0  # seconds that a listener may go on whose token was revoked; a silent one hears of it with its heartbeat


async def events(request: web.Request) -> web.StreamResponse:
    """`GET .../events?after=SEQ`: everything beyond SEQ (or `Last-Event-ID`), then what comes; from the start without."""
    shop, loop = shop_of(request), request.app[LOOP]
    limits, streams = request.app[LIMITER].limits, request.app[STREAMS]
    if streams[shop.id] >= limits.streams:
        raise Limited("too many listen to this shop's events", LONG)
    after, ticking = await _after(request), asyncio.get_running_loop().time
    looked = ticking()
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    streams[shop.id] += 1
    try:
        await response.write(f"retry: {RETRY_MS}\n\n".encode())
        async for told in loop.follow(shop.id, after):
            if ticking() - looked >= LOOK:
                if not await still(request):
                    break  # its token was revoked
                looked = ticking()
            async with asyncio.timeout(limits.stalled):
                await response.write(b"".join(line(event, shop) for event in told) or b": alive\n\n")
    except ConnectionError:
        pass  # the listener left; it comes back with Last-Event-ID
    except TimeoutError:  # it does not read: what is on its way would be kept for ever
        log.info("a listener that does not read was let go", extra={"action": "stalled", "shop": shop.id})
        if request.transport is not None:
            request.transport.abort()
    finally:
        streams[shop.id] -= 1
    return response


async def _after(request: web.Request) -> int:
    """Beyond which event a listener wants to hear: a number, or "latest" for what comes from now on."""
    text = request.headers.get("Last-Event-ID") or request.query.get("after") or "0"
    if text == LATEST:
        return await request.app[LOOP].read(lambda store: store.feed_end())
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise BadPayload(f"after: must be the number of an event, or {LATEST}")
    return int(text)


def line(event: Event, shop: Shop) -> bytes:
    """One event as it stands in the stream."""
    data = msgspec.json.encode(
        {"type": event.type, "timestamp": wire.iso(event.at, shop.zone), "data": msgspec.Raw(event.data.encode())}
    )
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.type.encode(), data)
