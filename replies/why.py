"""I say in one short line why a script is offered."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from replies.reading import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replies.evidence import Phrasing
    from replies.reading import Reading

_SHOWN = 3  # words named at most: the line must be read at a glance
_EDGE = "\0"  # between signs, so that 5 is not found in 15


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
    found: list[str] = []
    mine, theirs = _signs(one), _signs(other)
    marked = _marked(theirs)
    start = 0
    while start < len(mine):
        end = start
        while end < len(mine) and _marked(mine[start : end + 1]) in marked:
            end += 1
        if end > start:
            before = marked[: marked.index(_marked(mine[start:end]))].rpartition(_EDGE)[2]
            counted = start > 0 and mine[start - 1].isnumeric() and before.isnumeric()
            found.append("".join(mine[start + counted : end]))
        start = max(end, start + 1)
    found = [word for word in dict.fromkeys(found) if word]
    long = [word for word in found if len(word) > 1]
    return sorted(long, key=len, reverse=True) or found


def _signs(text: str) -> list[str]:
    """The characters of `text`, a number in figures or numerals being one."""
    runs = ((number, "".join(run)) for number, run in groupby(text, str.isnumeric))
    return [sign for number, run in runs for sign in ([run] if number else run)]


def _marked(signs: Sequence[str]) -> str:
    """The signs with an edge before and behind each."""
    return f"{_EDGE}{_EDGE.join(signs)}{_EDGE}"
