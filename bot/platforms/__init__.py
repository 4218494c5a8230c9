"""I read what a platform is: its reply targets, packs and own domains, from the TOML files beside me."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Literal

import msgspec

from bot import strict
from bot.deadline import Target, Window
from bot.model import Role
from replies import DataError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


class Platform(msgspec.Struct, frozen=True):
    """`domains`: links to these are the platform's own. `packs`: names of its policy packs, common first."""

    id: str
    name: str
    packs: tuple[str, ...]
    domains: tuple[str, ...]
    targets: tuple[Target, ...] = ()


class _Hours(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to", "end_included": "to_included"}):
    start: str
    end: str
    end_included: bool


class _TargetFile(msgspec.Struct, frozen=True):
    name: str
    label: str
    limit: int
    window: _Hours
    counted: Literal["buyer_day", "round"]
    stages: list[int]
    answers: list[Role]
    closing_ends: bool
    smallest: int
    consequence: str
    source: str
    sure: str
    pass_line: float | None = None


class _PlatformFile(msgspec.Struct, frozen=True):
    id: str
    name: str
    packs: list[str]
    domains: list[str]
    targets: tuple[_TargetFile, ...] = ()


def names() -> list[str]:
    """The platforms that have a file."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder() if entry.name.endswith(".toml"))


def load(name: str) -> Platform:
    """The platform of that name; raises DataError naming every mistake of its file."""
    file = next(entry for entry in _folder() if entry.name == f"{name}.toml")
    problems: list[str] = []
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DataError([f"{file}: {error}"]) from error
    read = strict.read(table, _PlatformFile, "", problems)
    targets = tuple(_target(entry, problems) for entry in read.targets) if read else ()
    if read is None or problems:
        raise DataError([f"{file}: {problem}" for problem in problems])
    return Platform(read.id, read.name, tuple(read.packs), tuple(read.domains), targets)


def _folder() -> list[Traversable]:
    return list(resources.files("bot.platforms").iterdir())


def _target(read: _TargetFile, problems: list[str]) -> Target:
    start, end = (second_of_day(text) for text in (read.window.start, read.window.end))
    if start is None or end is None or start >= end:
        problems.append(f'{read.name}.window: needs from and to as "HH:MM:SS", from before to')
    problems += stage_mistakes(read.name, tuple(read.stages), read.limit)
    return Target(
        name=read.name,
        label=read.label,
        limit=read.limit,
        window=Window(start or 0, end or 0, read.window.end_included),
        counted=read.counted,
        stages=tuple(read.stages),
        answers=tuple(read.answers),
        closing_ends=read.closing_ends,
        pass_line=read.pass_line,
        smallest=read.smallest,
        consequence=read.consequence,
        source=read.source,
        sure=read.sure,
    )


def second_of_day(text: str) -> int | None:
    """Seconds after midnight of "HH:MM:SS"; "24:00:00" is the day's end; None if it is no time."""
    parts = text.split(":")
    if len(parts) != 3 or not all(len(part) == 2 and part.isdecimal() and part.isascii() for part in parts):
        return None
    hours, minutes, seconds = map(int, parts)
    total = hours * 3600 + minutes * 60 + seconds
    return total if minutes < 60 and seconds < 60 and total <= 86_400 else None


def stage_mistakes(target: str, stages: tuple[int, ...], limit: int) -> list[str]:
    """Sentences on stages that are not seconds between 0 and the limit, each once, longest first."""
    if any(not 0 < stage < limit for stage in stages):
        return [f"{target}: stages must lie between 0 and the limit of {limit} seconds"]
    if list(stages) != sorted(set(stages), reverse=True):
        return [f"{target}: stages must be different and stand longest first"]
    return []
