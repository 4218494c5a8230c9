"""I say who of a chat is the shop and who the buyer, or that it cannot be told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.logs.words import words
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.logs.said import Role

_ACCOUNT = re.compile(r"([^:：]+)[:：]([^:：]+)")  # 千牛 names a shop's accounts `shop:agent`
_SHOWN = 6


def plain(name: str) -> str:
    """A name as it is compared."""
    return name.strip().replace("：", ":")


def of(name: str, shops: Iterable[str]) -> Role | None:
    """The side of a single name: of an account `shop:agent`, or of the shops named. None where neither tells."""
    name = plain(name)
    owner = name.partition(":")[0]
    ours = {plain(shop) for shop in shops}
    known = bool({name, owner} & ours) if ours else _ACCOUNT.fullmatch(name) is not None
    return role_of(name) if known else None


def role_of(name: str) -> Role:
    """An account of the shop: of a person or of a robot."""
    last = plain(name).rpartition(":")[2]
    return "robot" if last in words().robots.names else "agent"


def tell(names: Iterable[str], shops: tuple[str, ...], file: str) -> dict[str, Role]:
    """The role of each name of one chat. DataError where the names do not tell who the shop is."""
    listed = list(dict.fromkeys(names))
    owners = {plain(shop).partition(":")[0] for shop in shops}
    if not owners:
        owners = {match[1] for name in listed if (match := _ACCOUNT.fullmatch(plain(name)))}
        if len(owners) > 1:
            raise DataError(
                [f"{file}: 有 {len(owners)} 个像店铺的名字（{_some(sorted(owners))}），请用 --shop-name 指明哪个是本店"]
            )
    ours = [name for name in listed if plain(name).partition(":")[0] in owners]
    if not ours:
        raise DataError([f"{file}: 看不出谁是店铺（名字有 {_some(listed)}），请用 --shop-name 指明"])
    return {name: role_of(name) if name in ours else "buyer" for name in listed}


def only_buyer(roles: dict[str, Role], file: str) -> str:
    """The buyer of a chat; "" without one. DataError where there are several: to whom the shop spoke is not told."""
    buyers = [name for name, role in roles.items() if role == "buyer"]
    if len(buyers) > 1:
        raise DataError(
            [
                (
                    f"{file}: 有 {len(buyers)} 位买家（{_some(buyers)}），分不清客服的话是对谁说的；"
                    "请一位买家存一个文件，或用 --shop-name 指明店铺的所有名字"
                )
            ]
        )
    return next(iter(buyers), "")


def _some(names: list[str]) -> str:
    return "、".join(name[:20] for name in names[:_SHOWN]) + ("…" if len(names) > _SHOWN else "")
