"""I take texts for bags of pieces: their characters and pairs of neighbouring characters, each once."""

from __future__ import annotations

import sys
from collections import Counter
from operator import add
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Forms = tuple[str, ...]  # a message as it is compared: peeled, and with synonyms folded where that differs
    Whole = NDArray[np.int64]
    Real = NDArray[np.float64]

_BATCH = 50_000  # phrasings cut into pieces at once
_BITS = 21  # of a code point: while counted, a pair of characters is one number
_LOW = (1 << _BITS) - 1
_APART = "\n"  # stands in no normalised text


def cut(forms: Forms) -> set[str]:
    """The characters and the pairs of neighbouring characters."""
    found: set[str] = set()
    for form in forms:
        found.update(form, map(add, form, form[1:]))
    return found


def tally(phrasings: Iterable[Forms]) -> Counter[str]:
    """In how many of `phrasings` each piece stands."""
    return Counter(sys.intern(piece) for forms in phrasings for piece in cut(forms))


def name(piece: int) -> str:
    """A piece as it is looked up; shops share most of them."""
    return sys.intern(chr(piece >> _BITS) + chr(piece & _LOW) if piece > _LOW else chr(piece))


def count(documents: Iterable[Sequence[Forms]]) -> tuple[int, Whole, Whole, Real]:
    """How many documents there are; and side by side piece, script, and in how many of its phrasings the piece stands."""
    size, texts, said, owners = 0, list[str](), list[int](), list[int]()
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for script, document in enumerate(documents):
        size = script + 1
        for forms in document:
            texts += forms
            said += [len(owners)] * len(forms)
            owners.append(script)
        if len(owners) >= _BATCH:
            found.append(_batch(texts, said, owners))
            texts, said, owners = [], [], []
    if owners:
        found.append(_batch(texts, said, owners))
    pieces, scripts, times = (np.concatenate(each) for each in zip(*found, strict=True))
    return size, pieces, scripts, times


def _batch(texts: Sequence[str], said: Sequence[int], owners: Sequence[int]) -> tuple[Whole, Whole, Real]:
    """The same of some: `said` is the number of each text's phrasing, `owners` the script of each phrasing."""
    codes = np.frombuffer(_APART.join(texts).encode("utf-32-le"), np.uint32).astype(np.int64)
    apart = codes == ord(_APART)
    phrasing = np.asarray(said)[np.cumsum(apart)]
    both = ~(apart[:-1] | apart[1:])
    pieces = np.concatenate([codes[~apart], (codes[:-1] << _BITS | codes[1:])[both]])
    phrasing = np.concatenate([phrasing[~apart], phrasing[:-1][both]])
    kinds, kind = np.unique(pieces, return_inverse=True)
    once = np.sort(kind * len(owners) + phrasing)
    once = once[np.diff(once, prepend=-1) != 0]
    kind, script = once // len(owners), np.asarray(owners)[once % len(owners)]
    starts = np.flatnonzero(np.diff(kind, prepend=-1) | np.diff(script, prepend=-1))
    times = np.diff(starts, append=len(once)).astype(np.float64)
    return kinds[kind[starts]], script[starts], times
