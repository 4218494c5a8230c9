"""I speak bytes to a living server, and read what it answers to them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from promised import fits

if TYPE_CHECKING:
    from living import Living


async def wire(server: Living, sent: bytes, *, answers: int = 1) -> list[tuple[int, Any]]:
    """The answers to raw bytes, each one's status and JSON: so many, or fewer where the server closes before."""
    reader, writer = await asyncio.open_connection(*server.address)
    got: list[tuple[int, Any]] = []
    try:
        async with asyncio.timeout(5):
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                writer.write(sent)
                await writer.drain()
                while len(got) < answers:
                    got.append(await _answer(reader))
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return got


async def _answer(reader: asyncio.StreamReader) -> tuple[int, Any]:
    head = await reader.readuntil(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100 "):
        return await _answer(reader)
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
    return int(head.split()[1]), json.loads(body) if body.startswith(b"{") else body


def refused(answers: list[tuple[int, Any]], status: int | None = None) -> None:
    """One answer, an error of ours."""
    ((got, error),) = answers
    assert 400 <= got < 500, error
    assert status is None or got == status, error
    fits(error, "Error")
