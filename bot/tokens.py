"""I issue tokens, list them and revoke them, beside a running server or without one; and show who did what."""

from __future__ import annotations

import getpass
import secrets
from datetime import date
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bot import ledger, passes, roles, wire
from bot.clock import SystemClock
from bot.ports import Note
from bot.store import StoreError
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bot.ports import Token
    from bot.shop import Shop
    from bot.store import SQLiteStore

T = TypeVar("T")
PREFIX = "kh_"  # so that a token that got somewhere is known for what it is
WORDS = {
    "token.add": "发放令牌",
    "token.revoke": "吊销令牌",
    "learned.accept": "采纳问法",
    "learned.revoke": "撤销问法",
    "outbox.resend": "要求重发死信",
    "outbox.drop": "删除死信",
    "outbox.enable": "启用目的地",
    "config.reload": "重新读取密钥",
    "store.forget": "删除过期数据",
    "store.restore": "恢复备份",
    "guard.overridden": "拦下后照发",
    "guard.right": "标为正确",
    "guard.wrong": "标为误报",
}


def user() -> str:
    """Who runs this command, as the machine knows him."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without a name for its user
        return "?"


def note(store: SQLiteStore, shop: str, what: str, about: str) -> None:
    """Record that this command's user did something. Inside a transaction."""
    store.note(Note(int(SystemClock().now()), shop, user(), what, about))


def add(only: str | None, config: Path | None, data: Path | None, *, role: str, name: str) -> Iterator[str]:
    """Issue a token for one shop; this is the only time that it is said. Raises DataError."""
    shops, file = ledger.reach(only, config, data)
    problems = [f"--{problem}" for problem in passes.mistakes(role, name)]
    if len(shops) != 1:
        problems.append(f"--shop: which one? ({', '.join(shop.id for shop in shops)})")
    if problems:
        raise DataError(problems)
    token = PREFIX + secrets.token_urlsafe(32)
    with ledger.using(file, readonly=False) as store, store.transaction():
        number = store.add_token(shops[0].id, role, name, passes.hashed(token), int(SystemClock().now()))
        note(store, shops[0].id, "token.add", f"{number} {role} {name}")
    yield f"已发放令牌 {number}（{shops[0].id}，{roles.roles()[role].title} {name}），只显示这一次："
    yield token


def revoke(numbers: Sequence[str], only: str | None, config: Path | None, data: Path | None) -> tuple[list[str], bool]:
    """Revoke tokens by number: at once, on a running server too; what to say, and whether all were there. Raises DataError."""
    wrong = [one for one in numbers if not (one.isascii() and one.isdecimal() and len(one) < 19)]
    if wrong:
        raise DataError([f"ID: {one!r} is not the number of a token; see kuaihui token list" for one in wrong])
    shops, file = ledger.reach(only, config, data)
    said, whole = [], True
    with ledger.using(file, readonly=False) as store, store.transaction():
        known = {token.number: token for shop in shops for token in store.tokens(shop.id)}
        for number in dict.fromkeys(map(int, numbers)):
            token = known.get(number)
            done = token is not None and store.revoke_token(number, token.shop, int(SystemClock().now()))
            if token is not None and done:
                note(store, token.shop, "token.revoke", f"{number} {token.role} {token.name}")
            said.append(f"已吊销令牌 {number}" if done else f"没有有效的令牌 {number}")
            whole &= done
    return said, whole


def listed(only: str | None, config: Path | None, data: Path | None, *, as_json: bool) -> Iterator[str]:
    """Lines on every token, of the config (which has no number) and issued ones, or JSON, one a line. Raises DataError."""
    for shop, store in ledger.opened(only, config, data):
        if not as_json:
            yield f"{shop.name}（{shop.id}）"
        for held in shop.passes:
            yield _of_config(shop, held, as_json=as_json)
        for token in _asked(store.tokens, shop.id):
            yield _shown(shop, token, as_json=as_json)


def _asked(ask: Callable[..., Sequence[T]], *given: object) -> Sequence[T]:
    try:
        return ask(*given)
    except StoreError as error:  # a database of an older version, which no server has brought up to date yet
        raise DataError([str(error)]) from error


def _of_config(shop: Shop, held: passes.Pass, *, as_json: bool) -> str:
    if as_json:
        said = {"number": None, "shop": shop.id, "role": held.role, "name": held.name, "made_at": None}
        return msgspec.json.encode({**said, "revoked_at": None}).decode()
    return f"  配置  {roles.roles()[held.role].title} {held.name}"


def _shown(shop: Shop, token: Token, *, as_json: bool) -> str:
    made = wire.iso(token.made_at, shop.zone)
    gone = None if token.revoked_at is None else wire.iso(token.revoked_at, shop.zone)
    if as_json:
        return msgspec.json.encode({**token._asdict(), "made_at": made, "revoked_at": gone}).decode()
    role = roles.roles().get(token.role)
    return f"  {token.number}  {role.title if role else token.role} {token.name}  {made}" + (
        f"  {gone} 吊销" if gone else ""
    )


def audit(
    only: str | None, config: Path | None, data: Path | None, *, since: str | None, as_json: bool
) -> Iterator[str]:
    """Lines on who did what, oldest first, or JSON, one a line. Raises DataError."""
    try:
        first = date.fromisoformat(since).toordinal() - ledger.DAY_ZERO if since else None
    except ValueError as error:
        raise DataError([f"--since: {since!r} is not a date like 2026-11-21"]) from error
    for shop, store in ledger.opened(only, config, data):
        start = 0 if first is None else shop.zone.begin(first)
        notes = _asked(store.notes, shop.id, start)
        if not as_json:
            yield f"{shop.name}（{shop.id}）操作记录 {len(notes)} 条"
        for one in notes:
            at = wire.iso(one.at, shop.zone)
            if as_json:
                yield msgspec.json.encode({**one._asdict(), "at": at}).decode()
            else:
                yield f"  {at[:19].replace('T', ' ')}  {one.who or '（服务器）'}  {WORDS.get(one.what, one.what)}  {one.about}"
