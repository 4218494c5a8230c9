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
