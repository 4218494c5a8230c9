"""I have old data deleted while the server runs, step by step between two of the engine's other tasks."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from bot import forget
from bot.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.daybook import Daybooks
    from bot.loop import Loop
    from bot.shop import Shop

log = logging.getLogger(__name__)

EVERY = 3600.0  # seconds between two sweeps


class Sweeper:
    """Sweeps every shop that keeps its data for a number of days."""

    def __init__(self, loop: Loop, shops: Mapping[str, Shop], books: Daybooks) -> None:
        """Those without `keep_days` keep everything. `books`: counted from what may go."""
        self._books = books
        self._loop, self._shops = loop, shops

    async def run(self) -> None:
        """At once, and then every hour until the loop stops; nothing that goes wrong ends it."""
        while not self._loop.stopped.is_set():
            try:
                await self.sweep()
            except Busy:
                log.info("old data is deleted later", extra={"action": "put_off"})
            except Exception:
                log.exception("old data could not be deleted", extra={"action": "failed"})
            try:
                async with asyncio.timeout(EVERY):
                    await self._loop.stopped.wait()
            except TimeoutError:
                pass

    async def sweep(self) -> int:
        """Delete what is old by now; how many rows there were. Raises Busy."""
        return sum([await self._shop(shop) for shop in self._shops.values() if shop.keep_days])

    async def _shop(self, shop: Shop) -> int:
        before, progress = int(self._loop.clock.now()) - shop.keep_days * forget.DAY, forget.Progress()
        try:
            while not progress.done:
                look = partial(forget.step, shop=shop.id, before=before, progress=progress)
                progress = await self._loop.tend(look)
        finally:
            if progress.deleted:
                self._books.close(shop.id)
        if progress.deleted:
            await self._loop.tend(lambda engine: engine.store.overwrite())
            log.info("deleted %d old rows", progress.deleted, extra={"action": "forgot", "shop": shop.id})
        return progress.deleted
