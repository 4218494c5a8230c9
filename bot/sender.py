"""I send one signed webhook, as a chat tool would."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from bot import signature
from bot.clock import SystemClock
from replies import DataError

if TYPE_CHECKING:
    from pathlib import Path


def key(secret_file: Path | None, data: Path) -> bytes:
    """The signing key: of `secret_file`, else of the demo shop in the data folder. Raises DataError."""
    file = secret_file or data / "demo.json"
    try:
        text = file.read_text(encoding="utf-8")
        secret = text if secret_file else msgspec.json.decode(text, type=dict[str, str])["webhook_secret"]
        return signature.secret(secret)
    except OSError as error:
        hint = "" if secret_file else "; start the demo with `make run` first, or give --secret-file"
        raise DataError([f"{file}: {error.strerror}{hint}"]) from error
    except (msgspec.DecodeError, KeyError, ValueError) as error:
        raise DataError([f"{file}: {error}"]) from error


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
    request = urllib.request.Request(f"{url.rstrip('/')}/webhook/{shop}", body, headers)  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - checked above
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        raise DataError([f"no server at {url}: {error}"]) from error
