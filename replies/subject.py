"""I know what a conversation is about by the card on it, and take it for a hint, no more."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from replies.reading import core_of, fold, pieces
from replies.text import WORDS, normalise
from replies.why import common

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from replies.reading import Reading

LONGEST = 120  # characters of a title


class _Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: list[str]
    lean: float
    most: int
    dull: list[str]


@cache
def terms() -> _Terms:
    """The terms of `words/subject.toml`."""
    return msgspec.convert(tomllib.loads((WORDS / "subject.toml").read_text(encoding="utf-8")), _Terms)


@cache
def _dull() -> frozenset[str]:
    return frozenset(map(normalise, terms().dull))


def said(context: Mapping[str, str]) -> str:
    """What the card says, as it is compared; empty where there is none."""
    return normalise(" ".join(context[key] for key in terms().keys if context.get(key)))[:LONGEST]


def words(title: str, phrasings: Iterable[str]) -> tuple[str, ...]:
    """What a title shares with phrasings of the library, longest first: words that the shop's scripts know.

    Stretches of two characters and more that are no numbers, not dull, and not inside a longer one.
    """
    shared = {word for phrasing in phrasings for word in common(title, phrasing) if len(word) > 1}
    telling = [word for word in shared if not word.isdigit() and word not in _dull() and len(core_of(word)) > 1]
    telling.sort(key=lambda word: (-len(word), title.find(word)))
    kept: list[str] = []
    for word in telling:
        if all(word not in other for other in kept):
            kept.append(word)
    return tuple(kept[: terms().most])


def speaks_of(asked: Reading, phrasing: str) -> bool:
    """Has a phrasing something of what was asked itself? A card alone asks nothing."""
    compared = ((asked.plain, phrasing), (asked.folded, fold(phrasing)))
    return any(piece in said for text, said in compared for piece in _telling(core_of(text)))


def _telling(core: str) -> list[str]:
    return [piece for piece in pieces(core) if len(piece) > 1] or list(core)
