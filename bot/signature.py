"""I sign and verify bytes as Standard Webhooks 1.0.0 has it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.errors import BadSignature

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TOLERANCE = 300  # seconds either way
PREFIX = "whsec_"


def secret(text: str) -> bytes:
    """The key of a `whsec_` secret, padded or not; ValueError if it is not one of 24 to 64 bytes in base64."""
    body = text.strip().removeprefix(PREFIX)
    try:
        key = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not base64 after whsec_") from error
    if not 24 <= len(key) <= 64:
        raise ValueError(f"holds {len(key)} bytes; 24 to 64 are needed")
    return key


def sign(key: bytes, identity: str, timestamp: int, body: bytes) -> str:
    """One entry of `webhook-signature`: HMAC-SHA256 over `{id}.{timestamp}.{body}`."""
    made = _begun(key).copy()
    made.update(f"{identity}.{timestamp}.".encode() + body)
    return "v1," + binascii.b2a_base64(made.digest(), newline=False).decode()


@lru_cache(maxsize=256)
def _begun(key: bytes) -> hmac.HMAC:
    """A key's HMAC before any content: what is the same for every message is done once.

    Not hmac.digest: slower, and it lets go of the interpreter's lock each time, and waits to have it again.
    """
    return hmac.new(key, digestmod=hashlib.sha256)


def verify(headers: Mapping[str, str], body: bytes, keys: Iterable[bytes], now: Iterable[float]) -> str:
    """The `webhook-id` of a request signed with any of `keys` within the tolerance; raises BadSignature.

    `now`: the instants, in unix seconds, of which any may be the present.
    """
    identity = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (identity and stamp and given):
        parts = {"webhook-id": identity, "webhook-timestamp": stamp, "webhook-signature": given}
        raise BadSignature(f"header missing: {', '.join(name for name, value in parts.items() if not value)}")
    if not identity.isprintable():  # bytes that are no text come out of the parser as lone surrogates
        raise BadSignature("webhook-id must be readable text")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        raise BadSignature("webhook-timestamp must be unix seconds")
    timestamp = int(stamp)
    # Stamps are whole seconds: the present is cut to one too, or 300 s old would be refused for its fraction.
    off = min([abs(int(instant) - timestamp) for instant in now])
    if off > TOLERANCE:
        raise BadSignature(f"webhook-timestamp is {off} s off; at most {TOLERANCE} s is taken")
    entries = [entry.encode("utf-8", "surrogateescape") for entry in given.split(" ") if entry.startswith("v1,")]
    for key in keys:
        wanted = sign(key, identity, timestamp, body).encode()
        for entry in entries:
            if hmac.compare_digest(wanted, entry):
                return identity
    raise BadSignature("no signature fits any of the shop's secrets")
