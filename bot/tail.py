"""I hold the newest rows of the feed, so that who listens need not ask the store for what was just told."""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.ports import Event

ROWS = 5000  # of all shops


class Tail:
    """The last rows in the order of their numbers; none is missing among them."""

    def __init__(self) -> None:
        """None yet."""
        self._rows: deque[Event] = deque(maxlen=ROWS)
        self.after = 0  # the number of the last row that is not held

    def add(self, told: Iterable[Event]) -> None:
        """The next rows; the oldest make room."""
        for event in told:
            if len(self._rows) == ROWS:
                self.after = self._rows[0].seq
            self._rows.append(event)

    def beyond(self, shop: str, after: int) -> list[Event] | None:
        """A shop's rows numbered above `after`; None if not all of them are held."""
        if after < self.after:
            return None
        newer = itertools.takewhile(lambda event: event.seq > after, reversed(self._rows))
        return [event for event in newer if event.shop == shop][::-1]
