"""I am a process beside that plays the same log, so that the one that tells finds the answers waiting.

It knows all that this one has read, and hands over what it worked out, in order, each under a name of what was asked.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

T = TypeVar("T")
TOGETHER = 200  # answers handed over at once
_encode = msgspec.msgpack.Encoder().encode


def can() -> bool:
    """Can this machine make a process that knows what this one has read?"""
    return "fork" in multiprocessing.get_all_start_methods()


def name(*asked: object) -> bytes:
    """Of a question: equal only for the same one."""
    return hashlib.blake2b(_encode(asked), digest_size=16).digest()


class Hand(Generic[T]):
    """The helper's end: what it says goes over, many answers at once."""

    def __init__(self, pipe: Connection) -> None:
        """Nothing said yet."""
        self._pipe = pipe
        self._said: list[tuple[bytes, T]] = []

    def say(self, asked: bytes, answer: T) -> None:
        """The answer to a question."""
        self._said.append((asked, answer))
        if len(self._said) >= TOGETHER:
            self.over()

    def over(self) -> None:
        """Send what was said, if anything was: nothing means that the log is over."""
        if self._said:
            self._pipe.send_bytes(_encode(self._said))
            self._said = []

    def questions(self, kind: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever msgspec takes for a type
        """After the log: what is asked beyond it, one at a time, each to be answered by `say` and `over`."""
        self.over()
        self._pipe.send_bytes(_encode([]))
        while True:
            try:
                yield msgspec.msgpack.decode(self._pipe.recv_bytes(), type=kind)
            except (EOFError, OSError):  # nobody asks any more
                return


class Helper(Generic[T]):
    """A process that does `work` with its end of a pipe; make it before any thread runs."""

    def __init__(self, work: Callable[[Hand[T]], None], kind: Any) -> None:  # noqa: ANN401 - as above
        """`kind`: of an answer, as msgspec packs it."""
        fork = multiprocessing.get_context("fork")
        self._decode = msgspec.msgpack.Decoder(list[tuple[bytes, kind]]).decode
        self._pipe, theirs = fork.Pipe()
        self._process = fork.Process(target=_begin, args=(work, theirs, self._pipe), daemon=True)
        self._process.start()
        theirs.close()
        self._answers = self._handed()

    def take(self, asked: bytes) -> T | None:
        """The next answer, if it is one to this question; None too once there are no more."""
        found = next(self._answers, None)
        return found[1] if found is not None and found[0] == asked else None

    def ask(self, question: object) -> T | None:
        """Something beyond the log, after all its answers were taken; None if nobody is there to answer."""
        try:
            for _ in self._answers:
                pass
            self._pipe.send_bytes(_encode(question))
            answers: list[tuple[bytes, T]] = self._decode(self._pipe.recv_bytes())
        except (EOFError, OSError):
            return None
        return answers[0][1] if answers else None

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.terminate()
        self._process.join()

    def _handed(self) -> Iterator[tuple[bytes, T]]:
        while True:
            try:
                answers = self._decode(self._pipe.recv_bytes())
            except (EOFError, OSError):  # it was ended: from here on nobody answers
                return
            if not answers:  # it is done
                return
            yield from answers


def _begin(work: Callable[[Hand[Any]], None], theirs: Connection, ours: Connection) -> None:
    ours.close()
    try:
        work(Hand(theirs))
    except (BrokenPipeError, KeyboardInterrupt):  # nobody listens any more
        pass
    finally:
        theirs.close()
