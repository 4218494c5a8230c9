"""I read our own lines: a message each, or a conversation with its turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot import wire, zones
from bot.errors import BadPayload, WireError
from bot.logs.said import Role, Said
from bot.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.deadline import Zone
    from bot.logs.paper import Paper

Id = str | int


class _Turn(msgspec.Struct):
    role: Role
    text: str | None = ""
    at: str | int | float | None = None
    ts: str | int | float | None = None
    id: Id | None = None
    kind: Kind = "text"
    agent: Id | None = None
    buyer: Id | None = None
    context: dict[str, wire.Scalar] | None = None


class _Message(_Turn, kw_only=True):
    conversation: Id


class _Conversation(msgspec.Struct):
    id: Id
    turns: list[_Turn]
    buyer: Id | None = None


_raw = msgspec.json.Decoder(dict[str, msgspec.Raw])
_message = msgspec.json.Decoder(_Message)
_conversation = msgspec.json.Decoder(_Conversation)


def recognises(paper: Paper) -> str | None:
    """A first line that is a message or a conversation of ours."""
    first = next((line for line in paper.begins.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()), b"")
    try:
        keys = _raw.decode(first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        keys = {}
    if "turns" in keys or ("conversation" in keys and "role" in keys):
        return "第一行是带 turns 的会话" if "turns" in keys else "第一行是带 conversation 和 role 的消息"
    return None


def read(paper: Paper) -> Iterator[Said]:
    """The messages, line by line; the file is never held whole where it is UTF-8."""
    for number, line in paper.raw_lines():
        if line.strip():
            try:
                yield from _line(line, paper, number)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, WireError) as error:
                paper.bad(number, str(error).removeprefix(f"{paper.place(number)}: "))


def _line(line: bytes, paper: Paper, number: int) -> list[Said]:
    """The messages of a line: all of them or none."""
    place, name, zone = paper.place(number), f"{paper.number}:{number}", paper.ways.zone
    if "turns" in _raw.decode(line):
        talk = _conversation.decode(line)
        return [
            _said(turn, str(talk.id), f"{name}#{position}", place, zone, buyer=talk.buyer)
            for position, turn in enumerate(talk.turns)
        ]
    message = _message.decode(line)
    return [_said(message, str(message.conversation), name, place, zone, buyer=None)]


def _said(turn: _Turn, conversation: str, identity: str, place: str, zone: Zone, *, buyer: Id | None) -> Said:
    who = turn.buyer if turn.buyer is not None else buyer
    return Said(
        id=identity if turn.id is None else str(turn.id),
        conversation=conversation,
        role=turn.role,
        text=turn.text or "",
        kind=turn.kind,
        agent="" if turn.agent is None else str(turn.agent),
        buyer="" if who is None else str(who),
        at=_at(turn.at if turn.at is not None else turn.ts, place, zone),
        place=place,
        context=wire.context(turn.context, place),
    )


def _at(value: str | float | None, place: str, zone: Zone) -> int | None:
    """A time as logs write it: ISO 8601, or unix seconds or milliseconds."""
    if value is None:
        return None
    return zones.instant(value, place, zone) if isinstance(value, str) else unix(value, place)


def unix(value: float, place: str) -> int:
    """Unix seconds or milliseconds as seconds. Raises BadPayload for what is neither."""
    seconds: Any = value / 1000 if value > 100_000_000_000 else value
    if not wire.EARLIEST <= seconds < zones.LATEST:
        raise BadPayload(f"{place}: at: {value} is neither unix seconds nor milliseconds")
    return int(seconds)
