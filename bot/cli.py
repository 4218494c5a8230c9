"""I wire it up, and get out of the way."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PLATFORMS = ["pinduoduo", "taobao", "tmall", "jd", "douyin", "kuaishou", "xiaohongshu", "any"]


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


def _lines(reply: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    from bot.lines import answer

    if answer(sys.stdin.buffer, sys.stdout.buffer, reply):
        sys.exit(2)


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

    if jsonl == bool(text):
        raise click.UsageError("give TEXT, or --jsonl with lines on stdin")
    suggester = Suggester(library or _library(), top=top, every=every, learn=learn)
    if jsonl:
        _lines(suggester.answer)
        return
    ranking = suggester.rank([text or ""])
    if ranking["silent"]:
        click.echo("没有合适的话术，不提示。")
    for number, found in enumerate(ranking["suggestions"], 1):
        click.echo(f"{number}. [{found['score']:.2f}] {found['title']}  {found['text'] or ''}\n   {found['why']}")
        if found["missing"]:
            click.echo(f"   待填写：{'、'.join(found['missing'])}")


@main.command()
@click.argument("text", required=False)
@click.option("--jsonl", is_flag=True, help="Read one JSON object a line on stdin, write one a line on stdout.")
@click.option("--platform", default="any", show_default=True, type=click.Choice(PLATFORMS), help="Whose rules hold.")
def guard(*, text: str | None, jsonl: bool, platform: str) -> None:
    """Check an outgoing message; exits 1 if any line is not `allow`."""
    from bot.ask import Checker

    if jsonl == (text is not None):
        raise click.UsageError("give TEXT, or --jsonl with lines on stdin")
    checker = Checker()
    if jsonl:
        stopped = 0

        def reply(asked: dict[str, Any]) -> dict[str, Any]:
            nonlocal stopped
            said = checker.answer({"platform": platform, **asked})
            stopped += said["verdict"] != "allow"
            return said

        _lines(reply)
        sys.exit(1 if stopped else 0)
    verdict = checker.check([text or ""], platform)
    click.echo({"allow": "可以发送", "warn": "请确认后再发", "block": "不能发送"}[verdict.verdict])
    for finding in verdict.findings:
        click.echo(f"- {finding.reason}（{finding.rule}）：「{finding.excerpt}」  依据：{finding.source}")
    if verdict.rewrite:
        click.echo(f"建议改为：{verdict.rewrite}")
    sys.exit(0 if verdict.verdict == "allow" else 1)


@main.command()
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Config file; without one, --demo.")
@click.option("--demo", is_flag=True, help="A demo shop with secrets of its own, kept in the data folder.")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 0 takes a free one.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder of the database.")
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
    import msgspec

    from bot import config as configs
    from bot.web import serve as serving

    if demo and config:
        raise click.UsageError("--demo and --config exclude each other")
    given = configs.load(config) if config else None
    asked = {"host": host, "port": port, "data": str(data) if data else None}
    server = msgspec.structs.replace(
        given.server if given else configs.Server(), **{key: value for key, value in asked.items() if value is not None}
    )
    known = None if given else serving.demo(Path(server.data))
    if given:
        ours = msgspec.structs.replace(given, server=server)
    else:
        ours = serving.demo_config(server, known or serving.demo(Path(server.data)))
    clock = _trial_clock(server.host, clock_start, clock_rate)

    def ready(url: str) -> None:
        if ready_json:
            secrets = {"webhook_secret": known and known.webhook_secret, "token": known and known.token}
            shops = [{"id": shop.id, "platform": shop.platform, **secrets} for shop in ours.shops]
            click.echo(msgspec.json.encode({"url": url, "shops": shops}))
        else:
            serving.greet(url, ours, known)
        sys.stdout.flush()

    serving.run(ours, clock, ready=ready)


def _trial_clock(host: str, start: str | None, rate: float) -> Any:  # noqa: ANN401 - a clock, imported late
    from bot.clock import SystemClock
    from bot.errors import WireError
    from bot.wire import instant

    if (start or rate != 1.0) and host not in ("127.0.0.1", "::1", "localhost"):
        raise click.UsageError("a clock of its own is for trials: only on a loopback --host")
    try:
        return SystemClock(start=instant(start, "--clock-start") if start else None, rate=rate)
    except WireError as error:
        raise click.UsageError(str(error)) from error


@main.command()
@click.argument("text", required=False)
@click.option("--url", default="http://127.0.0.1:8787", show_default=True, help="The server's address.")
@click.option("--shop", default="demo", show_default=True, help="Which shop's webhook.")
@click.option("--secret-file", type=click.Path(path_type=Path), help="File with the whsec_ secret; else the demo's.")
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("data"), help="Data folder with the demo's secrets."
)
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
    """Send one signed webhook to a running server and print its answer."""
    from bot import sender

    if (text is None) == (event is None):
        raise click.UsageError("give TEXT, or --json with an event")
    body = event.encode() if event is not None else sender.message(conversation, role, text or "")
    status, answered = sender.post(url, shop, sender.key(secret_file, data), body)
    click.echo(answered)
    sys.exit(0 if status == 200 else 1)


@main.command()
@click.option("--url", default="http://127.0.0.1:8787", show_default=True, help="The server's address.")
@click.option("--shop", default="demo", show_default=True, help="Which shop.")
@click.option("--token", envvar="KUAIHUI_TOKEN", help="The shop's token; else KUAIHUI_TOKEN, else the demo's.")
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("data"), help="Data folder with the demo's secrets."
)
def watch(*, url: str, shop: str, token: str | None, data: Path) -> None:
    """Waiting buyers with countdown, suggestions, held drafts and warnings of a running server."""
    import asyncio

    from rich.console import Console

    from bot.clock import SystemClock
    from bot.web import serve as serving
    from bot.web.watch import Refusal, Watch

    console = Console()
    try:
        asyncio.run(Watch(url, shop, token or serving.demo(data).token, SystemClock(), console).run())
    except Refusal as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        pass


def _shop(platform: str, library: Path | None, timezone: str, *, targets: bool = True) -> Any:  # noqa: ANN401
    """A shop for trials: no secrets, no callback."""
    from zoneinfo import ZoneInfo

    from bot.shop import trial

    try:
        ZoneInfo(timezone)
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--timezone: {timezone!r} is not a time zone name (such as Asia/Shanghai)") from error
    return trial(platform, [library] if library else [], timezone, targets=targets)


@main.command()
@click.option(
    "--scene", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Play this scene to its end."
)
@click.option("--platform", default="pinduoduo", show_default=True, help="Whose rules and targets hold.")
@click.option("--shop", "name", default="demo", show_default=True, help="The shop's name.")
@click.option("--library", type=click.Path(path_type=Path, exists=True), help="Folder of TOML scripts, or a .jsonl.")
@click.option(
    "--speed", default=1.0, show_default=True, type=click.FloatRange(0.01, 100_000), help="Time runs so fast."
)
def simulate(*, scene: Path | None, platform: str, name: str, library: Path | None, speed: float) -> None:
    """A chat in the terminal, playing buyer and agent, or a scene file played to the end."""
    from rich.console import Console

    from bot import simulate as simulating
    from bot.clock import SystemClock
    from bot.scene import load

    console = Console(highlight=False)
    if scene:
        read = load(scene)
        shop = _shop(read.platform, library, read.timezone)
        shop.set_stages({target: tuple(stages) for target, stages in read.stages.items()})
        sys.exit(1 if simulating.play(read, shop, console) else 0)
    shop = _shop(platform, library, "Asia/Shanghai")
    shop.name = name
    simulating.Chat(shop, SystemClock(rate=speed), console).run()


@main.command()
@click.argument("logs", metavar="LOG...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--platform", default="any", show_default=True, help="Whose rules and targets hold.")
@click.option(
    "--format",
    type=click.Choice(["jsonl"]),
    default="jsonl",
    show_default=True,
    expose_value=False,
    help="Of the logs.",
)
@click.option("--library", type=click.Path(path_type=Path, exists=True), help="Folder of TOML scripts, or a .jsonl.")
@click.option("--timezone", default="Asia/Shanghai", show_default=True, help="Of times without an offset, and of days.")
@click.option("--json", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the result here.")
def replay(*, logs: tuple[Path, ...], platform: str, library: Path | None, timezone: str, out: Path | None) -> None:
    """Recorded conversations through the same engine on a virtual clock."""
    import msgspec

    from bot import logs as reading
    from bot.progress import bar
    from bot.replay import Replay, summary

    shop = _shop(platform, library, timezone)
    said = reading.read(logs, shop.zone)
    timed = any(message.at is not None for message in said)
    if not timed:
        shop = _shop(platform, library, timezone, targets=False)
    with bar(len(said)) as progress:
        result = Replay(shop, timed=timed).run(said, progress=progress)
    if out:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    for line in summary(result):
        click.echo(line)


@main.command()
@click.argument("day", metavar="DAY")
@click.option("--shop", "only", help="Only this shop.")
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Config file; without one, the demo shop."
)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder of the database.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rates(*, day: str, only: str | None, config: Path | None, data: Path | None, as_json: bool) -> None:
    """Reply rates of a day (YYYY-MM-DD) as each platform counts them."""
    from bot import ledger

    for line in ledger.rates(day, only, config, data, as_json=as_json):
        click.echo(line)


@main.group()
def library() -> None:
    """The script library."""


@library.command()
@click.argument("path", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("--day", help="Name scripts whose validity ended before this day (YYYY-MM-DD); today without it.")
def lint(*, path: Path | None, day: str | None) -> None:
    """What is wrong with the scripts in PATH (the built-in library without one); exits 1 for errors."""
    from bot.audit import lint as find

    found = find(path, day)
    for problem in found:
        click.echo(f"{'错误' if problem.level == 'error' else '建议'} {problem}")
    errors = sum(problem.level == "error" for problem in found)
    click.echo(f"错误 {errors} 处，建议 {len(found) - errors} 处")
    sys.exit(1 if errors else 0)


@main.command()
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Config file to check as well.")
def check(*, config: Path | None) -> None:
    """Config and all data files valid? Lists everything that is wrong."""
    from bot.audit import everything

    problems = everything(config)
    for problem in problems:
        click.echo(problem)
    click.echo("一切正常" if not problems else f"共 {len(problems)} 处问题")
    sys.exit(1 if problems else 0)
