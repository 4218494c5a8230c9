"""I am the command that plays recorded conversations."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot import cli_logs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.logs import Log
    from bot.shop import Shop

# Read off the folder: importing what reads the files would cost --help its 0.3 s.
PLATFORMS = sorted(file.stem for file in (Path(__file__).parent / "platforms").glob("*.toml"))


@click.command()
@click.argument("logs", metavar="LOG...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--platform", default="any", show_default=True, type=click.Choice(PLATFORMS), help="Whose rules and targets hold."
)
@cli_logs.reading
@click.option("--library", type=click.Path(path_type=Path, exists=True), help="Folder of TOML scripts, or a .jsonl.")
@click.option("--json", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the result here.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Play as a shop of this config has it, without its secrets; its platform holds.",
)
@click.option("--shop", "only", help="Which shop of the config; without it the first.")
@click.option(
    "--report",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page that opens in any browser, without a network.",
)
@click.option(
    "--jobs",
    default=1,
    show_default=True,
    type=click.IntRange(1, 16),
    help="Processes; a second one ranks, a third one guards. Same result.",
)
@click.option(
    "--compare", type=click.Path(path_type=Path, exists=True), help="A second library or config: what changes?"
)
def replay(
    *,
    logs: tuple[Path, ...],
    platform: str,
    library: Path | None,
    config: Path | None,
    only: str | None,
    out: Path | None,
    page: Path | None,
    compare: Path | None,
    jobs: int,
    **given: Any,  # noqa: ANN401 - the options of cli_logs.reading
) -> None:
    """Recorded conversations through the same engine on a virtual clock; --compare exits 1 if anything changed.

    LOG is a file, a folder or a zip archive, in a format that is recognised and said, or forced with --format. Nothing
    is played if any line cannot be read, unless --skip-bad says that the rest is enough.
    """
    from bot import aside, differences, outfile, seat, summary

    wishes = cli_logs.Given(**given)
    with cli_logs.read(logs, wishes) as said:
        wanted = seat.Wanted(config, only, platform, library, wishes.timezone, said.timed)
        shops = [seat.seat(wanted)]
        shops += [seat.other(wanted, compare, shops[0])] if compare else []
        for note in aside.notes(jobs, shops):
            click.echo(note, err=True)
        result = _played(said, shops, page, jobs)
    if out:
        outfile.write(out, result)
    for line in summary.lines(result):
        click.echo(line)
    if compare:
        for line in differences.lines(result["compare"]):
            click.echo(line)
        sys.exit(1 if result["compare"]["changed"] else 0)


def _played(said: Log, shops: Sequence[Shop], page: Path | None, jobs: int) -> dict[str, Any]:
    """The log as each shop would have it, side by side; what the first says of it, and with a second what differs."""
    from bot import aside
    from bot.compare import Comparison
    from bot.progress import bar
    from bot.replay import Replay, facts, play
    from bot.report import Report, changes
    from bot.summary import Summary

    compared, seen, others = len(shops) > 1, Summary(), Summary()
    differences = Comparison()
    with ExitStack() as held:
        seated = held.enter_context(aside.beside(shops, partial(facts, said=said), jobs))
        report = held.enter_context(Report()) if page else None
        first = [seen, *([differences.first] if compared else ()), *([report] if report else ())]
        told = (first, [differences.second, *([others] if page else ())])
        runs = [
            held.enter_context(Replay(shop, hear, timed=said.timed)) for shop, hear in zip(seated, told, strict=False)
        ]
        with bar(len(said)) as progress:
            play(said, runs, progress=progress)
        result = seen.result()
        if compared:
            result["compare"] = differences.result()
        if report and page:
            sides = (result, others.result()) if compared else None
            report.write(page, result, changes.of(sides, result["compare"], seated) if sides else None)
    return result
