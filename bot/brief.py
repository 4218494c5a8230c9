"""I make a stranger's words short and harmless, and cut no character in two."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ZWJ = "\u200d"
_LONG_NUMBER = re.compile(r"(\d{3})\d{4,}")  # phone, order and card numbers, which need not travel
_NO_TAGS = str.maketrans("<>", "＜＞")  # a group tool reads <at ...> in a text as an order to call everybody


def plain(text: str) -> str:
    """A stranger's words made harmless in a group: one line, nothing invisible, no tags, long numbers cut."""
    seen = "".join(
        " " if unicodedata.category(character) in ("Zl", "Zp", "Zs", "Cc") else character
        for character in text
        if unicodedata.category(character) not in ("Cf", "Cs", "Co") or character == ZWJ
    )
    return _LONG_NUMBER.sub(r"\1…", " ".join(seen.split())).translate(_NO_TAGS)


def clip(text: str, most: int) -> str:
    """At most so many characters and "…", cut between two of them as people see them."""
    return text if len(text) <= most else text[: _boundary(text, most)] + "…"


def cut(text: str, limit: int, size: Callable[[str], int]) -> str:
    """The longest beginning that `size` finds no larger than `limit`, cut between two characters."""
    end = len(text)
    while end and size(text[:end]) > limit:
        end = _boundary(text, end - 1)
    return text[:end]


def _boundary(text: str, at: int) -> int:
    """The last place up to `at` at which one visible character ends and another begins."""
    while 0 < at < len(text) and _joined(text, at):
        at -= 1
    return at


def _joined(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if ZWJ in (before, after) or unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if not _is_flag(before) or not _is_flag(after):
        return False
    first = at - 1
    while first > 0 and _is_flag(text[first - 1]):
        first -= 1
    return (at - first) % 2 == 1  # flags are pairs of letters


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
