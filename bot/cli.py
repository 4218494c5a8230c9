"""I wire it up, and get out of the way."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli_adapter import adapter
from bot.cli_bring import bring, export
from bot.cli_guard import each_line, guard
from bot.cli_library import library
from bot.cli_logs import MASK
from bot.cli_operate import audit, backup, restore, token
from bot.cli_outbox import outbox
from bot.cli_replay import replay
from bot.cli_robots import robots
from bot.cli_server import send, serve, watch
from bot.cli_simulate import simulate

if TYPE_CHECKING:
    from typing import Any


class Group(click.Group):
    """Turns what is wrong with data and config into sentences on stderr and exit code 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command; DataError lists every mistake."""
        from replies import DataError

        try:
            return super().invoke(ctx)
        except DataError as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            sys.exit(2)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(0)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kuaihui", prog_name="kuaihui")
def main() -> None:
    """快回 suggests approved replies, guards outgoing messages and warns before a reply deadline."""


main.add_command(serve)
main.add_command(send)
main.add_command(watch)
main.add_command(robots)
main.add_command(guard)
main.add_command(adapter)
main.add_command(outbox)
main.add_command(token)
main.add_command(audit)
main.add_command(backup)
main.add_command(restore)
main.add_command(replay)
main.add_command(simulate)
main.add_command(library)
library.add_command(bring)
library.add_command(export)


def _library() -> Path:
    import replies

    return Path(replies.__file__).parent / "scripts"


@main.command()
@click.argument("text", required=False)
@click.option("--jsonl", is_flag=True, help="Read one JSON object a line on stdin, write one a line on stdout.")
@click.option("--learn", is_flag=True, help='Accept lines {"picked":{"text","script"}}: later lines may profit.')
@click.option("--all", "every", is_flag=True, help="Also list what stayed below the bar.")
@click.option("--library", type=click.Path(path_type=Path, exists=True), help="Folder of TOML scripts, or a .jsonl.")
@click.option("--top", default=3, show_default=True, type=click.IntRange(1, 100), help="At most so many suggestions.")
def suggest(*, text: str | None, jsonl: bool, learn: bool, every: bool, library: Path | None, top: int) -> None:
    """Rank scripts for a buyer's message; exits 0 even when silent."""
    from bot.ask import Suggester

    if jsonl == (text is not None):
        raise click.UsageError("give TEXT, or --jsonl with lines on stdin")
    suggester = Suggester(library or _library(), top=top, every=every, learn=learn)
    if jsonl:
        each_line(suggester.answer)
        return
    ranking = suggester.rank([text or ""])
    if ranking["silent"]:
        click.echo("没有合适的话术，不提示。")
    for number, found in enumerate(ranking["suggestions"], 1):
        click.echo(f"{number}. [{found['score']:.2f}] {found['title']}  {found['text'] or ''}\n   {found['why']}")
        if found["missing"]:
            click.echo(f"   待填写：{'、'.join(found['missing'])}")


@main.command()
@click.argument("day", metavar="DAY")
@click.option("--shop", "only", help="Only this shop.")
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Config file; without one, the demo shop."
)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder of the database.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@MASK
def rates(*, day: str, only: str | None, config: Path | None, data: Path | None, as_json: bool, mask: bool) -> None:
    """Reply rates of a day (YYYY-MM-DD) as each platform counts them."""
    from bot import ledger

    for line in ledger.rates(day, only, config, data, as_json=as_json, mask=mask):
        click.echo(line)


@main.command()
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Config file to check as well.")
def check(*, config: Path | None) -> None:
    """Config and all data files valid, secrets hard to guess and read by nobody else? Exits 1 if not; lists everything."""
    from bot.audit import everything, risky

    problems = everything(config)
    if config is not None and not problems:
        problems = [f"警告 {warning}" for warning in risky(config)]
    for problem in problems:
        click.echo(problem)
    click.echo("一切正常" if not problems else f"共 {len(problems)} 处问题")
    sys.exit(1 if problems else 0)
