"""I try to deliver to a shop's callback address, signed per Standard Webhooks, and report."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import socket
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot import signature, wire
from bot.errors import Gone, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import Clock, Push
    from bot.shop import Shop

TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
LONGEST_ASKED = 3600.0  # seconds: a tool that wants to be left alone for longer is asked again all the same
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: IPv4 addresses as a NAT64 writes them
FORBIDDEN = "is a private address; [server] allow_private_callbacks forbids it"


class Callback:
    """One HTTP session for all shops."""

    def __init__(
        self,
        shops: Mapping[str, Shop],
        clock: Clock,
        *,
        allow_private: bool,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        """`allow_private`: may a callback be on this machine or the local network?"""
        self._shops, self._clock, self._allow_private = shops, clock, allow_private
        self._session = session(allow_private=allow_private, timeout=timeout)

    async def deliver(self, push: Push) -> None:
        """POST it; 2xx is success. Raises Gone for 410, Refused for addresses that are not allowed, else Unavailable."""
        shop = self._shops.get(push.shop)
        if shop is None:
            raise Unavailable("the shop is not served now")
        if not shop.callback_url:
            raise Refused("the shop has no callback address")
        url = URL(shop.callback_url)
        if not self._allow_private and literal_is_private(url.host or ""):
            raise Refused(f"{url.host} {FORBIDDEN}")
        body = payload(push, shop)
        # The engine's clock may run fast in trials; what is signed is the time that the receiver has.
        stamp = int(self._clock.world())
        headers = {
            "content-type": "application/json",
            "user-agent": "kuaihui",
            "webhook-id": push.id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature.sign(shop.keys[0], push.id, stamp, body),
        }
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                status, wait = response.status, response.headers.get("retry-after", "")
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddress):
                raise Refused(str(error.os_error)) from error
            raise Unavailable(f"{type(error).__name__}: {error}"[:200]) from error
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            raise Unavailable(f"{type(error).__name__}: {error}"[:200]) from error
        if status == 410:
            raise Gone("the callback answered 410: it wants no more")
        if not 200 <= status < 300:
            raise Unavailable(f"the callback answered {status}", asked_for(wait, self._clock.world()))

    def address(self, destination: str) -> str:
        """What stands for a shop's callback address."""
        shop = self._shops.get(destination)
        return fingerprint(shop.callback_url) if shop is not None and shop.callback_url else ""

    async def close(self) -> None:
        """Let go of connections."""
        await self._session.close()


def session(*, allow_private: bool, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """A session that goes where it is told and nowhere else: no proxy, no cookies, no private address unless allowed."""
    resolver = ThreadedResolver() if allow_private else PublicResolver()
    return aiohttp.ClientSession(
        # No limit here: shops may share a host, and the outbox bounds each destination by itself.
        connector=aiohttp.TCPConnector(resolver=resolver, limit=0),
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


def payload(push: Push, shop: Shop) -> bytes:
    """The body of a push: `{"type","timestamp","data"}`."""
    return msgspec.json.encode(
        {"type": push.type, "timestamp": wire.iso(push.at, shop.zone), "data": msgspec.Raw(push.data.encode())}
    )


def asked_for(retry_after: str, now: float) -> float:
    """The seconds for which `Retry-After` (seconds, or a date) wants us to wait, at most an hour; 0 for nonsense."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_ASKED)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, at.timestamp() - now), LONGEST_ASKED)


def fingerprint(url: str) -> str:
    """Stands for an address without showing it: it may hold a secret."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def literal_is_private(host: str) -> bool:
    """Is the host an address, not a name, that is not a public one? So are 127.1 and 2130706433: systems take them."""
    return (":" in host or host.replace(".", "").isdigit()) and not is_public(host)


def is_public(host: str) -> bool:
    """Is this IP address one of the internet's, also where it wraps an IPv4 address? False for what is none at all."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    inner: ipaddress.IPv4Address | None = None
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return all(each.is_global and not each.is_multicast for each in (address, inner or address))


class PrivateAddress(OSError):
    """A name leads to this machine or the local network."""


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only; the connection goes to the very address that was checked."""

    def __init__(self) -> None:
        """Ask the system's resolver."""
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises PrivateAddress for a name with a private, loopback or otherwise special address among its own."""
        found = await self._inner.resolve(host, port, family)
        if not all(is_public(result["host"]) for result in found):
            raise PrivateAddress(f"{host} {FORBIDDEN}")
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self._inner.close()
