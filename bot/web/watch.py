"""I show a running server in the terminal: who waits and how long is left, what is suggested, held and warned of."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot.told import called, harmless, hung, labels, left, told
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rich.console import RenderableType

LINES = 40  # of the feed that are kept
MOST_WAITING = 12  # buyers in the table
LONGEST_EVENT = 1 << 20  # bytes of one line of the stream
LOOK = 2.0  # seconds between two looks at who waits


class Watch:
    """One shop of one server."""

    def __init__(self, url: str, shop: str, token: str, console: Console) -> None:
        """`url` of the server, without a path. On anything but a terminal the feed is printed, a line an event."""
        self._url, self._base = url, f"{url.rstrip('/')}/api/shops/{quote(shop, safe='')}"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._console, self._named = console, labels()
        self._waiting: list[dict[str, Any]] = []
        self._lines: deque[Text] = deque(maxlen=LINES)
        self._after = 0

    async def run(self) -> None:
        """Until interrupted. Raises DataError at the start; a server that goes away later is waited for."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout, read_bufsize=LONGEST_EVENT) as session:
            await self._look(session)  # what is wrong with the address or the token shows before anything is drawn
            async with asyncio.TaskGroup() as group:
                group.create_task(self._feed(session))
                group.create_task(self._draw(session))

    async def _look(self, session: aiohttp.ClientSession) -> None:
        try:
            async with session.get(f"{self._base}/conversations") as response:
                said = await response.json()
                if response.status != 200:
                    raise DataError([f"the server answered {response.status}: {said['error']['message']}"])
                self._waiting = said["conversations"]
        except (aiohttp.ClientConnectionError, aiohttp.InvalidURL) as error:
            raise DataError([f"no server at {self._url}: {error}"]) from error
        except (aiohttp.ClientError, ValueError, LookupError, TypeError) as error:
            raise DataError([f"{self._url} is no server of ours: {error}"]) from error

    async def _draw(self, session: aiohttp.ClientSession) -> None:
        if not self._console.is_terminal:
            return
        with Live(console=self._console, auto_refresh=False, screen=False) as live:
            while True:
                with contextlib.suppress(DataError):
                    await self._look(session)
                table = self._table()
                live.update(Group(table, *self._latest(len(table.rows) + 7)), refresh=True)
                await _pause(LOOK / 2)

    def _latest(self, taken: int) -> list[RenderableType]:
        """The end of the feed, as much as the terminal has rows for beside those `taken`."""
        rows = self._console.height - taken
        shown: list[RenderableType] = []
        for line in reversed(self._lines):
            drawn = hung(line)
            rows -= len(self._console.render_lines(drawn))
            if rows < 0:
                break
            shown.append(drawn)
        return shown[::-1]

    def _table(self) -> Table:
        table = Table(title=f"等待回复的买家（{len(self._waiting)}）", expand=True)
        for column in ("买家", "最后一句", "剩余", "指标"):
            table.add_column(column)
        for waiting in self._waiting[:MOST_WAITING]:
            seconds = waiting["left_s"]  # by the server's clock, which in trials is not ours
            style = "red" if seconds < 180 else "yellow" if seconds < 600 else ""
            shown = "已超时" if seconds < 0 else left(seconds)
            who = waiting["buyer"]["name"] or waiting["buyer"]["id"]
            target = called(waiting, self._named)
            # As Text: of a plain string rich would obey what stands in brackets.
            said, buyer, label = (Text(harmless(text)) for text in (waiting["last"][:40], who, target))
            table.add_row(buyer, said, Text(shown, style=style), label)
        return table

    async def _feed(self, session: aiohttp.ClientSession) -> None:
        lost = False
        while True:
            try:
                async for event in self._events(session):
                    lost = False
                    self._after = event["seq"]
                    for line in told(event["type"], event["data"], event["timestamp"][11:19], self._named):
                        self._show(line)
            except (aiohttp.ClientError, ValueError):
                if not lost:
                    self._show(Text("连接断开，正在重连……", style="dim"))
                lost = True
            await _pause(LOOK)

    def _show(self, line: Text) -> None:
        self._lines.append(line)
        if not self._console.is_terminal:
            self._console.print(line, soft_wrap=True)

    async def _events(self, session: aiohttp.ClientSession) -> AsyncIterator[dict[str, Any]]:
        async with session.get(f"{self._base}/events", params={"after": str(self._after)}) as response:
            response.raise_for_status()
            seq = 0
            async for raw in response.content:
                field, _, value = raw.decode().rstrip("\n").partition(": ")
                if field == "id":
                    seq = int(value)
                elif field == "data":
                    yield {"seq": seq, **json.loads(value)}


async def _pause(seconds: float) -> None:
    """Wait on nothing for so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


def run(url: str, shop: str, token: str) -> None:
    """Watch on stdout until interrupted. Raises DataError when there is nothing to watch."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Watch(url, shop, token, Console(highlight=False)).run())
