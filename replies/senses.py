"""I know which words mean nearly the same, where no sentence model is installed."""

from __future__ import annotations

import binascii
import math
import struct
from array import array
from collections import Counter
from functools import cache
from operator import add, mul, sub
from typing import TYPE_CHECKING

from replies.text import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FEW = 8  # scripts that are a handful
LONGEST = 4  # characters of a word
WIDTH = 64  # numbers of a word's vector, a byte each
_LANE = 8  # bytes a number is given when vectors are added as one whole number: no sum runs over into the next
_MIDDLE = 128  # what is added to each number, so that none is below zero
_FINE = 64  # parts of one that a weight is rounded to
_lanes = struct.Struct(f"<{WIDTH}Q")


@cache
def _table() -> dict[str, bytes]:
    lines = (WORDS / "senses.tsv").read_bytes().splitlines()
    return {word.decode(): code for word, code in (line.split(b"\t") for line in lines)}


@cache
def _packed(word: str) -> int:
    """The vector of `word` as one whole number, so that Python adds and multiplies all of it at once."""
    lanes = bytearray(WIDTH * _LANE)
    lanes[::_LANE] = bytes(byte ^ _MIDDLE for byte in binascii.a2b_base64(_table()[word]))
    return int.from_bytes(lanes, "little")


def cut(text: str) -> list[str]:
    """The words of `text` that the table has, the longest first from the left."""
    table, found, at = _table(), [], 0
    while at < len(text):
        for length in range(LONGEST, 0, -1):
            if text[at : at + length] in table:
                found.append(text[at : at + length])
                at += len(found[-1])
                break
        else:
            at += 1
    return found


class Senses:
    """The phrasings of a library as sums of their words' vectors, rare words counting most: a script is one sum."""

    def __init__(self, scripts: Sequence[Sequence[str]]) -> None:
        """`scripts`: the phrasings of each, which may grow and shrink before `learn` and `forget` are told."""
        self._scripts = scripts
        cuts = [[dict.fromkeys(cut(text)) for text in texts] for texts in scripts]
        holds = Counter(word for texts in cuts for words in texts for word in words)
        size = sum(map(len, scripts))
        self._unknown = _weight(size, 0)
        self._weights = {word: _weight(size, often) for word, often in holds.items()}
        sums = [self._sum(word for words in texts for word in words) for texts in cuts]
        mean = [0.0] * WIDTH
        for each in sums:
            mean = list(map(add, mean, each))
        # A handful of scripts has no common part worth the name: the mean is drawn towards nothing.
        self._mean = [number / (len(sums) + FEW) for number in mean]
        self._told = len(sums) / (len(sums) + FEW)
        self._centres = [array("f", self._apart(each)) for each in sums]

    def of(self, text: str) -> Sequence[float]:
        """The vector of a message."""
        return self._apart(self._sum(dict.fromkeys(cut(text))))

    def _sum(self, words: Iterable[str]) -> Sequence[float]:
        weights, packed, weight = self._weights, 0, 0
        for word in words:
            each = weights.get(word, self._unknown)
            packed += each * _packed(word)
            weight += each
        less = _MIDDLE * weight
        return _unit([lane - less for lane in _lanes.unpack(packed.to_bytes(WIDTH * _LANE, "little"))])

    def _apart(self, vector: Sequence[float]) -> Sequence[float]:
        return _unit(list(map(sub, vector, self._mean))) if any(vector) else vector

    def around(self, _text: str, _keep: int) -> list[int]:
        """None: words are too coarse to find scripts by."""
        return []

    def closeness(self, text: str, scripts: Sequence[int]) -> dict[int, tuple[float, float]]:
        """For each of `scripts` nothing for its phrasings, and the cosine with its sum.

        A handful of scripts leaves too few words to compare with: there the cosine is drawn towards nothing too.
        """
        vector = self.of(text)
        return {script: (0.0, self._told * sum(map(mul, vector, self._centres[script]))) for script in scripts}

    def learn(self, script: int, _text: str) -> None:
        """The phrasings of `script` have changed."""
        words = (word for text in self._scripts[script] for word in dict.fromkeys(cut(text)))
        self._centres[script] = array("f", self._apart(self._sum(words)))

    def forget(self, script: int, _at: int) -> None:
        """The phrasings of `script` have changed."""
        self.learn(script, "")


def _weight(size: int, holds: int) -> int:
    """The idf of BM25, in parts; one at least, so that no text of known words is a text of nothing."""
    return max(1, round(math.log1p((size - holds + 0.5) / (holds + 0.5)) * _FINE))


def _unit(vector: Sequence[float]) -> Sequence[float]:
    length = math.sqrt(sum(map(mul, vector, vector)))
    return [number / length for number in vector] if length else vector
