"""I am the commands on the script library."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from bot.cli_logs import MASK, Given, read, reading

CONFIG = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Config file; without one, the demo shop."
)
DATA = click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder of the database.")
SHOP = click.option("--shop", "only", help="Only this shop.")


@click.group()
def library() -> None:
    """The script library."""


@library.command()
@click.argument("path", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("--day", help="Name scripts whose validity ended before this day (YYYY-MM-DD); today without it.")
@click.option("--strays", is_flag=True, help="Also name phrasings that would lead to another script: takes seconds.")
def lint(*, path: Path | None, day: str | None, strays: bool) -> None:
    """What is wrong with the scripts in PATH (the built-in library without one); exits 1 for errors."""
    from bot.audit import lint as find

    found = find(path, day)
    if strays:
        from bot import curate

        found = [*found, *curate.strays(path)]
    for problem in found:
        click.echo(f"{'错误' if problem.level == 'error' else '建议'} {problem}")
    errors = sum(problem.level == "error" for problem in found)
    click.echo(f"错误 {errors} 处，建议 {len(found) - errors} 处")
    sys.exit(1 if errors else 0)


@library.command()
@click.argument("logs", metavar="[LOG]...", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--library", "scripts", type=click.Path(path_type=Path, exists=True), help="Folder of scripts, or a .jsonl."
)
@reading
@SHOP
@CONFIG
@DATA
def gaps(
    *,
    logs: tuple[Path, ...],
    scripts: Path | None,
    only: str | None,
    config: Path | None,
    data: Path | None,
    **given: Any,  # noqa: ANN401 - the options of cli_logs.reading
) -> None:
    """What buyers asked that the library cannot answer: in LOGs, else in what a server has heard."""
    from bot import curate

    if not logs:
        for line in curate.gaps_of_server(only, config, data, mask=given["mask"]):
            click.echo(line)
        return
    wishes = Given(**given)
    with read(logs, wishes) as said:
        for line in curate.gaps_of_logs(said, scripts, wishes.timezone):
            click.echo(line)


@library.command()
@SHOP
@CONFIG
@DATA
def stats(*, only: str | None, config: Path | None, data: Path | None) -> None:
    """Uses, edits, never used and stale scripts."""
    from bot import curate

    for line in curate.stats(only, config, data):
        click.echo(line)


@library.command()
@click.option("--accept", multiple=True, metavar="CODE", help="This question is a phrasing from now on; repeatable.")
@click.option("--revoke", multiple=True, metavar="CODE", help="This question never counts again; repeatable.")
@MASK
@SHOP
@CONFIG
@DATA
def learned(
    *,
    accept: tuple[str, ...],
    revoke: tuple[str, ...],
    mask: bool,
    only: str | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """What was learned from agents' picks, for review. A server may run meanwhile: it heeds the word in seconds."""
    from bot import curate

    for line in curate.learned(only, config, data, accept=accept, revoke=revoke, mask=mask):
        click.echo(line)
