"""I send one signed webhook, as a chat tool would."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import uuid4

import msgspec

from bot import demo, signature
from bot.clock import SystemClock
from replies import DataError

if TYPE_CHECKING:
    from pathlib import Path


def key(secret_file: Path | None, data: Path) -> bytes:
    """The signing key: of `secret_file`, else of the demo shop in the data folder. Raises DataError."""
    if secret_file is None:
        return signature.secret(demo.read(data).webhook_secret)
    try:
        return signature.secret(secret_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError([f"{secret_file}: {error.strerror}"]) from error
    except ValueError as error:
        raise DataError([f"{secret_file}: {error}"]) from error


def message(conversation: str, role: str, text: str) -> bytes:
    """A `message.created` event with an id of its own."""
    data = {"id": uuid4().hex, "conversation": conversation, "role": role, "text": text}
    return msgspec.json.encode({"type": "message.created", "data": data})


def post(url: str, shop: str, secret: bytes, body: bytes) -> tuple[int, str]:
    """Status and body of the server's answer. Raises DataError when none can be reached."""
    identity, stamp = f"msg_{uuid4().hex}", int(SystemClock().now())
    headers = {
        "content-type": "application/json",
        "webhook-id": identity,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature.sign(secret, identity, stamp, body),
    }
    if not url.startswith(("http://", "https://")):
        raise DataError([f"--url: {url!r} must begin with http:// or https://"])
    address = f"{url.rstrip('/')}/webhook/{quote(shop, safe='')}"
    try:
        request = urllib.request.Request(address, body, headers)  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - checked above
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (OSError, HTTPException, ValueError) as error:
        raise DataError([f"no server at {url}: {error}"]) from error
