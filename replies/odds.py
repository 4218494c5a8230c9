"""I turn evidence into chances that add up, with the choice of no script among them."""

from __future__ import annotations

import math
import tomllib
from bisect import bisect_right
from functools import cache
from itertools import pairwise
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from replies.evidence import KINDS, Evidence, Silence
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


Chance = tuple[float, Evidence]  # how likely a script is the right one, 0 to 1, comparable between messages; and why


@cache
def fitted() -> _File:
    """The bars and weights of `words/weights.toml`."""
    return msgspec.convert(tomllib.loads((WORDS / "weights.toml").read_text(encoding="utf-8")), _File)


class _Made(NamedTuple):
    """Weights in the order of the evidence, and the curve as lines: where each begins, how high, and how steep it is."""

    script: tuple[float, ...]
    none: tuple[float, ...]
    start: float
    begins: tuple[float, ...]
    heights: tuple[float, ...]
    slopes: tuple[float, ...]


@cache
def _made(kind: str) -> _Made:
    weights: Weights = getattr(fitted(), kind)
    points = [(0.0, 0.0), *weights.curve, (1.0, 1.0)]
    lines = [
        (left, low, (high - low) / (right - left) if right > left else 0.0)
        for (left, low), (right, high) in pairwise(points)
    ]
    begins, heights, slopes = zip(*lines, strict=True)
    return _Made(
        tuple(weights.script.get(name, 0.0) for name in KINDS),
        tuple(weights.none.get(name, 0.0) for name in Silence._fields),
        weights.start,
        begins,
        heights,
        slopes,
    )


def chances(measured: Sequence[Evidence], silence: Silence, *, semantic: bool) -> list[Chance]:
    """The chance of each script, best first; what is left to one is the chance that none of them is right."""
    weights = _made("semantic" if semantic else "lexical")
    odds = [sum(map(mul, weights.script, evidence.kinds)) for evidence in measured]
    none = weights.start + sum(map(mul, weights.none, silence))
    top = max([none, *odds])
    shares = [math.exp(each - top) for each in odds]
    whole = math.fsum(shares) + math.exp(none - top)
    found = sorted([(-share, evidence.script, evidence) for share, evidence in zip(shares, measured, strict=True)])
    begins, heights, slopes = weights.begins, weights.heights, weights.slopes
    ready = []
    for share, _, evidence in found:
        raw = -share / whole
        line = bisect_right(begins, raw) - 1
        ready.append((heights[line] + slopes[line] * (raw - begins[line]), evidence))
    return ready


def lowered(found: Sequence[Chance], by: float) -> list[Chance]:
    """The same chances, each with `by` taken from its log odds."""
    factor = math.exp(by)
    return [(score / (score + (1.0 - score) * factor), evidence) for score, evidence in found]
