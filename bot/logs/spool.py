"""I keep the messages of a log in the order of time: a few in memory, more of them in a temporary file."""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING

from bot.logs.said import Said
from bot.pile import Blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.pile import Run

HELD = 20_000  # messages in memory; also the length of a sorted run


def _when(said: Said) -> int:
    return said.at or 0


class Spool:
    """Written once, then read as often as one likes. `close` lets go of the file, which has no name on the disk.

    Messages are put in the order of time only where they are not in it already: runs are sorted and merged.
    """

    def __init__(self, held: int = HELD) -> None:
        """`held`: how many messages are kept in memory."""
        self._most = held
        self._held: list[Said] = []
        self._runs: list[Run] = []
        self._blocks = Blocks[Said](Said)
        self._last = 0
        self._ordered = True
        self.count = self.timed = 0
        self.untimed_place = ""

    def add(self, said: Said) -> None:
        """One message more. DataError where the disk is full."""
        self.count += 1
        if said.at is None:
            self.untimed_place = self.untimed_place or said.place
        else:
            self.timed += 1
            self._ordered = self._ordered and said.at >= self._last
            self._last = said.at
        self._held.append(said)
        if len(self._held) >= self._most:
            self._write()

    def _write(self) -> None:
        if not self._ordered:
            self._held.sort(key=_when)
        self._runs.append(self._blocks.write(self._held))
        self._held = []

    def __iter__(self) -> Iterator[Said]:
        """All messages; of one instant, in the order in which they were added. Those of a log without times likewise."""
        if self.timed and not self._ordered:
            self._held.sort(key=_when)
            for said in merge(*map(self._blocks.read, self._runs), self._held, key=_when):
                if said.at is not None:
                    yield said
            return
        for run in self._runs:
            yield from self._blocks.read(run)
        yield from self._held

    def close(self) -> None:
        """Let go of everything."""
        self._held, self._runs = [], []
        self._blocks.close()
