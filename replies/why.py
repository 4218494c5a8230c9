"""I say in one short line why a script is offered."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from replies.reading import fold

if TYPE_CHECKING:
    from replies.reading import Reading
    from replies.shelf import Phrasing

_SHOWN = 3  # words named at most: the line must be read at a glance
_NUMBER = 0x100000  # from here on signs stand for numbers: no text uses them


def why(asked: Reading, phrasing: Phrasing) -> str:
    """The 问法 that matched `asked` and the words that carried it, in Chinese."""
    if asked.plain == phrasing.plain:
        return f"与问法「{phrasing.text}」相同"
    words = common(asked.plain, phrasing.plain)
    if not words or len(words[0]) == 1:
        folded = fold(phrasing.plain)
        if asked.folded == folded:
            return f"与问法「{phrasing.text}」同义"
        words = common(asked.folded, folded) or words
    if not words:
        return f"意思接近问法「{phrasing.text}」"
    return f"接近问法「{phrasing.text}」：{'、'.join(words[:_SHOWN])}"


def common(one: str, other: str) -> list[str]:
    """The stretches `one` shares with `other`, longest first: of two characters and more, or else single ones.

    A number is shared whole or not at all, and what it counts (天 of 15天 and of 七天) goes with it.
    """
    numbers: dict[str, str] = {}
    mine, theirs = _signs(one, numbers), _signs(other, numbers)
    named = {sign: number for number, sign in numbers.items()}
    found: dict[str, None] = {}
    start, size = 0, len(mine)
    while start < size:
        end = start
        while end < size and mine[start : end + 1] in theirs:
            end += 1
        if end > start:
            at = theirs.index(mine[start:end])
            counted = start > 0 and at > 0 and mine[start - 1] in named and theirs[at - 1] in named
            found["".join([named.get(sign, sign) for sign in mine[start + counted : end]])] = None
        start = max(end, start + 1)
    found.pop("", None)
    long = [word for word in found if len(word) > 1]
    return sorted(long, key=len, reverse=True) or list(found)


def _signs(text: str, numbers: dict[str, str]) -> str:
    """`text` with each number, in figures or numerals, as one sign of its own: 5 is not found in 15."""
    if not any(map(str.isnumeric, text)):
        return text
    runs = ((number, "".join(run)) for number, run in groupby(text, str.isnumeric))
    return "".join([numbers.setdefault(run, chr(_NUMBER + len(numbers))) if number else run for number, run in runs])
