"""I collect what cannot be read: every place, the first of each file with a sentence."""

from __future__ import annotations

import msgspec

MOST_PROBLEMS = 20  # sentences on one file; a wrong file is wrong in every line
_RANGES = 40  # runs of lines named behind them


class _File(msgspec.Struct):
    sentences: list[str] = msgspec.field(default_factory=list)
    ranges: list[list[int]] = msgspec.field(default_factory=list)
    more: int = 0
    unnamed: int = 0


class Problems:
    """Bad lines by file, in the order in which they were met. Bounded, however much is wrong."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self._files: dict[str, _File] = {}
        self.lines = 0
        self.files = 0

    def bad(self, file: str, number: int, sentence: str) -> None:
        """A line (or row, or entry) `number` that can be skipped; the sentence names it already."""
        self.lines += 1
        held = self._files.setdefault(file, _File())
        if len(held.sentences) < MOST_PROBLEMS:
            held.sentences.append(sentence)
            return
        held.more += 1
        if held.ranges and number - held.ranges[-1][1] in (0, 1):
            held.ranges[-1][1] = number
        elif len(held.ranges) < _RANGES:
            held.ranges.append([number, number])
        else:
            held.unnamed += 1

    def whole(self, file: str, sentence: str) -> None:
        """A file that cannot be read at all: nothing of it can be skipped."""
        self.files += 1
        self._files.setdefault(file, _File()).sentences.append(sentence)

    def sentences(self) -> list[str]:
        """All that is wrong, for people."""
        return [sentence for name, held in self._files.items() for sentence in (*held.sentences, *_rest(name, held))]


def _rest(name: str, held: _File) -> list[str]:
    if not held.more:
        return []
    lines = "、".join(f"{first}" if first == last else f"{first}-{last}" for first, last in held.ranges)
    others = f"，还有 {held.unnamed} 处" if held.unnamed else ""
    return [f"{name}: 另有 {held.more} 处读不了：第 {lines} 行{others}"]
