"""I hold the settings by which a replay's figures are counted; they stand in settings.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

import msgspec

from bot import strict
from replies import DataError

NAME = "bot/insight/settings.toml"


class Likeness(msgspec.Struct, frozen=True):
    """When an answer says what a script says."""

    same: float
    shortest: int
    steps: int


class Pick(msgspec.Struct, frozen=True):
    """What a pick takes, in seconds; `characters` are read in one."""

    notice: float
    characters: float
    choose: float

    def seconds(self, text: str) -> float:
        """For a script of these words."""
        return self.notice + len(text) / self.characters + self.choose


class Kept(msgspec.Struct, frozen=True):
    """How much is remembered and listed."""

    examples: int
    questions: int
    gaps: int
    turns: int


class Settings(msgspec.Struct, frozen=True):
    """All of the file."""

    likeness: Likeness
    pick: Pick
    kept: Kept


@cache
def load() -> Settings:
    """The settings. Raises DataError with everything that is wrong."""
    problems: list[str] = []
    try:
        table = tomllib.loads(resources.files("bot.insight").joinpath("settings.toml").read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError([f"{NAME}: {error}"]) from error
    read = strict.read(table, Settings, "", problems)
    if read is not None:
        problems += ["likeness.same: must lie between 0 and 1"] if not 0 < read.likeness.same <= 1 else []
        problems += ["likeness.steps: must be 1 or more"] if read.likeness.steps < 1 else []
        problems += ["pick.characters: must be more than 0"] if read.pick.characters <= 0 else []
        problems += [
            f"kept.{name}: must be 1 or more" for name in Kept.__struct_fields__ if getattr(read.kept, name) < 1
        ]
    if problems or read is None:
        raise DataError([f"{NAME}: {problem}" for problem in problems])
    return read
