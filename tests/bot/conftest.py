"""What many tests of the bot stand on: a shop, a driver on virtual time, and facts with defaults."""

from __future__ import annotations

from copy import copy
from itertools import count
from typing import TYPE_CHECKING

import pytest
from living import living, two_shops

from bot import model
from bot.shop import trial
from bot.virtual import VirtualDriver
from replies.learning import Lessons

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports import Event

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai


@pytest.fixture(scope="session")
def read_shop():
    """A 拼多多 shop with the library that comes with the program, read once; tests take a copy of it."""
    return trial("pinduoduo", [], "Asia/Shanghai")


@pytest.fixture(scope="session")
def read_shops(read_shop):
    """Shops by platform, made when a test first wants one."""
    return {"pinduoduo": read_shop}


@pytest.fixture
def shop_on(read_shop, read_shops):
    """A shop of a test's own on any platform, all with the same library; what it learns goes with the test."""
    lessons = Lessons(read_shop.matcher)

    def on(platform: str):
        if platform not in read_shops:
            read_shops[platform] = trial(platform, [], "Asia/Shanghai", matcher=read_shop.matcher)
        shop = copy(read_shops[platform])
        shop.lessons = lessons
        return shop

    yield on
    for lesson in lessons.listed():
        read_shop.matcher.forget(lesson.text, lesson.script)


@pytest.fixture
def shop(shop_on):
    """A 拼多多 shop of a test's own."""
    return shop_on("pinduoduo")


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


@pytest.fixture(scope="session")
def shops(tmp_path_factory):
    """The two shops of every living server, read once."""
    return two_shops(tmp_path_factory.mktemp("shops"))


@pytest.fixture
async def server(shops, tmp_path):
    """The real application on a real socket, its own database, and a clock that stands at ten in the morning."""
    async with living(tmp_path, shops) as made:
        yield made
