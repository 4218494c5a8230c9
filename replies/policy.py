"""I read the rules and test each on its own examples."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from replies import DataError, guard_slots
from replies import guard_detect as detect
from replies import guard_proof as proof
from replies import guard_words as words
from replies.garbage import kept
from replies.guard import Guard
from replies.guard_ways import read_way
from replies.lexicon import Files, convert, read_lexicon, toml
from replies.rules import Lexicon, Pack, Rule

FOLDER = Path(__file__).parent / "policies"
COMMON = "common"
PLATFORMS: tuple[str, ...] = (*sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != COMMON), "any")
"""The platforms that have a pack, and `any`: the common pack alone."""


def packs(platform: str, folder: Path = FOLDER, *, afresh: bool = False) -> tuple[Pack, ...]:
    """The common pack and the platform's own, every rule proved on its examples. A platform without a pack gets the common one.

    Raises DataError that names each mistake with its file and place. Unchanged files are read once, and not tried again if
    these packs and this code are listed as proved (guard_proof.py), unless `afresh`.
    """
    names = [COMMON] if platform == "any" or not (folder / f"{platform}.toml").is_file() else [COMMON, platform]
    try:
        terms: Files = tuple((path.name, path.read_bytes()) for path in sorted((folder / "terms").glob("*.toml")))
        every: Files = tuple((path.stem, path.read_bytes()) for path in sorted(folder.glob("*.toml")))
    except OSError as error:
        raise DataError([f"{error.filename}: cannot be read: {error.strerror}"]) from error
    return _proved(tuple(names), every, terms, afresh=afresh)


@kept()
def _proved(names: tuple[str, ...], every: Files, terms: Files, *, afresh: bool) -> tuple[Pack, ...]:
    found = _read(names, every, terms)
    for held in dict.fromkeys((found[:1], found)):
        problems = [] if not afresh and proof.proved(proof.key(held)) else prove(held)
        if problems:
            raise DataError(problems)
    return found


@lru_cache(maxsize=16)
def _read(names: tuple[str, ...], every: Files, terms: Files) -> tuple[Pack, ...]:
    problems: list[str] = []
    lexicon = read_lexicon(terms)
    platforms = _platforms(every)
    texts = dict(every)
    if COMMON not in texts:
        raise DataError([f"{COMMON}.toml: there is no such pack"])
    before = _read(names[:1], every, terms) if len(names) > 1 else ()
    own = names[len(before) :]
    read = (_pack(name, texts[name], lexicon=lexicon, platforms=platforms, problems=problems) for name in own)
    found = (*before, *read)
    _ids_once(found, problems)
    if problems:
        raise DataError(problems)
    return found


def _pack(name: str, text: bytes, *, lexicon: Lexicon, platforms: tuple[str, ...], problems: list[str]) -> Pack:
    table, unread = _table(name, text)
    problems += unread
    bit = words.slots(lexicon, guard_slots.SLOTS)
    rules: list[Rule] = []
    for at, entry in enumerate(table.get("rules", []), 1):
        where = f"{name}.toml: rule {at} ({entry.get('id', 'without id') if isinstance(entry, dict) else '?'})"
        rule = convert(entry, Rule, where, problems)
        if rule is None:
            continue
        for way in rule.when:
            try:
                read_way(rule, way, bit)
            except ValueError as error:
                problems.append(f"{where}: when {way!r}: {error}")
        problems += [
            f"{where}: unknown slot {slot!r}"
            for slot in (*rule.unless, *rule.never, *rule.mild, *rule.later, *rule.holding, *rule.quoted)
            if slot not in bit
        ]
        timed = all(slot in guard_slots.STATE for way in rule.when for slot in way.split())
        if not timed and (not (rule.blocks or rule.warns) or not rule.passes):
            problems.append(f"{where}: needs examples that are stopped and examples that pass")
        rules.append(rule)
    own, domains, orders = (tuple(map(str, table.get(key, ()))) for key in ("own", "domains", "orders"))
    problems += [f"{name}.toml: own: there is no term {term!r}" for term in own if term not in lexicon.terms]
    problems += [
        f"{name}.toml: unknown key {key!r}" for key in table if key not in {"name", "own", "domains", "orders", "rules"}
    ]
    version = hashlib.sha256(text + lexicon.version.encode()).hexdigest()
    return Pack(name, version, str(table.get("name", name)), own, domains, orders, platforms, tuple(rules), lexicon)


@lru_cache(maxsize=16)
def _table(name: str, text: bytes) -> tuple[dict[str, Any], list[str]]:
    """A pack as it is written, and what keeps it from being read."""
    problems: list[str] = []
    return toml(f"{name}.toml", text, problems), problems


@lru_cache(maxsize=4)
def _platforms(every: Files) -> tuple[str, ...]:
    """The domains of all packs that can be read."""
    found = [domain for name, text in every for domain in _table(name, text)[0].get("domains", ())]
    return tuple(dict.fromkeys(map(str, found)))


def _ids_once(found: tuple[Pack, ...], problems: list[str]) -> None:
    seen: dict[str, str] = {}
    for pack in found:
        for rule in pack.rules:
            if rule.id in seen:
                problems.append(f"{pack.id}.toml: rule {rule.id}: the id is already used in {seen[rule.id]}.toml")
            seen[rule.id] = pack.id


@lru_cache(maxsize=32)
def prove(found: tuple[Pack, ...]) -> list[str]:
    """Run the examples of the last pack's rules; one sentence for each that comes out otherwise than it says."""
    problems = detect.shapes(found[0].lexicon).problems()
    if problems:
        return problems
    guard = Guard(found)
    for rule in found[-1].rules:
        for wanted, examples in (("block", rule.blocks), ("warn", rule.warns), ("allow", rule.passes)):
            for example in examples:
                messages = [example] if isinstance(example, str) else list(example)
                verdict = guard.check(messages)
                fired = [finding.rule for finding in verdict.findings]
                kinds = {finding.category for finding in verdict.findings if finding.action == wanted}
                if rule.id in fired if wanted == "allow" else rule.category not in kinds:
                    problems.append(
                        f"{found[-1].id}.toml: rule {rule.id}: {example!r} should {wanted}, fired: {fired or 'nothing'}"
                    )
                elif wanted not in {"allow", rule.action}:
                    problems.append(
                        f"{found[-1].id}.toml: rule {rule.id}: {example!r} stands under {wanted}s of a {rule.action} rule"
                    )
    return problems
