"""What is to be sent arrives: signed, in order within a conversation, again after a failure, and nobody waits for another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from copy import copy
from itertools import count, pairwise
from typing import TYPE_CHECKING

import aiohttp
import pytest
from living import sent_out
from receiving import Receiver, receiver
from standardwebhooks import Webhook

from bot import model, signature
from bot.channels.callback import Callback
from bot.channels.ending import LONGEST_WAIT, STILL_HELD
from bot.channels.outbox import EACH, LONGEST_TRY, Outbox
from bot.clock import VirtualClock
from bot.decide import SENDING_SECONDS
from bot.engine import Engine
from bot.errors import Busy
from bot.loop import Loop
from bot.store import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bot.ports import Dead, Push
    from bot.shop import Shop

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"


class House:
    """Shops with callbacks, their store and their outbox; time moves when told."""

    def __init__(self, shops: Mapping[str, Shop], clock: VirtualClock, file: Path) -> None:
        self.shops, self.clock, self.file = shops, clock, file
        self._number = count(1)

    async def open(self, **settings: object) -> None:
        """As a server does when it starts. `settings` of the callback."""
        self.loop = Loop(
            lambda: Engine(SQLiteStore(self.file), self.shops, self.clock),
            lambda: SQLiteStore(self.file, readonly=True),
            self.clock,
            inbox=2000,
        )
        await self.loop.start()
        self.callback = Callback(self.shops, self.clock, **{"allow_private": True, **settings})
        self.outbox = Outbox(self.loop, self.callback, chance=random.Random(7))  # noqa: S311 - repeatable
        self.running = asyncio.create_task(self.outbox.run())

    async def close(self) -> None:
        """As a server does when it is told to stop."""
        self.loop.release()
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.running
        await self.loop.stop()

    async def put(
        self, text: str = "什么时候发货", kind: type = model.BuyerSaid, *, to: str = "c1", **fields
    ) -> model.AnyFact:
        now = int(self.clock.now())
        identity = f"m{next(self._number)}"
        base = {"shop": "demo", "key": identity, "conversation": to, "at": now, "arrived": now, "id": identity}
        fact = kind(**(base | ({"text": text} if kind is not model.Recalled else {}) | fields))
        await self.loop.submit([fact])
        return fact

    async def reply(self, identity: str = "r1", text: str = "亲，今天会为您发出", *, to: str = "c1", **fields) -> None:
        """An agent sends something."""
        await self.put(text, model.Drafted, to=to, id=identity, agent="客服", **fields)

    async def move_to(self, at: float) -> None:
        """It is `at`; alarms ring, and the outbox looks."""
        self.clock.move_to(at)
        await self.loop.write(lambda _store: None)
        await self.settled()

    async def settled(self) -> None:
        """Wait until nothing more can be sent at this instant."""
        await sent_out(self.outbox)

    async def next_try(self) -> float:
        """Move to when something is tried again; that instant."""
        now = self.clock.now()
        heads = "SELECT destination, next_at, first_at, type FROM outbox WHERE head = 1"
        rows = await self.loop.read(lambda store: store._sql.execute(heads).fetchall())
        tries = [max(at, self.outbox._breaker(name).until) for name, at, *_ in rows]
        tries += [since + SENDING_SECONDS + 1 for *_, since, kind in rows if kind == "message.send"]
        at = min(at for at in tries if at > now)
        await self.move_to(at)
        return at

    async def resend(self, *, drop: bool = False) -> None:
        """Somebody asks for all dead letters again, or drops them."""
        seqs = [one.seq for one in await self.dead()]
        await self.loop.write(lambda store: (store.drop_dead if drop else store.ask_again)(seqs, None) and None)
        await self.outbox.look()
        await self.settled()

    async def dead(self) -> list[Dead]:
        """The dead letters."""
        return await self.loop.read(lambda store: store.dead(None, 99))

    async def kinds(self) -> list[str]:
        """The types of the feed's rows."""
        return [event.type for event in await self.loop.read(lambda store: store.feed("demo", 0, 999))]

    async def left(self) -> int:
        """How many rows wait in the outbox."""
        return await self.loop.read(lambda store: store.outbox_size())


@pytest.fixture
def clock():
    return VirtualClock(NINE)


@pytest.fixture
async def tool(clock):
    """The shop's chat tool."""
    async with receiver(clock) as made:
        yield made


@pytest.fixture
async def others_tool(clock):
    """Another shop's chat tool."""
    async with receiver(clock) as made:
        yield made


@pytest.fixture
def timed(house, shop):
    """The shop's reply targets run; without this they do not."""
    house.shops["demo"].targets = shop.targets


@pytest.fixture
async def house(shop, clock, tool, others_tool, tmp_path):
    """Two shops, each with a callback of its own."""
    shops = {"demo": copy(shop), "other": copy(shop)}
    for (name, made), url in zip(shops.items(), (tool.url, others_tool.url), strict=True):
        made.id, made.callback_url, made.keys = name, url, (signature.secret(SECRET),)
        made.targets = ()
    made = House(shops, clock, tmp_path / "kuaihui.sqlite")
    await made.open()
    yield made
    await made.close()


def _pushed(store, kind: str) -> None:
    """Something is to be told of the conversation, a day later."""
    store.push(store.tell("demo", "c1", kind, NINE, "{}"), "demo", "c1", kind, "", NINE + LONGEST_TRY)


def texts(tool: Receiver) -> list[str]:
    """What was sent to buyers, in the order of arrival."""
    return [got.data["text"] for got in tool.got if got.type == "message.send"]


async def test_what_arrives_is_signed(house, tool, monkeypatch):
    """The official package verifies it; a retry would have the same id; the body names type, time and data."""
    monkeypatch.setattr(house.clock, "world", lambda: __import__("time").time())
    await house.put()
    await house.settled()
    (got,) = tool.got
    event = Webhook(SECRET).verify(got.body, got.headers)
    assert (event["type"], event["timestamp"]) == ("suggestion.created", "2026-11-21T09:00:00+08:00")
    assert event["data"]["conversation"] == "c1"
    assert event["data"]["suggestions"]
    assert got.headers["content-type"] == "application/json"
    assert await house.left() == 0


async def test_order_within_a_conversation(house, tool):
    """When the first fails, what follows it waits; other conversations do not."""
    tool.statuses.extend([500, 500])
    await house.reply("r1", "第一句，请稍等")
    await house.settled()
    await house.reply("r2", "第二句，已经查到")
    await house.reply("r3", "第三句，马上发出")
    await house.settled()
    assert len(tool.got) == 1
    await house.next_try()
    assert texts(tool) == ["第一句，请稍等"] * 2
    await house.reply("r4", "别人的回复", to="c2")
    await house.settled()
    assert texts(tool)[2:] == ["别人的回复"]
    await house.next_try()
    assert texts(tool)[3:] == ["第一句，请稍等", "第二句，已经查到", "第三句，马上发出"]
    assert [kind for kind in await house.kinds() if kind == "message.sent"] == ["message.sent"] * 4


async def test_a_reply_waits_for_no_other_event(house, tool):
    """An event that the tool does not take holds up later events of its conversation, but no answer to the buyer."""
    tool.statuses.append(400)
    await house.put()
    await house.settled()
    await house.reply("r1", "第一句，请稍等")
    await house.settled()
    assert texts(tool) == ["第一句，请稍等"]
    assert [got.type for got in tool.got[:2]] == ["suggestion.created", "message.send"]


async def test_tries_are_further_and_further_apart(house, tool):
    """About 1, 2, 4 ... seconds, at most a minute or so, each time under the same id."""
    tool.statuses.extend([500] * 9)
    await house.put()
    await house.settled()
    at = [NINE, *[await house.next_try() for _ in range(9)]]
    waits = [later - earlier for earlier, later in pairwise(at)]
    for wait, wanted in zip(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True):
        assert 0.75 * wanted <= wait <= 1.25 * wanted
    assert len({got.id for got in tool.got}) == 1
    assert await house.left() == 0


async def test_retry_after_is_heeded(house, tool):
    """A tool that names a time is not asked before."""
    tool.statuses.append(503)
    tool.headers["Retry-After"] = "40"
    await house.put()
    await house.settled()
    assert await house.next_try() == NINE + 40
    assert len(tool.got) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(house, tool, others_tool, status):
    """A redirect is a failure like any other: signed events go nowhere but to the address in the config."""
    tool.statuses.append(status)
    tool.headers["Location"] = others_tool.url
    await house.put()
    await house.settled()
    assert others_tool.got == []
    await house.next_try()
    assert len(tool.got) == 2
    assert await house.left() == 0


async def test_gone_disables_the_destination(house, tool, others_tool):
    """410: nothing is tried there any more; a reply is shown as failed at once; other destinations go on."""
    tool.statuses.append(410)
    await house.put()
    await house.settled()
    assert await house.left() == 0
    assert "destination.disabled" in await house.kinds()
    await house.reply()
    await house.put(to="c2")
    await house.put(to="c2", shop="other")
    await house.settled()
    assert len(tool.got) == 1
    assert len(others_tool.got) == 1
    assert await house.left() == 0
    (reply,) = await house.loop.read(lambda store: store.replies("demo", "c1"))
    assert (reply.state, "410" in reply.reason) == ("failed", True)
    assert "message.failed" in await house.kinds()
    assert [one.name for one in await house.loop.read(lambda store: store.disabled())] == ["demo"]


async def test_a_disabled_destination_stays_so_until_it_is_enabled(house, tool):
    """After a restart too; enabled by hand it is tried again, and what it missed can be sent."""
    tool.statuses.append(410)
    await house.put()
    await house.settled()
    await house.close()
    await house.open()
    await house.put(to="c2")
    await house.settled()
    assert len(tool.got) == 1
    await house.loop.write(lambda store: store.enable("demo") and None)
    await house.outbox.look()
    await house.put(to="c3")
    await house.settled()
    assert [got.data["conversation"] for got in tool.got] == ["c1", "c3"]
    await house.resend()
    assert sorted(got.data["conversation"] for got in tool.got) == ["c1", "c1", "c2", "c3"]
    assert "destination.enabled" in await house.kinds()


async def test_a_new_address_is_tried_again(house, tool, others_tool):
    """What said that it wants no more was the old address."""
    tool.statuses.append(410)
    await house.put()
    await house.settled()
    await house.close()
    house.shops["demo"].callback_url = others_tool.url
    await house.open()
    await house.settled()
    await house.put(to="c2")
    await house.settled()
    assert [got.data["conversation"] for got in others_tool.got] == ["c2"]
    assert await house.loop.read(lambda store: store.disabled()) == []
    assert "destination.enabled" in await house.kinds()


async def test_one_that_hangs_is_left_after_a_while(house, tool):
    """No answer within the time allowed is a failure; it is tried again."""
    await house.close()
    await house.open(timeout=aiohttp.ClientTimeout(total=0.05))
    tool.hangs = True
    await house.put()
    await house.settled()
    assert await house.left() == 1
    tool.free()
    await house.next_try()
    assert len(tool.got) == 2
    assert await house.left() == 0


async def test_one_that_listens_nowhere(house, tool):
    """A refused connection is a failure; what was to be sent arrives once somebody listens."""
    url, house.shops["demo"].callback_url = tool.url, "http://127.0.0.1:1/"
    await house.put()
    await house.settled()
    assert await house.left() == 1
    house.shops["demo"].callback_url = url
    await house.next_try()
    assert len(tool.got) == 1


async def test_a_slow_shop_stalls_no_other(house, tool, others_tool):
    """One shop's receiver hangs with a hundred conversations waiting: another shop's events arrive at once."""
    tool.hangs = True
    for number in range(100):
        await house.put(to=f"c{number}")
    await tool.until(lambda tool: tool.at_once == EACH)
    for number in range(20):
        await house.put(to=f"c{number}", shop="other")
    await others_tool.until(lambda tool: len(tool.got) == 20)
    assert len(tool.got) == EACH
    tool.free()
    await tool.until(lambda tool: len(tool.got) == 100)
    await house.settled()
    assert tool.most_at_once == EACH
    assert len({got.id for got in tool.got}) == 100


async def test_shops_that_share_a_host_do_not_stall_each_other(house, tool):
    """Two shops in the same chat tool: nothing but their own turns bounds them."""
    house.shops["other"].callback_url = tool.url.replace("hook", "other")
    tool.hangs = True
    for number in range(EACH + 5):
        await house.put(to=f"c{number}")
    await tool.until(lambda tool: tool.at_once == EACH)
    for number in range(EACH + 5):
        await house.put(to=f"c{number}", shop="other")
    await tool.until(lambda tool: tool.at_once == 2 * EACH)
    tool.free()
    await house.settled()
    assert len(tool.got) == 2 * (EACH + 5)


@pytest.mark.usefixtures("timed")
async def test_a_delivered_reply_is_an_answer(house, tool):
    """A 2xx says that the buyer has it: no warning any more, and the suggestions are taken back."""
    await house.put()
    await house.reply()
    await house.settled()
    assert (await house.kinds())[-2:] == ["message.sent", "suggestion.created"]
    await house.move_to(NINE + 4000)
    assert [kind for kind in await house.kinds() if kind.startswith("deadline")] == []
    assert "message.send" in [got.type for got in tool.got]


@pytest.mark.usefixtures("timed")
async def test_a_reply_is_tried_for_ten_minutes(house, tool):
    """Then it failed, which the agent is shown; the buyer's wait runs on, and is warned of."""
    tool.statuses.extend([500] * 99)
    await house.put()
    await house.reply()
    await house.settled()
    while "message.failed" not in await house.kinds():
        last = await house.next_try()
    assert NINE + SENDING_SECONDS <= last <= NINE + SENDING_SECONDS + 1
    sends = [got for got in tool.got if got.type == "message.send"]
    assert len(sends) > 10
    assert len({got.id for got in sends}) == 1
    (reply,) = await house.loop.read(lambda store: store.replies("demo", "c1"))
    assert (reply.state, "500" in reply.reason) == ("failed", True)
    await house.move_to(NINE + 1801)
    assert "deadline.warning" in await house.kinds()


async def test_a_reply_that_had_no_chance_is_not_sent_late(house, tool):
    """The server was down for an hour: what an agent wanted to say then fails, and is not said now."""
    house.running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await house.running
    await house.reply()
    await house.close()
    house.clock.move_to(NINE + 3600)
    await house.open()
    await house.settled()
    assert texts(tool) == []
    assert (await house.kinds())[-1] == "message.failed"


async def test_other_events_are_tried_for_a_day(house, tool):
    """Then they are dropped; however many tries that takes."""
    tool.statuses.extend([500] * 2)
    await house.put()
    await house.settled()
    await house.loop.write(lambda store: store._sql.execute("UPDATE outbox SET tries = 5000"))
    at = await house.next_try()
    assert await house.left() == 1
    assert (await house.loop.read(lambda store: store.next_push(at))) <= at + LONGEST_WAIT * 1.25
    await house.move_to(NINE + LONGEST_TRY + 1)
    assert len(tool.got) == 2
    assert await house.left() == 0


@pytest.mark.usefixtures("timed")
async def test_what_nobody_needs_any_more_is_dropped(house, tool):
    """Suggestions and warnings whose wait has ended while the tool was away do not arrive late."""
    tool.statuses.extend([500] * 99)
    await house.put()
    await house.move_to(NINE + 1900)  # warned of three waits, two of them missed
    await house.put("亲，今天发出", model.AgentSaid)
    tool.statuses.clear()
    tool.got.clear()
    await house.move_to(NINE + 2000)
    kinds = [got.type for got in tool.got]
    assert "deadline.warning" not in kinds
    assert kinds.count("deadline.missed") == 2
    assert kinds.count("deadline.cleared") == 3
    assert [got.data["silent"] for got in tool.got if got.type == "suggestion.created"] == [True]
    assert await house.left() == 0


@pytest.mark.usefixtures("timed")
async def test_an_echo_settles_what_is_on_its_way(house, tool):
    """The platform shows our reply before the tool has answered: it was sent, whatever the tool says then."""
    tool.hangs = True
    await house.put()
    await tool.until(lambda tool: tool.at_once == 1)
    tool.free()
    await house.settled()
    tool.hangs, tool._free = True, asyncio.Event()
    await house.reply()
    await tool.until(lambda tool: tool.at_once == 1)
    await house.put("亲，今天会为您发出", model.AgentSaid)
    assert (await house.kinds()).count("message.sent") == 1
    tool.statuses.append(500)
    tool.free()
    await house.settled()
    await house.move_to(NINE + 3600)
    assert texts(tool) == ["亲，今天会为您发出"]
    assert (await house.kinds()).count("message.sent") == 1
    assert "message.failed" not in await house.kinds()


async def test_a_restart_in_the_middle_of_a_delivery(house, tool):
    """What was under way when the server stopped is sent again under the same id, and then no more."""
    tool.hangs = True
    await house.reply()
    await tool.until(lambda tool: tool.at_once == 1)
    await house.close()
    tool.free()
    await house.open()
    await house.settled()
    assert [got.id for got in tool.got] == [tool.got[0].id] * 2
    await house.close()
    await house.open()
    await house.settled()
    assert len(tool.got) == 2


async def test_a_delivery_that_cannot_be_recorded_is_not_repeated(house, tool, monkeypatch):
    """A full disk: what has arrived is not sent again and again, but recorded once there is room."""
    write, refused = house.loop.write, []

    async def full(job: Callable) -> None:
        if len(refused) < 3:
            refused.append(job)
            house.loop._ring([])  # nobody waits a second for it
            raise Busy("the store cannot write now")
        await write(job)

    monkeypatch.setattr(house.loop, "write", full)
    monkeypatch.setattr("bot.channels.ending.FIRST_WAIT", 0.01)
    await house.put()
    await tool.until(lambda tool: tool.got)
    await house.settled()
    assert len(refused) == 3
    assert len(tool.got) == 1
    assert await house.left() == 0


async def test_a_read_that_finished_late_sends_nothing_twice(house, tool, monkeypatch):
    """What the outbox read before a delivery was recorded does not start it again after it."""
    read, stale = house.loop.read, []

    async def remembering(ask: Callable) -> object:
        found = await read(ask)
        if isinstance(found, tuple) and found[0]:
            stale.append(found)
        return found

    await house.put()
    await house.settled()
    monkeypatch.setattr(house.loop, "read", remembering)
    await house.put("可以退货吗")
    await tool.until(lambda tool: len(tool.got) == 2)
    await house.settled()
    monkeypatch.undo()

    async def late(_ask: Callable) -> object:
        await read(lambda store: store.feed_end())
        house.outbox._over_since.add(stale[0][0][0].seq)  # it ended while we read
        return stale[0]

    monkeypatch.setattr(house.loop, "read", late)
    await house.outbox.look()
    monkeypatch.undo()
    await house.settled()
    assert len(tool.got) == 2


async def test_a_channel_with_a_bug_is_not_asked_at_once_again(house, tool, monkeypatch, caplog):
    """An error that nobody foresaw counts as a failure: later, not for ever in a circle."""
    deliver, broken = house.callback.deliver, []

    async def break_once(push: Push) -> None:
        if not broken:
            broken.append(push)
            raise ZeroDivisionError
        await deliver(push)

    monkeypatch.setattr(house.callback, "deliver", break_once)
    await house.put()
    await house.settled()
    assert len(broken) == 1
    assert tool.got == []
    await house.next_try()
    assert len(tool.got) == 1
    assert "ZeroDivisionError" in caplog.text


async def test_a_shop_that_is_not_served_keeps_its_outbox(house, tool):
    """Left out of the config for an hour: what it had to send waits, and arrives when it is back."""
    tool.statuses.append(500)
    await house.put()
    await house.settled()
    demo = house.shops.pop("demo")
    for _ in range(3):
        await house.next_try()
    assert await house.left() == 1
    assert len(tool.got) == 1
    house.shops["demo"] = demo
    await house.move_to(NINE + 3600)
    assert tool.got[1].id == tool.got[0].id


async def test_a_shop_without_a_callback_any_more_says_that_its_reply_failed(house):
    """The address was taken out of the config: nothing waits for it, and the agent is told."""
    house.shops["demo"].callback_url = "http://127.0.0.1:1/"
    await house.reply()
    await house.settled()
    house.shops["demo"].callback_url = ""
    await house.next_try()
    assert await house.left() == 0
    assert (await house.kinds())[-1] == "message.failed"


async def test_the_outbox_outlives_a_store_that_cannot_be_read(house, tool, monkeypatch):
    """It looks again, and nobody has to restart it."""
    read, refused = house.loop.read, []

    async def broken(ask: Callable) -> object:
        if len(refused) < 2:
            refused.append(ask)
            raise Busy("the store cannot be read now")
        return await read(ask)

    monkeypatch.setattr("bot.channels.outbox.FIRST_WAIT", 0.01)
    monkeypatch.setattr(house.loop, "read", broken)
    await house.put()
    await tool.until(lambda tool: tool.got)
    assert len(refused) == 2
    assert not house.running.done()


async def test_jitter_is_given_from_outside(house, tool):
    """The same chance gives the same waits, and two chances do not: many clients do not come back together."""
    waits = []
    for seed in (7, 7, 8):
        house.outbox._chance = random.Random(seed)  # noqa: S311 - repeatable
        tool.statuses.append(500)
        await house.put(to=f"c{len(waits)}")
        await house.settled()
        waits.append(round(await house.loop.read(lambda store: store.next_push(0)) - house.clock.now(), 6))
        await house.next_try()
    assert waits[0] == waits[1] != waits[2]


async def test_a_destination_that_is_away_is_asked_by_one(house, tool):
    """After some failures everything rests, and then one try decides for all: a hundred do not knock together."""
    tool.statuses.extend([500] * 999)
    for number in range(100):
        await house.put(to=f"c{number}")
    await house.settled()
    first = len(tool.got)
    assert first < 2 * EACH
    assert house.outbox.resting == ["demo"]
    for _ in range(6):
        await house.next_try()
    assert len(tool.got) <= first + 7
    tool.statuses.clear()
    for _ in range(3):
        await house.move_to(house.clock.now() + LONGEST_WAIT)
    assert await house.left() == 0
    assert {got.data["conversation"] for got in tool.got} == {f"c{number}" for number in range(100)}
    assert house.outbox.resting == []


async def test_a_rest_is_of_one_destination(house, tool, others_tool):
    """While one rests, another is served at once."""
    tool.statuses.extend([500] * 99)
    for number in range(10):
        await house.put(to=f"c{number}")
    await house.settled()
    assert house.outbox.resting == ["demo"]
    await house.put(shop="other")
    await house.settled()
    assert len(others_tool.got) == 1


async def test_replies_decide_first(house, tool):
    """After a rest a reply is what is tried, and it is given up in time although its destination rests."""
    tool.statuses.extend([500] * 999)
    for number in range(40):
        await house.put(to=f"c{number}")
    await house.settled()
    await house.reply(to="c39")
    tool.got.clear()
    await house.next_try()
    assert [got.type for got in tool.got] == ["message.send"]
    while "message.failed" not in await house.kinds():
        await house.move_to(house.clock.now() + 30)
    assert house.clock.now() <= NINE + SENDING_SECONDS + 60


async def test_an_hour_that_a_tool_asks_for_is_kept(house, tool):
    """Retry-After holds for the whole destination; a reply that cannot wait so long fails in its ten minutes."""
    tool.statuses.append(429)
    tool.headers["Retry-After"] = "3000"
    await house.put()
    await house.reply(to="c1")
    await house.settled()
    tool.headers.clear()
    sent = len(tool.got)
    for at in (NINE + 300, NINE + 660):
        await house.move_to(at)
    assert len(tool.got) == sent
    assert "message.failed" in await house.kinds()
    await house.move_to(NINE + 3001)
    await house.settled()
    assert await house.left() == 0


@pytest.mark.parametrize("restart", [True, False])
async def test_a_clock_that_is_set_back_delays_nothing_for_hours(house, tool, restart):
    """Somebody sets the clock three hours back while a retry waits: it is tried within the longest wait."""
    tool.statuses.append(500)
    await house.put()
    await house.reply("r2", to="c1")
    await house.settled()
    if restart:
        await house.close()
    house.clock._now = NINE - 3 * 3600
    if restart:
        await house.open()
    await house.outbox.look()
    await house.move_to(NINE - 3 * 3600 + LONGEST_WAIT)
    assert await house.left() == 0
    assert "message.sent" in await house.kinds()


async def test_a_reply_that_waits_is_shown_at_once(house, tool):
    """Its first failure is told to who sent it, once, and stands in the conversation until it is sent."""
    tool.statuses.extend([503] * 3)
    await house.put()
    await house.settled()
    await house.next_try()
    tool.statuses.extend([503] * 3)
    await house.reply()
    await house.settled()
    await house.next_try()
    events = await house.loop.read(lambda store: store.feed("demo", 0, 99))
    (told,) = [json.loads(event.data) for event in events if event.type == "message.delayed"]
    assert (told["reply_id"], told["agent"], "503" in told["reason"]) == ("r1", "客服", True)
    (reply,) = await house.loop.read(lambda store: store.replies("demo", "c1"))
    assert (reply.state, "503" in reply.reason) == ("queued", True)
    tool.statuses.clear()
    await house.next_try()
    await house.move_to(NINE + 300)
    (reply,) = await house.loop.read(lambda store: store.replies("demo", "c1"))
    assert (reply.state, reply.reason) == ("sent", "")


async def test_listeners_hear_what_the_outbox_tells(house, tool):
    """What it tells of destinations and delays comes through the open feed, in order."""
    tool.statuses.append(410)
    heard = []
    feed = house.loop.follow("demo", 0)
    await house.put()
    await house.settled()
    while "destination.disabled" not in heard:
        heard += [event.type for event in await anext(feed)]
    assert heard == ["suggestion.created", "destination.disabled"]
    await feed.aclose()


async def test_what_was_given_up_can_be_sent_again(house, tool):
    """A dead letter is listed with its reason; asked for, it goes out under its own id; the others stay."""
    tool.statuses.extend([500] * 2)
    await house.put()
    await house.put("能便宜点吗", to="c2")
    await house.settled()
    await house.move_to(NINE + LONGEST_TRY + 1)
    assert await house.left() == 0
    dead = await house.dead()
    assert [(one.type, one.conversation, "500" in one.reason) for one in dead] == [
        ("suggestion.created", "c1", True),
        ("suggestion.created", "c2", True),
    ]
    await house.loop.write(lambda store: store.ask_again([dead[0].seq, 999], "demo") and None)
    await house.loop.write(lambda store: store.ask_again([dead[1].seq], "other") and None)
    await house.outbox.look()
    await house.settled()
    assert tool.got[-1].id == f"evt_demo_{dead[0].seq}"
    assert [one.conversation for one in await house.dead()] == ["c2"]
    await house.resend(drop=True)
    assert await house.dead() == []


async def test_a_failed_reply_that_is_sent_again(house, tool):
    """It is guarded anew, queued again for its own ten minutes, and goes out under the id that the tool may know."""
    tool.statuses.extend([500] * 99)
    await house.reply()
    await house.settled()
    await house.move_to(NINE + SENDING_SECONDS + 1)
    ids = {got.id for got in tool.got}
    assert len(ids) == 1
    tool.statuses.clear()
    tool.got.clear()
    await house.move_to(NINE + 3600)
    await house.resend()
    assert [(got.type, got.id) for got in tool.got] == [("message.send", *ids)]
    (reply,) = await house.loop.read(lambda store: store.replies("demo", "c1"))
    assert reply.state == "sent"
    assert await house.dead() == []
    assert [kind for kind in await house.kinds() if kind.startswith("message")] == [
        "message.send",
        "message.delayed",
        "message.failed",
        "message.send",
        "message.sent",
    ]


async def test_a_failed_reply_in_other_words_is_another(house, tool):
    """Under the same id an agent says something else: the tool must not take it for what it has seen."""
    tool.statuses.extend([500] * 99)
    await house.reply()
    await house.settled()
    await house.move_to(NINE + SENDING_SECONDS + 1)
    ids = {got.id for got in tool.got}
    tool.statuses.clear()
    await house.reply(text="亲，明天会为您发出", key="again")
    await house.settled()
    await house.move_to(NINE + SENDING_SECONDS + 100)
    assert tool.got[-1].id not in ids
    assert await house.dead() == []


async def test_what_the_guard_holds_now_is_not_sent_again(house, tool):
    """Rules may have changed since: a dead letter that breaks one stays, with the reason."""
    tool.statuses.extend([500] * 99)
    await house.reply()
    await house.settled()
    await house.move_to(NINE + SENDING_SECONDS + 1)
    tool.statuses.clear()
    tool.got.clear()
    said = house.shops["demo"].check
    house.shops["demo"].check = lambda *_given, **more: said(["加我微信 abc88990"], **more)
    await house.resend()
    assert texts(tool) == []
    (dead,) = await house.dead()
    assert (dead.asked, dead.reason) == (0, STILL_HELD)


async def test_a_dead_letter_of_an_ended_wait_goes(house, tool):
    """What nobody needs any more is not kept for resending either."""
    tool.statuses.extend([500] * 99)
    await house.put()
    await house.settled()
    await house.move_to(NINE + LONGEST_TRY + 1)
    assert len(await house.dead()) == 1
    await house.put("亲，今天发出", model.AgentSaid)
    await house.settled()
    assert not [one for one in await house.dead() if one.type == "suggestion.created" and one.at == NINE]


async def test_dead_letters_do_not_stay_for_ever(house, tool):
    """After a month they go."""
    tool.statuses.append(410)
    await house.put()
    await house.settled()
    assert len(await house.dead()) == 1
    house.clock.move_to(NINE + 31 * 86_400)
    await house.outbox.look()
    assert await house.dead() == []


async def test_order_holds_after_a_dead_letter(house, tool):
    """What is asked for again goes out after what is under way in its conversation, never beside it."""
    tool.statuses.extend([500] * 99)
    await house.put()
    await house.settled()
    await house.move_to(NINE + LONGEST_TRY + 1)
    (dead,) = await house.dead()
    tool.statuses.clear()
    tool.got.clear()
    tool.hangs = True
    await house.loop.write(lambda store: _pushed(store, "violation.seen"))
    house.loop.outgoing.set()
    await tool.until(lambda tool: tool.at_once == 1)
    await house.loop.write(lambda store: store.ask_again([dead.seq], None) and None)
    await house.outbox.look()
    await house.loop.write(lambda _store: None)
    await house.outbox.look()
    assert tool.at_once == 1
    tool.free()
    await house.settled()
    assert [got.type for got in tool.got] == ["violation.seen", "suggestion.created"]
