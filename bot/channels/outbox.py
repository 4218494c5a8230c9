"""I carry outbox rows to their channel: in order within a conversation, again after a failure, never twice at once.

Replies wait for earlier replies of their conversation only, so that no event which a chat tool dislikes holds one up.
A destination that is away rests; one that wants no more (410) is disabled; what is given up stays as a dead letter.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from bot import outward
from bot.channels.breaker import Breaker, backed_off
from bot.channels.ending import FIRST_WAIT, LONGEST_WAIT, Ending, tell
from bot.decide import SENDING_SECONDS
from bot.errors import Busy, Gone, Refused, Unavailable
from bot.model import Delivered
from bot.ports import Disabled, Event

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bot.loop import Loop
    from bot.ports import Channel, Push, Store

T = TypeVar("T")
log = logging.getLogger(__name__)

EACH = (
    32  # deliveries to one destination under way: enough for a distant tool, and one that hangs takes no other's turn
)
LONGEST_TRY = 86_400.0  # seconds for which anything but a reply is tried
LOOK_AGAIN = 5.0  # seconds after which the outbox is read again, whatever the clock says
KEEP_DEAD, SWEEP = 30 * 86_400.0, 3600.0  # seconds for which dead letters stay, and between two looks at their age
TOO_LATE = "没有机会在时限内发送"


class Found(NamedTuple):
    """What a look at the store finds. `at`: when something else may be tried."""

    ready: list[Push]
    overdue: list[Push]
    asked: list[Push]
    disabled: list[Disabled]
    at: float | None


class Outbox:
    """Runs until cancelled. What is under way when it ends is tried again at the next start, with the same id."""

    def __init__(self, loop: Loop, channel: Channel, *, chance: random.Random | None = None) -> None:
        """`channel` delivers one push; `chance` spreads the tries."""
        self._loop, self._channel, self._ending = loop, channel, Ending(loop)
        self._chance = chance or random.Random()  # noqa: S311 - jitter
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._busy: Counter[str] = Counter()
        self._over_since: set[int] = set()
        self._breakers: dict[str, Breaker] = {}
        self._disabled: dict[str, Disabled] = {}
        self._just_disabled: set[str] = set()  # what the store may not have shown us yet
        self._seen, self._swept = float("inf"), float("-inf")
        self._looking = asyncio.Lock()
        self.delivered = self.failed = self.retried = 0

    async def run(self) -> None:
        """Deliver what is ready, and wait for more."""
        try:
            while True:
                self._loop.outgoing.clear()
                pause = await self.look()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._loop.outgoing.wait()
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)
            await self._channel.close()

    @property
    def resting(self) -> list[str]:
        """The destinations that are away."""
        return sorted(name for name, breaker in self._breakers.items() if breaker.resting)

    @property
    def states(self) -> dict[str, bool]:
        """The destinations that were sent to since the start, and whether each is away."""
        return {name: breaker.resting for name, breaker in self._breakers.items()}

    def lets(self, push: Push) -> bool:
        """Would it be started now, were it ready?"""
        return push.destination in self._disabled or self._breaker(push.destination).allows(self._loop.clock.now())

    def _breaker(self, destination: str) -> Breaker:
        return self._breakers.setdefault(destination, Breaker(self._chance))

    async def look(self) -> float:
        """Start what may be sent; how long there will be no more, in seconds."""
        async with self._looking:  # what ends during one look must not be forgotten by another
            return await self._look()

    async def _look(self) -> float:
        now = self._loop.clock.now()
        self._over_since.clear()
        try:
            await self._keep_house(now)
            found = await self._loop.read(lambda store: self._find(store, now))
            await self._know_disabled(found.disabled, now)
        except Busy as error:  # the rows stand; they are read again
            log.warning("the outbox cannot be read", extra={"action": "retry", "reason": str(error)})
            return FIRST_WAIT
        for push in found.asked:
            if self._is_new(push):
                self._start(push, self._ending.send_again(push))
        for push in found.overdue:
            if self._is_new(push):
                self._start(push, self._give_up(push, push.reason or TOO_LATE))
        for push in sorted(found.ready, key=lambda push: push.type != "message.send"):
            # What ended while we read may stand in what we read.
            if self._is_new(push) and self._busy[push.destination] < EACH and self.lets(push):
                self._start(push, self._carry(push, self._breaker(push.destination).begin()))
        rests = [breaker.until for breaker in self._breakers.values() if breaker.until > now]
        nexts = [*rests, *([found.at] if found.at is not None else [])]
        return min([LOOK_AGAIN, *(self._loop.clock.seconds_until(at) for at in nexts)])

    @staticmethod
    def _find(store: Store, now: float) -> Found:
        return Found(
            ready=store.ready(now, EACH),
            overdue=store.overdue(now - SENDING_SECONDS, now - LONGEST_TRY, EACH),
            asked=store.asked(EACH),
            disabled=store.disabled(),
            at=store.next_push(now),
        )

    async def _keep_house(self, now: float) -> None:
        """After a start, and when the clock was set back, nothing may wait for an instant that is hours away."""
        if now < self._seen - 1.0:
            for breaker in self._breakers.values():
                breaker.set_back(now)
            await self._loop.write(lambda store: store.set_back(now, LONGEST_WAIT))
        self._seen = now
        if not 0.0 <= now - self._swept < SWEEP:
            await self._loop.write(lambda store: store.drop_dead_before(now - KEEP_DEAD))
            self._swept = now

    async def _know_disabled(self, rows: list[Disabled], now: float) -> None:
        """Whose address has changed since it said that it wants no more is tried again; who is back is told of."""
        changed = [one for one in rows if self._channel.address(one.name) not in ("", one.address)]
        known = {one.name: one for one in rows if one not in changed}
        self._just_disabled -= known.keys()
        kept = known.keys() | self._just_disabled
        gone = [one for name, one in self._disabled.items() if name not in kept and one not in changed]
        self._disabled = {name: one for name, one in self._disabled.items() if name in kept} | known
        back = [*changed, *gone]
        for one in back:
            self._breakers.pop(one.name, None)
            told = outward.destination(one.name, one.shop)

            def write(store: Store, one: Disabled = one, told: outward.Shown = told) -> list[Event]:
                store.enable(one.name)
                return [tell(store, one.shop, "", told, now)]

            await self._loop.write(write)

    def _is_new(self, push: Push) -> bool:
        return push.seq not in self._under_way and push.seq not in self._over_since

    def _start(self, push: Push, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._under_way[push.seq] = task
        self._busy[push.destination] += 1
        task.add_done_callback(partial(self._over, push))

    def _over(self, push: Push, _task: asyncio.Task[None]) -> None:
        del self._under_way[push.seq]
        self._busy[push.destination] -= 1
        self._over_since.add(push.seq)
        self._loop.outgoing.set()

    async def _carry(self, push: Push, begun: int) -> None:
        breaker, gone = self._breaker(push.destination), self._disabled.get(push.destination)
        if gone is not None or self._loop.clock.now() > _until(push):
            breaker.leave(begun)
            await self._give_up(push, gone.reason if gone is not None else push.reason or TOO_LATE)
            return
        try:
            await self._channel.deliver(push)
        except Gone as error:
            breaker.succeed(begun)
            await self._disable(push, str(error))
            await self._give_up(push, str(error))
        except Refused as error:
            breaker.succeed(begun)
            await self._give_up(push, str(error))
        except Unavailable as error:
            self._note_failure(push, breaker, begun, error.wait)
            await self._later(push, str(error), wait=max(error.wait, error.pause))
        except Exception as error:  # a bug in a channel must not make it try again at once, and for ever
            log.exception("a channel failed", extra={"action": "failed", "kind": type(error).__name__})
            self._note_failure(push, breaker, begun, 0.0)
            await self._later(push, type(error).__name__)
        else:
            breaker.succeed(begun)
            self.delivered += 1
            await self._ending.settle(push, Delivered, {})

    def _note_failure(self, push: Push, breaker: Breaker, begun: int, asked: float) -> None:
        self.retried += 1
        now = self._loop.clock.now()
        if breaker.fail(begun, now, asked):
            rest = {"action": "rest", "destination": push.destination, "seconds": round(breaker.until - now, 1)}
            log.warning("a destination is away", extra=rest)

    async def _disable(self, push: Push, reason: str) -> None:
        one = Disabled(
            push.destination, push.shop, self._channel.address(push.destination), self._loop.clock.now(), reason
        )
        log.warning("a destination wants no more", extra={"action": "disabled", "destination": push.destination})
        self._disabled[one.name] = one
        self._just_disabled.add(one.name)
        await self._ending.disable(one, reason)

    async def _give_up(self, push: Push, reason: str) -> None:
        self.failed += 1
        log.warning("a push was given up", extra={"action": "gave_up", "kind": push.type, "reason": reason})
        await self._ending.bury(push, reason)

    async def _later(self, push: Push, reason: str, *, wait: float = 0.0) -> None:
        now = self._loop.clock.now()
        if now >= _until(push):
            await self._give_up(push, reason)
            return
        # A longer wait that the destination asks for is its breaker's: here it would outlast a clock that is set back.
        pause = min(max(wait, backed_off(push.tries, self._chance)), LONGEST_WAIT)
        await self._ending.put_off(push, min(now + pause, _until(push)), reason)


def _until(push: Push) -> float:
    """The instant after which it is not tried again."""
    return push.first_at + (SENDING_SECONDS if push.type == "message.send" else LONGEST_TRY)
