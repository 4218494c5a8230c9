"""I am a living server for tests: the real application on a real socket, with two shops and a clock that is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp.test_utils import TestClient, TestServer
from promised import fits, promised
from standardwebhooks import Webhook
from yarl import URL

from bot import config, signature
from bot.clock import VirtualClock
from bot.engine import Engine
from bot.limits import Limits
from bot.loop import Loop
from bot.shop import assemble
from bot.store import SQLiteStore
from bot.web.app import make
from bot.web.metrics import Metrics
from bot.web.protocol import Runner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from aiohttp import ClientResponse

    from bot.channels.outbox import Outbox
    from bot.shop import Shop

TEN = 1_795_226_400  # 2026-11-21 10:00:00 in Shanghai
SECRETS = {
    "demo": "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
    "other": "whsec_" + "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4",
    "spare": "whsec_" + "YSBzcGFyZSBrZXkgZm9yIGEgcm90YXRpb24",  # without the padding that it could have
}
TOOL_SECRET = "secret-of-the-tool"
TOKENS = {"demo": "token-of-the-demo-shop", "other": "token-of-the-other-shop"}

_CONFIG = """
[[shops]]
id = "demo"
platform = "pinduoduo"
webhook_secrets = ["env:DEMO_SECRET", "env:SPARE_SECRET"]
token = "env:DEMO_TOKEN"
[shops.adapters.chatwoot]
secrets = ["env:TOOL_SECRET"]
[shops.adapters.douyin]
secrets = ["env:TOOL_SECRET"]

[[shops]]
id = "other"
platform = "taobao"
library = ["other.toml"]
webhook_secrets = ["env:OTHER_SECRET"]
token = "env:OTHER_TOKEN"
"""
_LIBRARY = """
group = "开店"

[[scripts]]
id = "other.hours"
title = "营业时间"
shortcut = "yysj"
phrasings = ["你们几点开门", "几点有人上班", "晚上几点关门"]
text = "您好，我们每天早上九点到晚上九点都在线。"
"""


def environment() -> dict[str, str]:
    """The environment variables that the config of the two shops names."""
    secrets = {f"{name.upper()}_SECRET": text for name, text in SECRETS.items()}
    tokens = {f"{name.upper()}_TOKEN": text for name, text in TOKENS.items()}
    return {**secrets, **tokens, "TOOL_SECRET": TOOL_SECRET}


def two_shops(folder: Path) -> dict[str, Shop]:
    """`demo` (拼多多, the library that comes with the program, two secrets) and `other` (淘宝, a library of its own)."""
    (folder / "other.toml").write_text(_LIBRARY, encoding="utf-8")
    (folder / "config.toml").write_text(_CONFIG, encoding="utf-8")
    return assemble(config.load(folder / "config.toml", environment()))


async def sent_out(outbox: Outbox) -> None:
    """Wait until nothing more can be sent at this instant."""
    while True:
        await outbox.look()
        if tasks := list(outbox._under_way.values()):
            await asyncio.wait(tasks)
        elif not outbox._over_since:  # what ended while it looked may have left more to do
            return


class Answer(NamedTuple):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of an error."""
        code: str = self.json["error"]["code"]
        return code


class _Server(TestServer):
    async def _make_runner(self, **settings: Any) -> Runner:
        settings.pop("handler_cancellation")  # the real server does without
        return Runner(self.app, lingering_time=0.2, **settings)


class Listener:
    """One who reads the events feed."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response

    async def line(self) -> str:
        async with asyncio.timeout(5):
            return (await self._response.content.readline()).decode()

    async def next(self) -> dict[str, Any]:
        """The next event: `{"seq","type","timestamp","data"}`, as the document has it."""
        seq = 0
        while True:
            field, _, value = (await self.line()).rstrip("\n").partition(": ")
            if field == "id":
                seq = int(value)
            elif field == "data":
                event: dict[str, Any] = json.loads(value)
                fits(event, "FeedEvent")
                return {"seq": seq, **event}

    async def some(self, number: int) -> list[dict[str, Any]]:
        return [await self.next() for _ in range(number)]


class Living:
    """A server; every answer it gives is held against its own OpenAPI document."""

    def __init__(self, loop: Loop, clock: VirtualClock, client: TestClient[Any, Any]) -> None:
        self.loop, self.clock, self.client = loop, clock, client
        self._deliveries = count(1)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.client.port or 0

    async def ask(self, method: str, path: str, **given: Any) -> Answer:
        """`path` as it stands on the wire."""
        url = URL(f"http://127.0.0.1:{self.client.port}{path}", encoded=True)
        async with self.client.session.request(method, url, **given) as response:
            answer = Answer(response.status, response.headers, await response.read())
        promised(method, path, answer)
        return answer

    async def api(
        self, method: str, path: str, data: Any = None, *, shop: str = "demo", token: str | None = None
    ) -> Answer:
        """A call of a shop's program; `data` is sent as JSON, bytes as they are. `path` goes on after the shop."""
        given: dict[str, Any] = {"headers": {"Authorization": f"Bearer {token or TOKENS.get(shop, TOKENS['demo'])}"}}
        if data is not None:
            given["data"] = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
            given["headers"]["Content-Type"] = "application/json"
        return await self.ask(method, f"/api/shops/{shop}{path}", **given)

    def signed(
        self, body: bytes, *, shop: str = "demo", delivery: str | None = None, late: int = 0, key: str | None = None
    ) -> dict[str, str]:
        """The headers of a delivery, by the `standardwebhooks` package where the body is text."""
        identity, stamp = delivery or f"d-{next(self._deliveries)}", int(self.clock.now()) - late
        secret = key or SECRETS.get(shop, SECRETS["demo"])
        try:
            given = Webhook(secret).sign(identity, datetime.fromtimestamp(stamp, UTC), body.decode())
        except UnicodeDecodeError:
            given = signature.sign(signature.secret(secret), identity, stamp, body)
        return {
            "Content-Type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": str(stamp),
            "webhook-signature": given,
        }

    async def hear(self, told: Any, *, shop: str = "demo", **how: Any) -> Answer:
        """A delivery to the shop's webhook: an event, a list of them, or raw bytes."""
        body = told if isinstance(told, bytes) else json.dumps(told, ensure_ascii=False).encode()
        return await self.ask("POST", f"/webhook/{shop}", data=body, headers=self.signed(body, shop=shop, **how))

    @contextlib.asynccontextmanager
    async def listen(
        self, *, after: int | None = None, last: str | None = None, shop: str = "demo"
    ) -> AsyncIterator[Listener]:
        """Read the events feed."""
        headers = {"Authorization": f"Bearer {TOKENS[shop]}"} | ({"Last-Event-ID": last} if last is not None else {})
        path = f"/api/shops/{shop}/events" + (f"?after={after}" if after is not None else "")
        async with self.client.get(path, headers=headers) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
            yield Listener(response)

    async def move_to(self, at: int) -> None:
        """The clock moves, and every alarm that is due by then rings."""
        self.clock.move_to(at)
        await self.loop.write(lambda _store: None)

    async def alive(self) -> bool:
        """Does it still serve?"""
        return (await self.ask("GET", "/readyz")).status == 200


@contextlib.asynccontextmanager
async def living(
    folder: Path,
    shops: Mapping[str, Shop],
    *,
    inbox: int = 2000,
    patience: float = 5.0,
    limits: Limits | None = None,
    **settings: Any,
) -> AsyncIterator[Living]:
    """A server on a database in `folder`; it is ten in the morning. `settings` go to aiohttp's runner."""
    clock, file = VirtualClock(TEN), folder / "kuaihui.sqlite"
    loop = Loop(
        lambda: Engine(SQLiteStore(file), shops, clock), lambda: SQLiteStore(file, readonly=True), clock, inbox=inbox
    )
    await loop.start()
    try:
        app = make(loop, shops, Metrics(loop), limits or Limits(body=patience))
        server = _Server(app)
        await server.start_server(**settings)
        async with TestClient(server) as client:
            yield Living(loop, clock, client)
            loop.release()
    finally:
        await loop.stop()
