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
    from bot.load.staffing import Wish
    from bot.shop import Shop

# Options of the chat and of the big sale; each is refused where it would be ignored.
_SHOWN = {"out": "json"}
CHAT = ("buyers", "invent", "rate", "record", "speed", "start")
LOAD = ("target", "line", "agents", "seeds", "coverage", "plot", "out")
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
@click.option(
    "--load",
    is_flag=False,
    flag_value="ordinary",
    metavar="[DAY]",
    help="Staff a day: ordinary, 1111, 618, or a file like those in bot/load.",
)
@click.option("--target", help="Which reply target, with --load.  [default: the platform's first]")
@click.option("--line", type=click.FloatRange(0), help="Its line: 0.9 is 90 %, of a mean seconds.  [default: its own]")
@click.option("--agents", type=click.IntRange(1, 500), multiple=True, help="Only with so many agents; may be repeated.")
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1, 100), help="Days played, from --seed on.")
@click.option("--coverage", type=click.FloatRange(0, 1), help="Share of questions with a script.  [default: the day's]")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with the plot here.")
@click.option("--json", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here.")
def simulate(*, scene: Path | None, platform: str, library: Path | None, **given: Any) -> None:  # noqa: ANN401
    """A chat in the terminal, playing buyer and agent; or a scene file played to its end.

    With --buyers or --invent others play the buyers. --record writes a scene of what was typed, with what followed;
    --scene plays it again and exits 1 where anything goes otherwise.

    With --load nobody chats: a whole day of a shop is played with few and many agents, with and without suggestions, to
    say how many of them keep a reply target.
    """
    from rich.console import Console

    from bot import simulate as simulating
    from bot.scenefile import load
    from bot.shop import trial

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    paths = [library] if library else []
    if given["load"]:
        _refuse("--load", ("scene", *(name for name in CHAT if name != "seed")))
        _load(trial(platform, paths, "Asia/Shanghai"), given)
        return
    _needs_load()
    if scene:
        _refuse("--scene", (*CHAT, "seed"))
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
            raise click.UsageError(f"{beside} and --{_SHOWN.get(name, name)} exclude each other")


def _needs_load() -> None:
    context = click.get_current_context()
    for name in LOAD:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{_SHOWN.get(name, name)} goes with --load")


def _load(shop: Shop, given: dict[str, Any]) -> None:
    from rich.console import Console

    from bot import load
    from bot.load import shown
    from bot.load.staffing import Staffing

    asked = shown.Asked(load.load(given["load"]), shop, _wish(shop, given))
    console = Console(stderr=True)
    with console.status("") as status:
        staffing = Staffing(asked.profile, shop, asked.wish, progress=status.update)
        answer = staffing.answer()
    for line in shown.lines(asked, answer):
        click.echo(line)
    if given["out"]:
        import msgspec

        _save(given["out"], msgspec.json.format(msgspec.json.encode(shown.data(asked, answer)), indent=1) + b"\n")
    if given["plot"]:
        _save(given["plot"], shown.page(asked, answer).encode())


def _wish(shop: Shop, given: dict[str, Any]) -> Wish:
    from bot.load.staffing import Wish

    names = [target.name for target in shop.targets]
    name = given["target"] or next(iter(names), "")
    target = next((target for target in shop.targets if target.name == name), None)
    if target is None:
        raise click.UsageError(f"--target: {shop.platform.id} has {', '.join(names) or 'no target'}, not {name!r}")
    line = target.pass_line if given["line"] is None else given["line"]
    if line is None:
        raise click.UsageError(f"--line: {name} has no line of its own; give one")
    if target.mean is None and line > 1:
        raise click.UsageError(f"--line: a rate is 0 to 1, not {line:g}")
    seeds = tuple(range(given["seed"], given["seed"] + given["seeds"]))
    return Wish(target, line, seeds, tuple(sorted(set(given["agents"]))), given["coverage"])


def _save(file: Path, content: bytes) -> None:
    from replies import DataError

    try:
        file.write_bytes(content)
    except OSError as error:
        raise DataError([f"{file}: cannot be written: {error.strerror}"]) from error


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
