"""I know where a buyer stands: before the order, waiting for the parcel, or after receipt."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def _words() -> tuple[tuple[str, ...], dict[str, str]]:
    """The context keys that tell, in order, and the stage of each word."""
    read = tomllib.loads(resources.files("replies").joinpath("words/stages.toml").read_text(encoding="utf-8"))
    return tuple(read["keys"]), {word: stage for stage, words in read["stages"].items() for word in words}


def stage(context: Mapping[str, str]) -> str:
    """One of "before_order", "waiting" or "received", as the conversation's context says; "" where it says nothing known."""
    keys, words = _words()
    return next((words[said] for key in keys if (said := context.get(key, "").strip()) in words), "")
