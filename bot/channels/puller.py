"""I fetch messages from chat tools that only say that there are some, and remember how far I came."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from bot import wire
from bot.adapters import reader
from bot.adapters.fieldmap import walk
from bot.channels.breaker import backed_off
from bot.channels.tools import MOST_PULLED, ToolRefused
from bot.errors import Busy, ChannelError, Unavailable, WireError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.entrance import Entrance
    from bot.adapters.outmap import Out, Pull
    from bot.channels.tools import Tools
    from bot.loop import Loop
    from bot.model import AnyFact
    from bot.ports import Pulling
    from bot.shop import Shop

log = logging.getLogger(__name__)

LOOK_AGAIN = 5.0  # seconds after which it is looked again who wants to be asked
AT_ONCE = 500  # facts that are handed over together
TRIES = 5  # times that a page is tried whose messages cannot be decided; then it is passed over, and logged
Account = tuple[str, str, str]


class Puller:
    """Runs until cancelled. A page is forgotten by the tool only once it is kept here; heard twice it changes nothing."""

    def __init__(
        self,
        loop: Loop,
        shops: Mapping[str, Shop],
        tools: Tools,
        wanted: asyncio.Event,
        *,
        chance: random.Random | None = None,
    ) -> None:
        """`wanted` is set when a tool says that there is something."""
        self._loop, self._shops, self._tools, self._wanted = loop, shops, tools, wanted
        self._chance = chance or random.Random()  # noqa: S311 - jitter
        self._quiet: dict[Account, tuple[float, int]] = {}
        self._under_way: dict[Account, asyncio.Task[None]] = {}
        self.passed_over = 0

    async def run(self) -> None:
        """Fetch what there is, and wait for more."""
        try:
            while True:
                self._wanted.clear()
                if any(shop.pulls for shop in self._shops.values()):
                    await self.look()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN):
                        await self._wanted.wait()
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def look(self) -> None:
        """Start to fetch from every account that wants it, or was not asked for long."""
        now = self._loop.clock.world()
        try:
            rows = await self._loop.read(lambda store: store.pulls())
        except Busy as error:
            log.warning("what is to be fetched cannot be read", extra={"action": "retry", "reason": str(error)})
            return
        for one in rows:
            account, out = one[:3], self._out(one)
            quiet = self._quiet.get(account, (0.0, 0))[0]
            if out is None or out.how.pull is None or account in self._under_way or now < quiet <= now + 3600.0:
                continue
            if one.wanted or not 0.0 <= now - one.pulled_at < out.how.pull.every:
                task = asyncio.create_task(self._fetch(one, out, out.how.pull))
                self._under_way[account] = task
                task.add_done_callback(partial(self._over, account))

    def _over(self, account: Account, _task: asyncio.Task[None]) -> None:
        del self._under_way[account]

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _out(self, one: Pulling) -> Out | None:
        shop = self._shops.get(one.shop)
        return self._tools.out(f"{one.shop}/{one.adapter}") if shop is not None else None

    async def _fetch(self, one: Pulling, out: Out, pull: Pull) -> None:
        account = one[:3]
        try:
            while await self._page(one, out, pull):
                rows = await self._loop.read(lambda store: store.pulls())
                one = next(row for row in rows if row[:3] == account)
        except (ChannelError, Busy) as error:
            tries = self._quiet.get(account, (0.0, 0))[1]
            wait = max(getattr(error, "wait", 0.0), backed_off(tries, self._chance))
            self._quiet[account] = self._loop.clock.world() + wait, tries + 1
            log.warning("messages could not be fetched", extra={"action": "retry", "reason": str(error)})
        except Exception:  # a bug must not make it ask again at once, and for ever
            self._quiet[account] = self._loop.clock.world() + 60.0, TRIES
            log.exception("messages could not be fetched", extra={"action": "failed"})
        else:
            self._quiet.pop(account, None)

    async def _page(self, one: Pulling, out: Out, pull: Pull) -> bool:
        """Fetch one page and keep it; are there more? Raises ChannelError or Busy, and then it is fetched again."""
        answer = await self._asked(one, out, pull)
        items, after = walk(answer, pull.items.steps), walk(answer, pull.next.steps)
        facts = self._facts(one, pull, items if isinstance(items, list) else [], str(after or ""))
        await self._keep(one, facts)
        cursor = after if isinstance(after, str) and after else one.cursor
        more = walk(answer, pull.more.steps) in (True, 1, "1") and cursor != one.cursor
        at = self._loop.clock.world()
        await self._loop.write(lambda store: store.pulled(one, cursor, heard=0 if more else one.wanted, at=at))
        return more

    async def _asked(self, one: Pulling, out: Out, pull: Pull) -> Any:  # noqa: ANN401 - whatever JSON holds
        words = {"account": one.account, "cursor": one.cursor, "ticket": one.ticket}
        destination = f"{one.shop}/{one.adapter}"
        try:
            return await self._tools.ask(destination, out, pull.request, words, most=MOST_PULLED)
        except ToolRefused as error:
            if error.code not in pull.stale:
                raise
        return await self._tools.ask(destination, out, pull.request, {**words, "ticket": ""}, most=MOST_PULLED)

    def _facts(self, one: Pulling, pull: Pull, items: list[Any], page: str) -> list[AnyFact]:
        """The facts of a page; a message that is not understood is passed over, the others are not lost for it."""
        entrance = self._shops[one.shop].adapters[one.adapter]
        at = int(self._loop.clock.now())
        found: list[AnyFact] = []
        for number, item in enumerate(items):
            try:
                found += _read(entrance, pull, item, wire.Arrival(one.shop, f"{page}:{number}", at, True, one.adapter))  # noqa: FBT003
            except WireError as error:
                self.passed_over += 1
                log.warning("a message was not understood", extra={"action": "ignored", "reason": str(error)})
        return found

    async def _keep(self, one: Pulling, facts: list[AnyFact]) -> None:
        for start in range(0, len(facts), AT_ONCE):
            outcomes = await self._loop.submit(facts[start : start + AT_ONCE])
            broken = sum(outcome.failed for outcome in outcomes)
            if broken and self._quiet.get(one[:3], (0.0, 0))[1] < TRIES:
                raise Unavailable(f"{broken} messages could not be decided")
            self.passed_over += broken


def _read(entrance: Entrance, pull: Pull, item: Any, arrival: wire.Arrival) -> list[AnyFact]:  # noqa: ANN401
    """The facts of one message, read as if the tool had sent it alone."""
    payload: Any = [item]
    for step in reversed(pull.items.steps):
        payload = {step: payload}
    reading = reader.read(entrance.how, msgspec.json.encode(payload), reader.Arrived({}, arrival.delivery))
    return [fact for fact in wire.facts(reading.events, arrival) if fact is not None]
