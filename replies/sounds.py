"""I know how a character sounds, without its tone."""

from __future__ import annotations

from functools import cache

from replies.text import WORDS


@cache
def readings() -> dict[str, tuple[str, ...]]:
    """Character -> its syllables, the usual one first; what is no Chinese character is not in it."""
    table: dict[str, tuple[str, ...]] = {}
    for line in (WORDS / "fold_sounds.tsv").read_text(encoding="utf-8").splitlines():
        syllable, _, chars = line.partition("\t")
        table.update(dict.fromkeys(chars, (syllable,)))
    for line in (WORDS / "fold_sounds_also.tsv").read_text(encoding="utf-8").splitlines():
        char, _, others = line.partition("\t")
        table[char] = (*table.get(char, ()), *others.split(" "))
    return table


def initials(text: str) -> list[str]:
    """For each character of `text` the letters its syllables may begin with; other characters stand for themselves."""
    table = readings()
    return ["".join(dict.fromkeys(syllable[0] for syllable in table.get(char, (char,)))) for char in text]


def begins(letters: str, text: str) -> bool:
    """Are `letters` the pinyin initials of some stretch of `text`?"""
    heads = initials(text)
    return any(
        all(letter in head for letter, head in zip(letters, heads[start:], strict=False))
        for start in range(len(heads) - len(letters) + 1)
    )
