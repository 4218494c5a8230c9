"""I show what the outbox holds for those who run a server, and let them send dead letters again or drop them."""

from __future__ import annotations

from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot import config as configs
from bot import demo, tokens, wire
from bot.deadline import Zone
from bot.store import DATABASE, SQLiteStore, StoreError
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.ports import Dead, Disabled

MOST = 1000  # dead letters that are shown
ALL = "all"


def listed(only: str | None, config: Path | None, data: Path | None, *, as_json: bool) -> Iterator[str]:
    """Lines for the terminal, or JSON, one dead letter a line. Raises DataError for what cannot be read."""
    ours, file = _found(only, config, data)
    zones = {shop.id: Zone(shop.timezone) for shop in ours.shops}
    with _opened(file, readonly=True) as store:
        dead, disabled, waiting = store.dead(only, MOST), store.disabled(), store.outbox_size()
    disabled = [one for one in disabled if only in (None, one.shop)]
    utc = Zone("UTC")
    if as_json:
        for letter in dead:
            yield msgspec.json.encode(_shown(letter, zones.get(letter.shop, utc))).decode()
        return
    yield f"等待发送 {waiting} 条，死信 {len(dead)} 条，停用的目的地 {len(disabled)} 个"
    yield from (_stopped(one, zones.get(one.shop, utc)) for one in disabled)
    for letter in dead:
        shown = _shown(letter, zones.get(letter.shop, utc))
        asked = "（已要求重发）" if letter.asked else ""
        yield f"  {letter.seq}  {shown['at']}  {letter.destination}  {letter.type}  会话 {letter.conversation}{asked}"
        yield f"      {shown['dead_at']} 放弃，试了 {letter.tries} 次：{letter.reason}"


def _shown(letter: Dead, zone: Zone) -> dict[str, object]:
    told = letter._asdict()
    times = {"at": wire.iso(letter.at, zone), "dead_at": wire.iso(letter.dead_at, zone)}
    return {**told, **times, "asked": bool(letter.asked)}


def _stopped(one: Disabled, zone: Zone) -> str:
    return f"  停用：{one.name}（{wire.iso(one.at, zone)}，{one.reason}）；启用：kuaihui outbox enable {one.name}"


def change(
    action: str, names: Sequence[str], only: str | None, config: Path | None, data: Path | None
) -> tuple[list[str], bool]:
    """Do it, beside a running server or without one; what to say, and whether all that was named was there."""
    _, file = _found(only, config, data)
    with _opened(file, readonly=False) as store:
        if action == "enable":
            with store.transaction():
                back = [name for name in names if store.enable(name)]
                for name in back:
                    tokens.note(store, name.partition("/")[0], "outbox.enable", name)
            return [f"已启用：{name}" for name in back] + [
                f"没有停用：{name}" for name in names if name not in back
            ], len(back) == len(names)
        seqs = [letter.seq for letter in store.dead(only, MOST)] if list(names) == [ALL] else _numbers(names)
        with store.transaction():
            for letter in store.dead(only, MOST):
                if letter.seq in seqs:
                    tokens.note(store, letter.shop, f"outbox.{action}", f"{letter.seq} {letter.destination}")
            done = (store.ask_again if action == "resend" else store.drop_dead)(seqs, only)
    said = "服务器会重新发送" if action == "resend" else "已删除"
    return [f"{said} {done} 条死信"], done == len(set(seqs))


def _numbers(names: Sequence[str]) -> list[int]:
    wrong = [name for name in names if not (name.isascii() and name.isdecimal() and len(name) < 19)]
    if wrong:
        raise DataError([f"ID: {name!r} is not the number of a dead letter; see kuaihui outbox list" for name in wrong])
    return [int(name) for name in names]


def _found(only: str | None, config: Path | None, data: Path | None) -> tuple[configs.Config, Path]:
    folder = data or Path(configs.Server().data)
    ours = configs.load(config) if config else demo.config(configs.Server(), demo.read(folder))
    known = [shop.id for shop in ours.shops]
    if only is not None and only not in known:
        raise DataError([f"--shop: {only!r} is not one of {', '.join(known)}"])
    file = (data or Path(ours.server.data)) / DATABASE
    if not file.exists():
        raise DataError([f"{file}: does not exist; no server has run there yet"])
    return ours, file


@contextmanager
def _opened(file: Path, *, readonly: bool) -> Iterator[SQLiteStore]:
    """The store for a moment; what goes wrong with it is told as a DataError."""
    try:
        with closing(SQLiteStore(file, readonly=readonly)) as store:
            yield store
    except StoreError as error:
        raise DataError([f"{file}: {error}"]) from error
