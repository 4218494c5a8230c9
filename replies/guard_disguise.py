"""I write a word in the disguises that can be thought of beforehand."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import compress, permutations, product
from typing import TYPE_CHECKING

from replies import guard_sound as sound
from replies.text import WORDS, fold_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replies.rules import Term

_han = re.compile(r"[㐀-鿿]")
_sign = re.compile(r"[\W_]")
# Of the ways to write some characters of a word as letters, in the order of `product`: is enough of it left?
_KEPT = {size: [min(size, 4) // 2 <= sum(kept) < size for kept in product((1, 0), repeat=size)] for size in (2, 3, 4)}


def chinese(word: str) -> int:
    """How many Chinese characters a word has."""
    return len(_han.findall(word))


@lru_cache(maxsize=1)
def tight_table() -> dict[int, str]:
    """Folding that also drops whatever separates, and reads pictures as the words they stand for."""
    table = dict(fold_table())
    signs = [*map(ord, _sign.findall("".join(map(chr, range(0x20, 0x10000))))), *range(0x1F000, 0x1FB00)]
    table = dict.fromkeys(signs, "") | table
    table[0x0A] = table[0x0D] = table[0x09] = ""
    for code, target in list(table.items()):
        if target and not target.isalnum():
            table[code] = "".join(char for char in target if char.isalnum())
    for line in (WORDS / "fold_pictures.tsv").read_text(encoding="utf8").split("\n"):
        picture, _, word = line.partition("\t")
        if len(picture) == 1:
            table[ord(picture)] = word
    return table


def tight(text: str) -> str:
    """`text` as it is searched: folded, pictures as words, nothing that separates."""
    return text.translate(tight_table())


def tightened(words: Iterable[str]) -> dict[str, str]:
    """Many words, each with what `tight` makes of it: thousands are folded as fast as one long text."""
    every = list(dict.fromkeys(words))
    folded = "\n".join(word.replace("\n", " ") for word in every).translate(tight_table() | {0x0A: "\n"})
    return dict(zip(every, folded.split("\n"), strict=True)) if every else {}


@lru_cache(maxsize=1)
def part_ways() -> dict[str, list[str]]:
    """A character -> the ways to write it in pieces."""
    lines = (WORDS / "fold_parts.tsv").read_text(encoding="utf8").split("\n")
    return {char: ways.split(" ") for char, _, ways in (line.partition("\t") for line in lines) if ways}


def _turned(word: str) -> dict[str, float]:
    """Other orders of the characters, with the weight each deserves."""
    if len(word) == 2:
        return {word[::-1]: 0.55}
    if len(word) == 3:
        return {"".join(way): 0.7 for way in permutations(word)}
    found = {word[::-1]: 0.8}
    if len(word) > 4:
        return found
    for at in range(len(word) - 1):
        found[word[:at] + word[at + 1] + word[at] + word[at + 2 :]] = 0.8
    return found


def _shortened(word: str) -> dict[str, float]:
    """Some characters as the first letter of their sound, at least one as itself."""
    size = len(word)
    if not 2 <= size <= 4:
        return {}
    letters = sound.initials(word)
    every = map("".join, product(*zip(word, letters, strict=True)))
    if len(set(word).difference(letters)) == size and "".join(letters).isascii():
        ways = list(compress(every, _KEPT[size]))
    else:
        ways = [short for short in every if short != word and _han.search(short)]
        if size > 3:
            ways = [short for short in ways if len(set(short).difference(letters)) > 1]
    return dict.fromkeys(ways, 0.7 if size == 2 else 0.8)


def disguises(word: str, term: Term) -> list[tuple[str, str, float]]:
    """Each pattern, its kind and its weight, for one word looked for in every disguise."""
    return [*reordered(word, term), *shortened(word, term)]


def reordered(word: str, term: Term) -> list[tuple[str, str, float]]:
    """The word as it is, and in other orders; as `disguises` has them."""
    found = [(word, "exact", 1.0)]
    size = chinese(word)
    if size > 1 and size == len(word) and term.turned:
        found.extend((way, "order", weight) for way, weight in _turned(word).items() if way != word)
    return found


def shortened(word: str, term: Term) -> list[tuple[str, str, float]]:
    """The word with Latin letters for some characters; as `disguises` has them."""
    if not (term.sound and term.shortened) or chinese(word) < 2:
        return []
    return [(way, "initials", weight) for way, weight in _shortened(word).items()]
