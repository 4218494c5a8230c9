"""What many tests of the bot stand on: a shop, a driver on virtual time, and facts with defaults."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from bot import model
from bot.shop import trial
from bot.virtual import VirtualDriver

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports import Event

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai


@pytest.fixture(scope="session")
def read_shop():
    """Read once; a test that changes its targets or callback takes `shop`."""
    return trial("pinduoduo", [], "Asia/Shanghai")


@pytest.fixture
def shop(read_shop):
    """A 拼多多 shop with the library that comes with the program; its targets may be changed by a test."""
    targets = read_shop.targets
    yield read_shop
    read_shop.targets, read_shop.callback_url = targets, ""


@pytest.fixture(scope="session")
def shop_on(read_shop):
    """A shop on any platform, read once each, all with the same library."""
    made = {"pinduoduo": read_shop}

    def on(platform: str):
        if platform not in made:
            made[platform] = trial(platform, [], "Asia/Shanghai", matcher=read_shop.matcher)
        return made[platform]

    return on


@pytest.fixture
def told() -> list[Event]:
    """Every feed row that the driver told."""
    return []


@pytest.fixture
def driver(shop, told):
    """The engine on virtual time with a store in memory."""
    made = VirtualDriver({shop.id: shop}, told.append)
    yield made
    made.close()


@pytest.fixture
def said() -> Callable[..., model.BuyerSaid]:
    """A buyer's message; every field has a default."""
    number = count(1)

    def make(text: str = "什么时候发货", *, at: int = NINE, kind: type = model.BuyerSaid, **fields: object):
        identity = str(fields.pop("id", f"m{next(number)}"))
        given = {
            "shop": "demo",
            "key": f"message.created:{identity}",
            "conversation": "c1",
            "arrived": at,
            "id": identity,
        }
        return kind(**{**given, "at": at, "text": text, **fields})

    return make
