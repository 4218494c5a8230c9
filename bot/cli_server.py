"""I am the commands that run a server or reach one."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.clock import SystemClock
    from bot.config import Config
    from bot.demo import Demo

LOOPBACK = ("127.0.0.1", "::1", "localhost")
URL = click.option("--url", default="http://127.0.0.1:8787", show_default=True, help="The server's address.")
DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="Data folder with the demo's secrets.",
)


@click.command()
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Config file; without one, --demo.")
@click.option("--demo", is_flag=True, help="A demo shop with secrets of its own, kept in the data folder.")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1, or the config's]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Port; 0 takes a free one.  [default: 8787, or the config's]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the database.  [default: data, or the config's]",
)
@click.option("--ready-json", is_flag=True, help="One JSON line on stdout when ready.")
@click.option("--clock-start", metavar="ISO", help="For trials, on loopback: begin at this time.")
@click.option("--clock-rate", type=click.FloatRange(0.01, 100_000), default=1.0, help="For trials: time runs so fast.")
def serve(
    *,
    config: Path | None,
    demo: bool,
    host: str | None,
    port: int | None,
    data: Path | None,
    ready_json: bool,
    clock_start: str | None,
    clock_rate: float,
) -> None:
    """Run the server until it is told to stop."""
    from bot.web import serve as serving
    from bot.web.rereader import Source

    if demo and config:
        raise click.UsageError("--demo and --config exclude each other")
    asked: dict[str, object] = {"host": host, "port": port, "data": str(data) if data else None}
    ours, known = _config(config, asked)
    clock = _trial_clock(ours.server.host, clock_start, clock_rate)
    for warning in _risks(config, ours.server.host):
        click.echo(f"警告 {warning}", err=True)

    def ready(url: str) -> None:
        click.echo(serving.ready_line(url, ours, known) if ready_json else serving.greeting(url, ours, known))
        sys.stdout.flush()

    source = Source(config, lambda: _config(config, asked)[0]) if config else None
    serving.run(ours, clock, ready=ready, source=source)


def _risks(file: Path | None, host: str) -> list[str]:
    """What makes it unwise to serve this where others can reach it."""
    from bot import config, weak

    if file is not None:
        return list(weak.warnings(config.table_of(file), file, host))
    return [] if host in LOOPBACK else [f"--demo: its secrets are printed, and {host} can be reached by others"]


def _config(file: Path | None, asked: dict[str, object]) -> tuple[Config, Demo | None]:
    """The config in the file, or the demo's with its secrets; what was `asked` on the command line goes before both."""
    import msgspec

    from bot import config, demo

    given = config.load(file) if file else None
    server = given.server if given else config.Server()
    server = msgspec.structs.replace(server, **{key: value for key, value in asked.items() if value is not None})
    if given:
        return msgspec.structs.replace(given, server=server), None
    known = demo.make(Path(server.data))
    return demo.config(server, known), known


def _trial_clock(host: str, start: str | None, rate: float) -> SystemClock:
    from bot.clock import SystemClock
    from bot.errors import WireError
    from bot.zones import instant

    if (start or rate != 1.0) and host not in LOOPBACK:
        raise click.UsageError("a clock of its own is for trials: only on a loopback --host")
    try:
        return SystemClock(start=instant(start, "--clock-start") if start else None, rate=rate)
    except WireError as error:
        raise click.UsageError(str(error)) from error


@click.command()
@click.argument("text", required=False)
@URL
@click.option("--shop", default="demo", show_default=True, help="Which shop's webhook.")
@click.option("--secret-file", type=click.Path(path_type=Path), help="File with the whsec_ secret; else the demo's.")
@DATA
@click.option("--conversation", default="c-1", show_default=True)
@click.option("--role", default="buyer", show_default=True, type=click.Choice(["buyer", "agent", "robot", "system"]))
@click.option("--json", "event", help="A whole event (or list of them) instead of TEXT.")
def send(
    *,
    text: str | None,
    url: str,
    shop: str,
    secret_file: Path | None,
    data: Path,
    conversation: str,
    role: str,
    event: str | None,
) -> None:
    """Send one signed webhook to a running server and print its answer; exits 1 if it was refused."""
    from bot import sender

    if (text is None) == (event is None):
        raise click.UsageError("give TEXT, or --json with an event")
    try:
        body = event.encode() if event is not None else sender.message(conversation, role, text or "")
    except UnicodeEncodeError as error:
        raise click.UsageError("the text is not UTF-8") from error
    status, answered = sender.post(url, shop, sender.key(secret_file, data), body)
    click.echo(answered)
    sys.exit(0 if status == 200 else 1)


@click.command()
@URL
@click.option("--shop", default="demo", show_default=True, help="Which shop.")
@click.option("--token", envvar="KUAIHUI_TOKEN", help="The shop's token; else KUAIHUI_TOKEN, else the demo's.")
@DATA
def watch(*, url: str, shop: str, token: str | None, data: Path) -> None:
    """Waiting buyers with countdown, suggestions, held drafts and warnings of a running server."""
    from bot import demo
    from bot.web import watch as watching

    watching.run(url, shop, token or demo.read(data).token)
