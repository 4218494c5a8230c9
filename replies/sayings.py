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
        self._owners: dict[str, list[int]] = {}

    def add(self, script: int, reading: Reading) -> None:
        """`script` holds the message as read."""
        for key in _keys(reading):
            owners = self._owners.setdefault(key, [])
            if script not in owners:
                owners.append(script)

    def drop(self, script: int, reading: Reading, others: Iterable[Reading]) -> None:
        """`script` holds the message no more; what its `others` say stays."""
        kept = {key for other in others for key in _keys(other)}
        for key in _keys(reading):
            if key not in kept:
                self._owners[key].remove(script)

    def owners(self, key: str) -> list[int]:
        """The scripts that have `key`, a whole or a peeled message."""
        return self._owners.get(key, [])

    def of(self, reading: Reading) -> frozenset[int]:
        """The scripts that have the message, whole or peeled."""
        return frozenset((*self.owners(reading.whole), *self.owners(reading.plain)))


def _keys(reading: Reading) -> tuple[str, ...]:
    return tuple(dict.fromkeys((reading.whole, reading.plain)))
