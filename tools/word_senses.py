"""I distil what single words mean from the sentence model into a table, for where the model is not installed.

python tools/word_senses.py    (needs the extra `semantic` and jieba; about a minute)

Words: the commonest of jieba's dictionary, the words of replies/words/synonyms.toml and jieba_words.txt. A word's vector
is that of the sentence model, less what all words share, turned to its main directions and rounded to a byte each.
"""

from __future__ import annotations

import base64
import itertools
import sys
import tomllib
from pathlib import Path

import jieba
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from replies.encoder import Encoder
from replies.senses import LONGEST, WIDTH
from replies.text import WORDS, normalise

COMMON = 12_000  # words of the dictionary


def words() -> list[str]:
    """The words of the table, in order."""
    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf8") as lines:
        counted = [(-int(count), word) for word, count, *_ in (line.split(" ") for line in lines)]
    common = [word for _, word in sorted(counted) if _fits(word)][:COMMON]
    groups = tomllib.loads((WORDS / "synonyms.toml").read_text(encoding="utf-8")).values()
    own = map(normalise, itertools.chain.from_iterable(same for lists in groups for same in lists))
    shop = (WORDS / "jieba_words.txt").read_text(encoding="utf-8").split()
    return sorted({*common, *filter(_fits, own), *filter(_fits, shop)})


def _fits(word: str) -> bool:
    return 1 <= len(word) <= LONGEST and all("一" <= char <= "鿿" for char in word)


def main() -> None:
    """Write replies/words/senses.tsv: a word and its vector a line."""
    listed, encoder = words(), Encoder()
    vectors = encoder.encode([encoder.cut(word) for word in listed], np.ones(encoder.pieces, np.float32))
    vectors -= vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    main = vectors @ axes[:, -WIDTH:]
    most = np.quantile(np.abs(main), 0.999)  # the few beyond it would cost the others half their fineness
    whole = np.clip(np.round(main / most * 127), -127, 127).astype(np.int8)
    rows = (f"{word}\t{base64.b64encode(row.tobytes()).decode()}\n" for word, row in zip(listed, whole, strict=True))
    (WORDS / "senses.tsv").write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
