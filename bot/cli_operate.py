"""I am the commands of those who run a server: who may ask what, who did what, copies of the database."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.cli_library import CONFIG, DATA, SHOP


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


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@CONFIG
@DATA
def backup(*, file: Path, config: Path | None, data: Path | None) -> None:
    """Copy the database to FILE, consistent while a server uses it; checked, and never over another file."""
    from bot import backup as copies

    for line in copies.backup(file, config, data):
        click.echo(line)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@CONFIG
@DATA
def restore(*, file: Path, config: Path | None, data: Path | None) -> None:
    """Put a backup in the place of the database, which is kept beside it; refused while a server runs."""
    from bot import backup as copies

    for line in copies.restore(file, config, data):
        click.echo(line)
