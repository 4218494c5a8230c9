"""I am a list of any length: its first rows in memory, the others packed in a temporary file, read as often as one likes."""

from __future__ import annotations

import os
import tempfile
from heapq import merge
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import finalize

import msgspec

from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

T = TypeVar("T")
Run = list[tuple[int, int]]
"""Where packed blocks of rows stand in the file: from which byte on, and how many."""

HELD = 2_000  # rows in memory; of a sorted pile also the length of a run
_BLOCK = 100  # rows packed together: what a merge holds of each run
_encode = msgspec.msgpack.Encoder().encode


class Blocks(Generic[T]):
    """Rows in a temporary file, which has no name on the disk and goes with `close`, or with the last who knows this."""

    def __init__(self, kind: Any) -> None:  # noqa: ANN401 - whatever msgspec takes for a type
        """`kind`: of a row, as msgspec packs it."""
        self._decode = msgspec.msgpack.Decoder(list[kind]).decode
        self._file: Any = None
        self._end = 0
        self.close: Callable[[], object] = lambda: None

    def write(self, rows: list[T]) -> Run:
        """Where they stand now. Raises DataError where the disk is full."""
        run: Run = []
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="kuaihui-")  # noqa: SIM115 - `close` closes it
                self.close = finalize(self, self._file.close)
            for at in range(0, len(rows), _BLOCK):
                packed = _encode(rows[at : at + _BLOCK])
                self._file.write(packed)
                run.append((self._end, len(packed)))
                self._end += len(packed)
            self._file.flush()  # it is read past the buffer
        except OSError as error:
            raise DataError([f"{tempfile.gettempdir()}: cannot be written: {error.strerror}"]) from error
        return run

    def read(self, run: Run) -> Iterator[T]:
        """The rows that stand there, in their order."""
        for at, length in run:
            yield from self._decode(self._part(at, length))

    def _part(self, at: int, length: int) -> bytes:
        """Runs are read in turns, and where the system can, by several processes at once without a place in common."""
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), length, at)
        self._file.seek(at)
        return bytes(self._file.read(length))


class Pile(Generic[T]):
    """Rows in the order in which they were added, or with a `key` in its order; of one key, as they were added."""

    def __init__(
        self,
        kind: Any = Any,  # noqa: ANN401 - see Blocks
        *,
        key: Callable[[T], Any] | None = None,
        held: int = HELD,
    ) -> None:
        """`kind`: of a row, as msgspec packs it. `held`: how many rows are kept in memory."""
        self._most, self._key = held, key
        self._held: list[T] = []
        self._runs: list[Run] = []
        self._blocks = Blocks[T](kind)
        self._count = 0

    def add(self, row: T) -> None:
        """One more at the end. Raises DataError where the disk is full."""
        self._count += 1
        self._held.append(row)
        if len(self._held) >= self._most:
            self._sort()
            self._runs.append(self._blocks.write(self._held))
            self._held = []

    def extend(self, rows: Iterable[T]) -> None:
        """Several more."""
        for row in rows:
            self.add(row)

    def _sort(self) -> None:
        if self._key is not None:
            self._held.sort(key=self._key)

    def __len__(self) -> int:
        """How many rows there are."""
        return self._count

    def __iter__(self) -> Iterator[T]:
        """All rows. None may be added meanwhile."""
        self._sort()
        if self._key is not None and self._runs:
            yield from merge(*map(self._blocks.read, self._runs), self._held, key=self._key)
            return
        for run in self._runs:
            yield from self._blocks.read(run)
        yield from self._held

    def __contains__(self, row: object) -> bool:
        """Is there such a row?"""
        return any(one == row for one in self)

    def close(self) -> None:
        """Let go of everything."""
        self._held, self._runs, self._count = [], [], 0
        self._blocks.close()


class Shown:
    """A list of any length in another's words, each row made when it is read."""

    def __init__(self, rows: Collection[Any], show: Callable[[Any], Any]) -> None:
        """`show` makes of a row what is seen of it."""
        self._rows, self._show = rows, show

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def __iter__(self) -> Iterator[Any]:
        """All rows."""
        return map(self._show, self._rows)
