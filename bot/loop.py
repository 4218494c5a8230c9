"""I am the only one who waits: I feed the engine from asyncio and ring its alarms."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from bot import jobs
from bot.errors import Busy
from bot.jobs import Job
from bot.store import StoreError
from bot.tail import Tail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from typing import Any

    from bot.engine import Engine, Outcome
    from bot.jobs import Answer
    from bot.model import AnyFact
    from bot.ports import Clock, Event, Store

T = TypeVar("T")
log = logging.getLogger(__name__)

BATCH = 256  # facts that share one commit
GIVE_WAY = 2  # commits in a row for which alarms wait while the inbox is not empty
LOOK_AGAIN = 1.0  # seconds after which the clock is read again, so that a jump of it is noticed
HEARTBEAT = 15.0  # seconds of silence after which a listener hears that we are alive


class Loop:
    """One engine on its own thread, one reader on another, and any number of listeners."""

    def __init__(self, engine: Callable[[], Engine], reader: Callable[[], Store], clock: Clock, *, inbox: int) -> None:
        """`engine` and `reader` are called on the threads that will use them; `inbox`: facts that may wait."""
        self._make_engine, self._make_reader, self.clock = engine, reader, clock
        self._inbox, self._waiting = inbox, 0
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()  # None is the last
        self._stopping = self._stumbled = False
        self._given_way = 0
        self._reader_thread = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._reader: Store | None = None
        self._tail = Tail()
        self.stopped = asyncio.Event()
        self._bell = asyncio.Event()
        self.outgoing = asyncio.Event()  # set when the outbox may hold something new to send
        self.lateness = 0.0  # seconds by which the last alarm was late
        self.heard_by: Callable[[Sequence[Event]], object] = _unheard  # told of feed rows as they are written
        self.late_by: Callable[[float], object] = _unheard  # told how late the first alarm of each commit was

    async def start(self) -> None:
        """Open the store and begin; raises StoreError."""
        self._aio = asyncio.get_running_loop()
        started: asyncio.Future[int] = self._aio.create_future()
        self._thread = threading.Thread(target=self._work, args=(started,), name="engine", daemon=True)
        self._thread.start()
        self._tail.after = await started

    def release(self) -> None:
        """Tell every listener that the end has come; what is asked meanwhile is still answered."""
        self.stopped.set()
        self._ring([])

    async def stop(self) -> None:
        """Finish what was accepted, tell every listener, and close the store."""
        self.release()
        if not self._stopping:
            self._stopping = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        if self._reader is not None:
            await self._aio.run_in_executor(self._reader_thread, self._reader.close)
        self._reader_thread.shutdown()

    @property
    def alive(self) -> bool:
        """Does the engine run?"""
        return self._thread.is_alive() and not self._stopping

    @property
    def depth(self) -> int:
        """Facts that wait for the engine."""
        return self._waiting

    async def submit(self, facts: Sequence[AnyFact]) -> list[Outcome]:
        """Make facts durable, all or none; raises Busy when too many wait or the store cannot write."""
        future = self._aio.create_future()
        self.hand_over(facts, partial(_settle, future))
        outcomes: list[Outcome] = await future
        return outcomes

    def hand_over(self, facts: Sequence[AnyFact], done: Callable[[list[Outcome], Exception | None], object]) -> None:
        """The same without waiting: `done` is called with the outcomes or the error. Raises Busy when too many wait.

        More facts than may wait are taken while nothing waits, or a long list would be sent away for ever.
        """
        if self._waiting and self._waiting + len(facts) > self._inbox:
            raise Busy("too many events are waiting; nothing was taken")
        self._put(Job(done, facts))
        self._waiting += len(facts)

    async def write(self, write: Callable[[Store], Sequence[Event] | None]) -> None:
        """Call `write` on the engine's thread, in one transaction with others; raises Busy when the store cannot write.

        Listeners hear the feed rows that it gives back.
        """
        future = self._aio.create_future()
        self._put(Job(partial(_settle, future), write=write))
        try:
            await future
        except StoreError as error:
            raise Busy("the store cannot write now") from error

    async def think(self, ask: Callable[[], T]) -> T:
        """Call `ask` on the engine's thread: for what is not for two threads at a time, such as a matcher."""
        future: asyncio.Future[T] = self._aio.create_future()
        self._put(Job(partial(_settle, future), ask=ask))
        return await future

    async def tend(self, care: Callable[[Engine], T]) -> T:
        """Call `care` with the engine, on its thread; raises Busy when the store cannot write."""
        try:
            return await self.think(lambda: care(self._engine))
        except StoreError as error:
            raise Busy("the store cannot write now") from error

    async def read(self, ask: Callable[[Store], T]) -> T:
        """Call `ask` with a read-only store on the reader's thread; raises Busy when the store cannot be read."""
        try:
            return await self._aio.run_in_executor(self._reader_thread, self._read, ask)
        except StoreError as error:
            raise Busy("the store cannot be read now") from error

    def _read(self, ask: Callable[[Store], T]) -> T:
        if self._reader is None:
            self._reader = self._make_reader()
        return ask(self._reader)

    async def follow(self, shop: str, after: int) -> AsyncIterator[list[Event]]:
        """The shop's feed beyond `after`, as it grows; an empty list is a heartbeat. Ends when the loop stops."""
        while not self.stopped.is_set():
            bell = self._bell
            events = await self._beyond(shop, after)
            if events:
                after = events[-1].seq
                yield events
                continue
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await bell.wait()
            except TimeoutError:
                yield []

    @property
    def bell(self) -> asyncio.Event:
        """Rings when the feed grows next. Taken before looking, it also rings for what came while one looked."""
        return self._bell

    async def rung(self, seconds: float, bell: asyncio.Event | None = None) -> None:
        """Wait until the feed grows (since `bell` was taken), or the loop stops, for at most so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await (bell or self._bell).wait()
        except TimeoutError:
            pass

    async def _beyond(self, shop: str, after: int) -> list[Event]:
        held = self._tail.beyond(shop, after)
        return await self.read(lambda store: store.feed(shop, after, 500)) if held is None else held

    def _ring(self, told: Sequence[Event]) -> None:
        self._tail.add(told)
        self.heard_by(told)
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    def _put(self, job: Job) -> None:
        if self._stopping:
            raise Busy("the server is stopping")
        self._jobs.put(job)

    def _work(self, started: asyncio.Future[int]) -> None:
        """The engine's thread: everything that writes happens here."""
        try:
            self._engine = engine = self._make_engine()
            end = engine.store.feed_end()
        except Exception as error:  # noqa: BLE001 - whatever keeps the store shut is told to who started us
            self._aio.call_soon_threadsafe(started.set_exception, error)
            return
        self._aio.call_soon_threadsafe(started.set_result, end)
        more = True
        while more:
            taken, more = self._take(engine)
            self._serve(engine, taken)
        engine.store.close()

    def _take(self, engine: Engine) -> tuple[list[Job], bool]:
        """The next jobs, oldest first; none when only an alarm may be due. And whether there will be any after them."""
        taken: list[Job] = []
        size = 0
        wait = 0.0 if not self._jobs.empty() else min(LOOK_AGAIN, self._until_alarm(engine))
        with suppress(Empty):
            while size < BATCH:
                job = self._jobs.get_nowait() if taken else self._jobs.get(timeout=wait)
                if job is None:
                    return taken, False
                taken.append(job)
                size += max(1, len(job.facts))
        return taken, True

    def _until_alarm(self, engine: Engine) -> float:
        if self._stumbled:  # a store that cannot write is not asked in a tight circle
            return LOOK_AGAIN
        try:
            at = engine.next_alarm()
        except StoreError:
            return LOOK_AGAIN
        return LOOK_AGAIN if at is None else self.clock.seconds_until(at)

    def _serve(self, engine: Engine, taken: list[Job]) -> None:
        """Facts first: an outsider waits for each. Then what else is to be written, and what is due."""
        deciding = [job for job in taken if job.write is None and job.ask is None]
        writing = [job for job in taken if job.write is not None]
        if deciding:
            self._answer(jobs.apply(engine, deciding), engine)
        answers = [jobs.asked(job) for job in taken if job.ask is not None]
        answers += jobs.write(engine.store, writing) if writing else []
        try:
            rung = 0 if self._give_way() else self._fire(engine)
            self._stumbled = False
        except StoreError as error:
            rung, self._stumbled = 0, True
            log.warning("alarms could not be rung", extra={"action": "failed", "reason": str(error)})
        except Exception:
            rung, self._stumbled = 0, True
            log.exception("alarms could not be rung", extra={"action": "failed"})
        if answers or rung:
            self._answer(answers, engine if rung else None)

    def _answer(self, answers: list[Answer], engine: Engine | None) -> None:
        """Hand over what was done to the asyncio thread; what `engine` and writers told goes with it, in its order."""
        told, posted = (engine.told, engine.posted) if engine else ([], False)
        written = [event for answer in answers for event in answer.told]
        self._aio.call_soon_threadsafe(self._deliver, answers, [*written, *told], posted)

    def _give_way(self) -> bool:
        """Do alarms wait for who is in the inbox already? An answer there may be what they would call missed."""
        self._given_way = self._given_way + 1 if not self._jobs.empty() and self._given_way < GIVE_WAY else 0
        return self._given_way > 0

    def _fire(self, engine: Engine) -> int:
        at = engine.due(self.clock.now())
        if at is None:
            return 0
        self.lateness = self.clock.now() - at
        self.late_by(self.lateness)
        return engine.fire()

    def _deliver(self, answers: list[Answer], told: Sequence[Event], posted: bool) -> None:  # noqa: FBT001
        for job, value, error, _ in answers:
            self._waiting -= len(job.facts)
            job.done(value, error)
        if told:
            self._ring(told)
        if posted:
            self.outgoing.set()


def _unheard(_figure: object) -> None:
    """Until somebody counts."""


def _settle(future: asyncio.Future[Any], value: object, error: Exception | None) -> None:
    """Tell who awaits a job; he may have gone."""
    if future.cancelled():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
