"""I am the commands on field maps of chat tools."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from typing import BinaryIO


@click.group()
def adapter() -> None:
    """Field maps of chat tools."""


@adapter.command("try")
@click.argument("name", metavar="NAME|MAP.toml")
@click.argument("file", type=click.File("rb"))
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="A header that comes with it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def attempt(*, name: str, file: BinaryIO, headers: tuple[str, ...], as_json: bool) -> None:
    """Show the events that the payload in FILE becomes, and which of its fields are not understood or missing.

    NAME is a map that comes with the program, MAP.toml one of your own. FILE is a webhook's body as it comes; - is
    stdin. Exits 1 if something of it could not be taken.
    """
    import msgspec

    from bot import adapters
    from bot.adapters import trial
    from bot.clock import SystemClock
    from replies import DataError

    if not name.endswith(".toml") and name not in adapters.names():
        raise click.UsageError(f"no adapter {name!r} ({', '.join(adapters.names())}); a map of your own ends in .toml")
    how = adapters.read_file(Path(name)) if name.endswith(".toml") else adapters.load(name)
    given = {key.strip().lower(): value.strip() for key, _, value in (header.partition(":") for header in headers)}
    try:
        tried = trial.attempt(how, file.read(), given, int(SystemClock().now()))
    except DataError as error:
        place = getattr(file, "name", "<stdin>")
        raise DataError([f"{place}: {problem}" for problem in error.problems]) from error
    if as_json:
        click.echo(msgspec.json.encode(tried._asdict()).decode())
    else:
        click.echo("\n".join(trial.lines(how, tried)))
    sys.exit(1 if tried.problems else 0)
