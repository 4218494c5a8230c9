"""I carry what group robots have to say: merged, checked again at the last moment, each at its own pace."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bot import alerts, lost
from bot.channels.robots import size
from bot.errors import Busy, Refused, Unavailable
from bot.ports import Alert, Spoke
from bot.robots import data, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.alerts import Robot, Waiting
    from bot.channels.robots import Robots
    from bot.loop import Loop
    from bot.model import Conversation, Wait
    from bot.ports import Store
    from bot.shop import Shop

log = logging.getLogger(__name__)

AT_ONCE = 2000  # alerts of one robot looked at together; what is beyond them comes with the next message
IDLE, BUSY, HUSHED = 5.0, 0.2, 0.5  # seconds until the next look: at nothing, at a message under way, at a queued reply
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds before the second try, and at most between two
LONGEST_QUIET = 600.0  # a silence that ends later than this is of a clock that was set back
PARTING = 5.0  # seconds that a message under way has to be answered when the server stops


class Found(NamedTuple):
    """What a look at a robot's alerts found: who waits, in which shops, and which rows that speaks of or are over.

    `meant`: of the rows that it speaks of, the instants at which they were meant to be told.
    """

    waiting: list[Waiting]
    shops: list[str]
    told: list[int]
    over: list[int]
    meant: list[int]


class Alerting:
    """Runs until cancelled. An alert is forgotten once its robot has taken it, or its wait is over."""

    def __init__(self, loop: Loop, shops: Mapping[str, Shop], channel: Robots) -> None:
        """`channel` says one text through one robot; robots with the same address are one, whichever shops they serve."""
        self._loop, self._shops, self._channel = loop, shops, channel
        self._robots: dict[str, dict[str, Robot]] = {}
        self._taken: dict[str, set[int]] = {}
        self._any = asyncio.Event()  # is there a robot?
        self._meet()
        self._spoke: dict[str, Spoke] = {}
        self._hushed: dict[str, float] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self.said = self.retried = self.failed = 0
        self.late_by: Callable[[float], object] = _unheard  # told how late each row was said, by the shop's clock

    def _meet(self) -> None:
        """The robots that the shops have now."""
        met: dict[str, dict[str, Robot]] = {}
        for shop in self._shops.values():
            for robot in shop.robots:
                met.setdefault(robot.id, {})[shop.id] = robot
        self._robots = met
        for name in met:
            self._taken.setdefault(name, set())
        if met:
            self._any.set()

    async def renew(self) -> None:
        """The shops may have other robots now: what those had to say that are gone is forgotten. Raises Busy."""
        self._meet()
        await self._loop.write(lambda store: store.drop_alerts_of_others(list(self._robots)))

    async def run(self) -> None:
        """Say what there is to say, and wait for more."""
        try:
            await self.begin()
            await self._any.wait()  # without one nothing is there to say: no need to look at every commit
            while True:
                bell = self._loop.bell
                try:
                    pause = await self.look()
                except Busy as error:  # the rows stand; they are read again
                    log.warning("the alerts cannot be read", extra={"action": "retry", "reason": str(error)})
                    pause = 1.0
                await self._loop.rung(pause, bell)
        finally:
            await self._part()

    async def begin(self) -> None:
        """Know again when each robot last spoke; forget what robots had to say that no config names any more."""
        while True:
            try:
                self._spoke = {spoke.robot: spoke for spoke in await self._loop.read(lambda store: store.spoke())}
                await self._loop.write(lambda store: store.drop_alerts_of_others(list(self._robots)))
            except Busy:
                await self._loop.rung(1.0)
            else:
                return

    async def look(self) -> float:
        """Start every robot that has something to say and may; how many seconds until the next look."""
        pause = IDLE
        for robot, due in await self._loop.read(lambda store: store.alerted()):
            if robot not in self._robots:
                continue
            wait = BUSY if robot in self._under_way else self._wait(robot, due)
            if wait <= 0.0:
                task = asyncio.create_task(self._speak(robot))
                self._under_way[robot] = task
                task.add_done_callback(partial(self._over, robot))
                wait = BUSY
            pause = min(pause, max(0.02, wait))
        return pause

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _over(self, robot: str, task: asyncio.Task[None]) -> None:
        self._under_way.pop(robot, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("an alert broke", exc_info=task.exception(), extra={"action": "failed"})
            self._hushed[robot] = self._loop.clock.world() + LONGEST_WAIT

    def _wait(self, robot: str, due: int | None) -> float:
        """Seconds of the world until the robot may speak. Its limits are the world's, also when a trial's time runs fast."""
        clock = self._loop.clock
        now = clock.world()
        spoke = self._spoke.get(robot, Spoke(robot))
        quiet = spoke.quiet_until if spoke.quiet_until <= now + LONGEST_QUIET else now
        hushed = self._hushed.get(robot, 0.0)
        quiet = max(quiet, hushed if hushed <= now + LONGEST_QUIET else now)
        pace = kind_of(self._one(robot)).pace
        urgent = None if due is None else now + clock.seconds_until(due)
        return alerts.slot(pace, now, last=spoke.last, quiet_until=quiet, due=urgent) - now

    def _one(self, robot: str) -> Robot:
        return next(iter(self._robots[robot].values()))

    async def _speak(self, robot: str) -> None:
        try:
            found = await self._find(robot)
            if found.waiting:
                # Known before it is tried: after a restart the robot's minute is still the same minute.
                last = self._loop.clock.world()
                await self._keep(self._spoke.get(robot, Spoke(robot))._replace(last=last))
                found = await self._find(robot)  # the moment of sending
            if found.waiting:
                await self._say(robot, found)
            else:
                self._hushed[robot] = self._loop.clock.world() + HUSHED
                await self._forget(robot, found.over)
        except Busy as error:  # the rows stand; they are said again, but for those that were
            log.warning("an alert could not be recorded", extra={"action": "retry", "reason": str(error)})
            self._hushed[robot] = self._loop.clock.world() + FIRST_WAIT

    async def _find(self, robot: str) -> Found:
        """Who waits now, and what is over."""
        now = int(self._loop.clock.now())
        return await self._loop.read(lambda store: self._look_at(store, robot, now))

    def _look_at(self, store: Store, robot: str, now: int) -> Found:
        """Each conversation once, with the waits that are still open; those with a reply on its way stay for later."""
        found = Found([], [], [], [], [])
        rows: dict[tuple[str, str], list[Alert]] = {}
        for alert in store.alerts(robot, AT_ONCE):
            rows.setdefault((alert.shop, alert.conversation), []).append(alert)
        for (shop, identity), told in rows.items():
            conversation = store.conversation(shop, identity) if shop in self._robots[robot] else None
            standing = [
                (alert, None if alert.seq in self._taken[robot] else alerts.standing(alert, conversation, now))
                for alert in told
            ]
            found.over.extend(alert.seq for alert, wait in standing if wait is None)
            open_rows = [(alert, wait) for alert, wait in standing if wait is not None]
            if conversation is None or not open_rows or alerts.on_its_way(conversation, now):
                continue
            found.told.extend(alert.seq for alert, _ in open_rows)
            found.meant.extend(alerts.meant(alert) for alert, _ in open_rows)
            found.shops.append(shop)
            waits = [lost.elsewhere(store, wait, conversation, self._shops[shop]) for _, wait in open_rows]
            found.waiting.append(self._waiting(robot, shop, conversation, waits))
        return found

    def _waiting(self, robot: str, shop: str, conversation: Conversation, waits: Sequence[Wait]) -> Waiting:
        ours = self._shops[shop]
        return alerts.waiting(
            conversation,
            waits,
            shop=ours.name,
            labels={target.name: target.label for target in ours.targets},
            zone=ours.zone,
            marks=data().marks if self._robots[robot][shop].words else None,
        )

    async def _say(self, robot: str, found: Found) -> None:
        one = self._one(robot)
        kind = kind_of(one)
        mention = list(
            dict.fromkeys(call for shop in dict.fromkeys(found.shops) for call in self._robots[robot][shop].mention)
        )
        text = alerts.compose(
            found.waiting,
            title=one.title,
            now=int(self._loop.clock.now()),
            limit=kind.bytes,
            lines=kind.lines,
            size=lambda text: size(one, kind, text, mention, self._loop.clock.world()),
            style=kind.style,
        )
        spoke = self._spoke[robot]
        name = f"{one.who} of {', '.join(self._robots[robot])}"
        try:
            await self._channel.say(one, text, mention)
        except Refused as error:
            self.failed += 1
            log.warning("the robot for %s refuses an alert: %s", name, error, extra={"action": "gave_up"})
            quiet = self._loop.clock.world() + LONGEST_WAIT
            await self._keep(spoke._replace(quiet_until=quiet, tries=spoke.tries + 1), [*found.told, *found.over])
        except Unavailable as error:
            self.retried += 1
            log.warning("the robot for %s is away: %s", name, error, extra={"action": "retry"})
            wait = max(error.wait, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(spoke.tries, 10)))
            quiet = self._loop.clock.world() + wait
            await self._keep(spoke._replace(quiet_until=quiet, tries=spoke.tries + 1), found.over)
        else:
            self.said += 1
            for meant in found.meant:
                self.late_by(self._loop.clock.now() - meant)
            self._taken[robot].update(found.told)  # said, even if the store cannot be told so
            await self._keep(spoke._replace(quiet_until=0.0, tries=0), [*found.told, *found.over])

    async def _keep(self, spoke: Spoke, done: Sequence[int] = ()) -> None:
        """Remember when the robot spoke, and in the same transaction forget what is done with."""
        self._spoke[spoke.robot] = spoke

        def write(store: Store) -> None:
            store.set_spoke(spoke)
            store.drop_alerts(spoke.robot, done)

        await self._loop.write(write)
        self._taken[spoke.robot].difference_update(done)

    async def _forget(self, robot: str, done: Sequence[int]) -> None:
        if done:
            await self._loop.write(lambda store: store.drop_alerts(robot, done))
            self._taken[robot].difference_update(done)

    async def _part(self) -> None:
        """What has left may be taken already: its answer is waited for, so that it is not said twice."""
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=PARTING)
        for task in list(self._under_way.values()):
            task.cancel()
        await self.settled()
        await self._channel.close()


def _unheard(_seconds: float) -> None:
    """Until somebody counts."""
