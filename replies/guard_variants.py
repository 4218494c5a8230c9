"""I read a text again where something in it asks for it: put together, decoded, turned round, or with odd characters replaced."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING

from replies import guard_sound as sound
from replies.guard_hits import Variant
from replies.guard_reading import Reading
from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import ahocorasick

    from replies.guard_words import Search

_sized = re.compile(r"\d{2,}[a-z]{1,3}")
_leet = re.compile(r"(?<![a-z0-9@$!|])(?=[a-z0-9@$!|]{0,24}[a-z@])(?=[a-z0-9@$!|]{0,24}[0-9@$!|])[a-z0-9@$!|]{2,24}+")
_plain = str.maketrans("013457@$!|", "oieastasil")
_backwards = re.compile(
    r"(?:moc|nc|ten|pot|pohs|piv|zyx|gro|cc|erots)\.[a-z0-9\-]{2,}|[a-z0-9]\.www(?![a-z0-9])|//:s?ptth"
)
_plus = re.compile(r"(?<![a-z0-9.+])\+(?=\s?[我个下微薇威维扣企鹅绿群]|\s?(?:v|w|q|vx|wx|qq)(?![0-9.+]))")
_MOST = 12  # odd characters of one text that are tried
_USUAL = 320  # the most used characters are never a stray
_LOOKED = 2_000  # a longer text is not searched for look-alikes one by one


def readings(first: Reading) -> Iterator[Reading]:
    """The further readings of `first`'s text, each with its way back; none for ordinary text."""
    for how, wanted, make in _WAYS:
        if wanted(first):
            made = make(first)
            if made is not None:
                yield Reading(made.text, first.search, first.known, joined=first.joined, variant=made._replace(how=how))


def _has_parts(first: Reading) -> bool:
    return first.parts


def _put_together(first: Reading) -> Variant | None:
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
    return Variant("".join(text), (*back, len(first.text)), {})


def _has_plus(first: Reading) -> bool:
    return ("+" in first.text or "＋" in first.text) and _plus.search(first.plain.chars) is not None


def _add(first: Reading) -> Variant | None:
    """+我 becomes 加我: a plus before a person or a letter is the word."""
    text = _plus.sub("加", first.plain.chars)
    return Variant(text, (*first.plain.origin, len(first.text)), {})


def _has_code(first: Reading) -> bool:
    return first.latin and _leet.search(first.plain.chars) is not None


def _coded(word: str) -> bool:
    """Is it a number with a few letters: a parcel, a model, a size?"""
    return 3 * sum("a" <= char <= "z" for char in word) < len(word) or _sized.fullmatch(word) is not None


def _decode(first: Reading) -> Variant | None:
    """v3ix!n becomes veixin: digits and signs inside Latin words as the letters they look like."""
    own = [first.tight.span(hit.start, hit.end) for hit in first.find("url_own")]
    ours = [(bisect_left(first.plain.origin, start), bisect_left(first.plain.origin, end)) for start, end in own]

    def decoded(match: re.Match[str]) -> str:
        kept = any(start <= match.start() < end for start, end in ours)
        word = match.group()
        return word if kept or _coded(word) else word.translate(_plain)

    text = _leet.sub(decoded, first.plain.chars)
    return Variant(text, (*first.plain.origin, len(first.text)), {}) if text != first.plain.chars else None


def _is_turned(first: Reading) -> bool:
    return (
        first.turns > 1
        or "backwards" in first.slots
        or (first.latin and _backwards.search(first.plain.chars) is not None)
    )


def _turn(first: Reading) -> Variant | None:
    """The text from its end to its beginning."""
    size = len(first.text)
    return Variant(first.text[::-1], tuple(range(size - 1, -1, -1)), {})


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


@lru_cache(maxsize=1)
def likes() -> dict[str, frozenset[str]]:
    """Ordinary character -> the watched characters it looks like."""
    found: dict[str, list[str]] = {}
    for name in ("fold_likes_hand.tsv", "fold_likes.tsv"):
        for line in (WORDS / name).read_text(encoding="utf8").split("\n"):
            watched, _, likes = line.partition("\t")
            for char in likes:
                held = found.setdefault(char, [])
                if watched not in held:
                    held.append(watched)
    return {char: frozenset(watched) for char, watched in found.items()}


def _is_odd(first: Reading) -> bool:
    return first.how == "" and len(first.chars) <= _LOOKED


def _replace(first: Reading) -> Variant | None:
    """An odd character, or a stray one, becomes the watched one that looks like it, where that makes a watched word."""
    chars, changed = first.chars, {}
    odd = {match.start() for match in _odd().finditer(chars)}
    for at in sorted(_places(first)):
        if at in odd or _is_stray(first, at):
            char = _meant(first, at, odd=at in odd)
            if char:
                changed[at] = char
    if not changed:
        return None
    text = list(first.text)
    doubts: dict[int, float] = {}
    for at, char in changed.items():
        place = first.tight.origin[at]
        text[place] = char
        doubts[place] = 0.1 if at in odd else 0.35
    return Variant("".join(text), tuple(range(len(text) + 1)), doubts)


def _places(first: Reading) -> list[int]:
    """Where an odd character stands, or one like a watched one beside a character a watched word could have there."""
    chars, after, before = first.chars, first.search.after, first.search.before
    none: frozenset[str] = frozenset()
    found = [match.start() for match in _odd().finditer(chars)][:_MOST]
    for at, like in enumerate(map(stray_likes().get, chars)):
        if like is not None:
            left, right = chars[at - 1 : at], chars[at + 1 : at + 2]
            follows, leads = after.get(left, none), before.get(right, none)
            itself = chars[at] in follows or chars[at] in leads
            if not itself and not (follows.isdisjoint(like) and leads.isdisjoint(like)):
                found.append(at)
    return found


@lru_cache(maxsize=1)
def stray_likes() -> dict[str, frozenset[str]]:
    """The same for the characters that are not among the most used: those never are a stray."""
    rank = sound.common()
    return {
        char: watched
        for char, watched in likes().items()
        if rank.get(char, _USUAL) >= _USUAL and char not in sound.particles()
    }


def _is_stray(first: Reading, at: int) -> bool:
    """Does a character make no ordinary word with its neighbours?"""
    chars, pairs, ordinary = first.chars, first.search.pairs, first.search.ordinary
    if chars[at : at + 2] in pairs or (at and chars[at - 1 : at + 1] in pairs):
        return False
    spans = ((a, b) for a in range(max(0, at - 2), at + 1) for b in range(at + 1, a + 5) if b - a > 1)
    return not any(chars[a:b] in ordinary for a, b in spans)


@lru_cache(maxsize=512)
def _alike(odd: str, watched: frozenset[str]) -> tuple[str, ...]:
    inside = {char for word in watched for char in word}
    groups = _shapes().get(odd, [])
    listed = sorted(likes().get(odd, ()))
    return tuple(
        dict.fromkeys([*listed, *(char for group in groups for char in group if char in inside and char != odd)])
    )


def _meant(first: Reading, at: int, *, odd: bool) -> str:
    """The watched character that makes a watched word at `at`, or ""."""
    chars, search = first.chars, first.search
    none: frozenset[str] = frozenset()
    after = search.after.get(chars[at - 1], none) if at else none
    before = search.before.get(chars[at + 1], none) if at + 1 < len(chars) else none
    start = max(0, at - 3)
    for char in _alike(chars[at], search.watched)[:200] if odd else sorted(likes()[chars[at]]):
        if char in after or char in before:
            window = chars[start:at] + char + chars[at + 1 : at + 4]
            if _holds_word(window, at - start, search.rare.seen, search) or _holds_word(
                window, at - start, search.frequent.seen, search
            ):
                return char
    return ""


def _holds_word(window: str, at: int, seen: ahocorasick.Automaton, search: Search) -> bool:
    for last, words in seen.iter(window):
        for word in words:
            long = word.kind == "exact" and word.length > 1 and last + 1 - word.length <= at <= last
            if long and word.word in search.watched:
                return True
    return False


_WAYS: tuple[tuple[str, Callable[[Reading], bool], Callable[[Reading], Variant | None]], ...] = (
    ("parts", _has_parts, _put_together),
    ("plus", _has_plus, _add),
    ("leet", _has_code, _decode),
    ("reversed", _is_turned, _turn),
    ("look", _is_odd, _replace),
)
