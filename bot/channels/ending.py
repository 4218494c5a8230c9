"""I write down what became of a push, however long the store is busy: until then it is not sent again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from bot import outward
from bot.channels.breaker import LONGEST_REST
from bot.errors import Busy
from bot.model import Delivered, Drafted, SendFailed
from bot.ports import Event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.engine import Outcome
    from bot.loop import Loop
    from bot.ports import Disabled, Push, Store

T = TypeVar("T")
log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, LONGEST_REST * 1.25  # seconds before the second try, and at most between two
STILL_HELD = "重新发送前再次检查，没有通过"


class Ending:
    """The ends that a push may come to, and its next try."""

    def __init__(self, loop: Loop) -> None:
        """Everything is written through the loop."""
        self._loop = loop

    async def settle(self, push: Push, kind: type[Delivered | SendFailed], more: dict[str, Any]) -> None:
        """Done with, one way or the other. What became of a reply is a fact."""
        if push.type != "message.send":
            await self._surely(lambda: self._loop.write(lambda store: store.pushed(push.seq)))
            return
        at = int(self._loop.clock.now())
        key = f"{'delivered' if kind is Delivered else 'failed'}:{push.seq}"
        fact = kind(shop=push.shop, key=key, conversation=push.conversation, at=at, arrived=at, id=push.about, **more)
        outcomes = await self._surely(lambda: self._loop.submit([fact]))
        if outcomes and outcomes[0].failed:
            await self.put_off(push, at + LONGEST_WAIT, "")

    async def bury(self, push: Push, reason: str) -> None:
        """It is given up: what is no reply stays as a dead letter."""
        if push.type == "message.send":
            await self.settle(push, SendFailed, {"reason": reason})
            return
        now = self._loop.clock.now()
        await self._surely(lambda: self._loop.write(lambda store: store.bury(push.seq, reason, now)))

    async def disable(self, one: Disabled, reason: str) -> None:
        """A destination wants no more: who listens hears of it."""
        told = outward.destination(one.name, one.shop, reason)

        def write(store: Store) -> list[Event]:
            store.disable(one)
            return [tell(store, one.shop, "", told, one.at)]

        await self._surely(lambda: self._loop.write(write))

    async def put_off(self, push: Push, next_at: float, reason: str) -> None:
        """It is tried again at an instant."""
        now = self._loop.clock.now()

        def write(store: Store) -> list[Event]:
            store.push_again(push.seq, next_at, reason)
            if push.type != "message.send":
                return []
            store.explain_reply(push.shop, push.conversation, push.about, reason)
            # Once: the agent who sent it sees at once that it has not gone out.
            told = outward.delayed(push.data, reason) if push.tries == 0 else None
            return [tell(store, push.shop, push.conversation, told, now)] if told else []

        await self._surely(lambda: self._loop.write(write))

    async def send_again(self, push: Push) -> None:
        """Somebody asked for a dead letter: a reply is guarded anew, as what was said before it may have changed."""
        now = self._loop.clock.now()
        if push.type != "message.send":
            await self._surely(lambda: self._loop.write(lambda store: store.revive(push.seq, now)))
            return
        outcome = await self._drafted_again(push, int(now))
        if outcome is None:
            return
        if outcome.reply is not None and outcome.reply.state == "sent":
            await self._surely(lambda: self._loop.write(lambda store: store.pushed(push.seq)))
        elif outcome.failed or outcome.conflict or outcome.reply is None or outcome.reply.state != "queued":
            reason = outcome.conflict or STILL_HELD
            await self._surely(lambda: self._loop.write(lambda store: store.stay_dead(push.seq, reason)))

    async def _drafted_again(self, push: Push, now: int) -> Outcome | None:
        reply = await self._surely(
            lambda: self._loop.read(lambda store: store.reply(push.shop, push.conversation, push.about))
        )
        if reply is None:
            return None
        fact = Drafted(
            shop=push.shop,
            key=f"resent:{push.seq}:{now}",
            conversation=push.conversation,
            at=now,
            arrived=now,
            id=reply.id,
            agent=reply.agent,
            text=reply.text,
            script=reply.script,
            override=reply.override,
        )
        outcomes = await self._surely(lambda: self._loop.submit([fact]))
        return outcomes[0] if outcomes else None

    async def _surely(self, record: Callable[[], Awaitable[T]]) -> T | None:
        """Record what happened, however long the store is busy: until then it is not sent again. None if we stop."""
        while not self._loop.stopped.is_set():
            try:
                return await record()
            except Busy as error:
                log.warning("a delivery is not recorded yet", extra={"action": "retry", "reason": str(error)})
                await self._loop.rung(FIRST_WAIT)
        return None


def tell(store: Store, shop: str, conversation: str, told: outward.Shown, now: float) -> Event:
    """Put an event into the feed."""
    data = outward.encoded(told.data)
    return Event(
        store.tell(shop, conversation, told.type, int(now), data), shop, conversation, told.type, int(now), data
    )
