"""I read the config again while the server runs: when it is told so (SIGHUP), and when one of its files has changed."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

from bot import config as configs
from bot import fresh, renewal, weak
from bot.errors import Busy
from bot.ports import Note
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from bot.config import Config
    from bot.loop import Loop
    from bot.ports import Store
    from bot.shop import Shop
    from bot.web.metrics import Metrics

log = logging.getLogger(__name__)


class Source(NamedTuple):
    """Where the config comes from. `read` raises DataError."""

    file: Path
    read: Callable[[], Config]


class Rereader:
    """Keeps a server at what its config says. What is wrong is said, and then the config before it goes on, whole."""

    def __init__(
        self,
        source: Source,
        running: Config,
        loop: Loop,
        shops: Mapping[str, Shop],
        metrics: Metrics,
        *,
        after: Callable[[Config], Awaitable[None]],
    ) -> None:
        """`running`: what the server was started with. `after` is told of each new one, once the shops have it."""
        self._source, self._running, self._after = source, running, after
        self._loop, self._shops, self._metrics = loop, shops, metrics
        self._watched = fresh.Watched((source.file,), _stamp((source.file,)), look=_stamp)
        self._asked = asyncio.Event()
        metrics.config_broken.set(0)

    def ask(self) -> None:
        """Read it again, changed or not."""
        self._asked.set()

    async def run(self, every: float) -> None:
        """Look every so many seconds (0: only when asked) until the loop stops; nothing that goes wrong ends it."""
        while not self._loop.stopped.is_set():
            try:
                async with asyncio.timeout(every or None):
                    await self._asked.wait()
            except TimeoutError:
                pass
            try:
                if self._asked.is_set() or await asyncio.to_thread(self._watched.changed):
                    self._asked.clear()
                    await self.reread()
            except Busy:
                log.info("the config is read later", extra={"action": "put_off"})
                self._asked.set()
                await self._loop.rung(1.0)
            except Exception:
                log.exception("the config could not be read again", extra={"action": "failed"})

    async def reread(self) -> None:
        """Take what the config says now, or say what is wrong with it. Raises Busy."""
        try:
            made = await asyncio.to_thread(self._prepare)
        except DataError as error:
            self._refuse(error.problems)
            return
        self._metrics.config_broken.set(0)
        for key in made.later:
            log.warning("config: %s takes effect at the next start", key, extra={"action": "put_off"})
        changed = made.made or made.running.limits != self._running.limits
        if not changed:
            log.info("config read again: nothing else to take", extra={"action": "same"})
            return
        await self._loop.think(lambda: renewal.put(made, self._shops))
        self._running = made.running
        await self._after(made.running)
        self._metrics.config_reloads.inc()
        log.info("config taken: %s", "; ".join(_said(made)) or "limits", extra={"action": "reloaded"})
        await self._note(made)
        for warning in await asyncio.to_thread(self._risks):
            log.warning("config: %s", warning, extra={"action": "risk"})

    def _refuse(self, problems: Sequence[str]) -> None:
        for problem in problems:
            log.error("config refused, the one before goes on: %s", problem, extra={"action": "refused"})
        self._metrics.config_broken.set(len(problems))

    def _prepare(self) -> renewal.Renewal:
        return renewal.prepare(self._running, self._source.read(), self._shops)

    def _risks(self) -> Sequence[str]:
        try:
            return list(
                weak.warnings(configs.table_of(self._source.file), self._source.file, self._running.server.host)
            )
        except DataError:  # changed again meanwhile
            return []

    async def _note(self, made: renewal.Renewal) -> None:
        now = int(self._loop.clock.now())
        notes = [Note(now, one.config.id, "", "config.reload", " ".join(one.keys)) for one in made.made]

        def write(store: Store) -> None:
            for note in notes:
                store.note(note)

        await self._loop.write(write)


def _said(made: renewal.Renewal) -> list[str]:
    return [f"{one.config.id}: {', '.join(one.keys)}" for one in made.made]


def _stamp(paths: Sequence[Path]) -> fresh.Stamp:
    """Of a config and of every file that it names, as far as it can be read."""
    (file,) = paths
    try:
        named = configs.files_of(configs.table_of(file), file.parent)
    except DataError:
        named = []
    return fresh.stamp_of([file, *named])
