"""I am loaded by schemathesis: I sign what it sends, as the shop's tools would."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from datetime import datetime, timedelta, timezone
from itertools import count
from urllib.parse import urlsplit

import requests
import schemathesis
from hypothesis import strategies as st

from bot import signature

_numbers = count(1)


class Signed(requests.auth.AuthBase):
    """The headers that make a request believed, over the bytes that are really sent."""

    def __init__(self, token: str, secret: str, tool_secret: str) -> None:
        """The shop's token, its webhook secret, and that of its chat tools."""
        self._token, self._key, self._tool = token, signature.secret(secret), tool_secret.encode()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        path = urlsplit(request.url or "").path
        if path.startswith("/webhook/"):
            request.headers.update(self.webhook(path.rpartition("/")[2], body))
        elif path.startswith("/api/"):
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def webhook(self, entrance: str, body: bytes) -> dict[str, str]:
        """Signed as the tool at that address signs; Standard Webhooks where it has no way of its own."""
        stamp, identity = int(time.time()), f"fuzz-{next(_numbers)}"  # noqa: TID251 - a client has the world's time
        if entrance == "chatwoot":
            made = hmac.new(self._tool, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
            return {"X-Chatwoot-Timestamp": str(stamp), "X-Chatwoot-Signature": f"sha256={made}"}
        if entrance == "douyin":
            made = hashlib.sha1(self._tool + body).hexdigest()  # noqa: S324 - the scheme is theirs
            return {"X-Douyin-Signature": made, "Msg-Id": identity}
        return {
            "webhook-id": identity,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature.sign(self._key, identity, stamp, body),
        }


if "FUZZ_TOKEN" in os.environ:  # only where schemathesis loads me
    schemathesis.auth.set_from_requests(
        Signed(os.environ["FUZZ_TOKEN"], os.environ["FUZZ_SECRET"], os.environ["FUZZ_TOOL_SECRET"])
    )
    # The document can say that an instant is a date-time, not that no chat tool is older than the year 2000.
    offsets = st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
    instants = st.datetimes(min_value=datetime(2000, 1, 2), timezones=offsets)  # noqa: DTZ001 - the offset is drawn
    schemathesis.openapi.format("date-time", instants.map(datetime.isoformat))
