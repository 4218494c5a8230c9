"""I put a new config in the place of the one that a server runs with, as far as that can be without a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot import platforms
from bot.shop import guard_of
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.config import Config
    from bot.deadline import Target
    from bot.shop import Shop
    from bot.shopfile import ShopConfig
    from replies.guard import Guard

AT_A_START = ("platform", "library", "timezone")  # what of a shop is taken at a start only


class Made(NamedTuple):
    """A shop's new config, what is built from it, and which of its keys differ. `targets`: with the shop's stages."""

    config: ShopConfig
    targets: tuple[Target, ...]
    guard: Guard
    keys: tuple[str, ...]


class Renewal(NamedTuple):
    """`running`: the config that holds once this is put in place; `later`: keys of the new one that wait for a restart."""

    running: Config
    made: tuple[Made, ...]
    later: tuple[str, ...]


def prepare(old: Config, new: Config, shops: Mapping[str, Shop]) -> Renewal:
    """Build what has changed; takes as long as reading the rules. Raises DataError with every mistake, and changes nothing."""
    later = [f"server.{key}" for key in _differ(old.server, new.server)]
    if old.limits.connections != new.limits.connections:
        later.append("limits.connections")
    before, after = ({one.id: one for one in config.shops} for config in (old, new))
    later += [f"shops.{name}" for name in [*after, *before] if (name in before) != (name in after)]
    made: list[Made] = []
    running: list[ShopConfig] = []
    problems: list[str] = []
    for name, was in before.items():
        wanted, waits = _now(was, after.get(name, was))
        later += [f"shops.{name}.{key}" for key in waits]
        running.append(wanted)
        try:
            found = _made(was, wanted, shops[name])
        except DataError as error:
            problems += [problem for problem in error.problems if problem not in problems]
            continue
        made += [found] if found.keys else []
    if problems:
        raise DataError(problems)
    limits = msgspec.structs.replace(new.limits, connections=old.limits.connections)
    return Renewal(msgspec.structs.replace(old, shops=tuple(running), limits=limits), tuple(made), tuple(later))


def put(renewal: Renewal, shops: Mapping[str, Shop]) -> None:
    """Change the shops over, between two facts. On the engine's thread."""
    for made in renewal.made:
        shops[made.config.id].settle(made.config, made.targets, made.guard)


def _now(was: ShopConfig, wanted: ShopConfig) -> tuple[ShopConfig, list[str]]:
    """What of a shop's new config can hold now, and the keys that cannot."""
    waits = [key for key in AT_A_START if getattr(was, key) != getattr(wanted, key)]
    if "platform" in waits:  # its targets and rules are another platform's
        return was, _differ(was, wanted)
    return msgspec.structs.replace(wanted, **{key: getattr(was, key) for key in AT_A_START}), waits


def _made(was: ShopConfig, wanted: ShopConfig, shop: Shop) -> Made:
    guard = guard_of(wanted)
    targets = platforms.staged(platforms.load(wanted.platform, wanted.targets), wanted.stages)
    keys = _differ(was, wanted)
    if guard.version == shop.guard.version:
        guard = shop.guard
    elif not {"rules", "allow"} & set(keys):  # the same file says something else
        keys.append("rules")
    return Made(wanted, shop.targets if targets == shop.targets else targets, guard, tuple(keys))


def _differ(one: msgspec.Struct, other: msgspec.Struct) -> list[str]:
    return list(_keys(one, other))


def _keys(one: msgspec.Struct, other: msgspec.Struct) -> Iterator[str]:
    """The fields in which two values differ, as the config calls them."""
    for key in one.__struct_fields__:
        if getattr(one, key) != getattr(other, key):
            yield "webhook_secrets" if key == "keys" else key
