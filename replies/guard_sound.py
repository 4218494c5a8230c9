"""I know how a character sounds, and how far a spelling is from the word it sounds like."""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import islice, product
from typing import TYPE_CHECKING

from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

_FIRST = 0xE000  # private-use characters stand for syllables; users' own are dropped before
_READINGS = 6  # spellings by sound tried for one word
_PLAIN = 1400  # the most used characters: a chance meeting of two of them proves nothing


@cache
def syllables() -> dict[str, str]:
    """Character -> its usual syllable without tone."""
    found: dict[str, str] = {}
    for line in (WORDS / "fold_sounds.tsv").read_text(encoding="utf8").split("\n")[:-1]:
        syllable, _, chars = line.partition("\t")
        found.update(dict.fromkeys(chars, syllable))
    return found


@cache
def _also() -> dict[str, list[str]]:
    lines = (WORDS / "fold_sounds_also.tsv").read_text(encoding="utf8").split("\n")[:-1]
    return {char: rest.split(" ") for char, _, rest in (line.partition("\t") for line in lines)}


@cache
def common() -> dict[str, int]:
    """Character -> its rank in use, 0 the most used; characters out of ordinary use are missing."""
    return {char: rank for rank, char in enumerate((WORDS / "fold_common.txt").read_text(encoding="utf8").strip())}


def _loose(syllable: str) -> str:
    """Zh z, ch c, sh s and final ng n are one sound to many speakers."""
    head = syllable[0] + syllable[2:] if syllable[:2] in {"zh", "ch", "sh"} else syllable
    return head[:-1] if head.endswith(("ang", "eng", "ing")) else head


@cache
def codes() -> dict[str, str]:
    """Syllable -> the character that stands for all syllables taken for the same."""
    every = sorted({_loose(syllable) for syllable in syllables().values()})
    code = {loose: chr(_FIRST + at) for at, loose in enumerate(every)}
    return {syllable: code[_loose(syllable)] for syllable in sorted(set(syllables().values()))}


@cache
def sound_table() -> dict[int, str]:
    """Code point of a Chinese character -> the code of its sound; figures are here because that is faster than not to find them."""
    code = codes()
    return {ord(char): char for char in "0123456789"} | {
        ord(char): code[syllable] for char, syllable in syllables().items()
    }


def spellings(word: str) -> list[str]:
    """`word` in codes, by its usual reading first and then by the other readings of its characters."""
    return list(dict.fromkeys(map("".join, islice(product(*map(_ways, word)), _READINGS))))


@cache
def _ways(char: str) -> tuple[str, ...]:
    """The codes of a character's readings, the usual one first; the character itself if it has none."""
    usual, code = syllables(), codes()
    readings = [usual[char], *_also().get(char, [])] if char in usual else []
    return tuple(dict.fromkeys(code[reading] for reading in readings if reading in code)) or (char,)


def initials(word: str) -> list[str]:
    """The first letter of each character's sound, the character itself where it has none."""
    usual = syllables()
    return [usual[char][0] if char in usual else char for char in word]


@lru_cache(maxsize=4096)
def cut(token: str) -> tuple[str, ...] | None:
    """A run of Latin letters as pinyin syllables, fewest first; None if it is not pinyin. `weixin` -> wei, xin."""
    if len(token) > 40:
        return None
    known = codes()
    best: list[tuple[str, ...] | None] = [()] + [None] * len(token)
    for end in range(1, len(token) + 1):
        for start in range(max(0, end - 6), end):
            before, piece = best[start], token[start:end]
            if before is None or piece not in known:
                continue
            now = best[end]
            if now is None or len(before) + 1 < len(now):
                best[end] = (*before, piece)
    return best[-1]


@lru_cache(maxsize=8192)
def likeness(surface: str, word: str) -> float:
    """How surely `surface`, which sounds like `word`, was written for it: 0 (chance) to 1.

    Long words, odd characters and words half written as they are hold; two everyday characters do not.
    """
    usual, rank = syllables(), common()
    same = odd = loose = 0
    chance = False
    for wrote, meant in zip(surface, word, strict=True):
        if wrote == meant:
            same += 1
        elif not "一" <= wrote <= "鿿":
            odd += 1  # spelled in Latin letters
        else:
            odd += rank.get(wrote, _PLAIN) >= _PLAIN
            chance = chance or wrote in particles()
            loose += usual.get(wrote) != usual.get(meant) and usual.get(wrote) not in _also().get(meant, ())
    if len(word) > 3:
        base = 0.95
    elif len(word) == 3:
        base = 0.9 if odd else 0.72 if same != 2 else 0.6
    elif odd:
        base = 0.8 if same or odd == 2 else 0.7
    else:
        base = 0.5 if same else 0.3
    return base * (0.7 if len(word) == 2 else 0.85) ** loose * (0.45 if chance else 1.0)


@cache
def particles() -> frozenset[str]:
    """Characters that hold sentences together: where one stands, nothing is disguised."""
    return frozenset((WORDS / "fold_particles.txt").read_text(encoding="utf8").strip())


def ordinary(words: Iterable[str]) -> frozenset[str]:
    """Dictionary words that sound like one of `words` and are written otherwise."""
    listed = (WORDS / "fold_ordinary.txt").read_text(encoding="utf8").split()
    return frozenset(listed).difference(words)


@cache
def pairs() -> frozenset[str]:
    """The commonest words of two characters."""
    return frozenset((WORDS / "fold_pairs.txt").read_text(encoding="utf8").split())
