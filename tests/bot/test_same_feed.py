"""A living server that hears a log message by message says, word for word, what a replay of that log says."""

from __future__ import annotations

import random

import msgspec
from living import SECRETS, TEN, TOKENS, living

from bot import config
from bot.load.desk import Ask, Desk, Visit
from bot.logs import Said
from bot.replay import _fact
from bot.shop import assemble
from bot.store import SQLiteStore
from bot.store.fleeting import FleetingStore
from bot.virtual import VirtualDriver
from bot.wire import iso

CONFIG = """
[[shops]]
id = "demo"
platform = "pinduoduo"
library = ["library.toml"]
webhook_secrets = ["env:SECRET"]
token = "env:TOKEN"
"""
LIBRARY = """
group = "客服"
[[scripts]]
id = "hours"
title = "几点上班"
phrasings = ["客服几点在线", "你们几点上班"]
text = "您好，客服九点到二十一点在线。"
[[scripts]]
id = "courier"
title = "发什么快递"
phrasings = ["用哪家快递", "走的什么快递"]
text = "您好，本店发顺丰。"
"""
ASKED = ["客服几点在线", "你们几点上班呀", "用哪家快递", "走什么快递的", "在吗", "颜色和图片不一样", ""]
ANSWERED = [
    "您好，客服九点到二十一点在线。",
    "您好，本店发顺丰。",
    "稍等我看一下",
    "加我微信 abc88990",
    "您是不是脑子有问题",
]


def shops(folder):
    """One shop, which has learned nothing yet."""
    (folder / "library.toml").write_text(LIBRARY, encoding="utf-8")
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    return assemble(config.load(folder / "config.toml", {"SECRET": SECRETS["demo"], "TOKEN": TOKENS["demo"]}))


def log() -> list[Said]:
    """A busy hour of forty buyers with one agent, who is late now and then, from a seed."""
    dice = random.Random(3)  # noqa: S311 - a trial
    visits, at = [], float(TEN)
    for _ in range(40):
        at += dice.expovariate(1 / 60)
        asks = tuple(Ask(dice.expovariate(1 / 40), dice.expovariate(1 / 20)) for _ in range(dice.randint(1, 3)))
        visits.append(Visit(at, asks, 1e9))
    said: list[tuple[int, int, str, str]] = []
    for turn in Desk(visits, agents=1, concurrency=20).run():
        said.append((sevens(turn.asked), turn.visit, "buyer", dice.choice(ASKED)))
        said.append((sevens(turn.answered), turn.visit, "agent", dice.choice(ANSWERED)))
    return [
        Said(
            f"m{number}",
            f"c{visit}",
            role,
            text,
            "text" if text else "image",
            "a1" if role == "agent" else "",
            f"b{visit % 30}" if role == "buyer" else "",
            when,
            "",
        )
        for number, (when, visit, role, text) in enumerate(sorted(said))
    ]


def sevens(at: float) -> int:
    """The next instant a whole number of seven seconds after ten o'clock: no alarm of a wait from one falls on another."""
    return TEN - (TEN - int(at)) // 7 * 7


def event(said: Said, zone) -> dict[str, object]:
    """The message as a chat tool tells it."""
    who = {"agent": said.agent} if said.role == "agent" else {"buyer": {"id": said.buyer}}
    data = {"id": said.id, "conversation": said.conversation, "role": said.role, "text": said.text, "kind": said.kind}
    return {"type": "message.created", "data": {**data, "at": iso(said.at, zone), **who}}


async def test_a_replay_says_what_a_server_says(tmp_path):
    """Suggestions, findings, warnings and misses of one log: the same feed, in the same order, with the same instants."""
    said, told = log(), []
    (shop,) = shops(tmp_path).values()
    driver = VirtualDriver({"demo": shop}, told.append, store=FleetingStore())
    for number, one in enumerate(said):
        driver.put(_fact("demo", one, number))
    driver.finish()
    driver.close()
    rings = sorted({one.at for one in told if one.type in ("deadline.warning", "deadline.missed")})
    assert not set(rings) & {one.at for one in said}, "an alarm and a message of one second would be a race"
    async with living(tmp_path, shops(tmp_path)) as server:
        for one in said:
            while rings and rings[0] < one.at:
                await server.move_to(rings.pop(0))
            server.clock.move_to(one.at)
            answer = await server.hear(event(one, shop.zone))
            assert answer.json["accepted"] == 1
        for at in rings:
            await server.move_to(at)
    store = SQLiteStore(tmp_path / "kuaihui.sqlite", readonly=True)
    feed = store.feed("demo", 0, 100_000)
    store.close()
    assert [shown(one) for one in feed] == [shown(one) for one in told]
    kinds = {"suggestion.created", "violation.seen", "deadline.warning", "deadline.missed", "deadline.cleared"}
    assert {one.type for one in feed} == kinds


def shown(one) -> tuple[object, ...]:
    """An event without its number."""
    return one.conversation, one.type, one.at, msgspec.json.decode(one.data)
