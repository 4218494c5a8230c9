"""I know which words mean nearly the same, where no sentence model is installed."""

from __future__ import annotations

import binascii
import math
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

FEW = 8  # scripts that are a handful
LONGEST = 4  # characters of a word
WIDTH = 64  # numbers of a word's vector, a byte each
_ALONE = (1,)
_LEAST = 1 / 64  # what a word counts at least


@cache
def _table() -> dict[str, int]:
    """The words, and where each stands in `_vectors`."""
    return {word: at for at, (word, _) in enumerate(_lines())}


@cache
def _vectors() -> NDArray[np.int8]:
    """As bytes, 128 times as long as they are: only where a sum points counts."""
    codes = b"".join(binascii.a2b_base64(code) for _, code in _lines())
    return np.frombuffer(codes, np.int8).reshape(-1, WIDTH)


def _lines() -> Iterator[tuple[str, bytes]]:
    for line in (WORDS / "senses.tsv").read_bytes().splitlines():
        word, _, code = line.partition(b"\t")
        yield word.decode(), code


@cache
def _lengths() -> dict[str, tuple[int, ...]]:
    """How long the words may be that begin with two characters, the longest first: one at last."""
    found: dict[str, set[int]] = {}
    for word in _table():
        if len(word) > 1:
            found.setdefault(word[:2], {1}).add(len(word))
    return {pair: tuple(sorted(lengths, reverse=True)) for pair, lengths in found.items()}


def cut(text: str) -> list[str]:
    """The words of `text` that the table has, the longest first from the left."""
    table, lengths, found, at = _table(), _lengths(), list[str](), 0
    while at < len(text):
        for length in lengths.get(text[at : at + 2], _ALONE):
            word = text[at : at + length]
            if word in table:
                found.append(word)
                at += len(word)
                break
        else:
            at += 1
    return found


class Senses:
    """The phrasings of a library as sums of their words' vectors, rare words counting most: a script is one sum."""

    def __init__(self, scripts: Sequence[Sequence[str]]) -> None:
        """`scripts`: the phrasings of each."""
        cuts = [_rows(texts) for texts in scripts]
        sizes = np.fromiter(map(len, cuts), np.int64, len(cuts))
        every = np.fromiter(chain.from_iterable(cuts), np.int64, int(sizes.sum()))
        size = sum(map(len, scripts))
        holds = np.bincount(every, minlength=len(_table()))
        # The idf of BM25, with a floor: no text of known words is a text of nothing.
        self._weights = np.maximum(np.log1p((size - holds + 0.5) / (holds + 0.5)), _LEAST).astype(np.float32)
        self._centres = np.zeros((len(cuts), WIDTH), np.float32)
        for script, rows in enumerate(cuts):
            self._centres[script] = self._sum(rows)
        # A handful of scripts has no common part worth the name: the mean is drawn towards nothing.
        self._mean = self._centres.sum(axis=0) / (len(cuts) + FEW)
        self._told = len(cuts) / (len(cuts) + FEW)
        told = self._centres.any(axis=1, keepdims=True)
        self._centres = _unit((self._centres - self._mean) * told)
        self._last = "", np.zeros(WIDTH, np.float32)

    def of(self, text: str) -> Vectors:
        """The vector of a message."""
        return self._apart(_rows([text]))

    def _sum(self, rows: Sequence[int]) -> Vectors:
        if not rows:
            return np.zeros(WIDTH, np.float32)
        places = np.array(rows)
        return _pointed(self._weights.take(places) @ _vectors().take(places, 0))

    def _apart(self, rows: Sequence[int]) -> Vectors:
        return _pointed(self._sum(rows) - self._mean) if rows else np.zeros(WIDTH, np.float32)

    def around(self, _text: str, _keep: int) -> list[int]:
        """None: words are too coarse to find scripts by."""
        return []

    def closeness(self, text: str, scripts: Sequence[int]) -> list[tuple[float, float]]:
        """For each of `scripts` nothing for its phrasings, and the cosine with its sum.

        A handful of scripts leaves too few words to compare with: there the cosine is drawn towards nothing too.
        """
        if text != self._last[0]:  # what may be mistyped is weighed twice
            self._last = text, self.of(text)
        near, told = self._centres.take(scripts, 0) @ self._last[1], self._told
        return [(0.0, cosine * told) for cosine in near.tolist()]

    def learn(self, script: int, texts: Sequence[str]) -> None:
        """The phrasings of `script` are `texts` now."""
        self._centres[script] = self._apart(_rows(texts))

    def forget(self, script: int, _at: int, texts: Sequence[str]) -> None:
        """The same."""
        self.learn(script, texts)


def _rows(texts: Iterable[str]) -> list[int]:
    """The rows of the words of `texts`, each once a text."""
    table = _table()
    return [table[word] for text in texts for word in dict.fromkeys(cut(text))]


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True)), 1e-9)
    return unit


def _pointed(vector: Vectors) -> Vectors:
    """The same of one vector, in half the time."""
    return vector * (1.0 / max(math.sqrt(vector.dot(vector)), 1e-9))
