"""Many facts share a commit, alarms ring by the clock, listeners miss nothing, and a broken store stops nobody for good."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import loop as looping
from bot import model
from bot.clock import SystemClock, VirtualClock
from bot.engine import Engine
from bot.errors import Busy
from bot.loop import Loop
from bot.store import SQLiteStore, StoreError

if TYPE_CHECKING:
    from bot.ports import Event

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


class Kept(SQLiteStore):
    """The store, counting transactions; `broken` makes them raise."""

    transactions, broken = 0, False

    @contextmanager
    def transaction(self):
        if self.broken:
            raise StoreError("database or disk is full")
        self.transactions += 1
        with super().transaction():
            yield


class House:
    """A loop with its store in reach."""

    def __init__(self, shop, clock, file: Path, *, inbox: int = 2000) -> None:
        self.clock, self.file = clock, file
        self.store: Kept | None = None
        self.loop = Loop(lambda: self._engine(shop), lambda: SQLiteStore(file, readonly=True), clock, inbox=inbox)

    def _engine(self, shop) -> Engine:
        self.store = Kept(self.file)
        return Engine(self.store, {"demo": shop}, self.clock)

    def busy(self) -> threading.Event:
        """Keep the engine's thread busy until the event is set."""
        free, began = threading.Event(), threading.Event()

        def wait() -> None:
            began.set()
            free.wait(10)

        self.waiting = asyncio.ensure_future(self.loop.think(wait))
        self.began = began
        return free

    async def started(self) -> None:
        """Until the thread is busy indeed."""
        await asyncio.to_thread(self.began.wait, 10)


@pytest.fixture
def clock():
    return VirtualClock(NINE)


@pytest.fixture
async def open_house(shop, clock, tmp_path):
    """Open a loop on a file; `close` it and open another as often as wanted."""
    opened: list[House] = []

    async def make(**settings: object) -> House:
        made = House(shop, settings.pop("clock", clock), tmp_path / "kuaihui.sqlite", **settings)
        await made.loop.start()
        opened.append(made)
        return made

    yield make
    for house in opened:
        if house.loop.alive:
            await house.loop.stop()


@pytest.fixture
async def house(open_house):
    return await open_house()


async def test_many_facts_share_one_commit(house, said):
    """What comes while the engine works is taken together, up to a bound; every one is answered for itself."""
    before = house.store.transactions
    free = house.busy()
    await house.started()
    asked = [asyncio.ensure_future(house.loop.submit([said(conversation=f"c{n % 9}")])) for n in range(300)]
    while house.loop.depth < 300:
        await house.loop.read(lambda store: store.feed_end())
    free.set()
    outcomes = [outcome for outcomes in await asyncio.gather(*asked) for outcome in outcomes]
    assert not any(outcome.duplicate or outcome.failed for outcome in outcomes)
    assert house.store.transactions - before == 2  # 256 and 44
    assert house.loop.depth == 0


async def test_writes_share_a_transaction_and_fail_alone(house):
    """Those of the outbox go together; one that breaks is undone by itself."""

    def tell(store) -> None:
        store.tell("demo", "c1", "x", NINE, "{}")

    def fail(store) -> None:
        tell(store)
        raise ZeroDivisionError

    free = house.busy()
    await house.started()
    before = house.store.transactions
    good = [asyncio.ensure_future(house.loop.write(tell)) for _ in range(5)]
    while house.loop._jobs.qsize() < 5:
        await house.loop.read(lambda store: store.feed_end())
    free.set()
    await asyncio.gather(*good)
    assert house.store.transactions - before == 1
    free = house.busy()
    await house.started()
    asked = [asyncio.ensure_future(house.loop.write(job)) for job in (tell, fail, tell)]
    while house.loop._jobs.qsize() < 3:
        await house.loop.read(lambda store: store.feed_end())
    free.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None), ZeroDivisionError, type(None)]
    assert await house.loop.read(lambda store: store.feed_end()) == 7


async def test_an_answer_comes_before_alarms_are_rung(house, said, monkeypatch):
    """Who sent a webhook waits for his own commit only, however much there is to ring."""
    answered = threading.Event()
    monkeypatch.setattr(house.loop, "_fire", lambda _engine: answered.wait(10) and 0)
    await house.loop.submit([said()])
    answered.set()


async def test_a_full_inbox_is_said(open_house, said):
    """Nothing is taken beyond the bound; afterwards everything is."""
    house = await open_house(inbox=3)
    free = house.busy()
    await house.started()
    taken = [asyncio.ensure_future(house.loop.submit([said()])) for _ in range(3)]
    while house.loop.depth < 3:
        await house.loop.read(lambda store: store.feed_end())
    with pytest.raises(Busy):
        await house.loop.submit([said()])
    free.set()
    await asyncio.gather(*taken)
    assert len(await house.loop.submit([said() for _ in range(9)])) == 9


async def test_a_store_that_cannot_write(house, said):
    """503 and nothing kept, for facts, writes and alarms alike; once it can write, it all goes on by itself."""
    await house.loop.submit([said(id="m1")])
    house.store.broken = True
    with pytest.raises(Busy):
        await house.loop.submit([said(id="m2")])
    with pytest.raises(Busy):
        await house.loop.write(lambda store: store.pushed(1))
    house.clock.move_to(NINE + 101)
    with pytest.raises(Busy):
        await house.loop.submit([said(id="m2")])
    assert await house.loop.read(lambda store: len(list(store.facts_of("demo", "c1")))) == 1
    house.store.broken = False
    (outcome,) = await house.loop.submit([said(id="m2")])
    assert not outcome.duplicate
    await house.loop.write(lambda _store: None)
    kinds = [event.type for event in await house.loop.read(lambda store: store.feed("demo", 0, 99))]
    assert kinds.count("deadline.warning") == 1
    assert house.loop.alive


async def test_alarms_that_cannot_be_rung_are_not_asked_in_a_circle(open_house, said, caplog, monkeypatch):
    """The engine waits before it tries again, and answers facts meanwhile."""
    monkeypatch.setattr(looping, "LOOK_AGAIN", 0.02)
    house = await open_house()
    await house.loop.submit([said()])
    house.store.broken = True
    house.clock.move_to(NINE + 9000)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            await asyncio.to_thread(house.loop._thread.join, 0.02)
    assert 1 <= caplog.text.count("alarms could not be rung") <= 10
    assert "Traceback" not in caplog.text


async def test_reading_a_broken_store_is_busy(house):
    """Not an internal error."""

    def broken(_store) -> None:
        raise StoreError("disk I/O error")

    with pytest.raises(Busy):
        await house.loop.read(broken)


async def test_alarms_ring_by_the_clock(open_house, said):
    """Nobody has to ask: stages and the miss are told when their time has come, in order."""
    clock = SystemClock(start=NINE, rate=4000)
    house = await open_house(clock=clock)
    clock.begin()
    await house.loop.submit([said(at=int(clock.now()))])
    told: list[Event] = []
    async with asyncio.timeout(20):
        async for events in house.loop.follow("demo", 0):
            told += events
            if sum(event.type == "deadline.missed" for event in told) == 3:
                break
    assert told[0].type == "suggestion.created"
    assert [event.at for event in told] == sorted(event.at for event in told)
    assert house.loop.lateness < 4000


async def test_a_clock_that_jumps_forward_is_noticed(open_house, said, monkeypatch):
    """The host slept for an hour: what is due now is told within a moment, not an hour later."""
    monkeypatch.setattr(looping, "LOOK_AGAIN", 0.02)
    clock = VirtualClock(NINE)  # the time until the next alarm seems long, and then it is over
    house = await open_house(clock=clock)
    await house.loop.submit([said()])
    clock.move_to(NINE + 3000)
    async with asyncio.timeout(10):
        async for events in house.loop.follow("demo", 1):
            if events:
                break
    assert {event.type for event in events} == {"deadline.warning", "deadline.missed"}


async def test_a_clock_that_jumps_back_has_nothing_told_twice(open_house, said, monkeypatch):
    """What was told stays told, whatever the clock says."""
    monkeypatch.setattr(looping, "LOOK_AGAIN", 0.01)
    house = await open_house()
    await house.loop.submit([said()])
    house.clock.move_to(NINE + 1900)
    await house.loop.write(lambda _store: None)
    told = await house.loop.read(lambda store: store.feed("demo", 0, 99))
    for back in (1000, 150, 0):
        house.clock._now = NINE + back
        await house.loop.submit([said("在吗", at=NINE + back, conversation="c1")])
        await house.loop.write(lambda _store: None)
    later = await house.loop.read(lambda store: store.feed("demo", told[-1].seq, 99))
    assert {event.type for event in later} == {"suggestion.created"}


@pytest.mark.parametrize("tail", [3, 5000])
async def test_listeners_miss_nothing(open_house, said, monkeypatch, tail):
    """From wherever they begin, also from before the last start: every event once, in order, though they be slow."""
    monkeypatch.setattr("bot.tail.ROWS", tail)
    first = await open_house()
    await first.loop.submit([said() for _ in range(10)])
    await first.loop.stop()
    house = await open_house()
    heard: dict[int, list[int]] = {}

    async def listen(start: int) -> None:
        heard[start] = []
        async for events in house.loop.follow("demo", start):
            heard[start] += [event.seq for event in events]
            if heard[start][-1:] == [40]:
                return
            await house.loop.read(lambda store: store.feed_end())  # slower than the feed

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for start in (0, 5, 10, 12, 39):
            group.create_task(listen(start))
        for _ in range(15):
            await house.loop.submit([said(), said()])
    assert heard == {start: list(range(start + 1, 41)) for start in (0, 5, 10, 12, 39)}


async def test_a_listener_hears_that_we_live(house, monkeypatch):
    """Silence is broken now and then, so that a dead connection is noticed."""
    monkeypatch.setattr(looping, "HEARTBEAT", 0.01)
    async for events in house.loop.follow("demo", 0):
        assert events == []
        break


async def test_stopping_finishes_what_was_accepted(open_house, said):
    """Facts in the inbox are kept and answered; who comes later is refused; listeners are let go."""
    house = await open_house()
    listening = asyncio.ensure_future(_all(house.loop))
    free = house.busy()
    await house.started()
    asked = [asyncio.ensure_future(house.loop.submit([said()])) for _ in range(20)]
    while house.loop.depth < 20:
        await house.loop.read(lambda store: store.feed_end())
    stopping = asyncio.ensure_future(house.loop.stop())
    while house.loop.alive:
        await house.loop.read(lambda store: store.feed_end())
    with pytest.raises(Busy):
        await house.loop.submit([said()])
    free.set()
    await stopping
    assert all(not outcome.failed for outcomes in await asyncio.gather(*asked) for outcome in outcomes)
    await listening
    again = await open_house()
    assert await again.loop.read(lambda store: len(list(store.facts_of("demo", "c1")))) == 20


async def _all(loop: Loop) -> None:
    async for _ in loop.follow("demo", 0):
        pass


async def test_a_store_that_cannot_be_opened_is_told_to_who_started(shop, tmp_path):
    """Starting raises, and nothing is left running."""
    (tmp_path / "kuaihui.sqlite").mkdir()
    house = House(shop, VirtualClock(NINE), tmp_path / "kuaihui.sqlite")
    with pytest.raises(StoreError):
        await house.loop.start()
    house.loop._thread.join(10)
    assert not house.loop._thread.is_alive()


async def test_the_same_message_from_many_sides_at_once(house, said):
    """A tool that sends everything several times over several connections: it is taken once."""
    facts = [said(id=f"m{n % 10}", conversation=f"c{n % 10}") for n in range(60)]
    outcomes = await asyncio.gather(*(house.loop.submit([fact]) for fact in facts))
    assert sum(not outcome.duplicate for (outcome,) in outcomes) == 10
    assert await house.loop.read(lambda store: store.feed_end()) == 10


async def test_an_answer_that_waits_in_the_inbox(house, said):
    """It was there before the alarm rang: it is heard first, and nothing is called missed that was not."""
    await house.loop.submit([said()])
    free = house.busy()
    await house.started()
    asked = asyncio.ensure_future(house.loop.submit([said("亲，在的", kind=model.AgentSaid, at=NINE + 30)]))
    while not house.loop.depth:
        await house.loop.read(lambda store: store.feed_end())
    house.clock.move_to(NINE + 31)
    free.set()
    await asked
    kinds = [event.type for event in await house.loop.read(lambda store: store.feed("demo", 0, 99))]
    assert kinds == ["suggestion.created"] * 2


async def test_alarms_ring_although_the_inbox_is_never_empty(house, said, monkeypatch):
    """They give way for a moment, not for ever."""
    monkeypatch.setattr(looping, "BATCH", 8)
    await house.loop.submit([said()])
    house.clock.move_to(NINE + 31)
    free = house.busy()
    await house.started()
    asked = [asyncio.ensure_future(house.loop.submit([said() for _ in range(looping.BATCH)])) for _ in range(4)]
    while house.loop._jobs.qsize() < 4:
        await house.loop.read(lambda store: store.feed_end())
    free.set()
    await asyncio.gather(*asked)
    kinds = [event.type for event in await house.loop.read(lambda store: store.feed("demo", 0, 9999))]
    assert kinds.index("deadline.missed") < kinds.count("suggestion.created")


def test_a_server_that_is_killed_loses_and_doubles_nothing():
    """Kill -9 in the middle, twice, under a client that sends everything until it is acknowledged."""
    trial = [sys.executable, str(BENCHMARKS / "kill.py"), "--kills", "2", "--events", "300", "--last-rate", "3600"]
    done = subprocess.run(trial, capture_output=True, text=True, timeout=120, check=False)
    assert "nothing lost, nothing doubled" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
