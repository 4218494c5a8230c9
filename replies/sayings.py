"""I know which scripts hold a message word for word."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replies.reading import Reading


class Sayings:
    """Messages, whole and peeled of politeness, and the scripts that have them as phrasings, in the library's order."""

    def __init__(self) -> None:
        """Empty: `add` fills it."""
        # Nearly every message belongs to one script: a tuple for each would weigh more than the texts.
        self._owners: dict[str, int | tuple[int, ...]] = {}

    def add(self, script: int, reading: Reading) -> None:
        """`script` holds the message as read."""
        for key in _keys(reading):
            owners = self.owners(key)
            if script not in owners:
                self._owners[key] = (*owners, script) if owners else script

    def drop(self, script: int, reading: Reading, others: Iterable[Reading]) -> None:
        """`script` holds the message no more; what its `others` say stays."""
        kept = {key for other in others for key in _keys(other)}
        for key in _keys(reading):
            if key not in kept:
                left = tuple(owner for owner in self.owners(key) if owner != script)
                self._owners[key] = left if len(left) != 1 else left[0]

    def owners(self, key: str) -> tuple[int, ...]:
        """The scripts that have `key`, a whole or a peeled message."""
        held = self._owners.get(key, ())
        return held if isinstance(held, tuple) else (held,)

    def of(self, reading: Reading) -> frozenset[int]:
        """The scripts that have the message, whole or peeled."""
        return frozenset((*self.owners(reading.whole), *self.owners(reading.plain)))


def _keys(reading: Reading) -> tuple[str, ...]:
    return (reading.whole,) if reading.whole == reading.plain else (reading.whole, reading.plain)
