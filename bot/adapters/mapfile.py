"""I read a tool's field map from TOML, or list all that is wrong with it; README.md beside me tells what a map says."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from bot import strict, zones
from bot.adapters import conditions, outfile, schemes
from bot.adapters.fieldmap import (
    CHOICES,
    FIELDS,
    NEEDED,
    TIMES,
    Alternative,
    Condition,
    Field,
    Handshake,
    Map,
    Pulled,
    Rule,
    Scalar,
)
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path as File


class _Handshake(msgspec.Struct, frozen=True):
    when: dict[str, Any]
    answer: dict[str, str]


class _Pull(msgspec.Struct, frozen=True, kw_only=True):
    adapter: str
    account: str
    ticket: str


class _Rule(msgspec.Struct, frozen=True, kw_only=True, rename={"go_on": "next"}):
    type: Literal[
        "",
        "ignored",
        "message.created",
        "message.recalled",
        "message.edited",
        "message.failed",
        "conversation.closed",
        "conversation.assigned",
        "order.updated",
    ] = ""
    refuse: str = ""
    pull: _Pull | None = None
    when: dict[str, Any] = msgspec.field(default_factory=dict)
    unless: dict[str, Any] = msgspec.field(default_factory=dict)
    has: str | list[str] = ""
    go_on: bool = False
    fields: dict[str, Any] = msgspec.field(default_factory=dict)


class _Alternative(msgspec.Struct, frozen=True, kw_only=True, rename={"source": "from"}):
    source: str = ""
    where: dict[str, str] = msgspec.field(default_factory=dict)
    pick: str = ""
    join: list[str | list[str]] = msgspec.field(default_factory=list)
    by: str = ":"
    value: Scalar | None = None
    values: dict[str, Scalar] | None = None
    other: Scalar | None = None
    unit: Literal["", "iso", "s", "ms", "any", "fen"] = ""
    when: dict[str, Any] = msgspec.field(default_factory=dict)
    unless: dict[str, Any] = msgspec.field(default_factory=dict)
    has: str | list[str] = ""


class _MapFile(msgspec.Struct, frozen=True, kw_only=True):
    title: str = ""
    source: str = ""
    signature: schemes.Signature
    sure: str = ""
    encoding: Literal["utf-8", "gbk", "gb18030", "big5"] = "utf-8"
    content_types: list[str] = msgspec.field(default_factory=lambda: ["application/json"])
    inside: str = ""
    messages: str = ""
    history: bool = False
    unpack: list[str] = msgspec.field(default_factory=list)
    unused: list[str] = msgspec.field(default_factory=list)
    timezone: str = "Asia/Shanghai"
    handshake: _Handshake | None = None
    fields: dict[str, Any] = msgspec.field(default_factory=dict)
    events: tuple[_Rule, ...] = ()
    out: outfile.OutFile | None = None


def read(text: str, name: str, place: str) -> Map:
    """The map in `text`; raises DataError with one sentence for each thing wrong, each naming `place` and the key."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError([f"{place}: {error}"]) from error
    problems: list[str] = []
    written = strict.read(table, _MapFile, "", problems)
    made = _map(written, name, problems) if written is not None else None
    if made is None or problems:
        raise DataError([f"{place}: {problem}" for problem in problems])
    return made


def read_file(file: File) -> Map:
    """The map in a file of one's own; raises DataError."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError([f"{file}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise DataError([f"{file}: {error}"]) from error
    return read(text, file.stem, str(file))


def _map(written: _MapFile, name: str, problems: list[str]) -> Map | None:
    try:
        zone = zones.find(written.timezone, "timezone")
    except DataError as error:
        problems += error.problems
        return None
    problems += [f"signature.{mistake}" for mistake in schemes.mistakes(written.signature)]
    problems += [] if written.events else ["events: at least one [[events]] is needed"]
    problems += ["history: needs messages"] if written.history and not written.messages else []
    shared = _fields(written.fields, "fields", problems)
    known = frozenset().union(*FIELDS.values())
    problems += [f"fields.{field}: unknown field" for field in shared.fields if field not in known]
    greeting = None
    if written.handshake is not None:
        answer = {
            key: conditions.path(value, f"handshake.answer.{key}", problems)
            for key, value in written.handshake.answer.items()
        }
        greeting = Handshake(
            Condition(when=conditions.equals(written.handshake.when, "handshake.when", problems)), answer
        )
    return Map(
        name=name,
        title=written.title or name,
        encoding=written.encoding,
        content_types=tuple(written.content_types),
        inside=conditions.path(written.inside, "inside", problems) if written.inside else None,
        messages=conditions.path(written.messages, "messages", problems) if written.messages else None,
        history=written.history,
        unpack=tuple(conditions.path(path, "unpack", problems) for path in written.unpack),
        unused=tuple(written.unused),
        zone=zone,
        signature=written.signature,
        handshake=greeting,
        out=outfile.read(written.out, problems) if written.out is not None else None,
        rules=tuple(_rule(rule, shared, f"events[{at}]", problems) for at, rule in enumerate(written.events)),
    )


class _Shared(NamedTuple):
    """Fields as a table has them: None where it says that there is none."""

    fields: dict[str, Field | None]
    context: dict[str, Field | None]


def _rule(written: _Rule, shared: _Shared, place: str, problems: list[str]) -> Rule:
    own = _fields(written.fields, f"{place}.fields", problems)
    if bool(written.type) == bool(written.refuse):
        problems.append(f"{place}: needs either type or refuse")
    taken = FIELDS.get(written.type, frozenset())
    if written.type in FIELDS:
        problems += [
            f"{place}.fields.{field}: {written.type} has no such field" for field in own.fields if field not in taken
        ]
    fields = {name: field for name, field in {**shared.fields, **own.fields}.items() if field and name in taken}
    context = {name: field for name, field in {**shared.context, **own.context}.items() if field}
    needed = NEEDED.get(written.type, ("conversation",)) if taken else ()
    problems += [f"{place}.fields.{field}: is missing" for field in needed if field not in fields]
    if written.pull is not None and not written.refuse:
        problems.append(f"{place}.pull: needs refuse, for shops that do not fetch")
    return Rule(
        pull=_pulled(written.pull, f"{place}.pull", problems) if written.pull is not None else None,
        condition=conditions.condition(written, place, problems),
        type=written.type,
        refuse=written.refuse,
        go_on=written.go_on,
        fields=fields,
        context=context if "context" in taken else {},
    )


def _pulled(written: _Pull, place: str, problems: list[str]) -> Pulled:
    account, ticket = (conditions.path(path, place, problems) for path in (written.account, written.ticket))
    return Pulled(written.adapter, account, ticket)


def _fields(table: Mapping[str, Any], place: str, problems: list[str]) -> _Shared:
    context = table.get("context")
    whole = {name: value for name, value in table.items() if name != "context" or not isinstance(value, dict)}
    fields = {name: _field(name, value, f"{place}.{name}", problems) for name, value in whole.items()}
    if not isinstance(context, dict):
        return _Shared(fields, {})
    return _Shared(
        fields,
        {key: _field(f"context.{key}", value, f"{place}.context.{key}", problems) for key, value in context.items()},
    )


def _field(name: str, written: object, place: str, problems: list[str]) -> Field | None:
    """The alternatives of a field; None for "", which takes away what the map has for all events."""
    if written == "":
        return None
    entries = written if isinstance(written, list) else [written]
    made = [_alternative(name, entry, place, problems) for entry in entries]
    return tuple(one for one in made if one is not None) or None


def _alternative(name: str, entry: object, place: str, problems: list[str]) -> Alternative | None:
    read = strict.read({"from": entry} if isinstance(entry, str) else entry, _Alternative, place, problems)
    if read is None:
        return None
    if sum((bool(read.source), bool(read.join), read.value is not None)) != 1:
        problems.append(f"{place}: needs exactly one of from, join and value")
    if bool(read.where) != bool(read.pick):
        problems.append(f"{place}: where and pick go together")
    if read.unit and (read.unit == "fen") != name.startswith("context."):
        problems.append(f"{place}.unit: {read.unit} is not one of this field")
    if read.unit in ("iso", "s", "ms", "any") and name not in TIMES:
        problems.append(f"{place}.unit: only {' and '.join(TIMES)} are times")
    meant = [*(read.values or {}).values(), *(one for one in (read.value, read.other) if one is not None)]
    choices = CHOICES.get(name)
    problems += [f"{place}: {one!r} is none of {', '.join(choices)}" for one in meant if choices and one not in choices]
    joined = [[part] if isinstance(part, str) else part for part in read.join]
    return Alternative(
        path=conditions.path(read.source, place, problems) if read.source else None,
        where=tuple(
            (conditions.path(left, place, problems), conditions.path(right, place, problems))
            for left, right in read.where.items()
        ),
        pick=conditions.path(read.pick, place, problems) if read.pick else None,
        join=tuple(tuple(conditions.path(one, place, problems) for one in part) for part in joined),
        by=read.by,
        constant=read.value,
        values=read.values,
        other=read.other,
        unit=read.unit,
        condition=conditions.condition(read, place, problems),
    )
