"""I find the script an agent has in mind: by shortcut, by words in any order, by pinyin initials."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from replies import sounds
from replies.text import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replies.library import Script


class Hit(NamedTuple):
    """A script found: how well (0 to 1), through which of its texts, and why in one Chinese line."""

    score: float
    script: int
    through: str
    why: str


class Catalogue:
    """The searchable texts of scripts, normalised once."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        """Reads titles, phrasings, answers, groups, shortcuts and ids."""
        self._rows = [
            (
                normalise(script.title),
                [(normalise(text), text) for text in script.phrasings],
                normalise(" ".join(filter(None, (script.text, *script.alternatives)))),
                normalise(script.group),
                (script.shortcut or "").casefold(),
                script.id.casefold(),
            )
            for script in scripts
        ]
        self._titles = [script.title for script in scripts]

    def search(self, asked: str) -> list[Hit]:
        """Every script that fits all of `asked`, best first; an empty question fits all, in the library's order."""
        words = [normal for word in asked.split() if (normal := normalise(word))]
        typed = asked.strip().casefold()
        hits = [
            hit
            for number in range(len(self._rows))
            if (hit := self._by_code(number, typed) or self._fits(number, words))
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.script))

    def _by_code(self, number: int, typed: str) -> Hit | None:
        title, _, _, _, shortcut, identity = self._rows[number]
        through = self._titles[number]
        if not typed:
            return None
        if typed in (shortcut, identity):
            return Hit(1.0, number, through, f"快捷编码 {shortcut}" if typed == shortcut else f"编号 {identity}")
        if shortcut.startswith(typed):
            return Hit(0.9, number, through, f"快捷编码 {shortcut}")
        if typed.isascii() and typed.isalpha() and len(typed) > 1 and sounds.begins(typed, title):
            return Hit(0.8 + 0.05 * (len(typed) == len(title)), number, through, f"拼音首字母 {typed}")
        if identity.startswith(typed):
            return Hit(0.6, number, through, f"编号 {identity}")
        return None

    def _fits(self, number: int, words: Sequence[str]) -> Hit | None:
        title, phrasings, text, group, _, _ = self._rows[number]
        if all(word in title for word in words):
            return Hit(0.85 if words else 0.0, number, self._titles[number], "标题相符")
        for normal, phrasing in phrasings:
            if all(word in normal for word in words):
                return Hit(0.7, number, phrasing, f"问法「{phrasing}」相符")
        everything = "\n".join((title, group, text, *(normal for normal, _ in phrasings)))
        if all(word in everything for word in words):
            return Hit(0.5, number, self._titles[number], "话术内容相符")
        return None
