"""I read the JSON documents of a log: a whole file, or one a line, each with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.logs.paper import Paper

ERRORS = (msgspec.DecodeError, UnicodeError, RecursionError)


def peek(paper: Paper) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The first document of what may be JSON; None for what is none."""
    if paper.book or not paper.begins.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith((b"{", b"[")):
        return None
    return next((document for _, document in _documents(paper, None)), None)


def objects(paper: Paper) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of the file, entries of lists apart, each with its line; in a file that is one document, with its position.

    Lines that are none are bad lines. DataError where nothing is JSON.
    """
    for number, document in _documents(paper, paper):
        if isinstance(document, list):
            for position, entry in enumerate(document, 1):
                if isinstance(entry, dict):
                    yield position, entry
                else:
                    paper.bad(position, f"要一个对象，却是 {type(entry).__name__}")
        elif isinstance(document, dict):
            yield number, document
        else:
            paper.bad(number, f"要一个对象，却是 {type(document).__name__}")


def _documents(paper: Paper, telling: Paper | None) -> Iterator[tuple[int, Any]]:
    text = paper.text
    try:
        whole = msgspec.json.decode(text)
    except ERRORS as error:
        yield from _lines(paper, telling, str(error))
    else:
        yield 1, whole


def _lines(paper: Paper, telling: Paper | None, whole: str) -> Iterator[tuple[int, Any]]:
    read = 0
    for number, line in paper.lines():
        if not line.strip():
            continue
        try:
            document = msgspec.json.decode(line)
        except ERRORS as error:
            if read == 0:
                break
            if telling is not None:
                telling.bad(number, str(error))
            continue
        read += 1
        yield number, document
    if read == 0 and telling is not None:
        raise DataError([f"{paper.name}: 不是完好的 JSON：{whole}"])


def text_of(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """A field that should be text: numbers too; "" for anything else."""
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
