"""I measure what speaks for each script, and what speaks for showing none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from rapidfuzz import fuzz, process

from replies.index import Found
from replies.reading import Reading, core_of, denies, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from replies.shelf import Shelf

KINDS = ("same", "share", "weight", "ratio", "core", "numbers", "denial", "many", "nearest", "centre")


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """What speaks for one script; `at` is its nearest phrasing, `kinds` are figures of about 0 to 1 in the order of KINDS.

    `same`: a phrasing is the message. `share`, `weight`: BM25 of all its phrasings, of what the message could earn and
    in itself. `ratio`: edit similarity of the nearest phrasing; `core`: the
    best one with synonyms folded and without filler words. `numbers`, `denial`: 1 where the two name different numbers, or only one denies.
    `many`: logarithm of how many phrasings it has, of what is usual: what is asked often is put in many ways. `nearest`,
    `centre`: cosine of sentence vectors with the nearest phrasing and with the middle of all of them; without the sentence
    model `centre` is that of summed word vectors.
    """

    script: int
    at: int
    kinds: tuple[float, ...]


class Silence(NamedTuple):
    """What speaks for showing nothing.

    `known`: share of the message's telling pieces that the library has at all. `length`: logarithm of its characters.
    `filler`: 1 if it is filler words alone. `content`: logarithm of the characters that are not filler, plus 1.
    """

    known: float
    length: float
    filler: float
    content: float


def outlook(asked: Reading, found: Found) -> Silence:
    """What speaks for showing nothing, whatever the scripts."""
    left = len(core_of(asked.plain))
    return Silence(
        known=found.known / found.total if found.total else 0.0,
        length=math.log(max(len(asked.plain), 1)),
        filler=float(left == 0),
        content=math.log1p(left),
    )


class Looked(msgspec.Struct, frozen=True, gc=False):
    """What is known of a message before phrasings are compared with it.

    `scripts`: those worth a look, and side by side with them `closeness`: the cosines of vectors. `exact`: scripts with
    the very phrasing. `keep`: how many scripts are compared in every way.
    """

    asked: Reading
    found: Found
    scripts: Sequence[int]
    closeness: Sequence[tuple[float, float]]
    exact: frozenset[int]
    keep: int


def measure(looked: Looked, shelf: Shelf) -> list[Evidence]:
    """The evidence for the best of the scripts by pieces, letters and meaning together."""
    if not looked.scripts:
        return []
    asked, scripts, total = looked.asked, looked.scripts, looked.found.total or 1.0
    plains, starts = shelf.plains(scripts)
    letters, nearest = _alike(asked.plain, plains, starts)
    weights = looked.found.scores.take(scripts).tolist()
    sides = zip(scripts, weights, nearest, looked.closeness, strict=True)
    rough = [
        (-weight / total - ratio - sum(near), script, place)
        for place, (script, weight, ratio, near) in enumerate(sides)
    ]
    rough.sort()
    kept = [place for _, _, place in rough[: looked.keep]]
    cores = _cores(core_of(asked.folded), [scripts[place] for place in kept], shelf)
    mine, turned = numbers(asked.plain), denies(asked.plain)
    exact, usual, starts = looked.exact, shelf.usual, [*starts, len(plains)]
    ready = []
    for place, core in zip(kept, cores, strict=True):
        script, ratio, weight, start = scripts[place], nearest[place], weights[place], starts[place]
        at = letters.index(ratio, start)
        plain = plains[at]
        kinds = (
            1.0 if script in exact else 0.0,
            weight / total,
            weight / 60,
            ratio,
            core,
            1.0 if mine and _apart(mine, numbers(plain)) else 0.0,
            0.0 if turned == denies(plain) else 1.0,
            math.log((starts[place + 1] - start) / usual),
            *looked.closeness[place],
        )
        ready.append(Evidence(script, at - start, kinds))
    return ready


def _apart(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    return bool(theirs) and mine.isdisjoint(theirs)


def _cores(core: str, scripts: Sequence[int], shelf: Shelf) -> list[float]:
    """How alike the best of each script's cores is."""
    if not core:
        return [0.0] * len(scripts)
    return _alike(core, *shelf.cores(scripts))[1]


def _alike(text: str, texts: Sequence[str], starts: Sequence[int]) -> tuple[list[float], list[float]]:
    """How alike `text` is to each of `texts`, 0 to 1, and to the best of each script, whose first ones are at `starts`."""
    letters: NDArray[np.float32] = process.cdist([text], texts, scorer=fuzz.ratio)[0] / 100
    return letters.tolist(), np.maximum.reduceat(letters, starts).tolist()
