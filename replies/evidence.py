"""I measure what speaks for each script, and what speaks for showing none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz import fuzz, process

from replies.reading import core_of, denies, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from replies.index import Found
    from replies.reading import Reading
    from replies.shelf import Entry, Shelf


NO_VECTORS = (0.0, 0.0)


class Phrasing(NamedTuple):
    """A 问法 as written and as compared."""

    text: str
    plain: str


class Evidence(NamedTuple):
    """What speaks for one script, each about 0 to 1; `phrasing` is the nearest.

    `same`: a phrasing is the message. `share`, `weight`: BM25 of all its phrasings, of what the message could earn and
    in itself. `ratio`: edit similarity of the nearest phrasing; `core`: the
    best one with synonyms folded and without filler words. `numbers`, `denial`: 1 where the two name different numbers, or only one denies.
    `many`: logarithm of how many phrasings it has, of what is usual: what is asked often is put in many ways. `nearest`,
    `centre`: cosine of sentence vectors with the nearest phrasing and with the middle of all of them; without the sentence
    model `centre` is that of summed word vectors.
    """

    script: int
    phrasing: Phrasing
    same: float
    share: float
    weight: float
    ratio: float
    core: float
    numbers: float
    denial: float
    many: float
    nearest: float = 0.0
    centre: float = 0.0


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


class Looked(NamedTuple):
    """What is known of a message before phrasings are compared with it.

    `closeness`: of scripts, the cosines of vectors. `exact`: scripts with the very
    phrasing. `keep`: how many scripts are compared in every way.
    """

    asked: Reading
    found: Found
    closeness: Mapping[int, tuple[float, float]]
    exact: frozenset[int]
    keep: int


def measure(looked: Looked, scripts: list[int], shelf: Shelf) -> list[Evidence]:
    """The evidence for the best of `scripts` by pieces, letters and meaning together."""
    asked, found, total = looked.asked, looked.found, looked.found.total or 1.0
    rough: list[tuple[float, int, float, int, float, Entry]] = []
    near = looked.closeness.get
    for script, weight in zip(scripts, found.scores[scripts].tolist(), strict=True):
        entry = shelf[script]
        _, ratio, at = process.extractOne(asked.plain, entry.plains, scorer=fuzz.ratio)
        rough.append((-weight / total - ratio / 100 - sum(near(script, NO_VECTORS)), script, ratio, at, weight, entry))
    rough.sort()
    core, mine, turned = core_of(asked.folded), numbers(asked.plain), denies(asked.plain)
    usual = shelf.usual
    ready = []
    for _, script, ratio, at, weight, entry in rough[: looked.keep]:
        plain = entry.plains[at]
        theirs = numbers(plain) if mine else mine
        ready.append(
            Evidence(
                script,
                Phrasing(entry.texts[at], plain),
                1.0 if script in looked.exact else 0.0,
                weight / total,
                weight / 60,
                ratio / 100,
                process.extractOne(core, entry.cores, scorer=fuzz.ratio)[1] / 100 if core else 0.0,
                1.0 if theirs and mine.isdisjoint(theirs) else 0.0,
                0.0 if turned == denies(plain) else 1.0,
                math.log(len(entry.plains) / usual),
                *near(script, NO_VECTORS),
            )
        )
    return ready
