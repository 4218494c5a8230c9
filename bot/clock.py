"""I am the only one who knows what time it is."""

from __future__ import annotations

import time


class SystemClock:
    """The time of the world, or for trials one that begins at `start` and runs `rate` times as fast."""

    def __init__(self, *, start: float | None = None, rate: float = 1.0) -> None:
        """`start` in unix seconds; None is now. `rate` > 0. A trial's clock stands still until `begin`."""
        self._rate = rate
        # Without a start or a rate the wall clock is read each time, so that corrections of it are followed.
        self._start = None if start is None and rate == 1.0 else start or time.time()  # noqa: TID251
        self._began: float | None = None

    def begin(self) -> None:
        """Let a trial's time run from here on."""
        self._began = time.monotonic()  # noqa: TID251

    def now(self) -> float:
        """Unix seconds."""
        if self._start is None:
            return time.time()  # noqa: TID251
        if self._began is None:
            return self._start
        return self._start + (time.monotonic() - self._began) * self._rate  # noqa: TID251

    def world(self) -> float:
        """Unix seconds as everybody else has them, in a trial too."""
        return time.time()  # noqa: TID251

    def seconds_until(self, at: float) -> float:
        """Seconds of the world until it is `at`, at this clock's rate."""
        return max(0.0, (at - self.now()) / self._rate)


class VirtualClock:
    """Time that moves only when told."""

    def __init__(self, start: float = 0.0) -> None:
        """`start` in unix seconds."""
        self._now = start

    def now(self) -> float:
        """Unix seconds."""
        return self._now

    def world(self) -> float:
        """There is no other time."""
        return self._now

    def move_to(self, at: float) -> None:
        """Forward only: an earlier instant leaves the clock where it is."""
        self._now = max(self._now, at)

    def jump(self, at: float) -> None:
        """As a host's clock does that is set, or that wakes up: also backwards."""
        self._now = at

    def seconds_until(self, at: float) -> float:
        """None at all: whoever holds this clock moves it."""
        return max(0.0, at - self._now)
