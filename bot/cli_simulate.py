"""I am the command that plays: a chat in the terminal, a scene file, or the day of a big sale."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli_replay import PLATFORMS

if TYPE_CHECKING:
    from rich.console import Console

    from bot.buyers import Buyers
    from bot.shop import Shop

# Options of the chat and of the big sale; each is refused where it would be ignored.
CHAT = ("buyers", "invent", "rate", "record", "speed", "start")
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--scene", type=_FILE, help="Play this scene to its end.")
@click.option(
    "--platform",
    default="pinduoduo",
    show_default=True,
    type=click.Choice(PLATFORMS),
    help="Whose rules and targets hold.",
)
@click.option("--shop", "name", default="演示店铺", show_default=True, help="The shop's name.")
@click.option("--library", type=click.Path(path_type=Path, exists=True), help="Folder of TOML scripts, or a .jsonl.")
@click.option(
    "--speed", default=1.0, show_default=True, type=click.FloatRange(0.01, 100_000), help="Time runs so fast."
)
@click.option("--start", metavar="ISO", help="Begin at this time.  [default: now]")
@click.option("--buyers", type=_FILE, help="The buyers of this scene write by themselves; you are the agent.")
@click.option("--invent", type=click.IntRange(1, 10_000), metavar="N", help="N invented buyers write by themselves.")
@click.option(
    "--rate",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.001, 1000),
    help="Invented buyers a minute, on average.",
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of everything invented.")
@click.option("--record", type=click.Path(path_type=Path, dir_okay=False), help="Write what was typed as a scene.")
def simulate(*, scene: Path | None, platform: str, library: Path | None, **given: Any) -> None:  # noqa: ANN401
    """A chat in the terminal, playing buyer and agent; or a scene file played to its end.

    With --buyers or --invent others play the buyers. --record writes a scene of what was typed, with what followed;
    --scene plays it again and exits 1 where anything goes otherwise.
    """
    from rich.console import Console

    from bot import simulate as simulating
    from bot.scenefile import load
    from bot.shop import trial

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    paths = [library] if library else []
    if scene:
        _refuse("--scene", CHAT)
        read = load(scene)
        sys.exit(1 if simulating.play(read, trial(read.platform, paths, read.timezone), console) else 0)
    shop = trial(platform, paths, "Asia/Shanghai")
    shop.name = given["name"]
    _chat(shop, console, given)


def _refuse(beside: str, options: tuple[str, ...]) -> None:
    """An option that would be ignored is a mistake, and is said."""
    context = click.get_current_context()
    for name in options:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{beside} and --{name.replace('_', '-')} exclude each other")


def _chat(shop: Shop, console: Console, given: dict[str, Any]) -> None:
    from bot import simulate as simulating
    from bot import zones
    from bot.clock import SystemClock
    from bot.errors import WireError
    from bot.recorder import Recorder

    if given["buyers"]:
        _refuse("--buyers", ("invent", "rate"))
    try:
        begin = zones.instant(given["start"], "--start", shop.zone) if given["start"] else None
    except WireError as error:
        raise click.UsageError(str(error)) from error
    clock = SystemClock(start=begin, rate=given["speed"])
    start, record = int(clock.now()), given["record"]
    recorder = Recorder(shop, start) if record else None
    if recorder:  # a file that cannot be written is found before the chat, not after it
        recorder.write(record, title=shop.name)
    buyers = _buyers(shop, start, given)
    clock.begin()
    simulating.Table(shop, clock, console, buyers=buyers, recorder=recorder).run()
    if recorder:
        recorder.write(record, title=shop.name)


def _buyers(shop: Shop, start: int, given: dict[str, Any]) -> Buyers | None:
    """Who plays the buyers; None: the person at the terminal."""
    from bot.buyers import Invented, Played
    from bot.scenefile import load

    if given["buyers"]:
        return Played(load(given["buyers"]), start)
    if not given["invent"]:
        return None
    questions = [one for script in shop.matcher.library.scripts for one in script.phrasings or (script.title,)]
    return Invented(questions, number=given["invent"], rate=given["rate"], seed=given["seed"], start=start)
