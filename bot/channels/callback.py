"""I try to deliver to a shop's callback address, signed per Standard Webhooks, and report."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot import signature, wire
from bot.errors import Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import Clock, Push
    from bot.shop import Shop

TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)


class Callback:
    """One HTTP session for all shops."""

    def __init__(self, shops: Mapping[str, Shop], clock: Clock, *, allow_private: bool) -> None:
        """`allow_private`: may a callback be on this machine or the local network?"""
        self._shops, self._clock, self._allow_private = shops, clock, allow_private
        resolver = ThreadedResolver() if allow_private else PublicResolver()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, limit_per_host=16),
            timeout=TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def deliver(self, push: Push) -> None:
        """POST it; 2xx is success. Raises Refused for 410 and addresses that are not allowed, else Unavailable."""
        shop = self._shops.get(push.shop)
        if shop is None or not shop.callback_url:
            raise Refused("the shop has no callback address")
        url = URL(shop.callback_url)
        if not self._allow_private and literal_is_private(url.host or ""):
            raise Refused("the callback address is private; [server] allow_private_callbacks forbids it")
        body = payload(push, shop)
        # The engine's clock may run fast in trials; what is signed is the time that the receiver has.
        stamp = int(self._clock.world())
        headers = {
            "content-type": "application/json",
            "user-agent": "kuaihui",
            "webhook-id": f"evt_{push.shop}_{push.seq}",
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature.sign(shop.keys[0], f"evt_{push.shop}_{push.seq}", stamp, body),
        }
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                status, wait = response.status, response.headers.get("retry-after", "")
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            raise Unavailable(f"{type(error).__name__}: {error}"[:200]) from error
        if status == 410:
            raise Refused("the callback answered 410: it wants no more")
        if not 200 <= status < 300:
            raise Unavailable(
                f"the callback answered {status}", float(wait) if wait.isdecimal() and len(wait) < 6 else 0.0
            )

    async def close(self) -> None:
        """Let go of connections."""
        await self._session.close()


def payload(push: Push, shop: Shop) -> bytes:
    """The body of a push: `{"type","timestamp","data"}`."""
    return msgspec.json.encode(
        {"type": push.type, "timestamp": wire.iso(push.at, shop.zone), "data": msgspec.Raw(push.data.encode())}
    )


def literal_is_private(host: str) -> bool:
    """Is the host an address, not a name, that is not a public one?"""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only; the connection goes to the very address that was checked."""

    def __init__(self) -> None:
        """Ask the system's resolver."""
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError for a name with a private, loopback or otherwise special address."""
        found = await self._inner.resolve(host, port, family)
        if any(not ipaddress.ip_address(result["host"]).is_global for result in found):
            raise OSError(f"{host} has a private address; [server] allow_private_callbacks forbids it")
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self._inner.close()
