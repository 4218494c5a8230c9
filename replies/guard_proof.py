"""I know which packs came out as their examples say, when this very code last tried them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from replies.rules import Pack

PROOF = Path(__file__).parent / "policies" / "proved.tsv"
"""A platform and the key of its packs a line, written by tools/prove.py."""
_CODE = ("guard*.py", "garbage.py", "lazy.py", "lexicon.py", "policy.py", "rules.py", "text.py")
_READ = ("fold_*", "guard_*")


def key(packs: Sequence[Pack]) -> str:
    """A hash of all that decides how the examples of `packs` come out: the packs, their words, the code."""
    parts = [(pack.id, pack.version, pack.platforms) for pack in packs]
    return hashlib.sha256(_code() + repr(parts).encode()).hexdigest()


def proved(key: str) -> bool:
    """Did the packs that `key` was made of come out as they say? A list that is old or missing says no: they are tried again."""
    return key in _proved()


def code() -> Iterator[Path]:
    """The modules that decide what the guard says, and the words they read."""
    for folder, names in ((Path(__file__).parent, _CODE), (WORDS, _READ)):
        for name in names:
            yield from sorted(folder.glob(name))


@cache
def _proved() -> frozenset[str]:
    try:
        return frozenset(line.partition("\t")[2] for line in PROOF.read_text(encoding="utf8").splitlines())
    except (OSError, UnicodeDecodeError):
        return frozenset()


@cache
def _code() -> bytes:
    parts = hashlib.sha256()
    for path in code():
        text = path.read_bytes()
        parts.update(f"\0{path.name}\0{len(text)}\0".encode())
        parts.update(text)
    return parts.digest()
