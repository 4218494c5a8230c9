"""I keep the messages of a log in the order of time: a few in memory, more of them in a temporary file."""

from __future__ import annotations

import os
import tempfile
from heapq import merge
from typing import TYPE_CHECKING, Any

import msgspec

from bot.logs.said import Said
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

HELD = 20_000  # messages in memory; also the length of a sorted run
_BLOCK = 100  # messages packed together: what a merge holds of each run
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Said]).decode


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
        self._runs: list[list[tuple[int, int]]] = []
        self._file: Any = None
        self._end = 0
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
        run = []
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="kuaihui-")  # noqa: SIM115 - `close` closes it
            for at in range(0, len(self._held), _BLOCK):
                packed = _encode(self._held[at : at + _BLOCK])
                self._file.write(packed)
                run.append((self._end, len(packed)))
                self._end += len(packed)
            self._file.flush()  # it is read past the buffer
        except OSError as error:
            raise DataError([f"{tempfile.gettempdir()}: cannot be written: {error.strerror}"]) from error
        self._runs.append(run)
        self._held = []

    def __iter__(self) -> Iterator[Said]:
        """All messages; of one instant, in the order in which they were added. Those of a log without times likewise."""
        if self.timed and not self._ordered:
            self._held.sort(key=_when)
            for said in merge(*map(self._read, self._runs), self._held, key=_when):
                if said.at is not None:
                    yield said
            return
        for run in self._runs:
            yield from self._read(run)
        yield from self._held

    def _read(self, run: list[tuple[int, int]]) -> Iterator[Said]:
        for at, length in run:
            yield from _decode(self._part(at, length))

    def _part(self, at: int, length: int) -> bytes:
        """Runs are read in turns, and where the system can, by several processes at once without a place in common."""
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), length, at)
        self._file.seek(at)
        return bytes(self._file.read(length))

    def close(self) -> None:
        """Let go of everything."""
        self._held, self._runs = [], []
        if self._file is not None:
            self._file.close()
