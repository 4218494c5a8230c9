"""I say in one short line why a script is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replies.reading import fold

if TYPE_CHECKING:
    from replies.evidence import Phrasing
    from replies.reading import Reading

_SHOWN = 3  # words named at most: the line must be read at a glance


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
    """The stretches `one` shares with `other`, longest first: of two characters and more, or else single ones."""
    found: list[str] = []
    start = 0
    while start < len(one):
        end = start
        while end < len(one) and one[start : end + 1] in other:
            end += 1
        if end > start:
            found.append(one[start:end])
        start = max(end, start + 1)
    found = list(dict.fromkeys(found))
    long = [word for word in found if len(word) > 1]
    return sorted(long, key=len, reverse=True) or found
