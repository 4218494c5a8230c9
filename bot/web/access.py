"""I let in who may ask: a shop's own tokens, from its config or issued by command, each with its role."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from bot import roles
from bot.errors import Forbidden, Missing, Unknown
from bot.passes import Pass, hashed
from bot.web.app import LOOP, SHOPS, limit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.shop import Shop

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Caller(NamedTuple):
    """Whose token a request carries. `issued`: by command, so that it may be revoked while it is used."""

    shop: Shop
    held: Pass
    issued: bool


CALLER: web.RequestKey[Caller] = web.RequestKey("caller")


def admitted(name: str, handler: Handler) -> Handler:
    """The handler of the request of that name (see bot/roles.toml), for those who may make it."""

    async def admit(request: web.Request) -> web.StreamResponse:
        request[CALLER] = caller = await _caller(request)
        if not roles.may(caller.held.role, name):
            raise Forbidden(f"a token of the role {caller.held.role} may not ask for {name}")
        limit(request.app, "token", caller.held.digest)
        limit(request.app, "shop", caller.shop.id)
        return await handler(request)

    return admit


def shop_of(request: web.Request) -> Shop:
    """The shop that is asked; its token was looked at before."""
    return request[CALLER].shop


def named_by(request: web.Request, agent: str) -> str:
    """Who speaks: the `agent` of the body, or the token's own name where its role speaks for itself alone. Raises Forbidden."""
    held = request[CALLER].held
    if not roles.roles()[held.role].own_name:
        return agent
    if agent not in ("", held.name):
        raise Forbidden(f"agent: this token speaks for {held.name} alone")
    return held.name


async def still(request: web.Request) -> bool:
    """May who asked go on? Of a token that was issued, the store knows; of others, the config as it is now."""
    caller = request[CALLER]
    if not caller.issued:
        return any(hmac.compare_digest(held.digest, caller.held.digest) for held in caller.shop.passes)
    return await _issued(request, caller.held.digest) is not None


async def _caller(request: web.Request) -> Caller:
    """Whose token it is. 401 without one we know, 403 for another shop's, 404 for no shop."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    found = await _find(request, hashed(token)) if kind.lower() == "bearer" and token else None
    if found is None:
        raise Unknown("send Authorization: Bearer with the shop's token")
    if found.shop.id != request.match_info["shop"]:
        if request.match_info["shop"] not in request.app[SHOPS]:
            raise Missing("no such shop")
        raise Forbidden("this token is another shop's")
    return found


async def _find(request: web.Request, digest: bytes) -> Caller | None:
    found = None
    for shop in request.app[SHOPS].values():  # all are compared, so that the time taken tells nothing
        for held in shop.passes:
            if hmac.compare_digest(held.digest, digest):
                found = Caller(shop, held, issued=False)
    return found or await _issued(request, digest)


async def _issued(request: web.Request, digest: bytes) -> Caller | None:
    """Found by its hash, which tells nobody who can time it how the token goes on."""
    token = await request.app[LOOP].read(lambda store: store.token_of(digest))
    shop = request.app[SHOPS].get(token.shop) if token is not None else None
    return Caller(shop, Pass(token.role, token.name, digest), issued=True) if token is not None and shop else None
