"""I count how much each shop and each token asks, and say when it is too much."""

from __future__ import annotations

import msgspec

BURST = 2.0  # seconds' worth that may come at once


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`[limits]`. Requests a second: `webhooks` of a shop, `shop` of all its tokens, `token` of each one.

    `streams`: listeners of a shop's events at a time. `connections`: to the server at a time. `body`: seconds that a body
    may take. `stalled`: seconds after which a listener that does not read is let go; it may come back and go on.
    """

    webhooks: float = 20_000
    shop: float = 500
    token: float = 100
    streams: int = 200
    connections: int = 2000
    body: float = 10.0
    stalled: float = 30.0


def mistakes(limits: Limits) -> list[str]:
    """A sentence for each limit that would let nothing through."""
    fields = {name: getattr(limits, name) for name in limits.__struct_fields__}
    return [f"limits.{name}: must be above 0" for name, value in fields.items() if not value > 0]


class Bucket:
    """Lets `rate` a second through, and `BURST` seconds' worth (at least one) at once."""

    __slots__ = ("_at", "_full", "_held", "_rate")

    def __init__(self, rate: float) -> None:
        """Full at the start."""
        self._rate, self._full = rate, max(1.0, rate * BURST)
        self._held, self._at = self._full, 0.0

    def take(self, now: float) -> float:
        """Seconds to wait until one more may pass; 0.0 if it passes now. A clock that is set back gives nothing."""
        self._held = min(self._full, self._held + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._held >= 1.0:
            self._held -= 1.0
            return 0.0
        return (1.0 - self._held) / self._rate


class Limiter:
    """One bucket for each shop and token that ever asked: only known ones do."""

    def __init__(self, limits: Limits) -> None:
        """`limits` hold for every shop."""
        self.limits = limits
        self._buckets: dict[tuple[str, str | bytes], Bucket] = {}

    def renew(self, limits: Limits) -> None:
        """Other limits hold from now on."""
        self.limits = limits
        self._buckets.clear()

    def wait(self, kind: str, name: str | bytes, now: float) -> float:
        """Seconds until `name` may ask again; 0.0 if it may now. `kind`: the limit that holds for it."""
        bucket = self._buckets.get((kind, name))
        if bucket is None:
            bucket = self._buckets[kind, name] = Bucket(getattr(self.limits, kind))
        return bucket.take(now)
