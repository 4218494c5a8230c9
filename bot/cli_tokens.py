"""I am the commands on who may ask what, and on who did what."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bot.cli_library import CONFIG, DATA, SHOP

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("action", type=click.Choice(["list", "add", "revoke"]), default="list")
@click.argument("numbers", nargs=-1, metavar="[ID]...")
@SHOP
@click.option("--role", help="Of add: agent, supervisor, owner or tool; what each may ask stands in bot/roles.toml.")
@click.option("--name", help="Of add: whose it is; an agent's token speaks in this name alone.")
@CONFIG
@DATA
@click.option("--json", "as_json", is_flag=True, help="List one JSON object a line.")
def token(
    *,
    action: str,
    numbers: tuple[str, ...],
    only: str | None,
    role: str | None,
    name: str | None,
    config: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Tokens of people and programs: list them, issue one (it is printed once and kept as a hash), revoke some by number.

    While the server runs, too: it minds both at once. Exits 1 if one that is to be revoked is not there.
    """
    from bot import tokens

    if (action == "revoke") != bool(numbers):
        raise click.UsageError("revoke needs at least one ID; list and add take none")
    if (action == "add") != (role is not None and name is not None):
        raise click.UsageError("add needs --role and --name, which only it takes")
    if action == "revoke":
        said, whole = tokens.revoke(numbers, only, config, data)
        click.echo("\n".join(said))
        sys.exit(0 if whole else 1)
    place = only, config, data
    lines = tokens.add(*place, role=role or "", name=name or "") if role else tokens.listed(*place, as_json=as_json)
    for line in lines:
        click.echo(line)


@click.command()
@SHOP
@click.option("--since", help="From this day on (YYYY-MM-DD).")
@CONFIG
@DATA
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def audit(*, only: str | None, since: str | None, config: Path | None, data: Path | None, as_json: bool) -> None:
    """Who did what when: tokens, what was sent although it was held, the curator's words, the outbox."""
    from bot import tokens

    for line in tokens.audit(only, config, data, since=since, as_json=as_json):
        click.echo(line)
