"""I write a word in the disguises that can be thought of beforehand."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import permutations, product
from typing import TYPE_CHECKING

from replies import guard_sound as sound
from replies.text import WORDS, fold_table

if TYPE_CHECKING:
    from replies.rules import Term

_han = re.compile(r"[㐀-鿿]")


def chinese(word: str) -> int:
    """How many Chinese characters a word has."""
    return len(_han.findall(word))


@lru_cache(maxsize=1)
def tight_table() -> dict[int, str]:
    """Folding that also drops whatever separates, and reads pictures as the words they stand for."""
    table = dict(fold_table())
    table.update({code: "" for code in range(0x20, 0x10000) if not chr(code).isalnum() and code not in table})
    table.update({code: "" for code in range(0x1F000, 0x1FB00) if code not in table})
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
    letters = sound.initials(word)
    found: dict[str, float] = {}
    if not 2 <= len(word) <= 4:
        return found
    for way in product(*zip(word, letters, strict=True)):
        short = "".join(way)
        if short != word and _han.search(short) and (len(word) < 4 or len(set(short) - set(letters)) > 1):
            found[short] = 0.7 if len(word) == 2 else 0.8
    return found


def disguises(word: str, term: Term) -> dict[tuple[str, str], float]:
    """(pattern, kind) -> weight for one word looked for in every disguise."""
    found = {(word, "exact"): 1.0}
    chinese = len(_han.findall(word))
    if chinese < 2:
        return found
    if chinese == len(word) and term.turned:
        found.update({(way, "order"): weight for way, weight in _turned(word).items() if way != word})
    if term.sound and term.shortened:
        found.update({(way, "initials"): weight for way, weight in _shortened(word).items()})
    return found
