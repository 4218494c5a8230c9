"""I answer those who watch the server: alive, ready, metrics, and what the API is."""

from __future__ import annotations

import contextlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from aiohttp import web

from bot.errors import Busy
from bot.web.app import HEADERS, LOOP, METRICS, OUTBOX, answer

if TYPE_CHECKING:
    from bot.ports import Store


async def healthz(request: web.Request) -> web.Response:
    """The process answers, and says what time it has: in a trial not the world's."""
    return answer({"status": "ok", "now": request.app[LOOP].clock.now()})


async def readyz(request: web.Request) -> web.Response:
    """Events can be taken: the engine runs and the store can be read."""
    loop = request.app[LOOP]
    if not loop.alive:
        raise Busy("the engine does not run")
    outbox = request.app.get(OUTBOX)
    waiting, dead, disabled = await loop.read(_counted)
    destinations = {"resting": len(outbox.resting) if outbox is not None else 0, "disabled": disabled}
    said = {"inbox": loop.depth, "outbox": waiting, "dead": dead, "destinations": destinations}
    return answer({"status": "ready", **said})


def _counted(store: Store) -> tuple[int, int, int]:
    return store.outbox_size(), store.dead_size(), len(store.disabled())


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text format."""
    shown, loop = request.app[METRICS], request.app[LOOP]
    with contextlib.suppress(Busy):  # what is known without the store is told all the same
        shown.know(await loop.read(shown.ask), loop.clock.now())
    return web.Response(
        body=shown.page(), headers={**HEADERS, "Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    )


@cache
def document() -> bytes:
    """The OpenAPI document."""
    return resources.files("bot.web").joinpath("openapi.json").read_bytes()


async def openapi(_request: web.Request) -> web.Response:
    """What the API is, in OpenAPI 3.1."""
    return web.Response(body=document(), headers=HEADERS, content_type="application/json")
