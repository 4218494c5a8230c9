"""I am the command that checks outgoing messages, explains verdicts, shows the record and brings rules in."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli_library import CONFIG, DATA, SHOP
from bot.cli_logs import MASK
from bot.cli_replay import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ask import Checker
    from replies.guard import Verdict

_SAID = {"allow": "可以发送", "warn": "请确认后再发", "block": "不能发送"}
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def each_line(reply: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    """Answer stdin line by line; exits 2 at the end if a line was bad."""
    from bot.lines import answer

    if sys.stdin is None:
        raise click.UsageError("--jsonl reads stdin, which is closed")
    if answer(sys.stdin.buffer, sys.stdout.buffer, reply):
        sys.exit(2)


@click.command()
@click.argument("text", required=False)
@click.option("--jsonl", is_flag=True, help="Read one JSON object a line on stdin, write one a line on stdout.")
@click.option("--platform", default="any", show_default=True, type=click.Choice(PLATFORMS), help="Whose rules hold.")
@click.option("--rules", multiple=True, type=_FILE, help="The owner's own rules (.toml, .txt, .json); may be repeated.")
@click.option("--at", metavar="ISO", help="When TEXT would be sent, if no buyer waits for it.")
@click.option("--unanswered", default=0, type=click.IntRange(0), help="Messages before TEXT that got no answer.")
@click.option("--timezone", default="Asia/Shanghai", show_default=True, help="The shop's, for --at and for lines.")
@click.option("--explain", is_flag=True, help="Show how TEXT is read, and why each rule speaks or does not.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--audit", is_flag=True, help="What a server's guard held, who sent it all the same, and how right it was."
)
@click.option("--day", help="Of the audit: only this day (YYYY-MM-DD).")
@click.option("--since", help="Of the audit: from this day on (YYYY-MM-DD).")
@click.option("--right", multiple=True, type=int, help="Mark this number of the audit: the rule was right.")
@click.option("--wrong", multiple=True, type=int, help="Mark this number of the audit: a false alarm.")
@click.option("--by", default="", help="Who marks.")
@click.option("--why", default="", help="Why it is marked so.")
@click.option(
    "--import", "bring", multiple=True, type=_FILE, help="Read a word list or WeCom's intercept rules; may be repeated."
)
@click.option(
    "--into", type=click.Path(path_type=Path, dir_okay=False), help="Of the import: the .toml file to add to."
)
@MASK
@SHOP
@CONFIG
@DATA
def guard(**given: Any) -> None:  # noqa: ANN401 - click's own
    """Check an outgoing message; exits 1 if any line is not `allow`.

    With --explain: why. With --audit: the record of a server. With --right and --wrong: what the curator says of it. With
    --import: rules from elsewhere.
    """
    marks = bool(given["right"] or given["wrong"])
    asked = [given["jsonl"], given["text"] is not None, given["audit"], marks, bool(given["bring"])]
    if asked.count(True) != 1:
        raise click.UsageError("give one of TEXT, --jsonl with lines on stdin, --audit, --right or --wrong, --import")
    if given["day"] and given["since"]:
        raise click.UsageError("give --day or --since")
    if given["audit"] or marks:
        _record(given)
    elif given["bring"]:
        from bot.owner import bring_in

        for line in bring_in(given["bring"], given["into"], given["platform"]):
            click.echo(line)
    else:
        _check(given)


def _record(given: dict[str, Any]) -> None:
    from bot import ruled

    place = given["only"], given["config"], given["data"]
    if not given["audit"]:
        if not given["by"].strip():
            raise click.UsageError("--by: say who marks")
        who = {"by": given["by"].strip(), "why": given["why"].strip()}
        click.echo(ruled.mark(*place, right=given["right"], wrong=given["wrong"], **who))
        return
    asked = {key: given[key] for key in ("day", "since", "as_json", "mask")}
    for line in ruled.report(*place, **asked):
        click.echo(line)


def _check(given: dict[str, Any]) -> None:
    from bot.ask import Checker
    from bot.errors import WireError

    checker = Checker(given["rules"], given["timezone"])
    if given["jsonl"]:
        sys.exit(1 if _lines(checker, given["platform"]) else 0)
    try:
        hour = checker.hour(given["at"], "--at")
    except WireError as error:
        raise click.UsageError(str(error)) from error
    state = {"hour": hour, "unanswered": given["unanswered"]}
    if given["explain"]:
        _explain(checker, given, state)
        return
    verdict = checker.check([given["text"]], given["platform"], **state)
    _tell(verdict, as_json=given["as_json"])
    sys.exit(0 if verdict.verdict == "allow" else 1)


def _lines(checker: Checker, platform: str) -> int:
    """How many lines were stopped."""
    stopped = 0

    def reply(asked: dict[str, Any]) -> dict[str, Any]:
        nonlocal stopped
        said = checker.answer({"platform": platform, **asked})
        stopped += said["verdict"] != "allow"
        return said

    each_line(reply)
    return stopped


def _explain(checker: Checker, given: dict[str, Any], state: dict[str, Any]) -> None:
    import msgspec

    from bot import explained
    from replies.guard_explain import explain

    told = explain(checker.guard_on(given["platform"]), given["text"], **state)
    if given["as_json"]:
        click.echo(msgspec.json.encode(told))
        return
    for line in explained.lines(told):
        click.echo(line)


def _tell(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(verdict))
        return
    click.echo(_SAID[verdict.verdict])
    for finding in verdict.findings:
        click.echo(f"- {finding.reason}（{finding.rule}）：「{finding.excerpt}」  依据：{finding.source}")
    if verdict.rewrite:
        click.echo(f"建议改为：{verdict.rewrite}")
