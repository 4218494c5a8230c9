"""I make one search of all the words of the guard, and of the disguises that can be written down beforehand."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from replies import guard_sound as sound
from replies.garbage import kept
from replies.guard_disguise import part_ways, tightened
from replies.guard_terms import LETTERS, Part, Word, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replies.guard_ways import Way
    from replies.rules import Lexicon, Rule


Candidates = tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
"""Characters, each with watched words and its place in them."""


class Bag(NamedTuple):
    """A phrase whose characters count in any order; `second` is the rarest but one."""

    word: Word
    chars: frozenset[str]
    second: str


class Kinds(NamedTuple):
    """The bits of what is found by code: long numbers, sums, ids in Latin letters, addresses, blanks, states, impressions."""

    long: int
    open: int
    latin: int
    net: int
    form: int
    state: int
    seems: int


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
    strays: dict[str, tuple[Candidates, Candidates]]
    dull: set[str]
    ways: dict[str, tuple[Rule, tuple[tuple[str | None, Way], ...]]]
    edged: frozenset[str]
    meek: frozenset[str]
    groups: dict[str, tuple[str, ...]]
    kinds: Kinds
    slot_bits: dict[str, int]


def slots(lexicon: Lexicon, detected: tuple[str, ...]) -> dict[str, int]:
    """Every slot a rule may name, with its number."""
    names = [*lexicon.terms, *lexicon.groups, *(shape.slot for shape in lexicon.shapes), *detected]
    return {name: at for at, name in enumerate(dict.fromkeys(names))}


def frequent(lexicon: Lexicon, folded: dict[str, str]) -> frozenset[str]:
    """The terms with a word of one Chinese character; `folded`: each word as it is searched."""
    lone = {word for word, tight in folded.items() if len(tight) == 1 and tight not in LETTERS}
    return frozenset(name for name, term in lexicon.terms.items() if not lone.isdisjoint((*term.words, *term.plain)))


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
    folded = tightened(_written(lexicon))
    often = frequent(lexicon, folded) - called
    watched = {folded[word] for term in lexicon.terms.values() for word in term.words}
    calls = [(folded[word], shape.slot, "shape") for shape in lexicon.shapes for word in shape.after]
    parts = _parts(watched)
    more = [*calls, *((way, "", "parts") for way in parts)]
    often_bits = sum(bits[shape.slot] for shape in lexicon.shapes if not shape.needs and not shape.after)
    for slot in often:
        often_bits |= bits[slot]
    bags = _bags(lexicon, bits, folded)
    rare = Part(
        {name: term for name, term in lexicon.terms.items() if name not in often},
        bits,
        folded,
        ((word, meaning(slot, bits.get(slot, 0), word, word, 0.0, kind)) for word, slot, kind in more),
    )
    return Search(
        bit=bit,
        rare=rare.ready(),
        frequent=Part({name: term for name, term in lexicon.terms.items() if name in often}, bits, folded),
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
        dull=set(),
        ways={},
        edged=frozenset(name for name, term in lexicon.terms.items() if term.edged),
        meek=frozenset(name for name, term in lexicon.terms.items() if term.meek),
        groups=lexicon.groups,
        kinds=Kinds(*(sum(1 << bit[slot] for slot in group) for group in detected)),
        slot_bits=bits,
    )


def _written(lexicon: Lexicon) -> Iterator[str]:
    """All words of a lexicon as they are written."""
    for term in lexicon.terms.values():
        yield from (*term.words, *term.plain, *term.latin, *term.shields, *term.jumbled)
    for shape in lexicon.shapes:
        yield from shape.after


def _bags(lexicon: Lexicon, bits: dict[str, int], folded: dict[str, str]) -> dict[str, tuple[Bag, ...]]:
    """The rarest character of a phrase -> the phrases that count in any order."""
    rank = sound.common()
    found: dict[str, list[Bag]] = defaultdict(list)
    for name, term in lexicon.terms.items():
        for phrase in map(folded.__getitem__, term.jumbled):
            *_, second, key = sorted(phrase, key=lambda char: rank.get(char, len(rank)))
            word = meaning(name, bits.get(name, 0), phrase, phrase, 1.0, "order")
            found[key].append(Bag(word, frozenset(phrase), second))
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
