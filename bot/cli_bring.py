"""I am the commands that bring a library in and take it out."""

# ruff: noqa: PLC0415 - imports wait until a command needs them: --help in 0.3 s

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from replies.exchange.merge import Plan

# Written here once more: importing what reads the formats would cost --help its 0.3 s. A test compares.
READS = ["toml", "jsonl", "chatwoot", "espanso", "livehelperchat", "zammad", "fastgpt", "lanren", "csv"]
WRITES = ["toml", "jsonl", "csv", "xlsx", "fastgpt", "livehelperchat", "zammad", "chatwoot", "espanso"]


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--into", type=click.Path(path_type=Path), help="Folder of TOML scripts; without one nothing is written.")
@click.option("--format", "form", type=click.Choice(READS), help="Of FILE; without it, found by its content.")
@click.option("--encoding", help="Of FILE (utf-8, gb18030, utf-16 ...); without it, found by its bytes and named.")
@click.option("--platform", "on", multiple=True, help="Check by the rules of this platform only; may be repeated.")
@click.option("--update", is_flag=True, help="Also change scripts that the library has already.")
@click.option("--skip", is_flag=True, help="Leave out what cannot come in, and import the rest.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
def bring(
    *,
    file: Path,
    into: Path | None,
    form: str | None,
    encoding: str | None,
    on: tuple[str, ...],
    update: bool,
    skip: bool,
    dry_run: bool,
) -> None:
    """Bring the scripts of FILE into a library: shows what changes, then writes all of it or nothing.

    FILE is our TOML or .jsonl, a CSV or Excel table, or an export of another tool. Exits 1 if something of it cannot
    come in; nothing is written then, unless --skip says that the rest is enough.
    """
    from bot import bring as bringing
    from bot.audit import forbidding
    from replies import exchange, policy
    from replies.exchange.merge import plan

    strange = [name for name in on if name not in policy.PLATFORMS]
    if strange:
        raise click.UsageError(f"no platform {strange[0]!r} ({', '.join(policy.PLATFORMS)})")
    platforms = list(dict.fromkeys(on)) or [name for name in policy.PLATFORMS if name != "any"]
    reading = exchange.read(bringing.read_bytes(file), file.name, form=form, codec=encoding)
    click.echo(f"{file.name}：格式 {reading.format}，编码 {reading.encoding}，取到 {len(reading.taken.entries)} 条")
    made = plan(bringing.held(into), reading.taken, forbidden=forbidding(platforms), platforms=platforms)
    for line in bringing.lines(made):
        click.echo(line)
    stopped = _stopped(made, update=update, skip=skip)
    wrong = bool(made.refused or (made.changed and not update))
    if not update:
        made.changed = []
    out = bringing.writes(made, into, file.name) if into and not stopped else {}
    if stopped:
        click.echo(stopped)
    elif dry_run or into is None:
        click.echo("只是预览，没有写入。" if dry_run else "只是预览，没有写入；加 --into 文件夹 才会写入。")
    elif not out:
        click.echo("没有要写入的。")
    else:
        bringing.write_all(out)
        click.echo(f"已写入：{'、'.join(map(str, out))}")
    sys.exit(1 if wrong else 0)


def _stopped(made: Plan, *, update: bool, skip: bool) -> str:
    """Why nothing may be written; empty if all may."""
    if skip:
        return ""
    if made.refused:
        return "没有写入：请先改好「不能导入」的各处，或加 --skip 只导入其余的。"
    if made.changed and not update:
        return "没有写入：有话术与已有的不同，加 --update 才会改动它们，加 --skip 则只导入新增的。"
    return ""


@click.command("export")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--library", type=click.Path(path_type=Path, exists=True), help="Folder of TOML scripts, or a .jsonl.")
@click.option("--format", "form", type=click.Choice(WRITES), help="Without it, by the ending of OUT.")
@click.option("--encoding", help="Of OUT: CSV tables for Excel are UTF-8 with a mark, others UTF-8.")
@click.option("--force", is_flag=True, help="Overwrite OUT if it exists.")
def export(*, out: Path, library: Path | None, form: str | None, encoding: str | None, force: bool) -> None:
    """Write a library (the built-in one without --library) into the file OUT, and say what its format cannot carry."""
    from bot import bring as bringing
    from bot.shop import BUILT_IN
    from replies import DataError, exchange
    from replies import library as libraries

    form = form or exchange.form_for(out.name)
    if form is None:
        raise click.UsageError(f"{out.name}: give --format ({', '.join(WRITES)}), or an ending that says it")
    if out.exists() and not force:
        raise DataError([f"{out}: 已经存在，加 --force 才会覆盖"])
    scripts = libraries.load([library or BUILT_IN]).scripts
    written = exchange.write(scripts, form)
    data, said = (written, "Excel") if isinstance(written, bytes) else _encoded(written, form, encoding, out)
    bringing.write_all({out: data})
    click.echo(f"已写出 {len(scripts)} 条：{out}（格式 {form}，编码 {said}）")
    if form == "csv" and (risky := exchange.formulas(scripts)):
        click.echo(f"  ! {risky} 格以 = + - @ 开头，Excel 打开 CSV 会当成公式；导出为 .xlsx 就都是文字")
    for field, count in exchange.lost(scripts, form).items():
        click.echo(f"  ! 这种格式带不走 {field}：{count} 条")


def _encoded(text: str, form: str, encoding: str | None, out: Path) -> tuple[bytes, str]:
    """The text in its encoding, and that one's name. Raises DataError."""
    from replies import DataError

    codec = encoding or ("utf-8-sig" if form == "csv" else "utf-8")
    try:
        return text.encode(codec), codec
    except LookupError as error:
        raise DataError([f"--encoding: 没有 {codec} 这种编码"]) from error
    except UnicodeEncodeError as error:
        raise DataError([f"{out}: {codec} 写不了「{error.object[error.start]}」"]) from error
