"""I turn what people type into something comparable, and remember where each character came from."""

from __future__ import annotations

import re
from functools import cache
from itertools import compress
from pathlib import Path
from typing import NamedTuple

WORDS = Path(__file__).parent / "words"
_MET = 20_000  # characters whose size is remembered
_apart = re.compile(r"[\W_]+")


class View(NamedTuple):
    """One reading of a text: `chars`, and for each of them the position of the character it came from."""

    name: str
    chars: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `chars[start:end]` stands in the text that was read: code points, end after the last."""
        if start >= end:
            at = self.origin[start] if start < len(self.origin) else (self.origin[-1] + 1 if self.origin else 0)
            return at, at
        return self.origin[start], self.origin[end - 1] + 1


@cache
def fold_table() -> dict[int, str]:
    """Code point -> what it counts as: no case, width, marks or style, digits as 0-9, simplified; "" if invisible."""
    table: dict[int, str] = {}
    for line in (WORDS / "fold_chars.tsv").read_text(encoding="utf8").split("\n")[:-1]:
        target, _, sources = line.partition("\t")
        if target:
            table.update(dict.fromkeys(map(ord, sources), target))
        else:
            for span in sources.split(" "):
                first, _, last = span.partition("-")
                table.update(dict.fromkeys(range(int(first, 16), int(last or first, 16) + 1), ""))
    # What stays as it is need not be here, but what a table lacks takes `translate` twice as long as what it has.
    usual = (WORDS / "fold_common.txt").read_text(encoding="utf8").strip()
    return {ord(char): char for char in f"{usual}，。、！？…：；“”（）"} | table


def fold(text: str) -> str:
    """`text` with each character as what it counts as; separators stay."""
    return text.translate(fold_table())


def normalise(text: str) -> str:
    """`text` for comparing: folded, without spaces, punctuation and symbols. May be empty."""
    return _apart.sub("", text.translate(fold_table()))


def view(name: str, text: str, table: dict[int, str]) -> View:
    """`text` read through `table` (code point -> replacement, "" to drop), with the map back."""
    chars = text.translate(table)
    return View(name, chars, origins(text, chars, table))


class _Sizes(dict[int, str]):
    """Code point -> the character whose code is how many characters a table makes of it; the first so many met are remembered."""

    def __init__(self, table: dict[int, str]) -> None:
        super().__init__()
        self.table = table  # held, so that its id stays its own

    def __missing__(self, code: int) -> str:
        size = chr(len(self.table.get(code, " ")))
        if len(self) < _MET:
            self[code] = size
        return size


_sizes: dict[int, _Sizes] = {}


def origins(text: str, chars: str, table: dict[int, str]) -> tuple[int, ...]:
    """For each of `chars`, which `table` made of `text`, the position it came from."""
    known = _sizes.get(id(table))
    if known is None:
        known = _sizes[id(table)] = _Sizes(table)
    sizes = text.translate(known)
    dropped = sizes.count("\0")
    if len(text) - dropped == len(chars):
        every = range(len(text))
        return tuple(compress(every, sizes.encode()) if dropped else every)
    return tuple([at for at, size in enumerate(map(ord, sizes)) for _ in range(size)])
