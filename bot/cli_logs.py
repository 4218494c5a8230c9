"""I am the options by which recorded conversations are read, the same for every command that reads them."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from bot.logs import Log

# Written here once more: importing what reads the formats would cost --help its 0.3 s. A test compares.
FORMATS = ["chatwoot", "csv", "jsonl", "kunkeji", "lanren", "qianniu-json", "qianniu-text", "taobao"]
_SHOWN = 60  # skipped lines told in the terminal

MASK = click.option("--mask", is_flag=True, help="Put stand-ins in place of names, phones, addresses, order numbers.")
_OPTIONS = (
    click.option(
        "--format", "form", type=click.Choice(FORMATS), help="Of the logs; without it, found by their content."
    ),
    click.option(
        "--encoding", help="Of the logs (utf-8, gb18030, utf-16 ...); without it, found by their bytes and named."
    ),
    click.option(
        "--timezone", default="Asia/Shanghai", show_default=True, help="Of times without an offset, and of days."
    ),
    click.option(
        "--shop-name",
        "shop",
        multiple=True,
        help="Who of a chat is the shop, where its names do not tell; may be repeated.",
    ),
    click.option(
        "--exported",
        type=click.DateTime(["%Y-%m-%d"]),
        help="Day the logs were written: for times without a year or day, and 昨天.",
    ),
    click.option(
        "--columns",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="TOML file of the heads of your tables' columns.",
    ),
    click.option("--skip-bad", is_flag=True, help="Leave out lines that cannot be read, and say which."),
    MASK,
)


def reading(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `Given`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class Given(NamedTuple):
    """What was typed for the options of `reading`."""

    form: str | None
    encoding: str | None
    timezone: str
    shop: tuple[str, ...]
    exported: datetime | None
    columns: Path | None
    skip_bad: bool
    mask: bool


def read(files: tuple[Path, ...], given: Given) -> Log:
    """The log, after telling on stderr how it was read and what was left out. Raises DataError."""
    from bot import logs, zones

    log = logs.read(
        files,
        zones.find(given.timezone, "--timezone"),
        form=given.form,
        encoding=given.encoding,
        skip_bad=given.skip_bad,
        mask=given.mask,
        shop=given.shop,
        exported=given.exported.date() if given.exported else None,
        columns=given.columns,
    )
    for note in log.notes:
        click.echo(note, err=True)
    for line in log.skipped[:_SHOWN]:
        click.echo(f"跳过 {line}", err=True)
    if len(log.skipped) > _SHOWN:
        click.echo(f"……另有 {len(log.skipped) - _SHOWN} 处跳过", err=True)
    return log
