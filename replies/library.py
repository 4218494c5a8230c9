"""I hold the curated scripts, or I refuse to start."""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from replies import DataError
from replies.text import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Stage = Literal["before_order", "waiting", "received"]

_ID = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*\Z")
_DAY = re.compile(r"(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")
_HEAD = re.compile(r"^\s*\[\[\s*scripts\s*\]\]")


class Valid(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """The days a script may be offered, both ends in: `MM-DD` every year, or `YYYY-MM-DD` once."""

    first: str | None = None
    last: str | None = None

    def covers(self, day: str) -> bool:
        """Is `day` (`YYYY-MM-DD`) inside? Yearly spans may run over New Year."""
        first, last = self.first or "", self.last or ""
        if first and last and len(first) == len(last) == 5 and first > last:
            return day[5:] >= first or day[5:] <= last
        return (not first or day[-len(first) :] >= first) and (not last or day[-len(last) :] <= last)


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """话术: an approved answer with the 问法 it answers. `text` is None where a library holds questions only."""

    id: str
    title: str
    text: str | None = None
    phrasings: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    group: str = ""
    shortcut: str | None = None
    stage: tuple[Stage, ...] = ()
    platforms: tuple[str, ...] = ()
    not_on: tuple[str, ...] = ()
    valid: Valid | None = None
    source: str = ""

    def questions(self) -> tuple[str, ...]:
        """The title and the phrasings, each once: what a buyer's message is compared with."""
        return tuple(dict.fromkeys((self.title, *self.phrasings)))


class Library(msgspec.Struct, frozen=True):
    """All scripts in the order of their files; `version` is a hash of their content, not of their layout."""

    scripts: tuple[Script, ...]
    version: str


class _Line(msgspec.Struct, frozen=True):
    """One line of a question file: other keys are ignored."""

    id: str
    question: str
    answer: str | None = None
    variants: tuple[str, ...] = ()


_line = msgspec.json.Decoder(_Line)
_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(Script) if field.name != "source"}
_REQUIRED = ("id", "title", "text", "phrasings")


def load(paths: Sequence[Path]) -> Library:
    """Read folders of TOML scripts and `.jsonl` question files; raises DataError with every mistake of every file."""
    problems: list[str] = []
    scripts: list[Script] = []
    for path in paths:
        for file in _files(path, problems):
            read = _read_jsonl if file.suffix == ".jsonl" else _read_toml
            try:
                scripts += read(file, problems)
            except OSError as error:
                problems.append(f"{file}: cannot be read: {error.strerror}")
            except UnicodeDecodeError as error:
                problems.append(f"{file}: is not UTF-8 (byte {error.start})")
    problems += _repeated(scripts)
    if problems:
        raise DataError(problems)
    return build(scripts)


def build(scripts: Sequence[Script]) -> Library:
    """A library of scripts that need no reading."""
    content = [msgspec.structs.replace(script, source="") for script in scripts]
    return Library(scripts=tuple(scripts), version=hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:16])


def files(path: Path) -> list[Path]:
    """The files that a library at `path` is read from, in order; those that it names, there or not."""
    return sorted([*path.rglob("*.toml"), *path.rglob("*.jsonl")]) if path.is_dir() else [path]


def _files(path: Path, problems: list[str]) -> list[Path]:
    if path.is_dir():
        found = files(path)
        if not found:
            problems.append(f"{path}: holds no .toml or .jsonl file")
        return found
    if not path.exists():
        problems.append(f"{path}: does not exist")
        return []
    if path.suffix not in (".toml", ".jsonl"):
        problems.append(f"{path}: a library is a folder, a .toml or a .jsonl file")
        return []
    return [path]


def _repeated(scripts: Sequence[Script]) -> Iterator[str]:
    first: dict[str, str] = {}
    for script in scripts:
        if script.id in first:
            yield f"{script.source}: {script.id}: id is taken by {first[script.id]}"
        first.setdefault(script.id, script.source)


def _read_jsonl(file: Path, problems: list[str]) -> Iterator[Script]:
    for number, raw in enumerate(file.read_bytes().decode("utf-8-sig").split("\n"), 1):
        if not raw.strip():
            continue
        place = f"{file}:{number}"
        try:
            line = _line.decode(raw)
        except msgspec.DecodeError as error:
            problems.append(f"{place}: {error}")
            continue
        if not line.id or not normalise(line.question):
            problems.append(f"{place}: {'question' if line.id else 'id'}: is empty")
            continue
        phrasings = tuple(text for text in line.variants if text.strip())
        yield Script(id=line.id, title=line.question, text=line.answer or None, phrasings=phrasings, source=place)


def _read_toml(file: Path, problems: list[str]) -> Iterator[Script]:
    return read_toml(file.read_bytes().decode("utf-8-sig"), str(file), problems)


def read_toml(text: str, file: str, problems: list[str]) -> Iterator[Script]:
    """The scripts of a TOML file's text that are in order; `problems` gets a sentence for each mistake.

    A script may name a `group` of its own; the others belong to the file's.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{file}: {error}")
        return
    problems += [f"{file}: {key}: unknown key" for key in data if key not in ("group", "scripts")]
    group, entries = data.get("group"), data.get("scripts")
    if not isinstance(group, str) or not group.strip():
        problems.append(f"{file}: group: must be a string that names the group")
        group = ""
    if not isinstance(entries, list) or not entries:
        problems.append(f"{file}: scripts: must be a list of [[scripts]], at least one")
        return
    heads = [number for number, line in enumerate(text.splitlines(), 1) if _HEAD.match(line)]
    for position, entry in enumerate(entries):
        # Scripts written inline, or a head inside a multi-line string, leave only the position to name.
        place = f"{file}:{heads[position]}" if len(heads) == len(entries) else f"{file}: scripts[{position}]"
        if not isinstance(entry, dict):
            problems.append(f"{place}: must be a table")
            continue
        wrong = list(mistakes(entry))
        problems += [f"{place}: {entry.get('id', '(no id)')}: {mistake}" for mistake in wrong]
        if not wrong:
            yield msgspec.convert({"group": group, **entry, "source": place}, Script)


def mistakes(entry: dict[str, Any]) -> Iterator[str]:
    """What is wrong with one script as a file writes it: `field: why`."""
    yield from (f"{key}: unknown key" for key in entry if key not in _FIELDS)
    yield from (f"{key}: is missing" for key in _REQUIRED if key not in entry)
    for key, value in entry.items():
        if key not in _FIELDS:
            continue
        try:
            converted = msgspec.convert(value, _FIELDS[key].type)
        except msgspec.ValidationError as error:
            yield f"{key}: {error}"
            continue
        yield from (f"{key}: {problem}" for problem in _values(key, converted))


def _values(key: str, value: object) -> Iterator[str]:
    """What a type cannot say: shape of ids and days, and texts that say nothing."""
    match key, value:
        case "id", str() as name if not _ID.match(name):
            yield "must be lower-case ascii words joined by dots"
        case "valid", Valid(first=first, last=last):
            yield from (f"{day!r} is not MM-DD or YYYY-MM-DD" for day in (first, last) if day and not _DAY.match(day))
            if not first and not last:
                yield "needs from, to or both"
        case "phrasings", tuple() as phrasings:
            if not phrasings:
                yield "needs at least one"
            yield from (f"[{at}] says nothing" for at, text in enumerate(phrasings) if not normalise(text))
        case (("title" | "text" | "shortcut"), str() as text) if not text.strip():
            yield "is empty"
