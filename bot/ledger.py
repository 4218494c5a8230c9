"""I print a past day's reply rates from the database of a server, running or not."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot import config as configs
from bot import demo, outward
from bot import rates as counting
from bot.clock import SystemClock
from bot.shop import assemble
from bot.store import DATABASE, SQLiteStore, StoreError
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.shop import Shop

DAY_ZERO = date(1970, 1, 1).toordinal()


def rates(day: str, only: str | None, config: Path | None, data: Path | None, *, as_json: bool) -> Iterator[str]:
    """Lines for the terminal, or one line of JSON a shop. Raises DataError for what cannot be read."""
    try:
        number = date.fromisoformat(day).toordinal() - DAY_ZERO
        day = date.fromisoformat(day).isoformat()
    except ValueError as error:
        raise DataError([f"DAY: {day!r} is not a date like 2026-11-21"]) from error
    for shop, store in opened(only, config, data):
        yield from _shop(shop, counting.of_day(store, shop, number, int(SystemClock().now())), day, as_json=as_json)


def opened(only: str | None, config: Path | None, data: Path | None) -> Iterator[tuple[Shop, SQLiteStore]]:
    """The shops of a config (the demo's without one), or the `only` one, with the store to read. Raises DataError."""
    folder = data or Path(configs.Server().data)
    ours = configs.load(config) if config else demo.config(configs.Server(), demo.read(folder))
    shops = assemble(ours)
    if only is not None and only not in shops:
        raise DataError([f"--shop: {only!r} is not one of {', '.join(shops)}"])
    file = (data or Path(ours.server.data)) / DATABASE
    if not file.exists():
        raise DataError([f"{file}: does not exist; no server has run there yet"])
    try:
        with closing(SQLiteStore(file, readonly=True)) as store:
            yield from ((shop, store) for shop in shops.values() if only in (None, shop.id))
    except StoreError as error:
        raise DataError([str(error)]) from error


def _shop(shop: Shop, found: list[counting.Rate], day: str, *, as_json: bool) -> Iterator[str]:
    targets = [outward.rate(one, shop) for one in found]
    if as_json:
        yield msgspec.json.encode({"shop": shop.id, "day": day, "targets": targets}).decode()
        return
    yield f"{shop.name}（{shop.platform.name}）{day}"
    for target in targets:
        rate = "—" if target["rate"] is None else f"{target['rate']:.2%}"
        yield f"  {target['label']} {rate}：达标 {target['met']}/{target['population']}，等待中 {target['waiting']}"
        yield from (
            f"    超时：买家 {late['buyer']} 会话 {late['conversation']} 开始 {late['start'][11:19]} "
            f"截止 {late['due'][11:19]} 回复 {late['answered'][11:19] if late['answered'] else '无'}"
            for late in target["late"]
        )
