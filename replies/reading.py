"""I read a message as the matcher compares it: politeness peeled, synonyms folded, cut into pieces."""

from __future__ import annotations

import itertools
import re
import tomllib
from functools import cache
from typing import NamedTuple

import msgspec

from replies.text import WORDS, normalise

LONGEST = 400  # characters compared of one message: more is a pasted document, and costs time a buyer could use


class Reading(NamedTuple):
    """`plain` without politeness, `folded` with synonyms folded, `pieces`: the 1- and 2-grams of both, each once.

    `asks` is False for a message that says nothing to answer: a greeting, an acknowledgement, a bare number; `greets`
    holds the words of a message that is politeness and nothing else.
    """

    whole: str
    plain: str
    folded: str
    pieces: tuple[str, ...]
    asks: bool
    greets: tuple[str, ...]


class _Courtesy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    heads: list[str]
    tails: list[str]
    empty: list[str]


@cache
def _courtesy() -> tuple[re.Pattern[str], re.Pattern[str], frozenset[str]]:
    raw = tomllib.loads((WORDS / "courtesy.toml").read_text(encoding="utf-8"))
    words = msgspec.convert(raw, _Courtesy)
    heads, tails = (_any_of([normalise(word) for word in each]) for each in (words.heads, words.tails))
    return re.compile(heads), re.compile(f"(?:{tails})+$"), frozenset(map(normalise, words.empty))


@cache
def _synonyms() -> tuple[re.Pattern[str], dict[str, str]]:
    raw = tomllib.loads((WORDS / "synonyms.toml").read_text(encoding="utf-8"))
    canonical: dict[str, str] = {}
    for lists in msgspec.convert(raw, dict[str, list[list[str]]]).values():
        for same in lists:
            first = normalise(same[0])
            for word in same:
                canonical.setdefault(normalise(word), first)
    return re.compile(_any_of(canonical)), canonical


def _any_of(words: object) -> str:
    listed = sorted(set(words), key=lambda word: (-len(word), word))  # type: ignore[call-overload]
    return "|".join(map(re.escape, listed))


def peel(text: str) -> str:
    """Normalised `text` without politeness at its front and back; empty if it is nothing else."""
    heads, tails, _ = _courtesy()
    start = 0
    while front := heads.match(text, start):
        start = front.end()
    back = tails.search(text, start)
    return text[start : back.start()] if back else text[start:]


def fold(text: str) -> str:
    """Normalised `text` with every synonym as the first entry of its list."""
    pattern, canonical = _synonyms()
    return pattern.sub(lambda found: canonical[found[0]], text)


def pieces(text: str) -> tuple[str, ...]:
    """The characters and the pairs of neighbouring characters of `text`, each once, in order."""
    return tuple(dict.fromkeys([*text, *map("".join, itertools.pairwise(text))]))


def read(message: str) -> Reading:
    """`message` as it is compared. Never fails; all parts are empty where nothing but marks was typed."""
    whole = normalise(message)[:LONGEST]
    plain = peel(whole)
    greets = tuple(dict.fromkeys(_courtesy()[0].findall(whole))) if whole and not plain else ()
    asks = bool(plain) and not plain.isdigit() and whole not in _courtesy()[2] and plain not in _courtesy()[2]
    plain = plain or whole
    folded = fold(plain)
    both = pieces(plain) if folded == plain else tuple(dict.fromkeys((*pieces(plain), *pieces(folded))))
    return Reading(whole=whole, plain=plain, folded=folded, pieces=both, asks=asks, greets=greets)
