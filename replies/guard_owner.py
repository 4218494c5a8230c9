"""I read the rules a shop's owner adds: words, patterns, and the lists that other tools export."""

from __future__ import annotations

import hashlib
import json
import re
from re import _constants as codes  # type: ignore[attr-defined]  # the parser of `re` says what a pattern may cost
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

import ahocorasick
import msgspec

from replies import DataError, guard_slots
from replies import guard_words as words
from replies.guard_disguise import tight
from replies.lexicon import toml
from replies.rules import OwnerRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from replies.guard_reading import Reading
    from replies.rules import Action, Pack

_WAYS = 400
_JOINED = 0.5  # a word whose characters stand further apart is none
_INNER = frozenset({codes.SUBPATTERN, codes.ATOMIC_GROUP, codes.ASSERT, codes.ASSERT_NOT})
_REPEATED = frozenset({codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT})
_SEMANTICS = {1: ("phone", "landline"), 2: ("email",), 3: ("cash",)}
_ACTIONS: dict[int, Action] = {1: "block", 2: "warn"}


def read_rules(paths: Iterable[Path]) -> tuple[OwnerRule, ...]:
    """The rules of `.toml` files (`[[rules]]`), `.json` files (intercept rules as WeCom exports them) and `.txt` files (one
    word a line, each stopped). Raises DataError that names each mistake.
    """
    problems: list[str] = []
    found: list[OwnerRule] = []
    for path in paths:
        try:
            found.extend(_read(path, problems))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            problems.append(f"{path.name}: cannot be read: {error}")
    seen: set[str] = set()
    for rule in found:
        if rule.id in seen:
            problems.append(f"{rule.id}: the id is used twice")
        seen.add(rule.id)
        problems += _check(rule)
    if problems:
        raise DataError(problems)
    return tuple(found)


def misfits(rules: Iterable[OwnerRule], packs: Sequence[Pack]) -> list[str]:
    """What keeps an owner's rules from standing beside the packs: ids that are taken, slots that are none."""
    taken = {rule.id for pack in packs for rule in pack.rules}
    slots = words.slots(packs[0].lexicon, guard_slots.SLOTS)
    problems = []
    for rule in rules:
        problems += [f"{rule.id}: the id is that of a rule of the packs"] if rule.id in taken else []
        problems += [f"{rule.id}: unknown slot {slot!r}" for slot in rule.slots if slot not in slots]
    return problems


def version(rules: tuple[OwnerRule, ...]) -> str:
    """A hash that changes with the rules."""
    return hashlib.sha256(msgspec.json.encode(rules)).hexdigest()


def _read(path: Path, problems: list[str]) -> list[OwnerRule]:
    data = path.read_bytes()
    match path.suffix:
        case ".toml":
            return _from_toml(path.name, toml(path.name, data, problems), problems)
        case ".json":
            return _from_wecom(path.name, json.loads(data.decode("utf-8-sig")), problems)
        case ".txt":
            from replies.exchange.encoding import decode  # noqa: PLC0415 - the formats know the guard

            return _from_lines(path.stem, decode(data, path.name)[0])
    problems.append(f"{path.name}: rules are read from .toml, .json and .txt files")
    return []


def _from_toml(name: str, table: dict[str, Any], problems: list[str]) -> list[OwnerRule]:
    found = []
    problems += [f"{name}: unknown key {key!r}" for key in table if key != "rules"]
    for at, entry in enumerate(table.get("rules", []), 1):
        try:
            found.append(msgspec.convert(entry, OwnerRule))
        except msgspec.ValidationError as error:
            problems.append(f"{name}: rule {at}: {error}")
    return found


def _from_lines(stem: str, text: str) -> list[OwnerRule]:
    words = tuple(
        dict.fromkeys(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    )
    return [OwnerRule(id=f"owner.{stem}", reason="店铺自己的违禁词。", words=words)] if words else []


class _Extra(msgspec.Struct, frozen=True):
    semantics_list: tuple[int, ...] = ()


class _Wecom(msgspec.Struct, frozen=True):
    """An intercept rule of WeCom, as it is added or (`extra_rule`) told; who it applies to is not ours to know."""

    rule_name: str
    intercept_type: int
    word_list: tuple[str, ...] = ()
    semantics_list: tuple[int, ...] = ()
    extra_rule: _Extra = _Extra()


def _from_wecom(name: str, data: object, problems: list[str]) -> list[OwnerRule]:
    found = []
    for at, entry in enumerate(data if isinstance(data, list) else [data], 1):
        told = entry["rule"] if isinstance(entry, dict) and "rule" in entry else entry  # an answer of WeCom's, whole
        try:
            rule = msgspec.convert(told, _Wecom)
        except msgspec.ValidationError as error:
            problems.append(f"{name}: rule {at}: {error}")
            continue
        semantics = (*rule.semantics_list, *rule.extra_rule.semantics_list)
        unknown = [number for number in semantics if number not in _SEMANTICS]
        problems += [f"{name}: rule {at}: semantics_list: {number} is none of 1, 2, 3" for number in unknown]
        if rule.intercept_type not in _ACTIONS:
            problems.append(f"{name}: rule {at}: intercept_type must be 1 (block) or 2 (warn)")
            continue
        slots = tuple(slot for number in semantics for slot in _SEMANTICS.get(number, ()))
        reason = f"店铺敏感词规则“{rule.rule_name}”。"
        action = _ACTIONS[rule.intercept_type]
        found.append(
            OwnerRule(id=f"owner.{rule.rule_name}", reason=reason, action=action, words=rule.word_list, slots=slots)
        )
    return found


def _check(rule: OwnerRule) -> list[str]:
    problems = [f"{rule.id}: word {word!r} is nothing when folded" for word in rule.words if not tight(word)]
    if not (rule.words or rule.patterns or rule.slots):
        problems.append(f"{rule.id}: has no words and no patterns")
    for pattern in rule.patterns:
        why = runs_away(pattern)
        if why:
            problems.append(f"{rule.id}: pattern {pattern!r}: {why}")
    return problems


def runs_away(pattern: str) -> str:
    """Why a pattern may take too long on a hostile text, or is no pattern; "" if it is safe.

    Safe is: no open repeat (`*`, `+`, `{3,}`), nothing repeated and no choice inside what is repeated, no reference back, and
    few ways in all to divide a text among the repeats. Such a pattern costs at most `_WAYS` steps at each character.
    """
    try:
        tree = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no pattern: {error}"
    if tree.getwidth()[0] == 0:
        return "matches the empty text"
    try:
        ways = _ways(tree, repeated=False)
    except ValueError as error:
        return str(error)
    return "has too many repeats" if ways > _WAYS else ""


def _ways(tree: Any, *, repeated: bool) -> int:  # noqa: ANN401 the parser's own tree
    """In how many ways the repeats of a pattern may divide a text. Raises ValueError for what is refused."""
    ways = 1
    for code, value in tree:
        if code in _REPEATED:
            ways *= _repeats(value, repeated=repeated)
        elif code is codes.GROUPREF:
            raise ValueError("refers back")
        elif code is codes.BRANCH and repeated:
            raise ValueError("chooses inside what is repeated")
        elif code is codes.BRANCH:
            ways *= sum(_ways(one, repeated=False) for one in value[1])
        elif code in _INNER:
            ways *= _ways(value if code is codes.ATOMIC_GROUP else value[-1], repeated=repeated)
    return ways


def _repeats(value: Any, *, repeated: bool) -> int:  # noqa: ANN401 the parser's own tree
    least, most, inner = value
    if repeated:
        raise ValueError("repeats what is repeated")
    if most == codes.MAXREPEAT:
        raise ValueError("repeats without end: write {0,20} instead of * and {1,20} instead of +")
    return int(most - least + 1) * _ways(inner, repeated=most > 1)


class OwnerBook:
    """An owner's rules, ready to be applied to readings."""

    def __init__(self, rules: tuple[OwnerRule, ...]) -> None:
        """`rules` as read_rules gives them."""
        self.rules = rules
        self._words = ahocorasick.Automaton()
        by_word: dict[str, list[OwnerRule]] = {}
        for rule in rules:
            for word in rule.words:
                by_word.setdefault(tight(word), []).append(rule)
        for word, owners in by_word.items():
            self._words.add_word(word, (word, tuple(owners)))
        self._words.make_automaton()
        self._patterns = [(re.compile(pattern), rule) for rule in rules for pattern in rule.patterns]
        self._slots = [(slot, rule) for rule in rules for slot in rule.slots]

    def find(self, reading: Reading) -> Iterator[tuple[OwnerRule, int, int]]:
        """Each rule that speaks, and where in the text that was read."""
        if len(self._words):
            for last, (word, owners) in self._words.iter(reading.chars):
                start = last + 1 - len(word)
                if reading.joints.weight(start, last + 1) > _JOINED:
                    yield from ((rule, *reading.span(start, last + 1)) for rule in owners)
        for pattern, rule in self._patterns:
            for match in pattern.finditer(reading.plain.chars):
                yield rule, *reading.plain.span(*match.span())
        for slot, rule in self._slots:
            for hit in reading.find(slot):
                yield rule, *reading.span(hit.start, hit.end)
