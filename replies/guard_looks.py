"""I put watched characters in place of odd and stray ones that look like them, where that makes a watched word."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from replies import guard_sound as sound
from replies.guard_hits import Variant
from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replies.guard_reading import Reading
    from replies.guard_words import Candidates, Search

_MOST = 12  # odd characters of one text that are tried
_USUAL = 320  # the most used characters are never a stray
_KEPT = 50_000  # groups of three characters whose answer is remembered
_SIDE = 3  # characters on either side of a stray one that a word may have
_LOOKED = 2_000  # a longer text is not searched for look-alikes one by one


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


def may_look(first: Reading) -> bool:
    """Is the text short enough, and read as it was written?"""
    return first.how == "" and len(first.chars) <= _LOOKED


def looked(first: Reading) -> Variant | None:
    """An odd character, or a stray one, becomes the watched one that looks like it, where that makes a watched word."""
    chars, changed, dull = first.chars, {}, first.search.dull
    edged = f"\n{chars}\n"
    met = _open().findall(edged)
    if dull.issuperset(met):
        return None
    odd = {match.start() for match in _odd().finditer(chars)}
    for at, candidates in sorted(_places(edged, set(met) - dull, odd, first.search).items()):
        char = _meant(chars, at, candidates)
        if char and (at in odd or _is_stray(first, at)):
            changed[at] = char
    if not changed:
        return None
    text = list(first.text)
    doubts: dict[int, float] = {}
    for at, char in changed.items():
        place = first.tight.origin[at]
        text[place] = char
        doubts[place] = 0.1 if at in odd else 0.35
    return Variant("".join(text), tuple(range(len(text) + 1)), doubts, places=tuple(doubts))


def _places(edged: str, met: set[str], odd: set[int], search: Search) -> dict[int, Candidates]:
    """Where in a text between two line ends a character may stand for a watched one: `met` are the threes it is amid."""
    found: dict[int, Candidates] = {}
    tried = set(sorted(odd)[:_MOST])
    for three in met:
        stray, strange = _could_be(three, search)
        if not stray and not strange:
            search.dull.add(three)
            continue
        at = edged.find(three)
        while at >= 0:
            if at in odd and (stray or at in tried):
                found[at] = strange
            elif stray:
                found[at] = stray
            at = edged.find(three, at + 1)
    return found


def _could_be(three: str, search: Search) -> tuple[Candidates, Candidates]:
    """The characters that the second of three might stand for as a stray one, and as an odd one, seeing its neighbours."""
    known = search.strays.get(three)
    if known is None:
        if len(search.strays) + len(search.dull) > _KEPT:
            search.strays.clear()
            search.dull.clear()
        left, char, right = three[0], three[1], three[2]
        strange = _candidates(left, _alike(char, search.watched)[:200], right, search) if _odd().match(char) else ()
        known = search.strays[three] = _as_stray(three, search), strange
    return known


def _as_stray(three: str, search: Search) -> Candidates:
    """The characters that the second of three might stand for, seeing its neighbours."""
    left, char, right = three[0], three[1], three[2]
    if char not in stray_likes():
        return ()
    before, after = left + char, char + right
    if before in search.pairs or after in search.pairs or before in search.within or after in search.within:
        return ()
    return _candidates(left, sorted(stray_likes()[char]), right, search)


def _candidates(left: str, alike: Iterable[str], right: str, search: Search) -> Candidates:
    """Those of `alike` that stand beside one of two characters in a watched word, each with the words and its places there."""
    found = []
    for char in alike:
        before, after = search.within.get(left + char, ()), search.within.get(char + right, ())
        if before or after:
            found.append((char, tuple({*((word, at + 1) for word, at in before), *after})))
    return tuple(found)


@lru_cache(maxsize=1)
def _open() -> re.Pattern[str]:
    """Every three characters of which the second may be a stray or an odd one."""
    usual = "".join(char for char in sound.common() if char not in stray_likes())
    likely = "".join(map(re.escape, (char for char in stray_likes() if not "\u3400" <= char < "\ua000")))
    return re.compile(
        f"(?=(.(?:[^\\u0000-\\u33ff{usual}\\ua000-\\U0010ffff]{f'|[{likely}]' if likely else ''}).))", re.DOTALL
    )


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
    chars, ordinary = first.chars, first.search.ordinary
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


def _meant(chars: str, at: int, candidates: Candidates) -> str:
    """The first of some candidates that makes a watched word at `at`, or ""."""
    for char, words in candidates:
        for word, mine in words:
            start, end = at - mine, at - mine + len(word)
            if (
                start > -1
                and mine <= _SIDE
                and end - at <= _SIDE + 1
                and (chars[start:at] == word[:mine] and chars[at + 1 : end] == word[mine + 1 :])
            ):
                return char
    return ""
