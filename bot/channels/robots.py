"""I say one text through a group robot of 企业微信, 钉钉 or 飞书, and report what it answered."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from bot.channels.callback import PublicResolver, literal_is_private
from bot.errors import Refused, Unavailable
from bot.robots import EVERYONE, MOBILE, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.abc import AbstractResolver

    from bot.alerts import Robot
    from bot.ports import Clock
    from bot.robots import Kind

TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)
MOST_READ = 65_536  # bytes of an answer
LONGEST_WAIT = 600.0  # seconds of silence that a robot may ask for; more is a mistake of its


class Request(NamedTuple):
    """What is sent to a robot."""

    url: URL
    body: bytes


class Robots:
    """One HTTP session for the robots of all shops. Addresses are secrets: no error and no log line holds one."""

    def __init__(self, clock: Clock, *, allow_private: bool) -> None:
        """`allow_private`: may a robot be on this machine or the local network?"""
        self._clock, self._allow_private = clock, allow_private
        resolver: AbstractResolver = aiohttp.ThreadedResolver() if allow_private else PublicResolver()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, limit_per_host=16),
            timeout=TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def say(self, robot: Robot, text: str, mention: Sequence[str]) -> None:
        """Send `text` and call those in `mention`; its answer must be a 2xx with code 0.

        Raises Refused where trying again cannot help, else Unavailable with the seconds to wait if they are known.
        """
        kind = kind_of(robot)
        if not self._allow_private and literal_is_private(URL(robot.url).host or ""):
            raise Refused("the robot's address is private; [server] allow_private_callbacks forbids it")
        # The engine's clock may run fast in trials; what is signed is the time that the receiver has.
        sent = request(robot, kind, text, mention, self._clock.world())
        headers = {"content-type": "application/json; charset=utf-8", "user-agent": "kuaihui"}
        try:
            post = self._session.post(sent.url, data=sent.body, headers=headers, allow_redirects=False)
            async with post as response:
                status, wait = response.status, response.headers.get("retry-after", "")
                answer = await _some(response.content)
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            raise Unavailable(f"{kind.name}: {type(error).__name__}") from None  # its text may hold the address
        judge(kind, status, answer, float(wait) if wait.isascii() and wait.isdecimal() and len(wait) < 6 else 0.0)

    async def close(self) -> None:
        """Let go of connections."""
        await self._session.close()


async def _some(content: aiohttp.StreamReader) -> bytes:
    answer = b""
    while len(answer) < MOST_READ and (more := await content.read(MOST_READ)):
        answer += more
    return answer


def judge(kind: Kind, status: int, answer: bytes, wait: float) -> None:
    """Nothing for a success. Raises Refused or Unavailable; `wait`: seconds named in the answer's headers."""
    code = _code(kind, answer)
    if code == 0 and 200 <= status < 300:
        return
    if code:
        if (reason := kind.refused.get(str(code))) is not None:
            raise Refused(f"{kind.name} {code}：{reason}")
        raise Unavailable(f"{kind.name} {code}", min(max(wait, float(kind.later.get(str(code), 0))), LONGEST_WAIT))
    if 400 <= status < 500 and status not in (408, 425, 429):
        raise Refused(f"{kind.name} HTTP {status}")
    raise Unavailable(f"{kind.name} HTTP {status}", min(wait, LONGEST_WAIT))


def _code(kind: Kind, answer: bytes) -> int | None:
    try:
        read: Any = msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    given = read if isinstance(read, dict) else {}
    codes = [given[key] for key in kind.answer if type(given.get(key)) is int]
    return codes[0] if codes else None


def request(robot: Robot, kind: Kind, text: str, mention: Sequence[str], now: float) -> Request:
    """Address and body for `text`, signed where the robot has a secret; `now` in unix seconds of the world."""
    users, mobiles = _called(kind, mention)
    whole = _whole(kind, text, mention)
    values = {"{text}": whole, "{users}": users, "{mobiles}": mobiles, "{everyone}": EVERYONE in mention}
    payload = _filled(kind.payload, {**values, "{title}": robot.title})
    url = robot.url
    if robot.secret and kind.sign == "dingtalk":
        stamp = int(now * 1000)
        url += f"{'&' if '?' in url else '?'}timestamp={stamp}&sign={sign_dingtalk(robot.secret, stamp)}"
    elif robot.secret and kind.sign == "feishu":
        payload |= {"timestamp": str(int(now)), "sign": sign_feishu(robot.secret, int(now))}
    return Request(URL(url, encoded=True), msgspec.json.encode(payload))


def size(robot: Robot, kind: Kind, text: str, mention: Sequence[str], now: float) -> int:
    """The bytes that the kind's limit is of, if `text` is sent."""
    if kind.counted == "body":
        return len(request(robot, kind, text, mention, now).body)
    return len(_whole(kind, text, mention).encode())


def _called(kind: Kind, mention: Sequence[str]) -> tuple[list[str], list[str]]:
    """User ids and mobile numbers to call."""
    mobiles = [one for one in mention if one != EVERYONE and kind.mobiles and MOBILE.fullmatch(one)]
    users = [one for one in mention if one != EVERYONE and one not in mobiles]
    users += [kind.everyone] if EVERYONE in mention and kind.everyone else []
    return users, mobiles


def _whole(kind: Kind, text: str, mention: Sequence[str]) -> str:
    """The text after those who are called inside it, where that is how it is done."""
    users, mobiles = _called(kind, mention)
    return "".join(kind.mention.replace("{user}", one) for one in [*users, *mobiles] if kind.mention) + text


def _filled(template: Any, values: dict[str, Any]) -> Any:  # noqa: ANN401 - a piece of a payload
    """The payload with its blanks filled; a blank is a whole string such as "{text}"."""
    if isinstance(template, dict):
        return {key: _filled(part, values) for key, part in template.items()}
    return values.get(template, template)


def sign_dingtalk(secret: str, stamp: int) -> str:
    """`sign` in the address, ready for it: the secret is the key, and also what follows the time; `stamp` in ms."""
    digest = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256)
    return quote(base64.b64encode(digest), safe="")


def sign_feishu(secret: str, stamp: int) -> str:
    """`sign` in the body: time and secret are the key, and nothing is the message; `stamp` in seconds."""
    return base64.b64encode(hmac.digest(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256)).decode()
