"""I find the field maps of chat tools: what their webhooks say in our words, as data."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from bot.adapters import mapfile

if TYPE_CHECKING:
    from pathlib import Path

    from bot.adapters.fieldmap import Map


def names() -> list[str]:
    """The tools whose map comes with the program."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))


@cache
def load(name: str) -> Map:
    """The map of that name that comes with the program; raises DataError with every mistake."""
    text = _folder().joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return mapfile.read(text, name, f"bot/adapters/{name}.toml")


def read_file(file: Path) -> Map:
    """A map of one's own; raises DataError with every mistake."""
    return mapfile.read_file(file)


def _folder() -> Any:  # noqa: ANN401 - importlib's Traversable
    return resources.files("bot.adapters")
