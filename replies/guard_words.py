"""I make one search of all the words of the guard, and of the disguises that can be written down beforehand."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import ahocorasick

from replies import guard_sound as sound
from replies.garbage import kept
from replies.guard_disguise import chinese as han
from replies.guard_disguise import disguises, part_ways, tight

if TYPE_CHECKING:
    from replies.guard_judge import Way
    from replies.rules import Lexicon, Rule, Term

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


class Word(NamedTuple):
    """A pattern's meaning: `slot` with `weight`; `kind` names the disguise; `word` is what was meant; `turns`: how much it
    says for a text read backwards.
    """

    slot: str
    bits: int
    word: str
    length: int
    weight: float
    kind: str
    latin_left: bool
    latin_right: bool
    latin: bool
    bare: bool
    turns: int


class Part(NamedTuple):
    """Some terms compiled: `seen` runs over characters, `heard` over sounds, `tokens` are abbreviations."""

    seen: ahocorasick.Automaton
    heard: ahocorasick.Automaton
    tokens: dict[str, tuple[Word, ...]]


class Bag(NamedTuple):
    """A phrase whose characters count in any order."""

    word: Word
    chars: frozenset[str]


class Kinds(NamedTuple):
    """The bits of what is found by code: long numbers, sums, ids in Latin letters, addresses, blanks, states."""

    long: int
    open: int
    latin: int
    net: int
    form: int
    state: int


class Search(NamedTuple):
    """The compiled lexicon. `frequent` holds the terms with a word of one character: they call no rule by themselves."""

    bit: dict[str, int]
    rare: Part
    frequent: Part
    frequent_slots: frozenset[str]
    frequent_bits: int
    all_read: int
    ordinary: frozenset[str]
    pairs: frozenset[str]
    parts: dict[str, str]
    bags: dict[str, tuple[Bag, ...]]
    bag_keys: re.Pattern[str]
    watched: frozenset[str]
    within: dict[str, tuple[tuple[str, int], ...]]
    strays: dict[str, tuple[tuple[str, tuple[tuple[str, int], ...]], ...]]
    ways: dict[str, tuple[Rule, tuple[tuple[str | None, Way], ...]]]
    edged: frozenset[str]
    meek: frozenset[str]
    groups: dict[str, tuple[str, ...]]
    kinds: Kinds
    slot_bits: dict[str, int]


class _Builder:
    """Collects the patterns of some terms; the heaviest reading of one pattern for one slot stays."""

    def __init__(self, bits: dict[str, int]) -> None:
        self.bits = bits
        self.seen: dict[str, list[Word]] = defaultdict(list)
        self.heard: dict[str, list[Word]] = defaultdict(list)
        self.tokens: dict[str, list[Word]] = defaultdict(list)

    def add(self, name: str, term: Term) -> None:
        """All patterns of one term."""
        seen, bits, whole = self.seen, self.bits.get(name, 0), term.weight
        for word in map(tight, term.words):
            for pattern, kind, weight in disguises(word, term):
                seen[pattern].append(_word(name, bits, pattern, word, weight * whole, kind))
            self._hear(name, word, term)
        for word in map(tight, term.plain):
            self.see(word, name, word, term.weight, "exact")
        for word in map(tight, term.latin):
            self.tokens[word].append(self.word(name, word, word, 0.6, "initials"))
        for phrase in map(tight, term.shields):
            self.see(phrase, name, phrase, 0.0, "shield")

    def see(self, pattern: str, slot: str, meant: str, weight: float, kind: str) -> None:
        self.seen[pattern].append(self.word(slot, pattern, meant, weight, kind))

    def _hear(self, name: str, word: str, term: Term) -> None:
        chinese = han(word)
        if chinese < 2 or not term.sound:
            return
        heard = self.word(name, word, word, 1.0, "sound")
        for way in sound.spellings(word):
            self.heard[way].append(heard)
        if chinese == len(word) and 3 <= len(word) <= 5:
            short = "".join(sound.initials(word))
            self.tokens[short].append(self.word(name, short, word, 0.6, "initials"))

    def word(self, slot: str, pattern: str, meant: str, weight: float, kind: str) -> Word:
        """What a find of `pattern` means for `slot`."""
        return _word(slot, self.bits.get(slot, 0), pattern, meant, weight, kind)

    def part(self) -> Part:
        tokens = {token: _best(words) for token, words in self.tokens.items()}
        return Part(_automaton(self.seen), _automaton(self.heard), tokens)


def _word(slot: str, bits: int, pattern: str, meant: str, weight: float, kind: str) -> Word:
    """What a find of `pattern` means."""
    size = len(pattern)
    left, right = pattern[0] in LETTERS, pattern[-1] in LETTERS
    bare = size == 1 and kind == "exact" and not left
    turns = 0 if kind != "order" else 1 if size == 2 else 2
    return tuple.__new__(Word, (slot, bits, meant, size, weight, kind, left, right, left or right, bare, turns))


def _best(words: list[Word]) -> tuple[Word, ...]:
    """For each slot the heaviest reading of one pattern; shields and calls for a shape beside it."""
    here: dict[tuple[str, str], Word] = {}
    for word in words:
        key = word.slot, word.kind if word.kind in {"shield", "shape"} else ""
        if key not in here or here[key].weight < word.weight:
            here[key] = word
    return tuple(here.values())


def _automaton(found: dict[str, list[Word]]) -> ahocorasick.Automaton:
    made = ahocorasick.Automaton()
    made.add_word("\ufffe", ())  # never in a text: an automaton must not be empty
    for pattern, words in found.items():
        made.add_word(pattern, _best(words) if len(words) > 1 else (words[0],))
    made.make_automaton()
    return made


def slots(lexicon: Lexicon, detected: tuple[str, ...]) -> dict[str, int]:
    """Every slot a rule may name, with its number."""
    names = [*lexicon.terms, *lexicon.groups, *(shape.slot for shape in lexicon.shapes), *detected]
    return {name: at for at, name in enumerate(dict.fromkeys(names))}


def frequent(lexicon: Lexicon) -> frozenset[str]:
    """The terms with a word of one Chinese character, and the groups that hold one."""
    lone = {name for name, term in lexicon.terms.items() if any(_lone(word) for word in (*term.words, *term.plain))}
    return frozenset(lone)


def _lone(word: str) -> bool:
    folded = tight(word)
    return len(folded) == 1 and folded not in LETTERS


@lru_cache(maxsize=4)
@kept()
def build(lexicon: Lexicon, detected: tuple[tuple[str, ...], ...], called: frozenset[str]) -> Search:
    """Compile `lexicon`; `detected` are groups of slots found by code as Kinds has them, `called` terms that call a rule by themselves.

    The same lexicon object is compiled once.
    """
    bit = slots(lexicon, tuple(slot for group in detected for slot in group))
    bits = {slot: 1 << at for slot, at in bit.items()}
    for group, members in lexicon.groups.items():
        for member in members:
            bits[member] |= 1 << bit[group]
    often = frequent(lexicon) - called
    rare, lazy = _Builder(bits), _Builder(bits)
    for name, term in lexicon.terms.items():
        (lazy if name in often else rare).add(name, term)
    watched = {tight(word) for term in lexicon.terms.values() for word in term.words}
    for shape in lexicon.shapes:
        for word in map(tight, shape.after):
            rare.see(word, shape.slot, word, 0.0, "shape")
    parts = _parts(watched)
    for way in parts:
        rare.see(way, "", way, 0.0, "parts")
    often_bits = sum(bits[shape.slot] for shape in lexicon.shapes if not shape.needs and not shape.after)
    for slot in often:
        often_bits |= bits[slot]
    bags = _bags(lexicon, bits)
    return Search(
        bit=bit,
        rare=rare.part(),
        frequent=lazy.part(),
        frequent_slots=often,
        frequent_bits=often_bits,
        all_read=1 << len(bit),
        ordinary=sound.ordinary(watched),
        pairs=sound.pairs(),
        parts=parts,
        bags=bags,
        bag_keys=re.compile(f"[{''.join(map(re.escape, sorted(bags)))}\ufffe]"),
        watched=frozenset(watched),
        within=_within(watched),
        strays={},
        ways={},
        edged=frozenset(name for name, term in lexicon.terms.items() if term.edged),
        meek=frozenset(name for name, term in lexicon.terms.items() if term.meek),
        groups=lexicon.groups,
        kinds=Kinds(*(sum(1 << bit[slot] for slot in group) for group in detected)),
        slot_bits=bits,
    )


def _bags(lexicon: Lexicon, bits: dict[str, int]) -> dict[str, tuple[Bag, ...]]:
    """The rarest character of a phrase -> the phrases that count in any order."""
    rank, made = sound.common(), _Builder(bits)
    found: dict[str, list[Bag]] = defaultdict(list)
    for name, term in lexicon.terms.items():
        for phrase in map(tight, term.jumbled):
            key = max(phrase, key=lambda char: rank.get(char, len(rank)))
            found[key].append(Bag(made.word(name, phrase, phrase, 1.0, "order"), frozenset(phrase)))
    return {key: tuple(bags) for key, bags in found.items()}


def _within(watched: set[str]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Two characters side by side -> the watched words they stand in, and where."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for word in watched:
        for at in range(len(word) - 1):
            found[word[at : at + 2]].append((word, at))
    return {pair: tuple(words) for pair, words in found.items()}


def _parts(watched: set[str]) -> dict[str, str]:
    """Pieces side by side -> the watched character they make; pieces that are a word themselves stay what they are."""
    ways = part_ways()
    found: dict[str, str] = {}
    for char in sorted({char for word in watched for char in word}):
        for way in ways.get(char, []):
            if way not in watched:
                found.setdefault(way, char)
    return found
