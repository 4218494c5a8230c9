"""I carry outbox rows to their channel: in order within a conversation, again after a failure, never twice at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from functools import partial
from typing import TYPE_CHECKING

from bot.decide import SENDING_SECONDS
from bot.errors import Busy, Refused, Unavailable
from bot.model import Delivered, SendFailed

if TYPE_CHECKING:
    from bot.loop import Loop
    from bot.ports import Channel, Push

log = logging.getLogger(__name__)

AT_ONCE = 32  # deliveries under way
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds before the second try, and at most between two
LONGEST_TRY = 86_400.0  # seconds for which anything but a reply is tried


class Outbox:
    """Runs until cancelled. What is under way when it ends is tried again at the next start, with the same id."""

    def __init__(self, loop: Loop, channel: Channel) -> None:
        """`channel` delivers one push."""
        self._loop, self._channel = loop, channel
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self.delivered = self.failed = 0

    async def run(self) -> None:
        """Deliver what is ready, and wait for more."""
        try:
            while True:
                bell = self._loop.bell
                try:
                    await self._start_ready()
                    pause = await self._pause()
                except Busy as error:  # the rows stand; they are read again
                    log.warning("the outbox cannot be read", extra={"action": "retry", "reason": str(error)})
                    pause = 1.0
                await self._loop.rung(pause, bell)
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)
            await self._channel.close()

    async def _start_ready(self) -> None:
        now = self._loop.clock.now()
        for push in await self._loop.read(lambda store: store.ready(now, AT_ONCE * 2)):
            if push.seq not in self._under_way and len(self._under_way) < AT_ONCE:
                task = asyncio.create_task(self._carry(push))
                self._under_way[push.seq] = task
                task.add_done_callback(partial(self._over, push.seq))

    def _over(self, seq: int, _task: asyncio.Task[None]) -> None:
        self._under_way.pop(seq, None)

    async def _pause(self) -> float:
        at = await self._loop.read(lambda store: store.next_push())
        if at is None:
            return 5.0
        return min(5.0, max(0.02, self._loop.clock.seconds_until(at)))

    async def _carry(self, push: Push) -> None:
        try:
            if not await self._loop.read(lambda store: store.still_pushed(push.seq)):
                return
            try:
                await self._channel.deliver(push)
            except Refused as error:
                await self._give_up(push, str(error))
            except Unavailable as error:
                await self._later(push, error)
            else:
                self.delivered += 1
                await self._done(push)
        except Busy as error:  # the row stands; it is tried again
            log.warning("a delivery could not be recorded", extra={"action": "retry", "reason": str(error)})
            await self._loop.rung(1.0)

    async def _done(self, push: Push) -> None:
        if push.reply:
            await self._tell(push, Delivered, {})
        else:
            await self._loop.write(lambda store: store.pushed(push.seq))

    async def _give_up(self, push: Push, reason: str) -> None:
        self.failed += 1
        log.warning("a push was given up", extra={"action": "gave_up", "kind": push.type, "reason": reason})
        if push.reply:
            await self._tell(push, SendFailed, {"reason": reason})
        else:
            await self._loop.write(lambda store: store.pushed(push.seq))

    async def _later(self, push: Push, error: Unavailable) -> None:
        now = self._loop.clock.now()
        wait = max(error.wait, min(LONGEST_WAIT, FIRST_WAIT * 2**push.tries) * random.uniform(0.75, 1.25))  # noqa: S311 - jitter
        until = push.first_at + (SENDING_SECONDS if push.reply else LONGEST_TRY)
        if now >= until:
            await self._give_up(push, str(error))
            return
        next_at = min(now + wait, until)
        await self._loop.write(lambda store: store.push_again(push.seq, next_at))

    async def _tell(self, push: Push, kind: type[Delivered | SendFailed], more: dict[str, str]) -> None:
        at = int(self._loop.clock.now())
        key = f"{'delivered' if kind is Delivered else 'failed'}:{push.seq}"
        fact = kind(shop=push.shop, key=key, conversation=push.conversation, at=at, arrived=at, id=push.reply, **more)
        while True:
            with contextlib.suppress(Busy):
                await self._loop.submit([fact])
                return
            if self._loop.stopped.is_set():
                return
            await self._loop.rung(0.2)
