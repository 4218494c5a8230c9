"""I read recorded conversations, or say which lines I cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bot import wire, zones
from bot.errors import BadPayload, WireError
from bot.model import Kind
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bot.deadline import Zone

FORMATS = ("jsonl",)
MOST_PROBLEMS = 20  # sentences on one file; a wrong file is wrong in every line
ROLES = ("buyer", "agent", "robot", "system")

Id = str | int
Role = Literal["buyer", "agent", "robot", "system"]


class Said(msgspec.Struct, frozen=True):
    """One recorded message. `at` in unix seconds, None where the whole log has no times; `place` is file and line."""

    id: str
    conversation: str
    role: Role
    text: str
    kind: Kind
    agent: str
    buyer: str
    at: int | None
    place: str
    context: dict[str, str] = msgspec.field(default_factory=dict)


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


def read(files: Iterable[Path], zone: Zone) -> list[Said]:
    """All messages, in the order of time where they have times, else as they stand.

    Raises DataError naming file and line of what cannot be read, or when only some messages have a time.
    """
    said: list[Said] = []
    problems: list[str] = []
    for index, file in enumerate(files):
        try:
            raw = file.read_bytes()
        except OSError as error:
            problems.append(f"{file}: cannot be read: {error.strerror}")
            continue
        before = len(problems)
        for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
            if line.strip():
                said += _line(line, f"{file}:{number}", f"{index}:{number}", zone, problems)
            if len(problems) - before >= MOST_PROBLEMS:
                problems.append(f"{file}: and perhaps more; the rest was not read")
                break
    timed = sum(message.at is not None for message in said)
    if 0 < timed < len(said):
        missing = next(message for message in said if message.at is None)
        problems.append(f"{missing.place}: has no time, while {timed} other messages have one; a log is timed or not")
    if problems:
        raise DataError(problems)
    if timed:
        said.sort(key=lambda message: message.at or 0)
    return said


def _line(line: bytes, place: str, name: str, zone: Zone, problems: list[str]) -> Iterator[Said]:
    try:
        read_line = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        if "turns" in read_line:
            talk = msgspec.json.decode(line, type=_Conversation)
            for position, turn in enumerate(talk.turns):
                yield _said(turn, str(talk.id), f"{name}#{position}", place, zone, buyer=talk.buyer)
        else:
            message = msgspec.json.decode(line, type=_Message)
            yield _said(message, str(message.conversation), name, place, zone, buyer=None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(f"{place}: {error}")
    except WireError as error:
        problems.append(str(error))


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
    if isinstance(value, str):
        return zones.instant(value, place, zone)
    seconds: Any = value / 1000 if value > 100_000_000_000 else value
    if not wire.EARLIEST <= seconds < zones.LATEST:
        raise BadPayload(f"{place}: at: {value} is neither unix seconds nor milliseconds")
    return int(seconds)
