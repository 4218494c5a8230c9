"""I say which secrets of a config are easy to guess or to read, where others can reach the server."""

from __future__ import annotations

import math
import os
import stat
import tomllib
from collections import Counter
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from bot import secret, signature, strict
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Weakness(msgspec.Struct, frozen=True):
    """All of weak.toml."""

    bits: float
    words: list[str]


@cache
def rules() -> Weakness:
    """The rules. Raises DataError."""
    text = resources.files("bot").joinpath("weak.toml").read_text(encoding="utf-8")
    problems: list[str] = []
    read = strict.read(tomllib.loads(text), Weakness, "", problems)
    if read is None:
        raise DataError([f"bot/weak.toml: {problem}" for problem in problems])
    return read


def chance(text: str | bytes) -> float:
    """Bits of chance that a text seems to hold, by how often each of its characters stands in it; at most the truth."""
    counts = Counter(text).values()
    return sum(-count * math.log2(count / len(text)) for count in counts)


def why(text: str) -> str:
    """What makes a secret easy to guess; "" if nothing does."""
    held = text.removeprefix(signature.PREFIX)
    for word in rules().words:
        if word in held.lower():
            return f"contains {word!r}"
    return "too short or too regular" if chance(held) < rules().bits else ""


def warnings(
    table: dict[str, Any], file: Path, host: str, environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Sentences on secrets and entrances of an accepted config, served on `host`, each naming the file and the key.

    Secret files that others may read are named wherever it is served; what is easy to guess or not signed, where others
    can reach it.
    """
    for path, written in _secrets(table.get("shops", [])):
        place = f"{file}: {path}"
        if written.startswith("file:"):
            yield from _open_to_others(place, file.parent / written[5:])
        found = secret.read(written, place, file.parent, environment, [])
        if host not in LOOPBACK and found is not None and (reason := why(found)):
            yield f"{place}: is easy to guess ({reason}), and {host} can be reached by others"
    if host not in LOOPBACK:
        yield from (f"{file}: {path}: anybody who reaches {host} can write there" for path in _unsigned(table))


def _secrets(value: object, path: str = "shops") -> Iterator[tuple[str, str]]:
    """Every place of a config that names a secret."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _secrets(entry, f"{path}.{key}")
    elif isinstance(value, list):
        for position, entry in enumerate(value):
            yield from _secrets(entry, f"{path}[{position}]")
    elif isinstance(value, str) and value.startswith(("env:", "file:")) and not path.endswith(".url"):
        yield path, value


def _unsigned(table: dict[str, Any]) -> Iterator[str]:
    for position, shop in enumerate(table.get("shops", [])):
        for name, adapter in shop.get("adapters", {}).items():
            if adapter.get("unsigned"):
                yield f"shops[{position}].adapters.{name}.unsigned"


def _open_to_others(place: str, file: Path) -> Iterator[str]:
    try:
        mode = file.stat().st_mode
    except OSError:
        return
    if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
        yield f"{place}: {file} can be read by others (mode {stat.S_IMODE(mode):04o}); chmod 600"
