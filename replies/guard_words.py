"""I make one search of all the words of the guard, and of the disguises that can be written down beforehand."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import permutations, product
from typing import TYPE_CHECKING, NamedTuple

import ahocorasick

from replies import guard_sound as sound
from replies.text import WORDS, fold_table

if TYPE_CHECKING:
    from replies.rules import Lexicon, Term

_han = re.compile(r"[㐀-鿿]")
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


class Word(NamedTuple):
    """A pattern's meaning: `slot` with `weight`; `kind` names the disguise; `word` is what was meant."""

    slot: str
    bits: int
    word: str
    length: int
    weight: float
    kind: str
    latin_left: bool
    latin_right: bool


class Search(NamedTuple):
    """The compiled lexicon: `seen` runs over characters, `heard` over sounds, `tokens` are abbreviations."""

    bit: dict[str, int]
    seen: ahocorasick.Automaton
    heard: ahocorasick.Automaton
    tokens: dict[str, tuple[Word, ...]]
    ordinary: frozenset[str]
    pairs: frozenset[str]
    parts: dict[str, str]
    watched: frozenset[str]
    groups: dict[str, tuple[str, ...]]
    bits: dict[tuple[str, ...], int]
    slot_bits: dict[str, int]


@lru_cache(maxsize=1)
def tight_table() -> dict[int, str]:
    """Folding that also drops whatever separates, and reads pictures as the words they stand for."""
    table = dict(fold_table())
    table.update({code: "" for code in range(0x20, 0x10000) if not chr(code).isalnum() and code not in table})
    table.update({code: "" for code in range(0x1F000, 0x1FB00) if code not in table})
    table[0x0A] = table[0x0D] = table[0x09] = ""
    for code, target in list(table.items()):
        if target and not target.isalnum():
            table[code] = "".join(char for char in target if char.isalnum())
    for line in (WORDS / "fold_pictures.tsv").read_text(encoding="utf8").split("\n"):
        picture, _, word = line.partition("\t")
        if len(picture) == 1:
            table[ord(picture)] = word
    return table


def tight(text: str) -> str:
    """`text` as it is searched: folded, pictures as words, nothing that separates."""
    return text.translate(tight_table())


@lru_cache(maxsize=1)
def _likes() -> dict[str, str]:
    lines = (WORDS / "fold_likes.tsv").read_text(encoding="utf8").split("\n")
    return {char: likes for char, _, likes in (line.partition("\t") for line in lines) if likes}


@lru_cache(maxsize=1)
def part_ways() -> dict[str, list[str]]:
    """A character -> the ways to write it in pieces."""
    lines = (WORDS / "fold_parts.tsv").read_text(encoding="utf8").split("\n")
    return {char: ways.split(" ") for char, _, ways in (line.partition("\t") for line in lines) if ways}


def _turned(word: str) -> dict[str, float]:
    """Other orders of the characters, with the weight each deserves."""
    if len(word) == 2:
        return {word[::-1]: 0.55}
    if len(word) == 3:
        return {"".join(way): 0.7 for way in permutations(word)}
    found = {word[::-1]: 0.8}
    for at in range(len(word) - 1):
        found[word[:at] + word[at + 1] + word[at] + word[at + 2 :]] = 0.8
    return found


def _shortened(word: str) -> dict[str, float]:
    """Some characters as the first letter of their sound, at least one as itself."""
    letters = sound.initials(word)
    found: dict[str, float] = {}
    if not 2 <= len(word) <= 4:
        return found
    for way in product(*zip(word, letters, strict=True)):
        short = "".join(way)
        if short != word and _han.search(short):
            found[short] = 0.7 if len(word) == 2 else 0.8
    return found


def _alike(word: str) -> dict[str, float]:
    """One character replaced by one that looks like it."""
    found = {}
    for at, char in enumerate(word):
        for like in _likes().get(char, ""):
            found[word[:at] + like + word[at + 1 :]] = 0.7 if len(word) == 2 else 0.9
    return found


def disguises(word: str, term: Term) -> dict[tuple[str, str], float]:
    """(pattern, kind) -> weight for one word looked for in every disguise."""
    found = {(word, "exact"): 1.0}
    chinese = len(_han.findall(word))
    if chinese < 2:
        return found
    if chinese == len(word) and term.turned:
        found.update({(way, "order"): weight for way, weight in _turned(word).items() if way != word})
    if term.sound:
        found.update({(way, "initials"): weight for way, weight in _shortened(word).items()})
    found.update({(way, "look"): weight for way, weight in _alike(word).items()})
    return found


class _Builder:
    """Collects patterns; the heaviest reading of one pattern for one slot stays."""

    def __init__(self, bit: dict[str, int], groups: dict[str, tuple[str, ...]]) -> None:
        self.bits = {slot: 1 << at for slot, at in bit.items()}
        for group, members in groups.items():
            for member in members:
                self.bits[member] = self.bits.get(member, 0) | 1 << bit[group]
        self.found: dict[str, dict[tuple[str, str], Word]] = {}

    def add(self, pattern: str, slot: str, meant: str, weight: float, kind: str) -> None:
        here = self.found.setdefault(pattern, {})
        key = slot, "shield" if kind == "shield" else ""
        if key not in here or here[key].weight < weight:
            edges = pattern[0] in LETTERS, pattern[-1] in LETTERS
            here[key] = Word(slot, self.bits.get(slot, 0), meant, len(pattern), weight, kind, *edges)

    def automaton(self) -> ahocorasick.Automaton:
        made = ahocorasick.Automaton()
        for pattern, words in self.found.items():
            made.add_word(pattern, tuple(words.values()))
        made.make_automaton()
        return made


def slots(lexicon: Lexicon, detected: tuple[str, ...]) -> dict[str, int]:
    """Every slot a rule may name, with its number."""
    names = [*lexicon.terms, *lexicon.groups, *(shape.slot for shape in lexicon.shapes), *detected]
    return {name: at for at, name in enumerate(dict.fromkeys(names))}


@lru_cache(maxsize=4)
def build(lexicon: Lexicon, detected: tuple[tuple[str, ...], ...]) -> Search:
    """Compile `lexicon`; `detected` are groups of slots found by code. The same lexicon object is compiled once."""
    bit = slots(lexicon, tuple(slot for group in detected for slot in group))
    bits = {group: sum(1 << bit[slot] for slot in group) for group in detected}
    seen, heard = _Builder(bit, lexicon.groups), _Builder(bit, lexicon.groups)
    tokens: dict[str, list[Word]] = {}
    watched: set[str] = set()
    for name, term in lexicon.terms.items():
        for word in map(tight, term.words):
            watched.add(word)
            for (pattern, kind), weight in disguises(word, term).items():
                seen.add(pattern, name, word, weight * term.weight, kind)
            _hear(heard, tokens, seen, name=name, word=word, term=term)
        for word in map(tight, term.plain):
            seen.add(word, name, word, term.weight, "exact")
        for word in map(tight, term.latin):
            tokens.setdefault(word, []).append(
                Word(name, seen.bits[name], word, len(word), 0.6, "initials", True, True)
            )
        for phrase in map(tight, term.shields):
            seen.add(phrase, name, phrase, 1.0, "shield")
    parts = _parts(watched)
    for way in parts:
        seen.add(way, "", way, 0.0, "parts")
    frozen = {token: tuple(words) for token, words in tokens.items()}
    listed = sound.ordinary(watched)
    return Search(
        bit,
        seen.automaton(),
        heard.automaton(),
        frozen,
        listed,
        sound.pairs(),
        parts,
        frozenset(watched),
        lexicon.groups,
        bits,
        seen.bits,
    )


def _hear(heard: _Builder, tokens: dict[str, list[Word]], seen: _Builder, *, name: str, word: str, term: Term) -> None:
    chinese = len(_han.findall(word))
    if chinese < 2 or not term.sound:
        return
    for way in sound.spellings(word):
        heard.add(way, name, word, 1.0, "sound")
    if chinese == len(word) and 3 <= len(word) <= 5:
        short = "".join(sound.initials(word))
        tokens.setdefault(short, []).append(Word(name, seen.bits[name], word, len(short), 0.6, "initials", True, True))


def _parts(watched: set[str]) -> dict[str, str]:
    """Pieces side by side -> the watched character they make; pieces that are a word themselves stay what they are."""
    ways = part_ways()
    found: dict[str, str] = {}
    for char in sorted({char for word in watched for char in word}):
        for way in ways.get(char, []):
            if way not in watched:
                found.setdefault(way, char)
    return found
