"""Warnings reach the group robots: merged, in time or not at all, once, to whom they concern, at each robot's pace."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import traceback
from copy import copy
from itertools import count
from typing import TYPE_CHECKING

import pytest
from groups import KEY, SECRET, group

from bot import model, robotfile, robots
from bot.channels.alerting import Alerting
from bot.channels.robots import Robots, judge, request, sign_dingtalk, sign_feishu
from bot.clock import VirtualClock
from bot.engine import Engine
from bot.errors import Busy, Refused, Unavailable
from bot.loop import Loop
from bot.store import SQLiteStore
from bot.web.metrics import Metrics

if TYPE_CHECKING:
    from pathlib import Path

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
KINDS = ["wecom", "dingtalk", "feishu"]
HOUR = "effective_reply_1h"


class House:
    """A shop, its store, and what carries its alerts; time moves when told."""

    def __init__(self, shops: dict, clock: VirtualClock, file: Path) -> None:
        self.shops, self.clock, self.file = shops, clock, file
        self._number = count(1)

    async def open(self) -> None:
        self.loop = Loop(
            lambda: Engine(SQLiteStore(self.file), self.shops, self.clock),
            lambda: SQLiteStore(self.file, readonly=True),
            self.clock,
            inbox=2000,
        )
        await self.loop.start()
        self.alerting = Alerting(self.loop, self.shops, Robots(self.clock, allow_private=True))
        await self.alerting.begin()

    async def close(self) -> None:
        await self.alerting._part()
        await self.loop.stop()

    async def put(self, kind: type = model.BuyerSaid, *, to: str = "c1", at: int | None = None, **fields) -> None:
        now = int(self.clock.now())
        identity = f"m{next(self._number)}-{to}"
        given = {"shop": "demo", "key": identity, "conversation": to, "at": at or now, "arrived": now}
        if kind in (model.BuyerSaid, model.AgentSaid):
            given |= {"id": identity, "text": "什么时候发货"}
        await self.loop.submit([kind(**(given | fields))])

    async def move_to(self, at: float) -> None:
        """The clock moves and alarms ring, but no robot speaks yet."""
        self.clock.move_to(at)
        await self.loop.write(lambda _store: None)

    async def speak(self) -> float:
        """Robots say what they may say now; the pause until the next look."""
        pause = await self.alerting.look()
        await self.alerting.settled()
        return pause

    async def pass_to(self, at: float, *, step: float = 1.0) -> None:
        """Time passes in steps, and robots speak as they may."""
        while self.clock.now() < at:
            await self.move_to(min(at, self.clock.now() + step))
            await self.speak()

    async def left(self) -> int:
        """How many alerts wait in the store."""
        return await self.loop.read(lambda store: store._sql.execute("SELECT count(*) FROM alert").fetchone()[0])


@pytest.fixture
async def house(shop, tmp_path):
    """A 拼多多 shop at nine in the morning, only its one-hour target running, without robots yet."""
    shop.targets = tuple(target for target in shop.targets if target.name == HOUR)
    made = House({"demo": shop}, VirtualClock(NINE), tmp_path / "kuaihui.sqlite")
    await made.open()
    yield made
    await made.close()
    shop.robots = ()


@pytest.fixture
async def open_group(house):
    """Open a group of a kind, with a robot in it that the shop has."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(kind: str = "wecom", who: str = "agent", **fields: object):
            made = await stack.enter_async_context(group(kind, house.clock))
            for shop in house.shops.values():
                shop.robots += read(shop, made.url, kind=kind, who=who, **fields)
            await house.close()
            await house.open()
            return made

        yield make


def read(shop, url: str, *, kind: str, **fields: object) -> tuple:
    """A robot, read as from a config file."""
    entry = {"kind": kind, "url": "env:URL", **fields} | ({} if kind == "wecom" else {"secret": "env:SECRET"})
    problems: list[str] = []
    made = robotfile.read(
        [entry], "robots", shop.targets, lambda text, _path: {"env:URL": url, "env:SECRET": SECRET}[text], problems
    )
    assert problems == []
    return made


def test_signatures_are_those_of_the_vendors():
    """The vectors: 钉钉 signs with the secret as key, 飞书 with time and secret as key and nothing as message."""
    assert sign_dingtalk("SECtest", 1_767_225_600_000) == "VFnS0ToY3dOa75%2FlvH0rYNwJBmfT5at2UOkds8G1Cuo%3D"
    assert sign_feishu("SECtest", 1_767_225_600) == "8wfORKxBzLJIoNNdA7auruCXB+DNZIC3E/qp0HY+lIo="


@pytest.mark.parametrize(
    ("kind", "mention", "expected"),
    [
        (
            "wecom",
            ["all", "zhang.san", "13912345678"],
            {
                "msgtype": "text",
                "text": {
                    "content": "有人在等",
                    "mentioned_list": ["zhang.san", "@all"],
                    "mentioned_mobile_list": ["13912345678"],
                },
            },
        ),
        (
            "dingtalk",
            ["user1", "13912345678"],
            {
                "msgtype": "text",
                "text": {"content": "有人在等"},
                "at": {"atMobiles": ["13912345678"], "atUserIds": ["user1"], "isAtAll": False},
            },
        ),
        (
            "feishu",
            ["ou_1", "all"],
            {"msg_type": "text", "content": {"text": '<at user_id="ou_1"></at><at user_id="all"></at>有人在等'}},
        ),
    ],
)
def test_bodies_are_those_of_the_vendors(shop, kind, mention, expected):
    """Each robot gets its own shape, with people called in its own way."""
    (robot,) = read(shop, "https://example.com/hook?key=k", kind=kind, who="agent")
    sent = request(robot, robots.data().kinds[kind], "有人在等", mention, 1_767_225_600.9)
    body = json.loads(sent.body)
    if kind == "feishu":
        assert body.pop("timestamp") == "1767225600"
        assert body.pop("sign") == sign_feishu(SECRET, 1_767_225_600)
    assert body == expected
    signed = f"&timestamp=1767225600900&sign={sign_dingtalk(SECRET, 1_767_225_600_900)}" if kind == "dingtalk" else ""
    assert str(sent.url) == f"https://example.com/hook?key=k{signed}"


@pytest.mark.parametrize(
    ("kind", "mention", "expected"),
    [
        (
            "wecom",
            ["zhang.san"],
            {"msgtype": "markdown", "markdown": {"content": "<@zhang.san>有人在等"}},
        ),
        (
            "dingtalk",
            ["user1", "13912345678", "all"],
            {
                "msgtype": "markdown",
                "markdown": {"title": "快回提醒", "text": "@user1 @13912345678 有人在等"},
                "at": {"atMobiles": ["13912345678"], "atUserIds": ["user1"], "isAtAll": True},
            },
        ),
    ],
)
def test_markdown_has_its_own_bodies(shop, kind, mention, expected):
    """Whoever is called stands in the text."""
    (robot,) = read(shop, "https://example.com/hook?key=k", kind=kind, who="agent", form="markdown")
    assert json.loads(request(robot, robots.kind_of(robot), "有人在等", mention, 1_767_225_600).body) == expected


async def test_markdown_keeps_its_larger_room(house, open_group):
    """企业微信 takes 4096 bytes of markdown: more than half of fifty long names are in it, with the time left in colour."""
    made = await open_group("wecom", form="markdown", mention=["zhang.san"])
    for number in range(50):
        await house.put(to=f"c{number}", name=f"买家[{number:02d}](x)")
    await house.move_to(NINE + 1800)
    await house.speak()
    (text,) = made.texts
    assert text.startswith(
        "<@zhang.san>**【快回提醒】演示店铺：50位买家在等回复**\n1. 买家［00］(x)：1小时有效回复率<font"
    )
    assert 3000 < len(text.encode()) <= 4096


@pytest.mark.parametrize("kind", KINDS)
async def test_fifty_chats_of_one_second_are_one_alert(house, open_group, kind):
    """All are in it or counted, in order of urgency, signed, and within the robot's room; nothing is left over."""
    made = await open_group(kind)
    for number in range(50):
        await house.put(to=f"c{number}", name=f"买家{number:02d}", text="在吗" * 40)
    await house.move_to(NINE + 1800)
    house.clock.move_to(NINE + 1811)  # 飞书 is spared at half past
    await house.speak()
    (text,) = made.texts
    assert text.startswith(
        "【快回提醒】演示店铺：50位买家在等回复\n1. 买家00：1小时有效回复率剩29分49秒（截止10:00:00）"
    )
    named = len(re.findall(r"^\d+\. ", text, re.MULTILINE))
    assert named == 50 or f"另有{50 - named}位买家在等" in text
    assert await house.left() == 0
    await house.pass_to(NINE + 1900, step=10)
    assert len(made.came) == 1


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
async def test_never_more_than_twenty_a_minute(house, open_group, kind):
    """One more buyer to warn of every second for 75 s: the group's own count never objects, and all are named once."""
    made = await open_group(kind)
    for number in range(75):
        house.clock.move_to(NINE + number)
        await house.put(to=f"c{number}", name=f"买家{number:02d}")
    house.clock.move_to(NINE + 1799)
    await house.pass_to(NINE + 1880, step=0.5)
    assert len(made.texts) == len(made.came) >= 20
    assert all(late - early > 60 for early, late in zip(made.came, made.came[20:], strict=False))
    named = re.findall(r"买家\d\d", "\n".join(made.texts))
    assert named == [f"买家{number:02d}" for number in range(75)]


async def test_what_robots_do_is_counted(house, open_group):
    """Messages said, tried again and refused; and how late each warning was told."""
    made = await open_group()
    metrics = Metrics(house.loop)
    metrics.hear(house.alerting)
    for number in range(2):
        await house.put(to=f"c{number}")
    made.down = True
    await house.move_to(NINE + 1800)
    await house.speak()
    made.down = False
    await house.pass_to(NINE + 1820)
    page = metrics.page().decode()
    assert 'kuaihui_robot_messages{outcome="said"} 1.0' in page
    assert 'kuaihui_robot_messages{outcome="retried"} 1.0' in page
    assert 'kuaihui_robot_messages{outcome="refused"} 0.0' in page
    assert "kuaihui_robot_late_seconds_count 2.0" in page
    assert 'kuaihui_robot_late_seconds_bucket{le="1.0"} 0.0' in page
    assert 'kuaihui_robot_late_seconds_bucket{le="5.0"} 2.0' in page
    assert "kuaihui_alarms_late_seconds_count 1.0" in page


async def test_an_answer_before_the_alert_leaves_is_no_alert(house, open_group):
    """A reply that lands between due and send: nobody is told; of two buyers only the other."""
    made = await open_group()
    await house.put(to="c1", name="甲")
    await house.put(to="c2", name="乙")
    await house.move_to(NINE + 1800)
    await house.put(model.AgentSaid, to="c1")
    await house.speak()
    assert len(made.texts) == 1
    assert "甲" not in made.texts[0]
    await house.move_to(NINE + 3000)
    await house.put(model.AgentSaid, to="c2")
    await house.pass_to(NINE + 3700, step=50)
    assert len(made.came) == 1
    assert await house.left() == 0


async def test_an_answer_in_the_very_moment_is_seen(house, open_group):
    """The check is the last thing before the message leaves, after the pace was written down."""
    made = await open_group()
    await house.put()
    await house.move_to(NINE + 1800)
    write, answered = house.loop.write, []

    async def answering(job) -> None:
        await write(job)
        if not answered:
            answered.append(True)
            await house.put(model.AgentSaid)

    house.loop.write = answering
    await house.speak()
    assert answered
    assert made.came == []
    assert await house.left() == 0


async def test_a_reply_on_its_way_keeps_robots_quiet(house, open_group):
    """A queued reply: no alert; if it fails, the alert comes, with the time that is left by then."""
    made = await open_group()
    await house.put()
    await house.move_to(NINE + 1800)
    await house.put(model.Drafted, id="r1", agent="客服", text="您好，今天会为您安排发出。")
    await house.pass_to(NINE + 1900, step=5)
    assert made.came == []
    await house.put(model.SendFailed, id="r1", reason="410")
    await house.pass_to(NINE + 1902)
    assert len(made.texts) == 1
    assert "剩28分18秒" in made.texts[0] or "剩28分19秒" in made.texts[0]


async def test_stages_escalate(house, open_group):
    """Agents hear every stage, the supervisor the later ones, the owner the last one and the miss."""
    agent = await open_group("wecom", "agent")
    supervisor = await open_group("dingtalk", "supervisor")
    owner = await open_group("feishu", "owner")
    await house.put()
    await house.pass_to(NINE + 3700, step=20)
    heard = {
        made.kind: [re.search(r"(剩|已超时)\d+[分秒]", text).group() for text in made.texts]
        for made in (agent, supervisor, owner)
    }
    assert heard == {
        "wecom": ["剩30分", "剩10分", "剩3分"],
        "dingtalk": ["剩10分", "剩3分"],
        "feishu": ["剩3分", "已超时20秒"],
    }
    assert [text[1:7] for text in (agent.texts[0], supervisor.texts[0], owner.texts[0])] == [
        "快回提醒】演",
        "快回升级提醒",
        "快回紧急提醒",
    ]


async def test_a_robot_that_was_away_says_what_still_holds(house, open_group):
    """Down from before the stage: tried again ever more slowly, then one alert without those answered meanwhile."""
    made = await open_group()
    made.down = True
    await house.put(to="c1", name="甲")
    await house.put(to="c2", name="乙")
    await house.pass_to(NINE + 2000)
    assert 5 <= len(made.came) <= 12
    await house.put(model.AgentSaid, to="c1")
    made.down = False
    await house.pass_to(NINE + 2100)
    assert len(made.texts) == 1
    assert "乙：" in made.texts[0]
    assert "甲" not in made.texts[0]


async def test_nothing_is_told_late_of_a_wait_that_ended(house, open_group):
    """Down until everybody is answered or missed: an agents' robot has nothing to say of it any more."""
    made = await open_group()
    made.down = True
    await house.put(to="c1")
    await house.put(to="c2")
    await house.pass_to(NINE + 3000, step=10)
    await house.put(model.AgentSaid, to="c1")
    await house.pass_to(NINE + 3700, step=10)
    made.down = False
    await house.pass_to(NINE + 3900, step=10)
    assert made.texts == []
    assert await house.left() == 0


async def test_a_restart_tells_what_was_not_told_and_nothing_twice(house, open_group):
    """Stopped between the warning and the alert: told after the start. Told before the stop: never again."""
    made = await open_group()
    await house.put(to="c1", name="甲")
    await house.move_to(NINE + 1800)
    for _ in range(3):
        await house.close()
        await house.open()
    await house.speak()
    assert len(made.texts) == 1
    for _ in range(3):
        await house.close()
        await house.open()
        await house.pass_to(house.clock.now() + 10)
    assert len(made.texts) == 1


async def test_a_restart_keeps_the_pace(house, open_group):
    """Killed and started again after each message: the group still gets no more than twenty a minute."""
    made = await open_group()
    for number in range(40):
        house.clock.move_to(NINE + number)
        await house.put(to=f"c{number}")
    for second in range(60):
        await house.move_to(NINE + 1800 + second)
        await house.speak()
        await house.close()
        await house.open()
    assert len(made.came) == len(made.texts) <= 20


async def test_what_was_taken_is_not_said_again_when_the_store_fails(house, open_group):
    """The robot took it but that could not be recorded: it is not said a second time."""
    made = await open_group()
    await house.put()
    await house.move_to(NINE + 1800)
    write, failing = house.loop.write, []

    async def full(job) -> None:
        if "House" not in job.__qualname__ and made.texts and len(failing) < 2:
            failing.append(True)
            raise Busy("the store cannot write now")
        await write(job)

    house.loop.write = full
    await house.pass_to(NINE + 1830)
    assert len(failing) == 2
    assert len(made.came) == 1
    assert await house.left() == 0


async def test_a_limit_that_was_passed_is_waited_out(house, open_group):
    """钉钉 says "too fast": ten minutes of silence, then one message."""
    made = await open_group("dingtalk")
    made.answer = 130101
    await house.put()
    await house.pass_to(NINE + 1801)
    made.answer = 0
    await house.pass_to(NINE + 2399, step=10)
    assert len(made.came) == 1
    await house.pass_to(NINE + 2410)
    assert len(made.texts) == 1


async def test_what_a_robot_refuses_is_given_up(house, open_group):
    """A refusal that trying again cannot help: the alert is forgotten, the next stage is tried anew."""
    made = await open_group("feishu")
    made.answer = 19024
    await house.put()
    await house.pass_to(NINE + 2000, step=5)
    assert (len(made.came), await house.left()) == (1, 0)
    made.answer = 0
    await house.pass_to(NINE + 3005, step=5)
    assert len(made.texts) == 1


async def test_shops_that_share_a_robot_share_one_message(house, open_group, shop):
    """Two shops, one group: one message that names both shops, at the pace of one robot."""
    second = copy(shop)
    second.id, second.name = "second", "二店"
    house.shops["second"] = second
    made = await open_group()
    await house.put(to="c1", name="甲")
    await house.put(to="c1", name="乙", shop="second")
    await house.move_to(NINE + 1800)
    await house.speak()
    (text,) = made.texts
    assert text.startswith("【快回提醒】2位买家在等回复\n1. ")
    assert "演示店铺 甲：" in text
    assert "二店 乙：" in text
    assert await house.left() == 0


async def test_it_runs_by_itself(house, open_group):
    """Started as the server starts it: an alarm rings, and the group hears of it without further ado."""
    made = await open_group()
    running = asyncio.create_task(house.alerting.run())
    await house.put()
    await house.move_to(NINE + 1800)
    async with asyncio.timeout(5):
        await made.heard.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert len(made.texts) == 1
    assert await house.left() == 0


async def test_what_comes_while_one_looks_is_not_slept_over(house, open_group):
    """A warning that is written between the look and the wait is said at once, not at the next look."""
    made = await open_group()
    await house.put()
    look, looks = house.alerting.look, []

    async def distracted() -> float:
        pause = await look()
        looks.append(pause)
        if len(looks) == 1:
            await house.move_to(NINE + 1800)
        return pause

    house.alerting.look = distracted
    running = asyncio.create_task(house.alerting.run())
    async with asyncio.timeout(3):
        await made.heard.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert looks[0] == 5.0


async def test_a_message_under_way_is_waited_for_at_the_end(house, open_group):
    """Stopped while the group has the message but has not answered: the answer is heard, and it is not said again."""
    made = await open_group()
    there, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        there.set()
        await go_on.wait()

    made.before = slow
    running = asyncio.create_task(house.alerting.run())
    await house.put()
    await house.move_to(NINE + 1800)
    async with asyncio.timeout(5):
        await there.wait()
        running.cancel()
        go_on.set()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    await house.close()
    await house.open()
    await house.pass_to(NINE + 1810)
    assert len(made.came) == 1


async def test_no_secret_is_ever_logged(house, open_group, caplog):
    """Down, refusing, unreachable: neither the address's key nor the signing secret stands in any log line."""
    caplog.set_level(logging.DEBUG)
    made = await open_group("dingtalk")
    await house.put()
    made.down = True
    await house.pass_to(NINE + 1803)
    made.down, made.answer = False, 310000
    await house.pass_to(NINE + 1815)
    shop = house.shops["demo"]
    shop.robots = read(shop, f"http://127.0.0.1:9/robot/send?access_token={KEY}", kind="dingtalk", who="agent")
    await house.close()
    await house.open()
    await house.pass_to(NINE + 3003, step=10)
    assert "is away" in caplog.text
    assert "refuses an alert" in caplog.text
    assert KEY not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_every_code_has_its_meaning(kind):
    """Codes that time heals ask for a wait, others are refused, unknown ones are tried again, 0 of a 2xx is success."""
    known = robots.data().kinds[kind]

    def answer(code: int, status: int = 200) -> None:
        judge(known, status, json.dumps({known.answer[0]: code}).encode(), 0.0)

    answer(0)
    for code, wait in known.later.items():
        with pytest.raises(Unavailable) as caught:
            answer(int(code))
        assert caught.value.wait == wait
    for code in known.refused:
        with pytest.raises(Refused, match=code):
            answer(int(code))
    for code, status in ((987_654, 200), (0, 502), (0, 302)):
        with pytest.raises(Unavailable):
            answer(code, status)
    for status, body in ((200, b"<html>"), (200, b"{}"), (200, b"[1]"), (503, b""), (429, b"")):
        with pytest.raises(Unavailable):
            judge(known, status, body, 0.0)
    with pytest.raises(Refused):
        judge(known, 404, b"not here", 0.0)


async def test_private_addresses_are_refused_unless_allowed(shop):
    """A robot on this machine is spoken to only where the config allows it."""
    (robot,) = read(shop, "http://127.0.0.1:9/hook", kind="feishu", who="agent")
    channel = Robots(VirtualClock(NINE), allow_private=False)
    with pytest.raises(Refused, match="private"):
        await channel.say(robot, "有人在等", [])
    await channel.close()


async def test_an_error_does_not_carry_the_address(shop):
    """Not even its traceback does."""
    (robot,) = read(shop, f"http://127.0.0.1:9/send?key={KEY}", kind="wecom", who="agent")
    channel = Robots(VirtualClock(NINE), allow_private=True)
    with pytest.raises(Unavailable) as caught:
        await channel.say(robot, "有人在等", [])
    await channel.close()
    assert caught.value.__cause__ is None
    assert KEY not in "".join(traceback.format_exception(caught.value))
