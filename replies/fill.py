"""I fill blanks, and I will not guess one."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

# Doubled braces are how other tools write the same blank; an imported script must not leak them to a buyer.
_BLANK = re.compile(r"\{\{?\s*([^{}\s]{1,40})\s*\}?\}")


class Variable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A blank that a conversation's context can fill: its name, Chinese label and an example."""

    name: str
    label: str
    example: str


@cache
def variables() -> dict[str, Variable]:
    """The variables of `words/variables.toml`, by name."""
    raw = resources.files("replies").joinpath("words/variables.toml").read_text(encoding="utf-8")
    listed = msgspec.convert(tomllib.loads(raw)["variables"], list[Variable])
    return {variable.name: variable for variable in listed}


@cache
def _names() -> dict[str, str]:
    """A blank may be written by name or by Chinese label."""
    return {variable.label: name for name, variable in variables().items()}


def blanks(text: str) -> tuple[str, ...]:
    """The variable names that stand in `text`, in order, each once."""
    return tuple(dict.fromkeys(_names().get(name, name) for name in _BLANK.findall(text)))


def fill(text: str, context: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """`text` with its blanks filled from `context`, and the names of those left, which stay visible as `{name}`.

    An empty or missing value fills nothing. A value is put in as it is: braces inside it are not blanks.
    """
    if "{" not in text:
        return text, ()
    missing: dict[str, None] = {}

    def put(blank: re.Match[str]) -> str:
        name = _names().get(blank[1], blank[1])
        value = context.get(name, "").strip()
        if value:
            return value
        missing[name] = None
        return "{" + name + "}"

    return _BLANK.sub(put, text), tuple(missing)
