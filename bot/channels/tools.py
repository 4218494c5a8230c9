"""I tell chat tools of our events through their own APIs, as their maps say, and hear what became of it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
from yarl import URL

from bot.adapters.fieldmap import walk
from bot.adapters.outmap import EVENTS, fits, rendered
from bot.channels.callback import FORBIDDEN, PrivateAddress, asked_for, fingerprint, literal_is_private, session
from bot.errors import Gone, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.outmap import Out, Request
    from bot.ports import Clock, Push
    from bot.shop import Shop

log = logging.getLogger(__name__)

TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
MOST_READ = 65_536  # bytes of an answer to a request; more is not looked at
MOST_PULLED = 16 * 1024 * 1024  # bytes of an answer that holds messages
EARLIER = 300.0  # seconds before a login runs out at which a new one is asked for
SHORTEST = 60.0  # seconds for which a login is used at least


class Renew(Exception):
    """The login has run out before its time."""


class Tools:
    """One HTTP session for the tools of all shops. Addresses may hold secrets: no error and no log line holds one."""

    def __init__(
        self,
        shops: Mapping[str, Shop],
        clock: Clock,
        *,
        allow_private: bool,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        """`allow_private`: may a tool be on this machine or the local network?"""
        self._shops, self._clock, self._allow_private = shops, clock, allow_private
        self._session = session(allow_private=allow_private, timeout=timeout)
        self._access: dict[str, tuple[str, float]] = {}
        self._logging_in: dict[str, asyncio.Lock] = {}

    def out(self, destination: str) -> Out | None:
        """The way out that "shop/adapter" names; None for one that is not served now."""
        shop, _, via = destination.partition("/")
        adapter = self._shops[shop].adapters.get(via) if shop in self._shops else None
        return adapter.out if adapter is not None else None

    def renew(self) -> None:
        """The shops may have other tokens now: log in anew."""
        self._access.clear()

    def address(self, destination: str) -> str:
        """What stands for a tool's address."""
        out = self.out(destination)
        return fingerprint(out.url) if out is not None else ""

    async def deliver(self, push: Push) -> None:
        """Make the first request that tells of it; none is fine too. Raises Gone, Refused or Unavailable."""
        out = self.out(push.destination)
        if out is None:
            raise Unavailable("the tool is not served now")
        data = msgspec.json.decode(push.data, type=dict[str, Any])
        for request in out.how.requests:
            if push.type in request.kinds and fits(request.condition, data):
                words = {**dict.fromkeys(EVENTS[push.type]), **data, "type": push.type, "key": push.id}
                await self.ask(push.destination, out, request, words)
                return

    async def ask(
        self, destination: str, out: Out, request: Request, words: Mapping[str, Any], *, most: int = MOST_READ
    ) -> Any:  # noqa: ANN401 - whatever JSON holds
        """What the tool answers, read as JSON where its map looks into it. Raises Gone, Refused or Unavailable."""
        for again in (False, True):
            given = {**words, **out.words, "access": await self._login(destination, out)}
            try:
                return await self._once(out, request, given, most)
            except Renew:
                self._access.pop(destination, None)
                if again:
                    raise Unavailable("the tool does not take its own login") from None
        return None

    async def _login(self, destination: str, out: Out) -> str:
        """The key that the tool gave us, kept for as long as it holds."""
        if out.how.login is None:
            return ""
        async with self._logging_in.setdefault(destination, asyncio.Lock()):
            key, until = self._access.get(destination, ("", 0.0))
            now = self._clock.world()
            if not now < until <= now + 86_400.0:
                try:
                    answer = await self._once(out, out.how.login.request, {**out.words, "access": ""}, MOST_READ)
                except Renew:
                    raise Unavailable("the tool does not take our token") from None
                given, lasts = walk(answer, out.how.login.key.steps), walk(answer, out.how.login.lasts.steps)
                if not isinstance(given, str) or not given:
                    raise Unavailable("the tool's login holds no key")
                seconds = float(lasts) if isinstance(lasts, int | float) else 0.0
                key = given
                self._access[destination] = key, now + min(max(seconds - EARLIER, SHORTEST), 86_400.0)
            return key

    async def _once(self, out: Out, request: Request, words: Mapping[str, Any], most: int) -> Any:  # noqa: ANN401
        url, body, headers = _made(out, request, words)
        if not self._allow_private and literal_is_private(url.host or ""):
            raise Refused(f"{url.host} {FORBIDDEN}")
        try:
            sending = self._session.request(request.method, url, data=body, headers=headers, allow_redirects=False)
            async with sending as response:
                status, wait = response.status, response.headers.get("retry-after", "")
                answer = await _some(response.content, most)
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddress):
                raise Refused(str(error.os_error)) from None
            raise Unavailable(f"the tool cannot be reached: {type(error).__name__}") from None
        except aiohttp.ConnectionTimeoutError:
            raise Unavailable("the tool cannot be reached in time") from None
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            # Its text may hold the address. The request may have arrived.
            raise Unavailable(f"the tool did not answer: {type(error).__name__}", pause=out.how.unsure) from None
        return self._judged(out, status, answer, asked_for(wait, self._clock.world()))

    @staticmethod
    def _judged(out: Out, status: int, answer: bytes, wait: float) -> Any:  # noqa: ANN401
        if status == 410:
            raise Gone("the tool answered 410: it wants no more")
        if status in out.how.answer.refused:
            raise Refused(f"the tool answered {status}")
        if not 200 <= status < 300:
            raise Unavailable(f"the tool answered {status}", wait)
        judge = out.how.answer
        if judge.code is None:
            return None
        try:
            told = msgspec.json.decode(answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Unavailable("the tool's answer is not JSON", pause=out.how.unsure) from None
        code = walk(told, judge.code.steps)
        if code in (None, 0):
            return told
        if not isinstance(code, int):
            raise Unavailable("the tool's answer holds no code")
        if code in judge.renew:
            raise Renew
        said = walk(told, judge.text.steps) if judge.text is not None else None
        if code in judge.later:
            raise Unavailable(f"the tool answered {code}", max(wait, judge.later[code]))
        raise ToolRefused(code, judge.final.get(code) or f"the tool answered {code}: {str(said)[:120]}")

    async def close(self) -> None:
        """Let go of connections."""
        await self._session.close()


class ToolRefused(Refused):
    """The tool said no, with a code of its own."""

    def __init__(self, code: int, reason: str) -> None:
        """`code`: as it stands in the answer."""
        super().__init__(reason)
        self.code = code


def _made(out: Out, request: Request, words: Mapping[str, Any]) -> tuple[URL, bytes | None, dict[str, str]]:
    """Address, body and headers of a request. Raises Refused for one that cannot be made of these words."""
    try:
        url = URL(out.url + request.path(words), encoded=True)
        headers = {name: text(words) for name, text in out.how.headers.items()}
        body = None if request.body is None else msgspec.json.encode(rendered(request.body, words))
    except Exception as error:
        raise Refused(f"the map cannot make its request: {type(error).__name__}") from error
    return url, body, {"content-type": "application/json", "user-agent": "kuaihui", **headers}


async def _some(content: aiohttp.StreamReader, most: int) -> bytes:
    answer = bytearray()
    while len(answer) < most and (more := await content.read(65_536)):
        answer += more
    return bytes(answer[:most])
