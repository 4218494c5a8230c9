"""I am the tree of what can go wrong between us and outsiders.

BotError
├── WireError            a request that cannot be taken; `status` and `code` of the answer
│   ├── BadSignature     401
│   ├── Unknown          401  no token that we know
│   ├── BadPayload       400  not JSON, wrong type, missing field, unencodable text
│   ├── Impossible       422  well-formed, but no such value can be
│   ├── Forbidden        403
│   ├── Missing          404
│   ├── Conflict         409
│   ├── Limited          429, with Retry-After
│   └── Busy             503, with Retry-After
└── ChannelError         a push that was not delivered
    ├── Refused          final
    │   └── Gone         and so is everything else for that destination
    └── Unavailable      try again; `wait` in seconds where the other side named it
"""

from __future__ import annotations


class BotError(Exception):
    """Whatever this program raises on purpose towards outsiders."""


class WireError(BotError):
    """A request that cannot be taken."""

    status = 400
    code = "bad_request"


class BadSignature(WireError):
    """Not signed, signed wrongly, or too old."""

    status = 401
    code = "unauthorized"


class Unknown(WireError):
    """No token that we know."""

    status = 401
    code = "unauthorized"


class BadPayload(WireError):
    """Not JSON, a wrong type, a missing field, or text that cannot be encoded."""

    code = "bad_payload"


class Impossible(WireError):
    """Well-formed, but no such value can be."""

    status = 422
    code = "impossible"


class Forbidden(WireError):
    """Not your shop."""

    status = 403
    code = "forbidden"


class Missing(WireError):
    """No such thing."""

    status = 404
    code = "not_found"


class Conflict(WireError):
    """The id is taken by something else."""

    status = 409
    code = "conflict"


class Limited(WireError):
    """More than the shop or the token may ask in this time; `wait`: seconds until it may again."""

    status = 429
    code = "rate_limited"

    def __init__(self, reason: str, wait: float) -> None:
        """`reason` is told."""
        super().__init__(reason)
        self.wait = wait


class Busy(WireError):
    """Full, or the store cannot write now; nothing was taken. Try again."""

    status = 503
    code = "busy"


class ChannelError(BotError):
    """A push that was not delivered."""


class Refused(ChannelError):
    """The other side will never take it."""


class Gone(Refused):
    """The other side wants nothing any more: it answered 410."""


class Unavailable(ChannelError):
    """The other side may take it later, after `wait` seconds if it said so.

    `pause`: seconds before this very push should be tried again, as it may have arrived.
    """

    def __init__(self, reason: str, wait: float = 0.0, *, pause: float = 0.0) -> None:
        """`wait`: seconds that the other side asked for."""
        super().__init__(reason)
        self.wait, self.pause = wait, pause
