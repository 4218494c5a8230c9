"""I read what a platform is: its reply targets, packs and own domains, from the TOML files beside me."""

from __future__ import annotations

import math
import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from bot import strict
from bot.deadline import Mean, Sessions, Target, Window
from bot.model import Kind, Role
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


_NAME = re.compile(r"[a-z0-9_]+")


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
    by: Literal["message", "session"] = "message"


class _TargetFile(msgspec.Struct, frozen=True, kw_only=True):
    """A target as written; see bot.deadline.Target. `limit` is absent for a mean. `note`: for people."""

    name: str
    label: str
    window: _Hours
    counted: Literal["buyer_day", "session", "round"]
    answers: list[Role]
    consequence: str
    source: str
    sure: str
    limit: int = 0
    stages: list[int | float] = msgspec.field(default_factory=list)
    starts: list[Kind] = msgspec.field(default_factory=lambda: list(get_args(Kind)))
    first_only: bool = False
    closing_ends: bool = False
    judged: Literal["each", "mean"] = "each"
    mean: Mean | None = None
    pass_line: float | None = None
    smallest: int = 1
    note: str = ""


class _PlatformFile(msgspec.Struct, frozen=True):
    id: str
    name: str
    packs: list[str]
    domains: list[str]
    sessions: Sessions = Sessions()
    targets: tuple[_TargetFile, ...] = ()


def names() -> list[str]:
    """The platforms that have a file."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))


def load(name: str, changes: Mapping[str, Mapping[str, Any]] | None = None) -> Platform:
    """The platform of that name, with a shop's `changes` of targets (by name: fields that replace or add).

    A name that the platform has not is a target of the shop's own and needs every required field. Raises DataError
    naming every mistake, those in `changes` by the path "targets.NAME".
    """
    file = f"bot/platforms/{name}.toml"
    table = _table(name)
    problems: list[str] = []
    read = strict.read(table, _PlatformFile, "", problems)
    if read is None:
        raise DataError([f"{file}: {problem}" for problem in problems])
    written = {entry["name"]: entry for entry in table.get("targets", [])}
    targets: list[Target] = []
    for key in [*written, *(key for key in changes or {} if key not in written)]:
        change = (changes or {}).get(key, {})
        if not _NAME.fullmatch(key):
            problems.append(f"targets: {key!r} cannot be a target's name, which is of a-z, 0-9 and _ alone")
            continue
        if "name" in change:
            problems.append(f"targets.{key}.name: a target is called what its table is; leave it out")
            continue
        entry = strict.read({"name": key, **written.get(key, {}), **change}, _TargetFile, f"targets.{key}", problems)
        if entry is not None:
            targets.append(_target(entry, read.sessions, problems))
    if problems:
        raise DataError([problem if changes else f"{file}: {problem}" for problem in problems])
    return Platform(read.id, read.name, tuple(read.packs), tuple(read.domains), tuple(targets))


def _folder() -> Any:  # noqa: ANN401 - importlib's Traversable
    return resources.files("bot.platforms")


@cache
def _table(name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(_folder().joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DataError([f"bot/platforms/{name}.toml: {error}"]) from error


def _target(read: _TargetFile, sessions: Sessions, problems: list[str]) -> Target:
    path = f"targets.{read.name}"
    start, end = (second_of_day(text) for text in (read.window.start, read.window.end))
    if start is None or end is None or start >= end:
        problems.append(f'{path}.window: needs from and to as "HH:MM:SS", from before to')
    if (read.limit > 0) == (read.mean is not None):
        problems.append(f"{path}: needs either a limit above 0 or a mean")
    if read.mean is not None and (read.stages or read.mean.cap <= 0):
        problems.append(f"{path}: a mean has a cap above 0 and no stages")
    problems += [f"{path}.{problem}" for problem in stage_mistakes(tuple(read.stages), read.limit) if read.mean is None]
    problems += [f"{path}.{problem}" for problem in _counting_mistakes(read)]
    return Target(
        name=read.name,
        label=read.label,
        limit=read.limit or (read.mean.cap if read.mean else 0),
        window=Window(start or 0, end or 0, read.window.end_included, read.window.by),
        counted=read.counted,
        stages=leads(read.stages, read.limit),
        answers=tuple(read.answers),
        starts=frozenset(read.starts),
        sessions=sessions,
        consequence=read.consequence,
        source=read.source,
        sure=read.sure,
        first_only=read.first_only,
        closing_ends=read.closing_ends,
        judged=read.judged,
        mean=read.mean,
        pass_line=read.pass_line,
        smallest=read.smallest,
    )


def _counting_mistakes(read: _TargetFile) -> Iterator[str]:
    """What would leave a target without a beginning, an end or a sensible line."""
    if not read.answers:
        yield "answers: somebody must be able to answer"
    if not read.starts:
        yield "starts: some kind of message must begin a wait"
    line = read.pass_line
    if line is not None and read.mean is not None and not 0 < line < math.inf:
        yield "pass_line: of a mean is a number of seconds above 0"
    if line is not None and read.mean is None and not 0 < line <= 1:
        yield "pass_line: is a share above 0 and at most 1"
    if read.smallest < 1:
        yield "smallest: must be at least 1"


def second_of_day(text: str) -> int | None:
    """Seconds after midnight of "HH:MM:SS"; "24:00:00" is the day's end; None if it is no time."""
    parts = text.split(":")
    if len(parts) != 3 or not all(len(part) == 2 and part.isdecimal() and part.isascii() for part in parts):
        return None
    hours, minutes, seconds = map(int, parts)
    total = hours * 3600 + minutes * 60 + seconds
    return total if minutes < 60 and seconds < 60 and total <= 86_400 else None


def leads(stages: Iterable[float], limit: int) -> tuple[int, ...]:
    """Stages in seconds before `due`; one below 1 is written as that fraction of the limit. -1 for what is neither."""
    return tuple(stage if isinstance(stage, int) else round(stage * limit) if 0 < stage < 1 else -1 for stage in stages)


def stage_mistakes(given: Sequence[float], limit: int) -> list[str]:
    """Sentences on stages that are not seconds between 0 and the limit (or fractions of it), each once, longest first."""
    if any(isinstance(stage, float) and not 0 < stage < 1 for stage in given):
        return ["stages: are whole seconds, or fractions of the limit between 0 and 1"]
    stages = leads(given, limit)
    if any(not 0 < stage < limit for stage in stages):
        return [f"stages: must lie between 0 and the limit of {limit} seconds"]
    if list(stages) != sorted(set(stages), reverse=True):
        return ["stages: must be different and stand longest first"]
    return []


def staged(
    platform: Platform, stages: Mapping[str, tuple[float, ...]], targets: Sequence[Target] | None = None
) -> tuple[Target, ...]:
    """The platform's targets (or these) with a shop's stages: see bot.shop.Shop.set_stages. Raises DataError."""
    targets = platform.targets if targets is None else targets
    limits = {target.name: target.limit for target in targets}
    problems = [f"stages.{name}: {platform.id} has no such target" for name in stages if name not in limits]
    for name, given in stages.items():
        mistakes = stage_mistakes(given, limits[name]) if name in limits else []
        problems += [f"stages.{name}: {mistake}" for mistake in mistakes]
    if problems:
        raise DataError(problems)
    return tuple(
        msgspec.structs.replace(target, stages=leads(stages.get(target.name, target.stages), target.limit))
        for target in targets
    )
