"""I know the kinds of group robots."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

import msgspec

from bot import strict
from bot.alerts import PLAIN, Pace, Robot, Style
from replies import DataError

FILE = "bot/channels/robots.toml"
MOBILE = re.compile(r"1\d{10}", re.ASCII)
EVERYONE = "all"


class Who(msgspec.Struct, frozen=True):
    """Who reads along in a robot's group, and what he hears unless the shop says otherwise."""

    title: str
    hears: Literal["every", "later", "last"]
    missed: bool


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What is otherwise when a kind speaks markdown; each field is explained in robots.toml."""

    payload: dict[str, Any]
    bytes: int
    style: dict[str, str]
    mention: str = ""
    mobiles: bool = True


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of robot takes and answers; each field is explained in robots.toml."""

    name: str
    hosts: list[str]
    path: str
    needs: list[str]
    bytes: int
    counted: Literal["text", "body"]
    lines: int
    per_minute: int
    answer: list[str]
    payload: dict[str, Any]
    later: dict[str, int]
    refused: dict[str, str]
    source: str
    per_second: int = 0
    avoid: int = 0
    everyone: str = ""
    mention: str = ""
    mobiles: bool = True
    sign: Literal["", "dingtalk", "feishu"] = ""
    markdown: Form | None = None
    style: Style = PLAIN

    def spoken(self, form: str) -> Kind:
        """The kind as it takes a form ("text" or "markdown"); one that has no markdown takes text."""
        other = self.markdown
        if form != "markdown" or other is None:
            return self
        style, everyone = Style(**other.style), ""
        fields = {"payload": other.payload, "bytes": other.bytes, "mention": other.mention, "mobiles": other.mobiles}
        return msgspec.structs.replace(self, **fields, style=style, everyone=everyone)

    @property
    def calls_all(self) -> bool:
        """Can it call everybody?"""
        return bool(self.everyone) or "{everyone}" in str(self.payload)

    @property
    def pace(self) -> Pace:
        """How often it may speak."""
        return Pace(self.per_minute, self.per_second, self.avoid)


class Data(msgspec.Struct, frozen=True):
    """All of robots.toml. `marks`: what stands for a picture and the like."""

    who: dict[str, Who]
    marks: dict[str, str]
    kinds: dict[str, Kind]


class _File(msgspec.Struct, frozen=True):
    who: dict[str, dict[str, Any]]
    marks: dict[str, str]
    kinds: dict[str, dict[str, Any]]


def kind_of(robot: Robot) -> Kind:
    """What a robot takes, in the form that its shop asks for."""
    return data().kinds[robot.kind].spoken(robot.form)


@cache
def data() -> Data:
    """What robots.toml says. Raises DataError with everything that is wrong with it."""
    source = resources.files("bot.channels").joinpath("robots.toml").read_text(encoding="utf-8")
    problems: list[str] = []
    try:
        known = strict.read(tomllib.loads(source), _File, "", problems) or _File({}, {}, {})
    except tomllib.TOMLDecodeError as error:
        raise DataError([f"{FILE}: {error}"]) from error
    who = {name: one for name, each in known.who.items() if (one := strict.read(each, Who, f"who.{name}", problems))}
    kinds = {
        name: kind for name, each in known.kinds.items() if (kind := strict.read(each, Kind, f"kinds.{name}", problems))
    }
    if problems:
        raise DataError([f"{FILE}: {problem}" for problem in problems])
    return Data(who, known.marks, kinds)
