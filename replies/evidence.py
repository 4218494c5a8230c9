"""I weigh what speaks for each script, and for showing none."""

from __future__ import annotations

import math
import tomllib
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from rapidfuzz import fuzz, process

from replies.reading import pieces
from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replies.index import Index
    from replies.reading import Reading


class Bars(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scores from which a script is shown, shown beside a better one, and called strong."""

    show: float
    also: float
    strong: float


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a unit of each kind of evidence adds to the log odds of a script, and `none`, `known` to those of silence."""

    exact: float
    bm: float
    ratio: float
    cosine: float
    none: float
    known: float


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bars: Bars
    lexical: Weights


@cache
def fitted() -> _File:
    """The bars and weights of `words/weights.toml`."""
    return msgspec.convert(tomllib.loads((WORDS / "weights.toml").read_text(encoding="utf-8")), _File)


class Phrasing(NamedTuple):
    """A 问法 as written and as compared; `norm` is the length of its vector of piece rarities."""

    text: str
    plain: str
    folded: str
    norm: float


class Candidate(NamedTuple):
    """A script under consideration: its log odds, and the phrasing nearest to what was asked."""

    odds: float
    script: int
    phrasing: Phrasing


def weigh(
    asked: Reading,
    found: Sequence[tuple[float, int]],
    phrasings: Sequence[Sequence[Phrasing]],
    *,
    index: Index,
    exact: frozenset[int],
) -> list[Candidate]:
    """Log odds of each script of `found` (as Index.best gives them), best first; `exact` ones have the very phrasing.

    The dearer comparison is kept for the best dozen by the cheaper ones.
    """
    weights = fitted().lexical
    rough: list[tuple[float, int, Phrasing]] = []
    for evidence, script in found:
        of_script = phrasings[script]
        _, ratio, at = process.extractOne(asked.plain, [each.plain for each in of_script], scorer=fuzz.ratio)
        same = weights.exact if script in exact else 0.0
        rough.append((weights.bm * evidence + weights.ratio * ratio / 100 + same, script, of_script[at]))
    rough.sort(key=lambda each: (-each[0], each[1]))
    wanted = {piece: index.rarity(piece) ** 2 for piece in asked.pieces}
    norm = math.sqrt(sum(wanted.values())) or 1.0
    ready = [
        Candidate(odds + weights.cosine * _shared(wanted, nearest) / (norm * nearest.norm), script, nearest)
        for odds, script, nearest in rough[:12]
    ]
    ready += [Candidate(odds, script, nearest) for odds, script, nearest in rough[12:]]
    ready.sort(key=lambda each: (-each.odds, each.script))
    return ready


def _shared(wanted: dict[str, float], phrasing: Phrasing) -> float:
    both = {*pieces(phrasing.plain), *pieces(phrasing.folded)} & wanted.keys()
    return math.fsum(wanted[piece] for piece in both)


def shares(asked: Reading, candidates: Sequence[Candidate], index: Index) -> list[float]:
    """The probability of each candidate, with the choice of none of them: 0 to 1, comparable between messages."""
    weights = fitted().lexical
    rare = [(index.rarity(piece), piece in index) for piece in asked.pieces]
    total = math.fsum(each for each, _ in rare) or 1.0
    none = weights.none + weights.known * math.fsum(each for each, seen in rare if seen) / total
    top = max((none, *(each.odds for each in candidates)))
    exp = [math.exp(each.odds - top) for each in candidates]
    whole = math.fsum(exp) + math.exp(none - top)
    return [each / whole for each in exp]
