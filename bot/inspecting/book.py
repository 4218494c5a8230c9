"""I read the rules of an inspection from their files and prove each on its own examples, or list all that is wrong."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bot import strict
from bot.deadline import Zone
from bot.inspecting.judge import hits
from bot.inspecting.rules import AnyRule, Level, Saying, Weights
from bot.inspecting.said import Finder
from bot.inspecting.talk import Line, of_lines
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILES = ("sayings.toml", "rules.toml")
_LINE = re.compile(r"(\d+) (buyer|agent|robot)(?::(\S+))?(?: (.*))?\Z", re.DOTALL)
_NAMES = ("without", "says", "then", "unless")  # fields of rules that name sayings
_PROOF = Zone("Asia/Shanghai")
_MORNING = 36_000 - 8 * 3600  # examples begin at 10 o'clock there
NO_WEIGHTS = Weights()


class Session(msgspec.Struct, frozen=True):
    """`idle`: seconds of silence after which a buyer begins a new session."""

    idle: int


class _File(msgspec.Struct, frozen=True):
    """One file; several make a book."""

    session: Session | None = None
    grades: tuple[Level, ...] = ()
    faults: tuple[Level, ...] = ()
    sayings: dict[str, Any] = msgspec.field(default_factory=dict)
    rules: list[Any] = msgspec.field(default_factory=list)


class Book(NamedTuple):
    """All that an inspection goes by. `grades`, `faults`: levels of a session's score and of a rule's, best first."""

    idle: int
    grades: tuple[Level, ...]
    faults: tuple[Level, ...]
    rules: tuple[AnyRule, ...]
    finders: dict[str, Finder]


def load(weights: Weights = NO_WEIGHTS) -> Book:
    """What the program brings, and what a shop has made of it. Raises DataError that names each mistake."""
    own = tuple((path, _text(Path(path))) for path in weights.files)
    book = _proved(own)
    known = {rule.id for rule in book.rules}
    unknown = [f"off: there is no rule {name!r}" for name in weights.off if name not in known]
    unknown += [f"scores.{name}: there is no such rule" for name in weights.scores if name not in known]
    if unknown:
        raise DataError([f"inspection.{problem}" for problem in unknown])
    rules = (
        msgspec.structs.replace(rule, score=weights.scores.get(rule.id, rule.score))
        for rule in book.rules
        if rule.id not in weights.off
    )
    return book._replace(rules=tuple(rules))


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError([f"{path}: cannot be read: {error.strerror}"]) from error


@lru_cache(maxsize=8)
def _proved(own: tuple[tuple[str, bytes], ...]) -> Book:
    problems: list[str] = []
    shipped = [(name, resources.files("bot.inspecting").joinpath(name).read_bytes()) for name in FILES]
    book = _collect([*((f"bot/inspecting/{name}", text) for name, text in shipped), *own], problems)
    problems += [] if problems else list(_prove(book))
    if problems:
        raise DataError(problems)
    return book


def _collect(files: Sequence[tuple[str, bytes]], problems: list[str]) -> Book:
    session, grades, faults = Session(0), tuple[Level, ...](), tuple[Level, ...]()
    finders: dict[str, Finder] = {}
    rules: dict[str, tuple[str, AnyRule]] = {}
    for name, text in files:
        file = _file(name, text, problems)
        session, grades, faults = file.session or session, file.grades or grades, file.faults or faults
        finders |= _finders(file, name, problems)
        rules |= {rule.id: (name, rule) for rule in _rules(file, name, problems)}
    for name, rule in rules.values():
        problems += [
            f"{name}: rule {rule.id}: {field}: there is no saying {said!r}"
            for field in _NAMES
            if (said := getattr(rule, field, "")) and said not in finders
        ]
    return Book(session.idle, grades, faults, tuple(rule for _, rule in rules.values()), finders)


def _file(name: str, text: bytes, problems: list[str]) -> _File:
    try:
        table = tomllib.loads(text.decode("utf-8-sig"))
    except ValueError as error:
        problems.append(f"{name}: {error}")
        return _File()
    found: list[str] = []
    read = strict.read(table, _File, "", found)
    problems += [f"{name}: {problem}" for problem in found]
    return read or _File()


def _finders(file: _File, name: str, problems: list[str]) -> dict[str, Finder]:
    finders = {}
    for key, entry in file.sayings.items():
        found: list[str] = []
        saying = strict.read(entry, Saying, f"sayings.{key}", found)
        problems += [f"{name}: {problem}" for problem in found]
        try:
            finders[key] = Finder(saying or Saying())
        except ValueError as error:
            problems.append(f"{name}: sayings.{key}: {error}")
    return finders


def _rules(file: _File, name: str, problems: list[str]) -> Iterator[AnyRule]:
    seen: set[str] = set()
    for position, entry in enumerate(file.rules):
        named = entry.get("id") if isinstance(entry, dict) else None
        where = f"{name}: rule {named or position + 1}"
        try:
            rule = msgspec.convert(entry, AnyRule)
        except msgspec.ValidationError as error:
            problems.append(f"{where}: {error}")
            continue
        problems += [f"{where}: the id is used twice"] if rule.id in seen else []
        problems += (
            [f"{where}: needs examples that hit and examples that pass"] if not (rule.hits and rule.passes) else []
        )
        seen.add(rule.id)
        yield rule


def _prove(book: Book) -> Iterator[str]:
    """Run every rule's examples; a sentence for each that comes out otherwise than it says."""
    for rule in book.rules:
        for wanted, examples in ((True, rule.hits), (False, rule.passes)):
            for example in examples:
                try:
                    talk = of_lines([_line(line) for line in example], idle=book.idle, timed=True)
                except ValueError as error:
                    yield f"rule {rule.id}: {error}"
                    continue
                if any(True for _ in hits(rule, talk, book.finders, _PROOF)) != wanted:
                    yield f"rule {rule.id}: {list(example)} should {'hit' if wanted else 'pass'}"


def _line(text: str) -> Line:
    match = _LINE.match(text)
    if match is None:
        raise ValueError(f'{text!r} is no line "SECONDS buyer|agent[:NAME]|robot TEXT"')
    at, role, agent, said = match.groups()
    return Line(text, role, agent or ("a" if role == "agent" else ""), said or "", _MORNING + int(at))
