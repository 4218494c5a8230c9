"""I hold the words by which logs are understood; they stand in words.toml."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from bot import strict
from bot.logs.said import Role
from bot.model import Kind
from replies import DataError

if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T", bound=msgspec.Struct)


class Halves(msgspec.Struct, frozen=True):
    """Words for the parts of a day."""

    morning: tuple[str, ...]
    noon: tuple[str, ...]
    afternoon: tuple[str, ...]


class Names(msgspec.Struct, frozen=True):
    """A list of names."""

    names: tuple[str, ...]


class Marks(msgspec.Struct, frozen=True):
    """What stands beside a message."""

    read: tuple[str, ...]


class Lines(msgspec.Struct, frozen=True):
    """Patterns of whole lines."""

    lines: tuple[str, ...]


class Taobao(msgspec.Struct, frozen=True):
    """Prefixes of accounts; what the codes of answers mean, "" for success."""

    prefixes: tuple[str, ...]
    answers: dict[str, str]


class Kunkeji(msgspec.Struct, frozen=True):
    """As who its replies count."""

    reply: Role


class Silent(msgspec.Struct, frozen=True):
    """Kinds of rows in which nothing was said."""

    kinds: tuple[str, ...]


class Lanren(msgspec.Struct, frozen=True):
    """The vocabulary of its columns."""

    roles: dict[str, Role]
    kinds: dict[str, Kind]
    silent: Silent


class Words(msgspec.Struct, frozen=True):
    """All of words.toml."""

    halves: Halves
    days: dict[str, int]
    weekdays: Names
    marks: Marks
    system: Lines
    robots: Names
    kinds: dict[Kind, tuple[str, ...]]
    taobao: Taobao
    kunkeji: Kunkeji
    lanren: Lanren


def parse(text: str, kind: type[T], name: str) -> T:
    """A data file whole. DataError with every mistake, each beginning with `name`."""
    problems: list[str] = []
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except ValueError as error:
        raise DataError([f"{name}: {error}"]) from error
    read = strict.read(table, kind, "", problems)
    if read is None:
        raise DataError([f"{name}: {problem}" for problem in problems])
    return read


def held(name: str) -> str:
    """The text of a data file that stands beside this one."""
    return resources.files("bot.logs").joinpath(name).read_text(encoding="utf-8")


@cache
def words() -> Words:
    """The words. Raises DataError."""
    read = parse(held("words.toml"), Words, "bot/logs/words.toml")
    for line in read.system.lines:
        try:
            re.compile(line)
        except re.error as error:
            raise DataError([f"bot/logs/words.toml: system.lines: {line}: {error}"]) from error
    return read


@cache
def system_line() -> re.Pattern[str]:
    """A whole line that nobody wrote."""
    lines = (line.replace("{who}", r".{0,40}?") for line in words().system.lines)
    return re.compile("|".join(f"(?:{line})" for line in lines))


@cache
def _kinds() -> dict[str, Kind]:
    return {mark: kind for kind, marks in words().kinds.items() for mark in marks}


def kind_of(text: str) -> Kind:
    """What a message is whose whole text is a mark such as [图片]."""
    return _kinds().get(text.strip(), "text")
