"""I have group robots say one test message, and report what each answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.channels.robots import Robots
from bot.errors import Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.alerts import Robot
    from bot.ports import Clock


def say(robots: Sequence[tuple[Robot, str]], clock: Clock, *, allow_private: bool) -> list[str]:
    """Each robot says its text, calling nobody; for each what went wrong, or "" when the group has it."""
    return asyncio.run(_say(robots, clock, allow_private=allow_private))


async def _say(robots: Sequence[tuple[Robot, str]], clock: Clock, *, allow_private: bool) -> list[str]:
    channel = Robots(clock, allow_private=allow_private)
    try:
        return [await _one(channel, robot, text) for robot, text in robots]
    finally:
        await channel.close()


async def _one(channel: Robots, robot: Robot, text: str) -> str:
    try:
        await channel.say(robot, text, ())
    except (Refused, Unavailable) as error:
        return str(error)
    return ""
