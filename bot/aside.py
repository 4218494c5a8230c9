"""I check a log's messages in a process beside, so that the one that plays it finds the verdicts waiting.

What the guard says of a message follows from the messages before it, never from what was offered or learned; the process
beside plays the same log without suggestions and hands its verdicts over, in order, each under a name of what was asked.
Whoever asks something else than what comes next asks the guard itself: the result is the same to the byte, only later.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any

import msgspec

from bot.store.fleeting import FleetingStore
from bot.virtual import VirtualDriver
from replies.guard import Verdict
from replies.suggestion import Ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from bot.model import AnyFact
    from bot.shop import Shop
    from replies.guard import Guard

TOGETHER = 200  # verdicts handed over at once


class Checked(msgspec.Struct, frozen=True, array_like=True):
    """What was asked (its digest), and the verdict."""

    asked: bytes
    verdict: Verdict


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Checked]).decode


def can() -> bool:
    """Can this machine make a process that knows what this one has read?"""
    return "fork" in multiprocessing.get_all_start_methods()


@contextmanager
def beside(shop: Shop, facts: Callable[[], Iterable[AnyFact]]) -> Iterator[Shop]:
    """A shop like this one, whose guard has the verdicts on `facts` (in their order) from a process beside.

    Make it before any thread runs. The process ends with the block.
    """
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    process = fork.Process(target=_check, args=(shop, facts, theirs, ours), daemon=True)
    process.start()
    theirs.close()
    seated = copy(shop)
    seated.guard = _Ahead(shop.guard, ours)  # type: ignore[assignment]  # has what a shop asks of a guard
    try:
        yield seated
    finally:
        ours.close()
        process.terminate()
        process.join()


class _Ahead:
    """The guard, as far as the other process has not been asked already."""

    def __init__(self, guard: Guard, pipe: Connection) -> None:
        self._guard, self._pipe = guard, pipe
        self._checked: Iterator[Checked] = self._handed()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else the guard has
        return getattr(self._guard, name)

    def check(
        self, messages: Sequence[str], *, hour: int | None = None, unanswered: int = 0, theirs: Sequence[str] = ()
    ) -> Verdict:
        """As the guard's own, see there."""
        asked = _name(messages, hour, unanswered, theirs)
        checked = next(self._checked, None)
        if checked is not None and checked.asked == asked:
            return checked.verdict
        return self._guard.check(messages, hour=hour, unanswered=unanswered, theirs=theirs)

    def _handed(self) -> Iterator[Checked]:
        while True:
            try:
                yield from _decode(self._pipe.recv_bytes())
            except (EOFError, OSError):  # it is done, or was ended: from here on the guard is asked
                return


class _Noted:
    """The guard of the process beside: what it says goes over."""

    def __init__(self, guard: Guard, pipe: Connection) -> None:
        self._guard, self._pipe = guard, pipe
        self._said: list[Checked] = []

    watches = False  # what is only noted needs no second look

    def check(
        self, messages: Sequence[str], *, hour: int | None = None, unanswered: int = 0, theirs: Sequence[str] = ()
    ) -> Verdict:
        """As the guard's own, see there."""
        verdict = self._guard.check(messages, hour=hour, unanswered=unanswered, theirs=theirs)
        self._said.append(Checked(_name(messages, hour, unanswered, theirs), verdict))
        if len(self._said) >= TOGETHER:
            self.hand_over()
        return verdict

    def hand_over(self) -> None:
        """Send what was said."""
        self._pipe.send_bytes(_encode(self._said))
        self._said = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else the guard has
        return getattr(self._guard, name)


class _Silent:
    """A matcher that offers nothing."""

    def __init__(self, library: object) -> None:
        self.library = library

    def rank(self, *_: object, **__: object) -> Ranking:
        """Nothing."""
        return Ranking()


def _check(shop: Shop, facts: Callable[[], Iterable[AnyFact]], theirs: Connection, ours: Connection) -> None:
    ours.close()
    noted = _Noted(shop.guard, theirs)
    shop.guard = noted  # type: ignore[assignment]  # has what a shop asks of a guard
    shop.matcher = _Silent(shop.matcher.library)  # type: ignore[assignment]  # has what a shop asks of a matcher
    driver = VirtualDriver({shop.id: shop}, lambda _event: None, store=FleetingStore())
    try:
        for fact in facts():
            driver.put(fact)
        noted.hand_over()
    except (BrokenPipeError, KeyboardInterrupt):  # nobody listens any more
        pass
    finally:
        theirs.close()


def _name(messages: Sequence[str], hour: int | None, unanswered: int, theirs: Sequence[str]) -> bytes:
    """Of what the guard is asked: equal only for the same question."""
    asked = _encode((messages, hour, unanswered, theirs))
    return hashlib.blake2b(asked, digest_size=16).digest()
