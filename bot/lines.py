"""I read one JSON object a line and write one a line, in order, and never stop at a bad one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class BadLine(Exception):
    """A line that is JSON but cannot be answered; the message says why."""


def answer(source: Iterable[bytes], sink: BinaryIO, reply: Callable[[dict[str, Any]], dict[str, Any] | None]) -> int:
    """Answer each line of `source` with `reply`; `None` writes nothing; `id` is echoed. Returns the number of bad lines.

    A line that is not a JSON object, or that `reply` refuses with BadLine, writes `{"id","error"}` and work goes on.
    Each answer is flushed before the next line is read, so that a program may wait for it.
    """
    bad = 0
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        identity: object = None
        try:
            asked = _object(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
            identity = _identity(asked)
            said = reply(asked)
            if said is None:
                continue
            out = _encode({"id": identity, **said})
        except (msgspec.DecodeError, BadLine, UnicodeError, RecursionError) as error:
            bad += 1
            out = _encode({"id": identity, "error": f"line {number}: {error}"})
        sink.write(out + b"\n")
        sink.flush()
    return bad


def _object(line: bytes) -> dict[str, Any]:
    try:
        return _decode(line)
    except msgspec.DecodeError:
        if b"\\u" not in line:
            raise
    # A lone surrogate (half a character) is JSON all the same; msgspec refuses it, the guard has a verdict on it.
    try:
        read = json.loads(line)
    except ValueError as error:
        raise BadLine(f"is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise BadLine("must be a JSON object")
    return read


def _identity(asked: dict[str, Any]) -> object:
    identity = asked.get("id")
    if identity is None:
        return None
    if isinstance(identity, bool) or not isinstance(identity, str | int):
        raise BadLine("id must be a string or an integer")
    if isinstance(identity, str):
        try:
            identity.encode()
        except UnicodeEncodeError as error:
            raise BadLine("id cannot be encoded") from error
    return identity
