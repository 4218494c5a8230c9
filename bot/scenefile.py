"""I read a whole conversation written as data, and refuse it with every mistake named."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bot import model, platforms, strict, wire, zones
from bot.errors import WireError
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.deadline import Zone


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `at`: seconds after the scene's start, or "HH:MM:SS" on its first day. At most one thing is done.

    `sent`: when it was sent, if it arrives late. `jump`: the clock says `at` without having passed what lies between, as
    after a sleep, or when it is set, also back; `restart`: the server is killed and started. `expect`: exactly the events told since the step before, each by the
    fields given; suggestions are compared apart: `suggest` is the script now offered first, "" for none; `offered` are
    all scripts now offered, `rules` those that spoke about the `reply`. `context` without a buyer's message: what became known.
    """

    at: int | str
    sent: int | str | None = None
    conversation: str = "c1"
    id: str = ""
    buyer: str | None = None
    agent: str | None = None
    robot: str | None = None
    system: str | None = None
    kind: model.Kind = "text"
    assisted: bool = False
    who: str = ""
    reply: str | None = None
    override: str = ""
    reply_id: str = ""
    recall: str = ""
    edit: str = ""
    text: str = ""
    close: bool = False
    assign: str = ""
    jump: bool = False
    restart: bool = False
    delivered: str = ""
    failed: str = ""
    context: dict[str, str] = msgspec.field(default_factory=dict)
    expect: list[dict[str, Any]] | None = None
    suggest: str | None = None
    offered: list[str] | None = None
    rules: list[str] | None = None
    state: Literal["", "queued", "held"] = ""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A scene file. `targets`: only these of the platform's run; `rates`: what they must show at the end.

    `library`: the version of the library with which it was recorded. `changes`: of targets, as a shop's config has them. `covers`: which cases of tests/scenes/README.md it shows.
    """

    title: str
    start: str
    steps: tuple[Doing, ...]
    platform: str = "pinduoduo"
    timezone: str = "Asia/Shanghai"
    targets: list[str] | None = None
    changes: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    stages: dict[str, list[int | float]] = msgspec.field(default_factory=dict)
    rates: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    source: str = ""
    library: str = ""
    covers: tuple[str, ...] = ()


def load(file: Path) -> Scene:
    """Read a scene; raises DataError with every mistake, naming the file and the key."""
    problems: list[str] = []
    try:
        read = strict.read(tomllib.loads(file.read_text(encoding="utf-8-sig")), Scene, "", problems)
    except OSError as error:
        raise DataError([f"{file}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError([f"{file}: {error}"]) from error
    problems += _mistakes(read) if read is not None else []
    if read is None or problems:
        raise DataError([f"{file}: {problem}" for problem in problems])
    return read


def _mistakes(scene: Scene) -> Iterator[str]:
    """What the types of a scene do not say: platform, targets, stages and times that are none."""
    if scene.platform not in platforms.names():
        yield f"platform: {scene.platform!r} is not one of {', '.join(platforms.names())}"
    else:
        try:
            known = platforms.load(scene.platform, scene.changes).targets
        except DataError as error:
            yield from error.problems
            return
        targets = {target.name: target.limit for target in known}
        named = {"targets": scene.targets or [], "stages": scene.stages, "rates": scene.rates}
        for key, names in named.items():
            yield from (f"{key}: {scene.platform} has no target {name!r}" for name in names if name not in targets)
        for name, stages in scene.stages.items():
            wrong = platforms.stage_mistakes(tuple(stages), targets[name]) if name in targets else []
            yield from (f"stages.{name}: {mistake}" for mistake in wrong)
    try:
        start = zones.instant(scene.start, "start", zone := zones.find(scene.timezone, "timezone"))
    except (WireError, DataError) as error:
        yield str(error)
        return
    for position, step in enumerate(scene.steps):
        for key, at in (("at", step.at), ("sent", step.sent)):
            try:
                instant(at, start, zone)
            except WireError:
                yield f'steps[{position}].{key}: {at!r} is neither seconds after the start nor "HH:MM:SS"'


def instant(at: int | str | None, start: int, zone: Zone) -> int:
    """Unix seconds of a step's time. Raises WireError."""
    if at is None or isinstance(at, int):
        return start + (at or 0)
    return wire.instant(wire.iso(start, zone)[:11] + at, "at", zone)
