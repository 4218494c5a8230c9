"""I tell whether a request comes from the tool it names: signature schemes, told apart by what a map says of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from bot import signature
from bot.adapters import wecom
from bot.errors import BadSignature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SHORTEST_SECRET = 8  # characters; what a tool makes itself is longer
_PART = re.compile(r"\{(\w+)\}")
_PARTS = ("body", "timestamp", "secret")


class Request(msgspec.Struct, frozen=True):
    """A request as it came. `headers`: names in lower case, the first of equals; `body`: raw bytes."""

    headers: dict[str, str]
    query: dict[str, str]
    body: bytes


class Opened(NamedTuple):
    """A request that is believed. `delivery`: what is the same on every retry, "" where the tool names nothing."""

    delivery: str
    body: bytes


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """How a tool signs.

    `scheme`: standard (Standard Webhooks), hmac (keyed by the secret), digest (a plain hash that takes in the secret),
    token (the secret itself, in `header` or `query`), wecom (企业微信's encrypted callback). `content`: what is hashed,
    of {body}, {timestamp} and {secret}. `timestamp`: the header with the instant; `delivery`: the header with an id
    that is the same on every retry. `tolerance`: seconds either way.
    """

    scheme: Literal["standard", "hmac", "digest", "token", "wecom"]
    hash: Literal["md5", "sha1", "sha256", "sha512"] = "sha256"
    header: str = ""
    query: str = ""
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    content: str = "{body}"
    timestamp: str = ""
    unit: Literal["s", "ms"] = "s"
    tolerance: int = signature.TOLERANCE
    delivery: str = ""


Key = bytes | wecom.Key


def mistakes(how: Signature) -> Iterator[str]:
    """What is wrong with a signature as a map has it."""
    parts = _PART.findall(how.content)
    yield from (f"content: {{{part}}} is none of {', '.join(_PARTS)}" for part in parts if part not in _PARTS)
    if how.scheme in ("hmac", "digest"):
        if not how.header:
            yield "header: is missing"
        if "body" not in parts:
            yield "content: must hold {body}"
        if ("timestamp" in parts) != bool(how.timestamp):
            yield "timestamp: names the header whose instant stands in content as {timestamp}"
        if how.scheme == "digest" and "secret" not in parts:
            yield "content: must hold {secret}, or anybody could make the digest"
    if how.scheme == "token" and bool(how.header) == bool(how.query):
        yield "token: needs either header or query"
    if how.tolerance < 1:
        yield "tolerance: must be at least 1 second"


def key(how: Signature, text: str) -> Key:
    """The key that a shop's secret stands for; ValueError says why it is none."""
    if how.scheme == "standard":
        return signature.secret(text)
    if how.scheme == "wecom":
        return wecom.key(text)
    if len(text) < SHORTEST_SECRET:
        raise ValueError(f"has {len(text)} characters; at least {SHORTEST_SECRET} are needed")
    return text.encode()


def marked(how: Signature, request: Request) -> bool:
    """Does the request carry a signature of this scheme at all, right or wrong?"""
    match how.scheme:
        case "standard":
            return "webhook-signature" in request.headers
        case "wecom":
            return wecom.MARK in request.query
        case _:
            return how.header.lower() in request.headers if how.header else how.query in request.query


def unsigned(how: Signature, request: Request) -> Opened:
    """What can be said of a request that nobody signed."""
    return Opened(request.headers.get(how.delivery.lower(), "") if how.delivery else "", request.body)


def verify(how: Signature, request: Request, keys: Sequence[Key], now: Iterable[float]) -> Opened:
    """The request, if one of `keys` signed it within the tolerance; raises BadSignature.

    `now`: the instants, in unix seconds, of which any may be the present.
    """
    if how.scheme == "standard":
        texts = [one for one in keys if isinstance(one, bytes)]
        return Opened(signature.verify(request.headers, request.body, texts, now), request.body)
    if how.scheme == "wecom":
        callbacks = [one for one in keys if isinstance(one, wecom.Key)]
        timely(request.query.get("timestamp", ""), "timestamp", how, now)
        return Opened("", wecom.opened(request.query, request.body, callbacks))
    given = request.headers.get(how.header.lower()) if how.header else request.query.get(how.query)
    if not given:
        raise BadSignature(f"{'header' if how.header else 'query'} missing: {how.header or how.query}")
    stamp = request.headers.get(how.timestamp.lower(), "") if how.timestamp else ""
    if how.timestamp:
        timely(stamp, how.timestamp, how, now)
    if not _fits(how, given, request.body, stamp, keys):
        raise BadSignature(f"{how.header or how.query}: fits none of the shop's secrets")
    return unsigned(how, request)


def timely(stamp: str, name: str, how: Signature, now: Iterable[float]) -> None:
    """Raises BadSignature unless `stamp` (digits) lies within the tolerance of one of the instants."""
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 15):
        raise BadSignature(f"{name} must be unix time in digits")
    at = int(stamp) if how.unit == "s" else int(stamp) // 1000
    # Stamps are whole seconds: the present is cut to one too, or what is just in time would be refused.
    off = min(abs(int(instant) - at) for instant in now)
    if off > how.tolerance:
        raise BadSignature(f"{name} is {off} s off; at most {how.tolerance} s is taken")


def _fits(how: Signature, given: str, body: bytes, stamp: str, keys: Sequence[Key]) -> bool:
    """Compared in constant time, every key alike."""
    seen = given.strip().encode("utf-8", "surrogatepass")
    if how.scheme != "token" and how.encoding == "hex":
        seen = seen.lower()
    wanted = [_wanted(how, one, body, stamp) for one in keys if isinstance(one, bytes)]
    return sum(hmac.compare_digest(one, seen) for one in wanted) > 0


def _wanted(how: Signature, secret: bytes, body: bytes, stamp: str) -> bytes:
    if how.scheme == "token":
        return how.prefix.encode() + secret
    parts = {"body": body, "timestamp": stamp.encode(), "secret": secret}
    # Split keeps the names between the literal pieces: a body that holds "{secret}" is never expanded.
    pieces = _PART.split(how.content)
    content = b"".join(parts[piece] if odd % 2 else piece.encode() for odd, piece in enumerate(pieces))
    made = hmac.digest(secret, content, how.hash) if how.scheme == "hmac" else hashlib.new(how.hash, content).digest()
    shown = made.hex().encode() if how.encoding == "hex" else base64.b64encode(made)
    return how.prefix.encode() + shown
