"""I start a server, say how to reach it, and stop it gracefully."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from bot import signature
from bot.channels.callback import Callback
from bot.channels.outbox import Outbox
from bot.config import Config, Server, ShopConfig
from bot.engine import Engine
from bot.loop import Loop
from bot.shop import assemble
from bot.store import SQLiteStore, StoreError
from bot.web.app import make
from bot.web.metrics import Metrics
from replies import DataError
from replies.guard import Allowance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.clock import SystemClock
    from bot.shop import Shop

log = logging.getLogger(__name__)

DATABASE = "kuaihui.sqlite"
DEMO_FILE = "demo.json"


class Demo(msgspec.Struct, frozen=True):
    """The demo shop's secrets, made once and kept in the data folder."""

    webhook_secret: str
    token: str


def demo(data: Path) -> Demo:
    """The demo shop's secrets; made at the first start, readable by the owner only. Raises DataError."""
    file = data / DEMO_FILE
    try:
        data.mkdir(parents=True, exist_ok=True)
        if file.exists():
            return msgspec.json.decode(file.read_bytes(), type=Demo)
        made = Demo(signature.PREFIX + _base64(secrets.token_bytes(32)), secrets.token_urlsafe(24))
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(msgspec.json.encode(made))
    except OSError as error:
        raise DataError([f"{file}: {error.strerror}"]) from error
    except msgspec.DecodeError as error:
        raise DataError([f"{file}: {error}; remove it to have new secrets made"]) from error
    return made


def _base64(raw: bytes) -> str:
    import base64  # noqa: PLC0415 - the one use

    return base64.b64encode(raw).decode()


def demo_config(server: Server, known: Demo) -> Config:
    """A 拼多多 shop with the library that comes with the program, and no callback."""
    shop = ShopConfig(
        id="demo",
        name="演示店铺",
        platform="pinduoduo",
        library=(),
        callback_url="",
        timezone="Asia/Shanghai",
        stages={},
        allow=Allowance(),
        keys=(signature.secret(known.webhook_secret),),
        token=known.token,
    )
    return Config(server, (shop,))


async def serve(config: Config, clock: SystemClock, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called with the address once requests are taken. Raises DataError."""
    shops = assemble(config)
    data = _folder(config)
    loop = await _open(data, shops, clock, config.server.inbox)
    app = make(loop, shops, Metrics(loop))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5, keepalive_timeout=75)
    outbox: asyncio.Task[None] | None = None
    try:
        await runner.setup()
        listening = _listen(config.server.host, config.server.port)
        await web.SockSite(runner, listening).start()
        courier = Outbox(loop, Callback(shops, clock, allow_private=config.server.allow_private_callbacks))
        outbox = asyncio.create_task(courier.run())
        host, port = listening.getsockname()[:2]
        ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        await _until_told(outbox)
    finally:
        loop.stopped.set()  # streams end now, so that cleanup need not wait for them
        await loop.rung(0)
        if outbox is not None:
            outbox.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await outbox
        await runner.cleanup()
        await loop.stop()


def _folder(config: Config) -> Path:
    data = Path(config.server.data)
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError([f"{data}: {error.strerror}"]) from error
    return data


async def _open(data: Path, shops: Mapping[str, Shop], clock: SystemClock, inbox: int) -> Loop:
    file = data / DATABASE
    loop = Loop(
        lambda: Engine(SQLiteStore(file), shops, clock), lambda: SQLiteStore(file, readonly=True), clock, inbox=inbox
    )
    try:
        await loop.start()
    except StoreError as error:
        raise DataError([f"{file}: {error}"]) from error
    return loop


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise DataError([f"cannot listen on {host}:{port}: {error.strerror or error}"]) from error
    listening.setblocking(False)  # noqa: FBT003 - the socket's own word
    return listening


async def _until_told(outbox: asyncio.Task[None]) -> None:
    told = asyncio.Event()
    aio = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            aio.add_signal_handler(name, told.set)
        except NotImplementedError:  # Windows has none; Ctrl+C raises there
            break
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait([waiting, outbox], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if outbox.done() and not outbox.cancelled() and outbox.exception() is not None:
        log.error("the outbox stopped", exc_info=outbox.exception())


def greet(url: str, config: Config, known: Demo | None) -> None:
    """Say on stdout how to reach the server; secrets are printed for the demo shop only."""
    lines = [f"快回已启动：{url}"]
    if known is None:
        lines += [f"  店铺 {shop.id}（{shop.platform}）：{url}/webhook/{shop.id}" for shop in config.shops]
    else:
        data = "" if config.server.data == Server().data else f" --data {config.server.data}"
        lines += [
            f"  演示店铺 demo（拼多多）的 webhook：{url}/webhook/demo",
            f"  webhook 密钥：{known.webhook_secret}",
            f"  接口令牌：{known.token}",
            "",
            "另开一个终端，粘贴这一行，发一条买家消息试试：",
            f"  .venv/bin/kuaihui send --url {url}{data} 什么时候发货",
            "看店铺实时情况：",
            f"  .venv/bin/kuaihui watch --url {url}{data}",
            "按 Ctrl+C 停止。",
        ]
    print("\n".join(lines))  # noqa: T201 - the command's output


def run(config: Config, clock: SystemClock, *, ready: Callable[[str], None]) -> None:
    """`serve` in a new event loop, with logs on stderr."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(serve(config, clock, ready=ready))
