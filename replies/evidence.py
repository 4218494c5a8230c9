"""I measure what speaks for each script, and what speaks for showing none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz import fuzz, process

from replies.reading import core_of, denies, numbers, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from replies.index import Found
    from replies.reading import Reading


NO_VECTORS = (0.0, 0.0)


class Phrasing(NamedTuple):
    """A 问法 as written and as compared."""

    text: str
    plain: str
    numbers: frozenset[str]
    denies: bool


class Entry:
    """A script as it is compared: its phrasings, and side by side their texts in lists of their own for rapidfuzz.

    `firm`: the texts of the phrasings that are beyond doubt, in the order of their sentence vectors. `many`: logarithm of
    how many phrasings there are.
    """

    __slots__ = ("cores", "firm", "many", "phrasings", "plains")

    def __init__(self) -> None:
        """Empty: `add` fills it."""
        self.phrasings: list[Phrasing] = []
        self.plains: list[str] = []
        self.cores: list[str] = []
        self.firm: list[str] = []
        self.many = 0.0

    def add(self, text: str, reading: Reading) -> None:
        """One more phrasing, `text` as written and as read."""
        self.phrasings.append(Phrasing(text, reading.plain, numbers(reading.plain), denies(reading.plain)))
        self.plains.append(reading.plain)
        self.cores.append(core_of(reading.folded))
        self.many = math.log(len(self.plains))

    def drop(self, text: str) -> None:
        """One phrasing less, if it is there."""
        for at, phrasing in enumerate(self.phrasings):
            if phrasing.text == text:
                del self.phrasings[at], self.plains[at], self.cores[at]
                self.many = math.log(max(len(self.plains), 1))
                return

    def forms(self) -> list[tuple[str, ...]]:
        """What the index counts of each phrasing: read again rather than kept, since few scripts ever learn."""
        return [read(phrasing.text).forms for phrasing in self.phrasings]


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
    phrasing. `keep`: how many scripts are compared in every way. `usual`: how many phrasings a script of the library has.
    """

    asked: Reading
    found: Found
    closeness: Mapping[int, tuple[float, float]]
    exact: frozenset[int]
    keep: int
    usual: float


def measure(looked: Looked, scripts: list[int], entries: Sequence[Entry]) -> list[Evidence]:
    """The evidence for the best of `scripts` by pieces, letters and meaning together."""
    asked, found = looked.asked, looked.found
    rough: list[tuple[float, int, float, int]] = []
    total = found.total or 1.0
    earned, near = dict(zip(scripts, found.scores[scripts].tolist(), strict=True)).get, looked.closeness.get
    for script in scripts:
        _, ratio, at = process.extractOne(asked.plain, entries[script].plains, scorer=fuzz.ratio)
        rough.append(
            (-earned(script, 0.0) / total - ratio / 100 - sum(near(script, NO_VECTORS)), script, ratio / 100, at)
        )
    if not rough:  # a library without scripts has no usual length either
        return []
    rough.sort()
    core, mine, turned = core_of(asked.folded), numbers(asked.plain), denies(asked.plain)
    usual = math.log(looked.usual)
    ready = []
    for _, script, ratio, at in rough[: looked.keep]:
        entry = entries[script]
        phrasing = entry.phrasings[at]
        weight = earned(script, 0.0)
        ready.append(
            Evidence(
                script,
                phrasing,
                1.0 if script in looked.exact else 0.0,
                weight / total,
                weight / 60,
                ratio,
                process.extractOne(core, entry.cores, scorer=fuzz.ratio)[1] / 100 if core else 0.0,
                1.0 if mine and phrasing.numbers and mine.isdisjoint(phrasing.numbers) else 0.0,
                0.0 if turned == phrasing.denies else 1.0,
                entry.many - usual,
                *near(script, NO_VECTORS),
            )
        )
    return ready
