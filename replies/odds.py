"""I turn evidence into chances that add up, with the choice of no script among them."""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_right
from functools import cache
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from replies.evidence import Evidence, Silence
from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence


class Bars(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scores from which a script is shown, shown beside a better one, and called strong."""

    show: float
    also: float
    strong: float


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a unit of each kind of evidence adds to the log odds of a script, and of showing none; `curve` calibrates.

    `curve`: points [raw, chance], both rising, at most ten; a chance between two points lies on the line between them.
    """

    script: dict[str, float]
    none: dict[str, float]
    start: float
    curve: list[tuple[float, float]]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bars: Bars
    misheard: float
    lexical: Weights
    semantic: Weights


class Chance(NamedTuple):
    """How likely a script is the right one, 0 to 1, comparable between messages, and what it rests on."""

    score: float
    evidence: Evidence


@cache
def fitted() -> _File:
    """The bars and weights of `words/weights.toml`."""
    return msgspec.convert(tomllib.loads((WORDS / "weights.toml").read_text(encoding="utf-8")), _File)


@cache
def _vectors(kind: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    weights: Weights = getattr(fitted(), kind)
    of_script = tuple(weights.script.get(name, 0.0) for name in Evidence._fields[2:])
    return of_script, tuple(weights.none.get(name, 0.0) for name in Silence._fields)


def chances(measured: Sequence[Evidence], silence: Silence, *, semantic: bool) -> list[Chance]:
    """The chance of each script, best first; what is left to one is the chance that none of them is right."""
    kind = "semantic" if semantic else "lexical"
    weights: Weights = getattr(fitted(), kind)
    of_script, of_none = _vectors(kind)
    odds = [sum(map(mul, of_script, evidence[2:])) for evidence in measured]
    none = weights.start + sum(map(mul, of_none, silence))
    top = max([none, *odds])
    shares = [math.exp(each - top) for each in odds]
    whole = math.fsum(shares) + math.exp(none - top)
    found = [Chance(share / whole, evidence) for share, evidence in zip(shares, measured, strict=True)]
    found.sort(key=lambda each: (-each.score, each.evidence.script))
    return [Chance(_calibrated(each.score, weights.curve), each.evidence) for each in found]


def lowered(found: Sequence[Chance], by: float) -> list[Chance]:
    """The same chances, each with `by` taken from its log odds."""
    factor = math.exp(by)
    return [Chance(score / (score + (1.0 - score) * factor), evidence) for score, evidence in found]


def _calibrated(raw: float, curve: Sequence[tuple[float, float]]) -> float:
    if not curve:
        return raw
    place = bisect_right(curve, (raw, 2.0))
    low = curve[place - 1] if place else (0.0, 0.0)
    high = curve[place] if place < len(curve) else (1.0, 1.0)
    if high[0] <= low[0]:
        return low[1]
    return low[1] + (high[1] - low[1]) * (raw - low[0]) / (high[0] - low[0])
