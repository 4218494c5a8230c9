"""I read the words of the guard, or I list all that is wrong with them."""

from __future__ import annotations

import hashlib
import tomllib
from functools import lru_cache
from typing import Any

import msgspec

from replies import DataError
from replies.guard_disguise import tightened
from replies.rules import Facts, Lexicon, Shape, Term

Files = tuple[tuple[str, bytes], ...]
_NEEDED = ("negation", "negation_after", "denial", "attribution", "backwards", "lure_gap", "asks_meaning")


@lru_cache(maxsize=4)
def read_lexicon(files: Files) -> Lexicon:
    """All terms, groups, shapes and facts of the files of `terms/`. Raises DataError."""
    collected = _Collected()
    for name, text in files:
        collected.read(f"terms/{name}", toml(f"terms/{name}", text, collected.problems))
    collected.check()
    if collected.problems or collected.facts is None:
        raise DataError(collected.problems)
    digest = hashlib.sha256(b"".join(text for _, text in files)).hexdigest()
    return Lexicon(
        collected.terms, collected.groups, tuple(collected.shapes), collected.facts, collected.called, digest
    )


class _Collected:
    """What the files hold so far, and what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.terms: dict[str, Term] = {}
        self.groups: dict[str, tuple[str, ...]] = {}
        self.shapes: list[Shape] = []
        self.called: tuple[str, ...] = ()
        self.facts: Facts | None = None

    def read(self, where: str, table: dict[str, Any]) -> None:
        for name, entry in table.pop("terms", {}).items():
            if name in self.terms:
                self.problems.append(f"{where}: {name}: defined twice")
            term = convert(entry, Term, f"{where}: {name}", self.problems)
            if term is not None:
                self.terms[name] = term
        for group, members in table.pop("groups", {}).items():
            self.groups[group] = convert(members, tuple[str, ...], f"{where}: groups.{group}", self.problems) or ()
        for at, entry in enumerate(table.pop("shapes", []), 1):
            shape = convert(entry, Shape, f"{where}: shapes[{at}]", self.problems)
            if shape is not None:
                self.shapes.append(shape)
        self.called += convert(table.pop("called", ()), tuple[str, ...], f"{where}: called", self.problems) or ()
        if "facts" in table:
            self.facts = convert(table.pop("facts"), Facts, f"{where}: facts", self.problems)
        self.problems += [f"{where}: unknown key {key!r}" for key in table]

    def check(self) -> None:
        folded = tightened(
            word for term in self.terms.values() for word in (*term.words, *term.plain, *term.latin, *term.shields)
        )
        for name, term in self.terms.items():
            said = {folded[word] for word in (*term.words, *term.plain)}
            for word in (*term.words, *term.plain, *term.latin, *term.shields):
                if not folded[word]:
                    self.problems.append(f"terms: {name}: {word!r} is nothing when folded")
            for shield in term.shields:
                if folded[shield] in said:
                    self.problems.append(f"terms: {name}: not: {shield!r} hides the word itself")
        self.groups["elsewhere"] = tuple(name for name in self.terms if name.startswith("at_"))
        self.groups["here"] = self.groups["elsewhere"]
        for group, members in self.groups.items():
            self.problems += [f"terms: group {group}: no term {one!r}" for one in members if one not in self.terms]
        self.problems += [f"terms: called: no term {name!r}" for name in self.called if name not in self.terms]
        self.problems += [f"terms: the guard needs a term {name!r}" for name in _NEEDED if name not in self.terms]
        if self.facts is None:
            self.problems.append("terms: there are no facts")


def toml(name: str, text: bytes, problems: list[str]) -> dict[str, Any]:
    """A file's table; what keeps it from being read goes to `problems`."""
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{name}: {error}")
        return {}


def convert(entry: object, kind: Any, where: str, problems: list[str]) -> Any:  # noqa: ANN401 any type msgspec knows
    """`entry` as `kind`, or None and a sentence in `problems`."""
    try:
        return msgspec.convert(entry, kind)
    except msgspec.ValidationError as error:
        problems.append(f"{where}: {error}")
        return None
