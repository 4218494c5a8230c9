"""I carry outbox rows to their channel: in order within a conversation, again after a failure, never twice at once.

Replies wait for earlier replies of their conversation only, so that no event which a chat tool dislikes holds one up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from bot.decide import SENDING_SECONDS
from bot.errors import Busy, Refused, Unavailable
from bot.model import Delivered, SendFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.loop import Loop
    from bot.ports import Channel, Push

T = TypeVar("T")
log = logging.getLogger(__name__)

EACH_SHOP = 32  # deliveries of one shop under way: enough for a distant tool, and one that hangs takes no other's turn
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds before the second try, and at most between two
LONGEST_TRY = 86_400.0  # seconds for which anything but a reply is tried
LOOK_AGAIN = 5.0  # seconds after which the outbox is read again, whatever the clock says


class Outbox:
    """Runs until cancelled. What is under way when it ends is tried again at the next start, with the same id."""

    def __init__(self, loop: Loop, channel: Channel) -> None:
        """`channel` delivers one push."""
        self._loop, self._channel = loop, channel
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._busy: Counter[str] = Counter()
        self._over_since: set[int] = set()
        self.delivered = self.failed = 0

    async def run(self) -> None:
        """Deliver what is ready, and wait for more."""
        try:
            while True:
                self._loop.outgoing.clear()
                pause = await self._start_ready()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._loop.outgoing.wait()
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)
            await self._channel.close()

    async def _start_ready(self) -> float:
        """Start what may be sent; how long there will be no more, in seconds."""
        now = self._loop.clock.now()
        self._over_since.clear()
        try:
            ready, at = await self._loop.read(lambda store: (store.ready(now, EACH_SHOP), store.next_push(now)))
        except Busy as error:  # the rows stand; they are read again
            log.warning("the outbox cannot be read", extra={"action": "retry", "reason": str(error)})
            return FIRST_WAIT
        for push in ready:
            # What ended while we read may stand in what we read.
            if (
                push.seq not in self._under_way
                and push.seq not in self._over_since
                and self._busy[push.shop] < EACH_SHOP
            ):
                self._start(push)
        return LOOK_AGAIN if at is None else min(LOOK_AGAIN, self._loop.clock.seconds_until(at))

    def _start(self, push: Push) -> None:
        task = asyncio.create_task(self._carry(push))
        self._under_way[push.seq] = task
        self._busy[push.shop] += 1
        task.add_done_callback(partial(self._over, push))

    def _over(self, push: Push, _task: asyncio.Task[None]) -> None:
        del self._under_way[push.seq]
        self._busy[push.shop] -= 1
        self._over_since.add(push.seq)
        self._loop.outgoing.set()

    async def _carry(self, push: Push) -> None:
        if self._loop.clock.now() > _until(push):
            await self._give_up(push, "there was no chance to send it in time")
            return
        try:
            await self._channel.deliver(push)
        except Refused as error:
            await self._give_up(push, str(error))
        except Unavailable as error:
            await self._later(push, str(error), wait=error.wait)
        except Exception as error:  # a bug in a channel must not make it try again at once, and for ever
            log.exception("a channel failed", extra={"action": "failed", "kind": type(error).__name__})
            await self._later(push, type(error).__name__)
        else:
            self.delivered += 1
            await self._settle(push, Delivered, {})

    async def _give_up(self, push: Push, reason: str) -> None:
        self.failed += 1
        log.warning("a push was given up", extra={"action": "gave_up", "kind": push.type, "reason": reason})
        await self._settle(push, SendFailed, {"reason": reason})

    async def _later(self, push: Push, reason: str, *, wait: float = 0.0) -> None:
        now = self._loop.clock.now()
        backed_off = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(push.tries, 16)) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter
        if now >= _until(push):
            await self._give_up(push, reason)
        else:
            await self._put_off(push, min(now + max(wait, backed_off), _until(push)))

    async def _put_off(self, push: Push, next_at: float) -> None:
        await self._surely(lambda: self._loop.write(lambda store: store.push_again(push.seq, next_at)))

    async def _settle(self, push: Push, kind: type[Delivered | SendFailed], more: dict[str, str]) -> None:
        """Done with, one way or the other. What became of a reply is a fact."""
        if push.type != "message.send":
            await self._surely(lambda: self._loop.write(lambda store: store.pushed(push.seq)))
            return
        at = int(self._loop.clock.now())
        key = f"{'delivered' if kind is Delivered else 'failed'}:{push.seq}"
        fact = kind(shop=push.shop, key=key, conversation=push.conversation, at=at, arrived=at, id=push.about, **more)
        outcomes = await self._surely(lambda: self._loop.submit([fact]))
        if outcomes and outcomes[0].failed:
            await self._put_off(push, at + LONGEST_WAIT)

    async def _surely(self, record: Callable[[], Awaitable[T]]) -> T | None:
        """Record what happened, however long the store is busy: until then it is not sent again. None if we stop."""
        while not self._loop.stopped.is_set():
            try:
                return await record()
            except Busy as error:
                log.warning("a delivery is not recorded yet", extra={"action": "retry", "reason": str(error)})
                await self._loop.rung(FIRST_WAIT)
        return None


def _until(push: Push) -> float:
    """The instant after which it is not tried again."""
    return push.first_at + (SENDING_SECONDS if push.type == "message.send" else LONGEST_TRY)
