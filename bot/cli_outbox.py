"""I am the command on what could not be sent."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("action", type=click.Choice(["list", "resend", "drop", "enable"]), default="list")
@click.argument("names", nargs=-1, metavar="[ID]...")
@click.option("--shop", "only", help="Only this shop's.")
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Config file; without one, the demo shop."
)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder of the database.")
@click.option("--json", "as_json", is_flag=True, help="List one JSON object a line.")
def outbox(
    *, action: str, names: tuple[str, ...], only: str | None, config: Path | None, data: Path | None, as_json: bool
) -> None:
    """What could not be sent: list it, resend or drop dead letters by number (or all), enable a destination again.

    Safe while the server runs: it sees what is asked within seconds. Exits 1 if something named is not there.
    """
    from bot import letters

    if (action == "list") == bool(names):
        raise click.UsageError("list takes no ID; resend, drop and enable need at least one")
    if action == "list":
        for line in letters.listed(only, config, data, as_json=as_json):
            click.echo(line)
        return
    said, whole = letters.change(action, names, only, config, data)
    for line in said:
        click.echo(line)
    sys.exit(0 if whole else 1)
