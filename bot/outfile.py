"""I write a result as JSON, piece by piece: what it lists stays where it is, in memory or in a temporary file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot.pile import Pile, Shown
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_encode = msgspec.json.Encoder().encode
_LONG = (Pile, Shown)


def write(out: Path, result: dict[str, Any]) -> None:
    """Write the file. Raises DataError where that cannot be."""
    try:
        with out.open("wb") as file:
            for piece in pieces(result):
                file.write(piece)
            file.write(b"\n")
    except OSError as error:
        raise DataError([f"{out}: cannot be written: {error.strerror}"]) from error


def pieces(value: Any, depth: int = 0) -> Iterator[bytes]:  # noqa: ANN401 - any JSON data
    """The text of JSON data with `Pile`s in it, one space a level: the same as if they were lists."""
    if isinstance(value, _LONG):
        yield from _within(b"[", b"]", ((_plain(row, depth + 1),) for row in value), depth)
    elif not _holds_long(value):
        yield _plain(value, depth)
    elif isinstance(value, dict):
        yield from _within(b"{", b"}", (_entry(key, held, depth + 1) for key, held in value.items()), depth)
    else:
        yield from _within(b"[", b"]", (pieces(held, depth + 1) for held in value), depth)


def _plain(value: object, depth: int) -> bytes:
    text = msgspec.json.format(_encode(value), indent=1)
    return text.replace(b"\n", b"\n" + b" " * depth) if depth else text


def _within(opens: bytes, closes: bytes, entries: Iterable[Iterable[bytes]], depth: int) -> Iterator[bytes]:
    first, line = True, b"\n" + b" " * (depth + 1)
    for entry in entries:
        yield opens + line if first else b"," + line
        yield from entry
        first = False
    yield opens + closes if first else b"\n" + b" " * depth + closes


def _entry(key: str, value: Any, depth: int) -> Iterator[bytes]:  # noqa: ANN401 - see pieces
    yield _encode(key) + b": "
    yield from pieces(value, depth)


def _holds_long(value: object) -> bool:
    """Is there a list in it that may be too long to be held?"""
    if isinstance(value, dict):
        return any(map(_holds_long, value.values()))
    return isinstance(value, _LONG) or (isinstance(value, list | tuple) and any(map(_holds_long, value)))
