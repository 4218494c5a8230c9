"""I remember how well scripts have served lately, and lean a little towards those that did."""

from __future__ import annotations

import math
import tomllib
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Popularity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    half_life_days: float
    most: float
    half: float
    worth: dict[str, float]


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`words/learning.toml`: how much of what agents do counts."""

    agents: int
    questions: int
    popularity: _Popularity


@cache
def terms() -> Terms:
    """The terms as the file has them."""
    return msgspec.convert(tomllib.loads((WORDS / "learning.toml").read_text(encoding="utf-8")), Terms)


class Popularity:
    """Uses of one shop's scripts, each counting half as much after every half-life. A day is a running number."""

    def __init__(self) -> None:
        """Nothing was used yet."""
        self._held: dict[str, tuple[float, int]] = {}

    def note(self, script: str, action: str, day: int) -> None:
        """An agent did this with the script on `day`. What the terms do not name is worth nothing."""
        worth = terms().popularity.worth.get(action, 0.0)
        held, last = self._held.get(script, (0.0, day))
        latest = max(day, last)
        self._held[script] = (_faded(held, latest - last) + _faded(worth, latest - day), latest)

    def lean(self, script: str, day: int) -> float:
        """What is added to the log odds of the script on `day`: between minus and plus `most` of the terms."""
        if script not in self._held:
            return 0.0
        held, last = self._held[script]
        worth = _faded(held, max(day - last, 0))
        return terms().popularity.most * worth / (terms().popularity.half + abs(worth))


def _faded(worth: float, days: int) -> float:
    return float(worth * 0.5 ** (days / terms().popularity.half_life_days))


def reweigh(scores: Sequence[float], leans: Sequence[float]) -> list[float]:
    """The chances `scores` of scripts after leaning to some of them: together they are as likely as before."""
    leaned = [score * math.exp(lean) for score, lean in zip(scores, leans, strict=True)]
    whole = math.fsum(leaned)
    factor = math.fsum(scores) / whole if whole else 1.0
    return [min(round(score * factor, 4), 1.0) for score in leaned]
