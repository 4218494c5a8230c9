"""I read recorded conversations in the formats people have them in, or say which lines I cannot read; one file a format."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec

from bot.errors import WireError
from bot.logs import (
    chatwoot,
    heads,
    jsonl,
    kunkeji,
    lanren,
    qianniu_json,
    qianniu_text,
    sources,
    table,
    taobao,
)
from bot.logs.mask import Mask
from bot.logs.paper import Paper
from bot.logs.problems import MOST_PROBLEMS, Problems
from bot.logs.said import Said, Ways
from bot.logs.spool import Spool
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from bot.deadline import Zone

__all__ = ["FORMATS", "MOST_PROBLEMS", "Log", "Said", "Ways", "read"]

_SHOWN = 20  # files whose format is told one by one


class Format(NamedTuple):
    """A format: whether a file is of it, with the reason, and its messages in the order of the file."""

    name: str
    recognises: Callable[[Paper], str | None]
    read: Callable[[Paper], Iterator[Said]]


# The one that asks most of a file comes first; and jsonl before any that has to hold the file to know it.
_FORMATS = (
    Format("jsonl", jsonl.recognises, jsonl.read),
    Format("lanren", lanren.recognises, lanren.read),
    Format("chatwoot", chatwoot.recognises, chatwoot.read),
    Format("qianniu-json", qianniu_json.recognises, qianniu_json.read),
    Format("taobao", taobao.recognises, taobao.read),
    Format("kunkeji", kunkeji.recognises, kunkeji.read),
    Format("csv", table.recognises, table.read),
    Format("qianniu-text", qianniu_text.recognises, qianniu_text.read),
)
FORMATS = tuple(sorted(form.name for form in _FORMATS))


class Log:
    """The messages of a log, to be walked as often as one likes; a context manager that lets go of them.

    In the order of time where they have times, else as they stand. `notes`: which file was read as what and why, for
    people. `skipped`: lines left out, as sentences.
    """

    def __init__(self, spool: Spool, notes: list[str], skipped: list[str]) -> None:
        """What `read` has read."""
        self._spool, self.notes, self.skipped = spool, notes, skipped

    @property
    def timed(self) -> bool:
        """Do the messages have times?"""
        return self._spool.timed > 0

    def __len__(self) -> int:
        """How many messages there are."""
        return self._spool.timed or self._spool.count

    def __iter__(self) -> Iterator[Said]:
        """All messages."""
        return iter(self._spool)

    def __enter__(self) -> Self:
        """The log itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the messages."""
        self.close()

    def close(self) -> None:
        """Let go of the messages and of the temporary file that holds them."""
        self._spool.close()


def read(
    files: Iterable[Path],
    zone: Zone,
    *,
    form: str | None = None,
    encoding: str | None = None,
    skip_bad: bool = False,
    mask: bool = False,
    shop: tuple[str, ...] = (),
    exported: date | None = None,
    columns: Path | None = None,
) -> Log:
    """All messages of `files`: logs, folders of them, zip archives of them. The options are those of
    said.Ways; `columns` is a TOML file of heads of tables.

    Everything is read before anything is returned. Raises DataError naming file and line of what cannot be read, or
    where only some messages have a time; with `skip_bad` such lines stand in the log's `skipped` instead.
    """
    ways = Ways(zone, heads.load(columns), form, encoding, skip_bad, mask, shop, exported)
    problems, spool, notes = Problems(), Spool(), _Notes()
    masked = Mask() if mask else None
    try:
        for number, source in enumerate(sources.find(files, problems)):
            for said in _of(Paper(source, ways, problems, number=number), notes, problems):
                spool.add(said if masked is None else masked.said(said))
        found = [*problems.sentences(), *_mixed(spool)]
        if found and (problems.files or not skip_bad):
            raise DataError([*found, *(notes.lines() if notes.foreign else ())])
    except BaseException:
        spool.close()
        raise
    return Log(spool, notes.lines(), found)


def _mixed(spool: Spool) -> Iterator[str]:
    """A log is timed or not."""
    missing = spool.count - spool.timed
    if spool.timed and missing:
        others = f" (and {missing - 1} more have none)" if missing > 1 else ""
        yield (
            f"{spool.untimed_place}: has no time, while {spool.timed} other messages have one{others}; "
            "a log is timed or not"
        )


def _of(paper: Paper, notes: _Notes, problems: Problems) -> Iterator[Said]:
    """The messages of one file, each with an id; what is wrong with the file goes to `problems`."""
    try:
        form, why = _format(paper)
        yield from _identified(form.read(paper), paper.number)
        notes.add(paper.name, form.name, why, paper.codec)
    except DataError as error:
        for problem in error.problems:
            problems.whole(paper.name, problem)
    except WireError as error:
        problems.whole(paper.name, str(error))
    except sources.BROKEN as error:
        problems.whole(paper.name, f"{paper.name}: 读不了：{getattr(error, 'strerror', None) or error}")


_EMPTY = Format("empty", lambda _: None, lambda _: iter(()))


def _format(paper: Paper) -> tuple[Format, str]:
    """The format and how it is known. DataError where it cannot be told."""
    if not paper.begins.removeprefix(b"\xef\xbb\xbf").strip():
        return _EMPTY, "是空的"
    if paper.ways.form is not None:
        return next(form for form in _FORMATS if form.name == paper.ways.form), "由 --format 指定"
    unread: list[str] = []
    for form in _FORMATS:
        try:
            why = form.recognises(paper)
        except DataError as error:
            unread += error.problems
            continue
        if why is not None:
            return form, why
    # Lines that are wrong from the first on are best told one by one.
    named = paper.name.lower().endswith(".jsonl")
    if named or paper.begins.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _FORMATS[0], "文件名以 .jsonl 结尾" if named else "以 { 开头"
    known = "、".join(FORMATS)
    raise DataError(
        [*dict.fromkeys(unread)] or [f"{paper.name}: 看不出是什么格式的记录；请用 --format 指定（{known}）"]
    )


def _identified(messages: Iterator[Said], file: int) -> Iterator[Said]:
    """Each message with an id. One without its own is known by what it says, so that logs may overlap.

    The same words of the same speaker at the same instant are counted apart. Without times the place is the id.
    """
    now: int | None = None
    same: Counter[bytes] = Counter()
    for position, said in enumerate(messages):
        if said.id:
            yield said
            continue
        if said.at is None:
            yield msgspec.structs.replace(said, id=f"{file}:{position}")
            continue
        if said.at != now:
            now = said.at
            same.clear()
        key = "\x1f".join((said.conversation, said.role, said.agent, str(said.at), said.text)).encode(errors="replace")
        same[key] += 1
        made = hashlib.blake2b(key, digest_size=10, salt=same[key].to_bytes(8)).hexdigest()
        yield msgspec.structs.replace(said, id=made)


class _Notes:
    """Which files were read as what."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._more: Counter[str] = Counter()
        self.foreign = False

    def add(self, name: str, form: str, why: str, codec: str) -> None:
        self.foreign = self.foreign or form not in ("jsonl", "empty")
        if len(self._first) < _SHOWN:
            self._first.append(f"{name}：格式 {form}（{why}）" + (f"，编码 {codec}" if codec else ""))
        else:
            self._more[form] += 1

    def lines(self) -> list[str]:
        return [*self._first, *(f"另有 {count} 个文件：格式 {form}" for form, count in self._more.items())]
