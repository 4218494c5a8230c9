"""I am the command that shows a config's group robots, and has them say a test message if asked."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.alerts import Robot


@click.command()
@click.option(
    "--config", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Config file with the robots."
)
@click.option("--shop", "only", help="Only this shop's.")
@click.option("--send", is_flag=True, help="Have each say a test message; without it nothing is sent.")
def robots(*, config: Path, only: str | None, send: bool) -> None:
    """The group robots of the shops and what each hears; exits 1 if a test message did not arrive."""
    from bot import config as configs
    from bot.channels import trial
    from bot.clock import SystemClock
    from replies import DataError

    read = configs.load(config)
    known = [shop.id for shop in read.shops]
    if only is not None and only not in known:
        raise DataError([f"--shop: {only!r} is not one of {', '.join(known)}"])
    found = [(shop.id, robot) for shop in read.shops if only in (None, shop.id) for robot in shop.robots]
    if not found:
        click.echo("没有配置群机器人")
        return
    texts = [(robot, f"【{robot.title}】{shop}：这是一条测试消息，不用处理。") for shop, robot in found]
    said = trial.say(texts, SystemClock(), allow_private=read.server.allow_private_callbacks) if send else []
    for number, (shop, robot) in enumerate(found):
        click.echo(_line(shop, robot) + (f"：{said[number] or '已送达'}" if send else ""))
    if not send:
        click.echo("加上 --send 让每个机器人发一条测试消息")
    sys.exit(1 if any(said) else 0)


def _line(shop: str, robot: Robot) -> str:
    """One robot in words; never its address, which is a secret."""
    from bot.robots import kind_of

    hears = "；".join(
        f"{target} 提前 {'、'.join(map(str, stages))} 秒" for target, stages in robot.stages.items() if stages
    )
    missed = f"；超时：{'、'.join(robot.missed)}" if robot.missed else ""
    return f"{shop} {kind_of(robot).name}（{robot.title}，{robot.form}） {hears}{missed}"
