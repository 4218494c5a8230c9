"""I start a server, say how to reach it, and stop it gracefully."""

from __future__ import annotations

import asyncio
import gc
import logging
import shlex
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
from aiohttp import web

from bot.channels.alerting import Alerting
from bot.channels.outbox import Outbox
from bot.channels.puller import Puller
from bot.channels.robots import Robots
from bot.channels.ways import Ways
from bot.config import Server
from bot.engine import Engine
from bot.fresh import stamp
from bot.loop import Loop
from bot.shop import assemble, paths_of, vectors_of
from bot.store import DATABASE, SQLiteStore, StoreError
from bot.web import journal
from bot.web.app import BOOKS, LIMITER, LOOP, OUTBOX, SHOPS, WANTED, make
from bot.web.keeper import Keeper
from bot.web.metrics import Metrics
from bot.web.protocol import Runner
from bot.web.rereader import Rereader, Source
from bot.web.sweeper import Sweeper
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.clock import SystemClock
    from bot.config import Config
    from bot.demo import Demo
    from bot.shop import Shop

T = TypeVar("T")
GARBAGE = (5_000, 10, 50)  # see gc.set_threshold
log = logging.getLogger(__name__)


async def serve(
    config: Config, clock: SystemClock, *, ready: Callable[[str], None], source: Source | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called with the address once requests are taken. Raises DataError.

    `source`: where the config is read again on SIGHUP, or when it changes.
    """
    seen = {paths: stamp(paths) for paths in map(paths_of, config.shops)}
    shops = _lasting(lambda: assemble(config))
    data = _folder(config)
    loop = await _open(data, shops, clock, config.server.inbox)
    metrics = Metrics(loop)
    app = make(loop, shops, metrics, config.limits)
    private = config.server.allow_private_callbacks
    ways = Ways(shops, clock, allow_private=private)
    app[OUTBOX] = outbox = Outbox(loop, ways)
    puller = Puller(loop, shops, ways.tools, app[WANTED])
    metrics.watch(outbox)
    sweeper = Sweeper(loop, shops, app[BOOKS])
    keeper = Keeper(loop, shops, metrics, seen=seen, vectors=vectors_of(config))
    runner = Runner(app, connections=config.limits.connections)
    couriers: list[asyncio.Task[None]] = []
    try:
        await runner.setup()
        listening = _listen(config.server.host, config.server.port)
        await web.SockSite(runner, listening).start()
        alerting = Alerting(loop, shops, Robots(clock, allow_private=private))
        metrics.hear(alerting)
        couriers += [asyncio.create_task(one.run()) for one in (outbox, alerting, puller, sweeper)]
        rereader = _rereader(source, config, app, metrics, alerting, ways)
        if rereader is not None:
            couriers.append(asyncio.create_task(rereader.run(config.server.reload)))
        _listen_for_renewal(rereader)
        if config.server.reload:
            couriers.append(asyncio.create_task(keeper.run(config.server.reload)))
        host, port = listening.getsockname()[:2]
        told = _listen_for_the_end()  # before anybody can know that we are ready, and stop us
        clock.begin()
        ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        await _until_told(told, couriers)
    finally:
        loop.release()  # streams end now, so that cleanup need not wait for them
        for courier in couriers:
            courier.cancel()
        await asyncio.gather(*couriers, return_exceptions=True)
        await runner.cleanup()
        await loop.stop()


def _rereader(
    source: Source | None, config: Config, app: web.Application, metrics: Metrics, alerting: Alerting, ways: Ways
) -> Rereader | None:
    """What reads the config again, where there is one."""

    async def after(renewed: Config) -> None:
        app[LIMITER].renew(renewed.limits)
        ways.tools.renew()
        await alerting.renew()

    return Rereader(source, config, app[LOOP], app[SHOPS], metrics, after=after) if source is not None else None


def _listen_for_renewal(rereader: Rereader | None) -> None:
    """SIGHUP reads the config again; without one it is no reason to stop."""
    if hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, rereader.ask if rereader else _nothing)


def _nothing() -> None:
    log.info("there is no config file to read again", extra={"action": "same"})


def _lasting(make: Callable[[], T]) -> T:
    """What stays for good: looking through libraries and rule packs for garbage, again and again, stops all for 0.1 s.

    Through what comes later it is looked seldom, too: next to nothing of it is garbage but what is left of connections.
    """
    gc.disable()
    try:
        return make()
    finally:
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        gc.enable()


def _folder(config: Config) -> Path:
    data = Path(config.server.data)
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def _listen_for_the_end() -> asyncio.Event:
    """Set when the process is told to stop."""
    told = asyncio.Event()
    aio = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            aio.add_signal_handler(name, told.set)
        except NotImplementedError:  # Windows has none; Ctrl+C raises there
            break
    return told


async def _until_told(told: asyncio.Event, couriers: list[asyncio.Task[None]]) -> None:
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait([waiting, *couriers], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for courier in couriers:
        if courier.done() and not courier.cancelled() and courier.exception() is not None:
            log.error("what delivers has stopped", exc_info=courier.exception())


def ready_line(url: str, config: Config, known: Demo | None) -> str:
    """One line of JSON: the address and the shops; secrets (of the demo) only where `known`."""
    secrets = {"webhook_secret": known and known.webhook_secret, "token": known and known.token}
    shops = [{"id": shop.id, "platform": shop.platform, **secrets} for shop in config.shops]
    return msgspec.json.encode({"url": url, "shops": shops}).decode()


def greeting(url: str, config: Config, known: Demo | None) -> str:
    """How to reach the server, for people; secrets are told for the demo shop only."""
    lines = [f"快回已启动：{url}"]
    if known is None:
        lines += [f"  店铺 {shop.id}（{shop.platform}）：{url}/webhook/{shop.id}" for shop in config.shops]
    else:
        data = "" if config.server.data == Server().data else f" --data {shlex.quote(config.server.data)}"
        lines += [
            f"  演示店铺 demo（拼多多）的 webhook：{url}/webhook/demo",
            f"  webhook 密钥：{known.webhook_secret}",
            f"  接口令牌：{known.token}",
            "",
            "另开一个终端，粘贴这一行，发一条买家消息试试：",
            f"  .venv/bin/kuaihui send --url {url}{data} 什么时候发货",
            "看店铺实时情况：",
            f"  .venv/bin/kuaihui watch --url {url}{data}",
        ]
    return "\n".join([*lines, "按 Ctrl+C 停止。"])


def run(config: Config, clock: SystemClock, *, ready: Callable[[str], None], source: Source | None = None) -> None:
    """`serve` in a new event loop, with logs on stderr."""
    journal.begin(config.server.log)
    asyncio.run(serve(config, clock, ready=ready, source=source))
