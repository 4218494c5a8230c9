"""I say in one short line why a script is offered."""

from __future__ import annotations

from replies.reading import fold, read

_SHOWN = 3  # words named at most: the line must be read at a glance


def why(asked: str, phrasing: str) -> str:
    """The 问法 that matched `asked` and the words that carried it, in Chinese."""
    mine, theirs = read(asked), read(phrasing)
    if mine.plain == theirs.plain:
        return f"与问法「{phrasing}」相同"
    if mine.folded == theirs.folded:
        return f"与问法「{phrasing}」同义"
    words = common(mine.plain, theirs.plain) or common(mine.folded, fold(theirs.folded))
    if not words:
        return f"意思接近问法「{phrasing}」"
    return f"接近问法「{phrasing}」：{'、'.join(words[:_SHOWN])}"


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
