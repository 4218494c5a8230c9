"""I read a text again where something in it asks for it: put together, decoded, turned round, or with odd characters replaced."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from replies import guard_sound as sound
from replies.guard_reading import Reading
from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from replies.guard_words import Search

_leet = re.compile(r"(?<![a-z0-9])(?=[a-z0-9@$!|]*[a-z@])(?=[a-z0-9@$!|]*[0-9@$!|])[a-z0-9@$!|]{2,24}+")
_plain = str.maketrans("013457@$!|", "oieastasil")
_backwards = re.compile(
    r"(?:moc|nc|ten|pot|pohs|piv|zyx|gro|cc|erots)\.[a-z0-9\-]{2,}|[a-z0-9]\.www(?![a-z0-9])|//:s?ptth"
)
_MOST = 12  # odd characters of one text that are tried


def readings(first: Reading) -> Iterator[Reading]:
    """The further readings of `first`'s text, each with its way back; none for ordinary text."""
    for how, wanted, make in _WAYS:
        if wanted(first):
            made = make(first)
            if made is not None:
                text, back = made
                yield Reading(text, first.search, first.known, joined=first.joined, back=back, how=how)


_Made = tuple[str, tuple[int, ...]]


def _has_parts(first: Reading) -> bool:
    return first.parts


def _put_together(first: Reading) -> _Made | None:
    """亻言 becomes 信: pieces side by side become the watched character they make."""
    chars, parts, origin = first.chars, first.search.parts, first.tight.origin
    text: list[str] = []
    back: list[int] = []
    at = 0
    while at < len(chars):
        for length in (3, 2):
            whole = parts.get(chars[at : at + length])
            if whole:
                break
        else:
            whole, length = first.text[origin[at]], 1
        text.append(whole)
        back.append(origin[at])
        at += length
    return "".join(text), (*back, len(first.text))


def _has_code(first: Reading) -> bool:
    return first.latin and _leet.search(first.plain.chars) is not None


def _decode(first: Reading) -> _Made | None:
    """v3ix!n becomes veixin: digits and signs inside Latin words as the letters they look like."""
    text = _leet.sub(lambda m: m.group().translate(_plain), first.plain.chars)
    return (text, (*first.plain.origin, len(first.text))) if text != first.plain.chars else None


def _is_turned(first: Reading) -> bool:
    return (
        first.turns > 1
        or "backwards" in first.hits
        or (first.latin and _backwards.search(first.plain.chars) is not None)
    )


def _turn(first: Reading) -> _Made | None:
    """The text from its end to its beginning."""
    size = len(first.text)
    return first.text[::-1], tuple(range(size - 1, -1, -1))


@lru_cache(maxsize=1)
def _odd() -> re.Pattern[str]:
    return re.compile(f"[^\\u0000-\\u33ff{''.join(sound.common())}\\ua000-\\U0010ffff]")


@lru_cache(maxsize=1)
def _shapes() -> dict[str, list[str]]:
    """Character -> the groups of characters it shares a component with."""
    having: dict[str, list[str]] = {}
    for line in (WORDS / "fold_shapes.tsv").read_text(encoding="utf8").split("\n")[:-1]:
        _, _, chars = line.partition("\t")
        for char in chars:
            having.setdefault(char, []).append(chars)
    return having


def _is_odd(first: Reading) -> bool:
    return _odd().search(first.chars) is not None


def _replace(first: Reading) -> _Made | None:
    """An odd character becomes the watched one that looks like it, where that makes a watched word."""
    chars = list(first.chars)
    changed = False
    for match in list(_odd().finditer(first.chars))[:_MOST]:
        at = match.start()
        for char in _candidates(match.group(), first.search):
            before = "".join(chars[max(0, at - 3) : at])
            if _makes_word(before + char + "".join(chars[at + 1 : at + 4]), len(before), first.search):
                chars[at], changed = char, True
                break
    if not changed:
        return None
    text = list(first.text)
    for at, char in enumerate(chars):
        if char != first.chars[at]:
            text[first.tight.origin[at]] = char
    return "".join(text), tuple(range(len(text) + 1))


@lru_cache(maxsize=512)
def _alike(odd: str, watched: frozenset[str]) -> tuple[str, ...]:
    inside = {char for word in watched for char in word}
    groups = _shapes().get(odd, [])
    return tuple(dict.fromkeys(char for group in groups for char in group if char in inside and char != odd))


def _candidates(odd: str, search: Search) -> tuple[str, ...]:
    return _alike(odd, search.watched)[:200]


def _makes_word(window: str, at: int, search: Search) -> bool:
    for last, words in search.seen.iter(window):
        for word in words:
            if word.kind == "exact" and word.length > 1 and last + 1 - word.length <= at <= last:
                return True
    return False


_WAYS: tuple[tuple[str, Callable[[Reading], bool], Callable[[Reading], _Made | None]], ...] = (
    ("parts", _has_parts, _put_together),
    ("leet", _has_code, _decode),
    ("reversed", _is_turned, _turn),
    ("look", _is_odd, _replace),
)
