"""I read what must not stand in a config file from where it may: the environment, or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read(given: str, path: str, folder: Path, environment: Mapping[str, str], problems: list[str]) -> str | None:
    """The text behind "env:NAME" or "file:PATH" (from `folder`); None after a sentence that begins with `path`."""
    source, _, name = given.partition(":")
    if source == "env" and name:
        if environment.get(name):
            return environment[name].strip()
        problems.append(f"{path}: the environment has no {name}")
    elif source == "file" and name:
        try:
            if text := (folder / name).read_text(encoding="utf-8").strip():
                return text
            problems.append(f"{path}: {folder / name} is empty")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path}: {folder / name} cannot be read: {error}")
    else:
        problems.append(f'{path}: secrets are written "env:NAME" or "file:PATH", never here')
    return None
