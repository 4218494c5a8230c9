"""I say what impression a message makes as a whole: harmless, or one kind of offence or another, as people judged others.

Groups of one to three characters each have a row of numbers; the sum of a text's rows goes through one hidden layer
(Joulin et al., "Bag of Tricks for Efficient Text Classification", 2016, with rectified units between). Ordinary messages
never get so far: sums over their characters, and pairs of these, tell most of them apart. All tables are fitted by tools/fit_impression.py.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cache
from itertools import pairwise
from operator import add
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]
    Arrays = Mapping[str, NDArray[np.generic]]

MIDDLE = 128  # what stands for nothing in a row of bytes
NUMBERS = 1 << 16  # of characters, and of pairs
LONGEST = 60  # characters that are judged together
EDGE = "\x02"  # before and after a message
_HALF, _NONE = np.float32(0.5), np.float32(0.0)
_SPREAD = np.uint16(31)
_figures = str.maketrans("123456789", "000000000")


class Impression(NamedTuple):
    """What a text seems to be: the `kind`, the chance that it is an offence, and that it is a grave one; `start:end` says most for it."""

    kind: str
    offence: float
    grave: float
    start: int
    end: int


class Ends(NamedTuple):
    """Where the sentences of a text begin, and its clauses."""

    sentences: Sequence[int]
    clauses: Sequence[int]


class Gate(NamedTuple):
    """What keeps ordinary messages from the network: `glance`, a character -> what it says for an offence, and the `least`
    that must come together; then the same of `chars` with `pairs` of neighbours, by their numbers, and the `bar`.
    """

    glance: Callable[[str], int | None]
    least: int
    chars: NDArray[np.int16]
    pairs: NDArray[np.int16]
    bar: int


class Table(NamedTuple):
    """A fitted network. `kinds`: the harmless first, then `grave` grave ones, then the others; `groups`: a group of
    characters -> its row of `rows`, the first of which is none; in bytes, MIDDLE for nothing, `scale` for one; then both layers.
    """

    kinds: tuple[str, ...]
    grave: int
    groups: dict[str, int]
    rows: NDArray[np.uint8]
    scale: np.float32
    hidden: Numbers
    out: Numbers
    start: Numbers


def read_gate(data: Arrays) -> Gate:
    """The gate of the arrays that tools/fit_impression.py writes."""
    seen = dict(zip(data["seen"].tobytes().decode(), data["glance"].tolist(), strict=True))
    chars, pairs = data["chars"].astype(np.int16), data["pairs"].astype(np.int16)
    return Gate(seen.get, int(data["least"].item()), chars, pairs, int(data["bar"].item()))


def read_table(data: Arrays) -> Table:
    """The network of the same arrays."""
    names = _lines(data["groups"])
    return Table(
        kinds=tuple(_lines(data["kinds"])),
        grave=int(data["grave"].item()),
        groups={name: at for at, name in enumerate(names, 1)},
        rows=np.vstack([np.full((1, data["rows"].shape[1]), MIDDLE, np.uint8), data["rows"].astype(np.uint8)]),
        scale=np.float32(data["scale"].item()),
        hidden=data["hidden"].astype(np.float32, copy=False),
        out=data["out"].astype(np.float32, copy=False),
        start=data["start"].astype(np.float32, copy=False),
    )


def _lines(text: NDArray[np.generic]) -> list[str]:
    return text.tobytes().decode().split("\n")


@cache
def gate() -> Gate:
    """The shipped gate."""
    with np.load(WORDS / "guard_impression.npz", allow_pickle=False) as data:
        return read_gate(data)


@cache
def table() -> Table:
    """The shipped network."""
    with np.load(WORDS / "guard_impression.npz", allow_pickle=False) as data:
        return read_table(data)


def prepared(chars: str) -> str:
    """A text of the tight view as it is judged: figures are all one figure, and both ends are marked."""
    return f"{EDGE}{chars.translate(_figures)}{EDGE}"


def numbers(chars: str) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """The numbers of the characters of a text, and of its pairs of neighbours: rare ones share theirs with others."""
    codes = np.frombuffer(chars.encode("utf-32-le", "surrogatepass"), np.uint16)[::2]
    return codes, codes[:-1] * _SPREAD + codes[1:]


def judged(chars: str, ends: Callable[[], Ends]) -> list[Impression]:
    """What a text of the tight view seems to be, unless it is harmless; a long one sentence by sentence."""
    known = gate()
    if len(chars) <= LONGEST:
        if sum(filter(None, map(known.glance, chars))) < known.least or _said(known, chars).sum() < known.bar:
            return []
        found = seems(chars)
        return [found] if found else []
    before = [0, *_said(known, chars).cumsum().tolist()]
    best: dict[str, Impression] = {}
    for start, end in stretches(len(chars), ends()):
        found = seems(chars[start:end]) if before[end] - before[start] >= known.bar else None
        if found and (found.kind not in best or best[found.kind].offence < found.offence):
            best[found.kind] = found._replace(start=start + found.start, end=start + found.end)
    return list(best.values())


def _said(known: Gate, chars: str) -> NDArray[np.int16]:
    """What each character of a text, together with the one before, says for an offence."""
    alone, pairs = numbers(chars)
    said = known.chars.take(alone)
    said[1:] += known.pairs.take(pairs)
    return said


def stretches(size: int, ends: Ends) -> Iterator[tuple[int, int]]:
    """The sentences of a text; of one too long to be judged, from each clause as many as may be, and what is longer in pieces."""
    for start, end in pairwise(sorted({0, *(at for at in ends.sentences if at < size), size})):
        if end - start <= LONGEST:
            yield start, end
            continue
        clauses = ends.clauses[bisect_right(ends.clauses, start) : bisect_left(ends.clauses, end)]
        within = [start, *clauses, end]
        begins = [*(at for first, last in pairwise(within) for at in range(first, last, LONGEST)), end]
        done = start
        for at, begin in enumerate(begins[:-1]):
            last = begins[bisect_right(begins, begin + LONGEST, at + 1) - 1]
            if last > done:
                yield begin, last
                done = last


def seems(chars: str, known: Table | None = None) -> Impression | None:
    """What a short text of the tight view seems to be; None if more likely harmless than an offence."""
    known = known or table()
    text = prepared(chars)
    chances, hidden = _through(known, text)
    if chances[0] > _HALF:
        return None
    kind = 1 + int(chances[1:].argmax())
    start, end = _telling(known, text, (known.out[:, kind] - known.out[:, 0]) * (hidden > 0))
    grave = float(chances[1 : 1 + known.grave].sum())
    return Impression(known.kinds[kind], float(1.0 - chances[0]), grave, start, end)


def chances(chars: str, known: Table | None = None) -> dict[str, float]:
    """How likely each kind is for a text of the tight view, read as one."""
    known = known or table()
    return dict(zip(known.kinds, _through(known, prepared(chars))[0].tolist(), strict=True))


def offence(chars: str) -> float:
    """The chance that a text of the tight view, read as one, is an offence."""
    return 1.0 - chances(chars)[table().kinds[0]]


class Whole:
    """A text of the tight view: all of a short one, or the stretches of a long one, each judged once, when first asked about."""

    def __init__(self, chars: str, ends: Callable[[], Ends]) -> None:
        """`ends`: where its sentences and clauses begin."""
        self._chars, size = chars, len(chars)
        self._places = [(0, size)] if size <= LONGEST else list(stretches(size, ends()))
        self._starts, self._lasts = [start for start, _ in self._places], [last for _, last in self._places]
        self._found: dict[int, float] = {}

    def offence(self, start: int, end: int) -> float:
        """The chance that a stretch which shares characters with `start:end` is an offence: the highest."""
        near = range(bisect_right(self._lasts, start), bisect_left(self._starts, end))
        return max(map(self._judged, near), default=1.0)

    def _judged(self, at: int) -> float:
        found = self._found.get(at)
        if found is None:
            found = self._found[at] = offence(self._chars[slice(*self._places[at])])
        return found


def _groups(text: str) -> list[str]:
    """All groups of one to three characters, as often as they stand: those of one, of two, of three, each in order."""
    two = list(map(add, text, text[1:]))
    return [*text, *two, *map(add, two, text[2:])]


def _through(known: Table, text: str) -> tuple[Numbers, Numbers]:
    """The chance of each kind, and what the hidden units say."""
    rows = list(filter(None, map(known.groups.get, _groups(text))))
    told = known.rows.take(rows, axis=0).sum(axis=0, dtype=np.int32) - MIDDLE * len(rows)
    hidden = np.maximum(told / known.scale + known.hidden, _NONE)
    said = hidden @ known.out + known.start
    raised = np.exp(said - said.max())
    return raised / raised.sum(), hidden


def _telling(known: Table, text: str, direction: Numbers) -> tuple[int, int]:
    """Where in a prepared text, counted without its edges, the stretch stands that says most for a `direction` of the hidden units."""
    size = len(text)
    rows = [known.groups.get(group, 0) for group in _groups(text)]
    shares = ((known.rows.take(rows, axis=0).astype(np.float32) - MIDDLE) @ direction).tolist()
    said, at = [0.0] * size, 0
    for length in (1, 2, 3):
        for first in range(size - length + 1):
            for place in range(first, first + length):
                said[place] += shares[at] / length
            at += 1
    best, here, since, span = 0.0, 0.0, 0, (0, size - 2)
    for place, more in enumerate(said[1:-1]):
        if here <= 0:
            here, since = 0.0, place
        here += more
        if here > best:
            best, span = here, (since, place + 1)
    return span
