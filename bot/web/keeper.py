"""I keep a running server at what its files and its curator say, without a restart."""

from __future__ import annotations

import asyncio
import gc
import logging
from functools import partial
from typing import TYPE_CHECKING

from bot import fresh
from bot.errors import Busy
from replies import DataError, library

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bot.loop import Loop
    from bot.ports import Judgement, Store
    from bot.shop import Shop
    from bot.web.metrics import Metrics

log = logging.getLogger(__name__)


class Keeper:
    """Looks again and again whether script files have changed and whether the curator judged what was learned."""

    def __init__(
        self,
        loop: Loop,
        shops: Mapping[str, Shop],
        metrics: Metrics,
        *,
        seen: Mapping[tuple[Path, ...], fresh.Stamp],
        vectors: Path | None = None,
    ) -> None:
        """`seen`: the stamps of all libraries from before they were read. `vectors`: where sentence vectors are kept."""
        self._loop, self._shops, self._metrics, self._vectors = loop, shops, metrics, vectors
        self._watched = [fresh.Watched(paths, held) for paths, held in seen.items()]
        for name in shops:
            metrics.library_broken.labels(name).set(0)

    async def run(self, every: float) -> None:
        """Look every so many seconds until the loop stops; nothing that goes wrong ends it."""
        while not self._loop.stopped.is_set():
            try:
                async with asyncio.timeout(every):
                    await self._loop.stopped.wait()
            except TimeoutError:
                await self._safely()

    async def _safely(self) -> None:
        try:
            await self.look()
        except Busy:
            log.info("libraries and judgements are looked at later", extra={"action": "put_off"})
        except Exception:
            log.exception("libraries and judgements could not be looked at", extra={"action": "failed"})

    async def look(self) -> None:
        """Heed what the curator said, and read the libraries that have changed. Raises Busy."""
        await self._heed()
        for watched in self._watched:
            if await asyncio.to_thread(watched.changed):
                await self._read(watched.paths)

    async def _heed(self) -> None:
        after = {shop.id: shop.judged for shop in self._shops.values()}

        def ask(store: Store) -> dict[str, list[Judgement]]:
            return {name: store.judgements(name, last) for name, last in after.items()}

        said = await self._loop.read(ask)
        for name, words in said.items():
            if words:
                shop = self._shops[name]
                await self._loop.think(partial(_heed_all, shop, words))
                log.info("heeded %d words of the curator", len(words), extra={"action": "heeded", "shop": name})

    async def _read(self, paths: tuple[Path, ...]) -> None:
        shops = [shop for shop in self._shops.values() if shop.paths == paths]
        try:
            read = await asyncio.to_thread(library.load, paths)
        except DataError as error:
            self._tell(shops, error.problems)
            return
        if any(shop.matcher.library.version != read.version for shop in shops):
            renewal = await asyncio.to_thread(fresh.Renewal, read, self._vectors)
            for shop in shops:
                await self._renew(shop, renewal)
        self._tell(shops, ())

    async def _renew(self, shop: Shop, renewal: fresh.Renewal) -> None:
        """Build beside the engine from what the shop knows now, and change over between two of its facts."""
        known = await self._loop.think(shop.lessons.known)
        made = await asyncio.to_thread(renewal.build, known)
        await self._loop.think(lambda: fresh.renew(shop, made))
        gc.freeze()  # it stays for good: see serve.py
        self._metrics.reloads.labels(shop.id).inc()
        log.info(
            "a library was read again: %d scripts",
            len(renewal.library.scripts),
            extra={"action": "reloaded", "shop": shop.id, "version": renewal.library.version},
        )

    def _tell(self, shops: Iterable[Shop], problems: Iterable[str]) -> None:
        """Say of each shop what is wrong with its files; nothing if all is well again."""
        problems = tuple(problems)
        for shop in shops:
            shop.broken = problems
            self._metrics.library_broken.labels(shop.id).set(len(problems))
        for problem in problems:
            log.error("a library is broken, the old one serves on: %s", problem, extra={"action": "kept"})


def _heed_all(shop: Shop, words: Iterable[Judgement]) -> None:
    for word in words:
        shop.heed(word)
