"""I print a past day's reply rates from the database of a server, running or not."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bot import config as configs
from bot import demo, outward
from bot import rates as counting
from bot.clock import SystemClock
from bot.history import Line
from bot.logs.mask import Mask
from bot.shop import assemble
from bot.store import DATABASE, SQLiteStore, StoreError
from bot.told import harmless
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.shop import Shop

DAY_ZERO = date(1970, 1, 1).toordinal()


def rates(
    day: str, only: str | None, config: Path | None, data: Path | None, *, as_json: bool, mask: bool = False
) -> Iterator[str]:
    """Lines for the terminal, or one line of JSON a shop. Raises DataError for what cannot be read.

    `mask`: with stand-ins for buyers, conversations and agents.
    """
    try:
        number = date.fromisoformat(day).toordinal() - DAY_ZERO
        day = date.fromisoformat(day).isoformat()
    except ValueError as error:
        raise DataError([f"DAY: {day!r} is not a date like 2026-11-21"]) from error
    seen = partial(_nobody, mask=Mask()) if mask else None
    for shop, store in opened(only, config, data):
        found = counting.of_day(store, shop, number, int(SystemClock().now()), seen=seen)
        yield from _shop(shop, found, day, as_json=as_json)


def opened(only: str | None, config: Path | None, data: Path | None) -> Iterator[tuple[Shop, SQLiteStore]]:
    """The shops of a config (the demo's without one), or the `only` one, with the store to read. Raises DataError."""
    shops, file = reach(only, config, data)
    with using(file, readonly=True) as store:
        yield from ((shop, store) for shop in shops)


def reach(only: str | None, config: Path | None, data: Path | None) -> tuple[list[Shop], Path]:
    """The same shops, and the file of their store. Raises DataError."""
    folder = data or Path(configs.Server().data)
    ours = configs.load(config) if config else demo.config(configs.Server(), demo.read(folder))
    shops = assemble(ours)
    if only is not None and only not in shops:
        raise DataError([f"--shop: {only!r} is not one of {', '.join(shops)}"])
    file = (data or Path(ours.server.data)) / DATABASE
    if not file.exists():
        raise DataError([f"{file}: does not exist; no server has run there yet"])
    return [shop for shop in shops.values() if only in (None, shop.id)], file


def folder(config: Path | None, data: Path | None) -> Path:
    """Where a config (the default without one) has its database. Raises DataError."""
    return data or Path((configs.load(config).server if config else configs.Server()).data)


@contextmanager
def using(file: Path, *, readonly: bool) -> Iterator[SQLiteStore]:
    """The store, which a server may use meanwhile: it writes in short transactions too. Raises DataError."""
    try:
        with closing(SQLiteStore(file, readonly=readonly)) as store:
            yield store
    except StoreError as error:
        raise DataError([f"{file}: {error}"]) from error


def _nobody(line: Line, mask: Mask) -> Line:
    """The line with stand-ins for who speaks in it."""
    return Line(
        mask.who(line.conversation, "conversation"),
        mask.who(line.buyer, "buyer"),
        tuple(msgspec.structs.replace(said, agent=mask.who(said.agent, "agent")) for said in line.messages),
        tuple(one._replace(agent=mask.who(one.agent, "agent")) for one in line.given),
    )


def _shop(shop: Shop, found: list[counting.Rate], day: str, *, as_json: bool) -> Iterator[str]:
    targets = [outward.rate(one, shop) for one in found]
    if as_json:
        yield msgspec.json.encode({"shop": shop.id, "day": day, "targets": targets}).decode()
        return
    yield f"{shop.name}（{shop.platform.name}）{day}"
    for target in targets:
        yield from map(harmless, _target(target))


def _target(target: dict[str, Any]) -> Iterator[str]:
    if "mean_s" in target:
        mean = "—" if target["mean_s"] is None else f"{target['mean_s']:.1f} 秒"
        yield f"  {target['label']} {mean}（{target['population']} 次），等待中 {target['waiting']}"
    else:
        rate = "—" if target["rate"] is None else f"{target['rate']:.2%}"
        near = f"，险些超时 {len(target['near'])}" if target["near"] else ""
        yield f"  {target['label']} {rate}：达标 {target['met']}/{target['population']}，等待中 {target['waiting']}{near}"
    if forecast := target.get("forecast"):
        yield f"    {_outlook(forecast, target)}"
    yield from (
        f"    超时：买家 {late['buyer']} 会话 {late['conversation']} 开始 {late['start'][11:19]} "
        f"截止 {late['due'][11:19]} 回复 {late['answered'][11:19] if late['answered'] else '无'}"
        f"，当时由{late['missed_by'] or '（无人）'}负责：{late['why']}"
        for late in target["late"]
    )
    yield from (
        f"    客服 {one['agent'] or '（未具名）'}：回复 {one['answered']}，及时 {one['in_time']}，超时 {one['missed']}，"
        f"未回复转出 {one['handed_over']}" + ("" if one["mean_s"] is None else f"，平均 {one['mean_s']:.1f} 秒")
        for one in target["agents"]
    )


def _outlook(forecast: dict[str, Any], target: dict[str, Any]) -> str:
    left = forecast["may_miss"]
    line = f"{target['pass_line']:.0%}"
    if target["population"] < target["smallest"]:
        return f"人数不足 {target['smallest']}，不考核"
    standing = f"再失 {left + 1} 个将跌破 {line}" if left >= 0 else f"已比 {line} 多失 {-left} 个"
    hung = f"，正在等待的 {len(forecast['waiting'])} 次将决定是否达标" if forecast["deciding"] else ""
    return f"预计 {forecast['worst']:.2%} 至 {forecast['best']:.2%}；{standing}{hung}"
