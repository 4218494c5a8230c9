"""I read a message as the matcher compares it: politeness peeled, synonyms folded, cut into pieces."""

from __future__ import annotations

import itertools
import re
import tomllib
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import ahocorasick
import msgspec

from replies.text import WORDS, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

LEANS = 4  # characters besides filler that a follow-up has at most
LONGEST = 400  # characters compared of one message: more is a pasted document, and costs time a buyer could use


class Reading(msgspec.Struct, frozen=True, gc=False):
    """`plain` without politeness, `folded` with synonyms folded.

    `asks` is False for a message that says nothing to answer: a greeting, an acknowledgement, a bare number; `greets`
    holds the words of a message that is politeness and nothing else.
    """

    whole: str
    plain: str
    folded: str
    asks: bool
    greets: tuple[str, ...]

    @property
    def forms(self) -> tuple[str, ...]:
        """What its pieces are taken of."""
        return (self.plain,) if self.folded == self.plain else (self.plain, self.folded)


class _Courtesy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    heads: list[str]
    tails: list[str]
    empty: list[str]
    filler: list[str]
    emoticons: list[str]
    follow: list[str]
    follow_ends: list[str]


class _Negation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    neutral: list[str]
    closing: list[str]
    deny: list[str]


class _Patterns(NamedTuple):
    heads: re.Pattern[str]
    tails: re.Pattern[str]
    empty: frozenset[str]
    filler: re.Pattern[str]
    emoticons: re.Pattern[str]
    follow: re.Pattern[str]


@cache
def _courtesy() -> _Patterns:
    words = msgspec.convert(_toml("courtesy"), _Courtesy)
    return _Patterns(
        heads=re.compile(_any_of(words.heads)),
        tails=re.compile(f"(?:{_any_of(words.tails)})+$"),
        empty=frozenset(map(normalise, words.empty)),
        filler=re.compile(_any_of(words.filler)),
        emoticons=re.compile(rf"[\[【](?:{_any_of(words.emoticons)})[\]】]", re.IGNORECASE),
        follow=re.compile(f"(?:{_any_of(words.follow)})|.*(?:{_any_of(words.follow_ends)})$"),
    )


@cache
def _negation() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    words = msgspec.convert(_toml("negation"), _Negation)
    closing = re.compile(f"(?:{_any_of(words.closing)})$")
    return re.compile(_any_of(words.neutral)), closing, re.compile(_any_of(words.deny))


@cache
def _denying() -> frozenset[str]:
    """The first characters of what denies: hardly any text has one."""
    return frozenset(normalise(word)[0] for word in msgspec.convert(_toml("negation"), _Negation).deny)


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((WORDS / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def _synonyms() -> ahocorasick.Automaton:
    """Each word with its length and the first of its list."""
    canonical: dict[str, str] = {}
    for lists in msgspec.convert(_toml("synonyms"), dict[str, list[list[str]]]).values():
        for same in lists:
            first = normalise(same[0])
            for word in same:
                canonical.setdefault(normalise(word), first)
    made = ahocorasick.Automaton()
    for word, first in canonical.items():
        made.add_word(word, (len(word), first))
    made.make_automaton()
    return made


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of `words` as they stand after normalisation, the longest first."""
    listed = sorted({normalise(word) for word in words}, key=lambda word: (-len(word), word))
    return "|".join(map(re.escape, listed))


def peel(text: str) -> str:
    """Normalised `text` without politeness at its front and back; empty if it is nothing else."""
    heads, tails = _courtesy().heads, _courtesy().tails
    start = 0
    while front := heads.match(text, start):
        start = front.end()
    back = tails.search(text, start)
    return text[start : back.start()] if back else text[start:]


def fold(text: str) -> str:
    """Normalised `text` with every synonym as the first entry of its list: from the left, the longest that begins there."""
    found = {last - size: (last, first) for last, (size, first) in _synonyms().iter(text)}
    if not found:
        return text
    parts, done = list[str](), -1
    for before in sorted(found):
        if before >= done:
            last, first = found[before]
            parts += text[done + 1 : before + 1], first
            done = last
    return "".join(parts) + text[done + 1 :]


def pieces(text: str) -> tuple[str, ...]:
    """The characters and the pairs of neighbouring characters of `text`, each once, in order."""
    return tuple(dict.fromkeys([*text, *map("".join, itertools.pairwise(text))]))


def read(message: str) -> Reading:
    """`message` as it is compared. Never fails; all parts are empty where nothing but marks was typed."""
    whole = normalise(_courtesy().emoticons.sub(" ", message[: 2 * LONGEST]))[:LONGEST]
    plain = peel(whole)
    greets = tuple(dict.fromkeys(_courtesy().heads.findall(whole))) if whole and not plain else ()
    asks = bool(plain) and not plain.isdigit() and _courtesy().empty.isdisjoint((whole, plain))
    plain = plain or whole
    return Reading(whole=whole, plain=plain, folded=fold(plain), asks=asks, greets=greets)


def core_of(text: str) -> str:
    """What is left of a peeled or folded text without filler words."""
    return _courtesy().filler.sub("", text)


@lru_cache(maxsize=1 << 14)  # the same few phrasings are near again and again
def denies(plain: str) -> bool:
    """Does a peeled text deny something? Questions of the kind 能不能 and 退不 do not; 没法退 does."""
    neutral, closing, deny = _negation()
    if _denying().isdisjoint(plain):
        return False
    return bool(deny.search(closing.sub("", neutral.sub("", plain))))


def follows(reading: Reading) -> bool:
    """Does a message lean on an earlier question (那红色的呢)? It opens or ends like one and names hardly anything itself."""
    if not reading.asks or len(core_of(reading.plain)) > LEANS:
        return False
    return bool(_courtesy().follow.match(reading.whole))


_digits = re.compile(r"\d+")


def numbers(plain: str) -> frozenset[str]:
    """The numbers of a peeled text."""
    return frozenset(_digits.findall(plain))
