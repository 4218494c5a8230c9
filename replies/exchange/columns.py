"""I know which column of a foreign table is which field of a script."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from replies import policy
from replies.exchange.table import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEYWORDS = re.compile(r"[|｜,，、;；\n]")
_NAMES = re.compile(r"[|｜,，、;；\s]+")


@cache
def _data() -> dict[str, Any]:
    raw = resources.files("replies").joinpath("exchange/headers.toml").read_text(encoding="utf-8")
    return tomllib.loads(raw)


@cache
def _aliases() -> dict[str, str]:
    return {plain(alias): field for field, aliases in _data()["columns"].items() for alias in aliases}


def field_of(head: str) -> str | None:
    """The field a column's head stands for; numbers at its end do not count."""
    known = _aliases()
    return known.get(head) or known.get(head.rstrip("0123456789"))


def ignored(head: str) -> bool:
    """Is it a column that is known to say nothing of a script?"""
    return not head or head in _data()["ignored"]["names"]


def heads(cells: Sequence[str]) -> bool:
    """Is this a row of heads? One column holds the answers, and another what they answer, their code or group."""
    fields = [field_of(cell) for cell in cells]
    return "text" in fields and len({field for field in fields if field}) > 1


def said(word: str) -> bool | None:
    """True for yes, False for no (and for nothing), None for anything else."""
    word = word.strip().lower()
    words = _data()["words"]
    return True if word in words["yes"] else False if word in words["no"] else None


def lines(cell: str) -> list[str]:
    """What stands in a cell, one a line."""
    return [line.strip() for line in cell.splitlines() if line.strip()]


def words(cell: str) -> list[str]:
    """What stands in a cell, divided by the usual marks."""
    return [word.strip() for word in _KEYWORDS.split(cell) if word.strip()]


def platforms(cell: str) -> tuple[tuple[str, ...], list[str]]:
    """The platforms a cell names (none: all), and the names that are not known."""
    labels = {label: name for name, all_of in _data()["platforms"].items() for label in all_of}
    found, unknown = dict[str, None](), []
    for word in _NAMES.split(cell.strip()):
        name = labels.get(word.lower(), word.lower())
        if word and name not in policy.PLATFORMS:
            unknown.append(word)
        elif word:
            found[name] = None
    return () if "any" in found else tuple(found), unknown
