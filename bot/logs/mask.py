"""I put stand-ins in place of personal data: the same for the same value, so that a buyer stays the same buyer."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot.logs.words import held, parse
from replies import DataError, guard_slots, policy
from replies import guard_detect as detect
from replies import guard_numbers as numbers
from replies.text import fold_table, view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.logs.said import Said
    from replies.guard_detect import Known

_ROOMS, _NAMES = 20_000, 20  # conversations whose names are remembered, and how many of each
DIGITS = "digits"
_SHORTEST_NAME, _SHORTEST_CODE = (
    2,
    5,
)  # characters of a name, and of one of letters and digits, that is looked for in texts
_DIGIT = re.compile(r"\d", re.ASCII)
_APART = re.compile(r"[\d\s\-]+")  # a number and what parts its digits


class Pattern(msgspec.Struct, frozen=True, rename={"stand_in": "as"}):
    """What the group `it` of the pattern finds is replaced."""

    name: str
    pattern: str
    stand_in: str
    hides: tuple[str, ...]
    keeps: tuple[str, ...]


class Rules(msgspec.Struct, frozen=True):
    """All of mask.toml."""

    fields: dict[str, str]
    context: dict[str, str]
    found: dict[str, str]
    patterns: tuple[Pattern, ...]


@cache
def rules() -> Rules:
    """The rules, proved on their own examples. Raises DataError with every mistake."""
    read, where = parse(held("mask.toml"), Rules, "bot/logs/mask.toml"), "bot/logs/mask.toml"
    problems = [
        f"{where}: found.{slot}: is no slot of the guard" for slot in read.found if slot not in guard_slots.SLOTS
    ]
    for one in read.patterns:
        try:
            compiled = re.compile(one.pattern)
        except re.error as error:
            problems.append(f"{where}: {one.name}: {error}")
            continue
        problems += [f"{where}: {one.name}: leaves 「{said}」" for said in one.hides if not compiled.search(said)]
        problems += [f"{where}: {one.name}: hides 「{said}」" for said in one.keeps if compiled.search(said)]
    if problems:
        raise DataError(problems)
    return read


class _Span(NamedTuple):
    start: int
    end: int
    stand_in: str
    value: str
    shown: str = ""  # what stands for it, where that is known already


def _names_in(text: str, names: Iterable[tuple[str, str]]) -> Iterator[_Span]:
    for name, stand_in in names:
        at = text.find(name)
        while at >= 0:
            yield _Span(at, at + len(name), "", name, stand_in)
            at = text.find(name, at + len(name))


class Mask:
    """Masks one run of messages; remembers what stands for what."""

    def __init__(self) -> None:
        """Reads the rules, and the guard's words. Raises DataError."""
        self._rules = rules()
        self._patterns = [(re.compile(one.pattern), one.stand_in) for one in self._rules.patterns]
        self._known = _known()
        self._rooms: dict[str, dict[str, str]] = {}
        self._seen: dict[bytes, int] = {}
        self._counts: dict[str, int] = {}

    def said(self, said: Said) -> Said:
        """The message without personal data. Its id and its time stay."""
        field, names = self._rules.fields, self._named(said)
        return msgspec.structs.replace(
            said,
            conversation=self._stand_in(said.conversation, field["conversation"]),
            buyer=self.who(said.buyer, "buyer"),
            agent=self.who(said.agent, "agent"),
            text=self.text(said.text, names),
            context={key: self._context(key, value) for key, value in said.context.items()},
        )

    def _named(self, said: Said) -> list[tuple[str, str]]:
        """The names that may stand in the text, of this message and of those before it in its conversation; longest first."""
        field = self._rules.fields
        names = self._rooms.pop(said.conversation, {})
        self._rooms[said.conversation] = names
        if len(self._rooms) > _ROOMS:
            del self._rooms[next(iter(self._rooms))]
        for name, who in ((said.buyer, "buyer"), (said.agent, "agent")):
            if name and name not in names and len(names) < _NAMES:
                stand_in = self._stand_in(name, field[who])
                for part in (name, name.rpartition(":")[2]):
                    if len(part) >= (_SHORTEST_CODE if part.isascii() else _SHORTEST_NAME):
                        names[part] = stand_in
        return sorted(names.items(), key=lambda one: -len(one[0]))

    def who(self, value: str, field: str) -> str:
        """What stands for a whole `field` of a message (conversation, buyer, agent); nothing for nothing."""
        return self._stand_in(value, self._rules.fields[field]) if value else value

    def text(self, text: str, names: Iterable[tuple[str, str]] = ()) -> str:
        """`text` with what is found in it replaced; `names` with what stands for each, longest first."""
        parts, done = [], 0
        spans = [*_names_in(text, names), *self._spans(text)]
        for span in sorted(spans, key=lambda one: (one.start, -one.end)):
            if span.start >= done:
                parts += [text[done : span.start], span.shown or self._put(text[span.start : span.end], span)]
                done = span.end
        return "".join((*parts, text[done:]))

    def _spans(self, text: str) -> Iterator[_Span]:
        for pattern, stand_in in self._patterns:
            for match in pattern.finditer(text):
                yield _Span(match.start("it"), match.end("it"), stand_in, match["it"])
        plain = view("plain", text, fold_table())
        if self._known.long.search(re.sub(r"[\W_]", "", plain.chars)) or self._known.net.search(plain.chars):
            for thing in (*detect.addresses(plain.chars, self._known), *numbers.find(plain.chars, self._known)):
                if thing.slot in self._rules.found:
                    yield _Span(*plain.span(thing.start, thing.end), self._rules.found[thing.slot], thing.value)

    def _context(self, key: str, value: str) -> str:
        stand_in = self._rules.context.get(key)
        return self.text(value) if stand_in is None else self._stand_in(value, stand_in)

    def _put(self, written: str, span: _Span) -> str:
        return self._stand_in(written if span.stand_in == DIGITS else span.value, span.stand_in)

    def _stand_in(self, value: str, stand_in: str) -> str:
        """What stands for `value`; digits keep their places among what parts them."""
        figures = "".join(_DIGIT.findall(value))
        compared = figures if figures and (stand_in == DIGITS or not _APART.sub("", value)) else value
        key = hashlib.blake2b(f"{stand_in}\x1f{compared}".encode(errors="replace"), digest_size=12).digest()
        if key not in self._seen:
            self._seen[key] = self._counts[stand_in] = self._counts.get(stand_in, 0) + 1
        count = self._seen[key]
        if stand_in != DIGITS:
            return stand_in.format(n=count)
        # The first digit stays none of 1 (phones) and 6 (cards), so that a number does not turn into another thing.
        width = len(figures)
        if width == 0:
            return "*" * len(value)
        shown = iter(("9" + str(count).zfill(width - 1))[-width:] if width > 1 else "9")
        return _DIGIT.sub(lambda _: next(shown), value)


@cache
def _known() -> Known:
    """The guard's detectors for no shop in particular."""
    packs = policy.packs("any")
    return detect.known(
        packs[0].lexicon,
        own=(),
        platforms=packs[0].platforms,
        here=frozenset(),
        orders=packs[0].orders,
        allowed=frozenset(),
    )
