"""I read one JSON object a line and write one a line, in order, and never stop at a bad one."""

from __future__ import annotations

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
            asked = _decode(line)
            identity = asked.get("id")
            if identity is not None and (isinstance(identity, bool) or not isinstance(identity, str | int)):
                identity = None
                raise BadLine("id must be a string or an integer")
            said = reply(asked)
            if said is None:
                continue
            out = {"id": identity, **said}
        except (msgspec.DecodeError, BadLine, UnicodeDecodeError) as error:
            bad += 1
            out = {"id": identity, "error": f"line {number}: {error}"}
        sink.write(_encode(out) + b"\n")
        sink.flush()
    return bad
