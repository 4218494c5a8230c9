"""I compile the words of some terms: what is looked for in a text, what is listened for, what only Latin letters can be."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

import ahocorasick

from replies import guard_sound as sound
from replies.garbage import kept
from replies.guard_disguise import chinese as han
from replies.guard_disguise import reordered, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from replies.rules import Term

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
NOWHERE = "\ufffe"  # never in a text


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


class Sight(NamedTuple):
    """All that one pattern means: words by slot, the bits of all, how much of it is turned, and what is no word."""

    words: tuple[tuple[str, Word], ...]
    bits: int
    turns: int
    others: tuple[Word, ...]


Patterns = defaultdict[str, list[Word]]


def meaning(slot: str, bits: int, pattern: str, meant: str, weight: float, kind: str) -> Word:
    """What a find of `pattern` means."""
    size = len(pattern)
    left, right = pattern[0] in LETTERS, pattern[-1] in LETTERS
    bare = size == 1 and kind == "exact" and not left
    turns = 0 if kind != "order" else 1 if size == 2 else 2
    return tuple.__new__(Word, (slot, bits, meant, size, weight, kind, left, right, left or right, bare, turns))


class Latin(NamedTuple):
    """What of some terms has Latin letters: `seen` runs over characters, `reach` being its longest, `tokens` are abbreviations."""

    seen: ahocorasick.Automaton
    reach: int
    tokens: dict[str, tuple[Word, ...]]


class Part:
    """Some terms compiled when they are first looked for: `seen` runs over characters, `heard` over sounds. What has Latin
    letters, a third of all, stands apart: few texts have some.
    """

    def __init__(
        self,
        terms: Mapping[str, Term],
        bits: Mapping[str, int],
        folded: Mapping[str, str],
        more: Iterable[tuple[str, Word]] = (),
    ) -> None:
        """`terms` by slot; `bits` of a slot; `folded`: each word as it is searched; `more`: further patterns."""
        self._terms, self._bits, self._folded, self._more = terms, bits, folded, tuple(more)

    def ready(self) -> Part:
        """The same, what every text needs compiled now."""
        _ = self.seen, self.heard
        return self

    @cached_property
    def seen(self) -> ahocorasick.Automaton:
        """The patterns without Latin letters."""
        return _emptied(self._straight[0])

    @cached_property
    @kept()
    def heard(self) -> ahocorasick.Automaton:
        """The words as they sound."""
        found: Patterns = defaultdict(list)
        for slot, term in self._terms.items():
            if not term.sound:
                continue
            bits = self._bits.get(slot, 0)
            for word in map(self._folded.__getitem__, term.words):
                if han(word) > 1:
                    heard = meaning(slot, bits, word, word, 1.0, "sound")
                    for way in sound.spellings(word):
                        found[way].append(heard)
        return automaton({way: best(words) for way, words in found.items()})

    @cached_property
    @kept()
    def latin(self) -> Latin:
        """The patterns with Latin letters."""
        seen, tokens = self._straight[1], self._tokens()
        for slot, term in self._terms.items():
            bits = self._bits.get(slot, 0)
            for word in map(self._folded.__getitem__, term.words):
                for pattern, kind, weight in shortened(word, term):
                    seen[pattern].append(meaning(slot, bits, pattern, word, weight * term.weight, kind))
        reach = max(map(len, seen), default=0)
        return Latin(_emptied(seen), reach, {token: best(words) for token, words in tokens.items()})

    @cached_property
    @kept()
    def _straight(self) -> tuple[Patterns, Patterns]:
        """The words as they are and in other orders, what hides them, and what calls a pattern: without and with Latin letters."""
        found: tuple[Patterns, Patterns] = defaultdict(list), defaultdict(list)

        def see(pattern: str, word: Word) -> None:
            found[not LETTERS.isdisjoint(pattern)][pattern].append(word)

        fold = self._folded.__getitem__
        for slot, term in self._terms.items():
            bits = self._bits.get(slot, 0)
            for word in map(fold, term.words):
                for pattern, kind, weight in reordered(word, term):
                    see(pattern, meaning(slot, bits, pattern, word, weight * term.weight, kind))
            for word in map(fold, term.plain):
                see(word, meaning(slot, bits, word, word, term.weight, "exact"))
            for phrase in map(fold, term.shields):
                see(phrase, meaning(slot, bits, phrase, phrase, 0.0, "shield"))
        for pattern, meant in self._more:
            see(pattern, meant)
        return found

    def _tokens(self) -> Patterns:
        """Abbreviations, given and made."""
        found: Patterns = defaultdict(list)
        for slot, term in self._terms.items():
            bits = self._bits.get(slot, 0)
            for word in map(self._folded.__getitem__, term.words):
                if term.sound and 3 <= len(word) <= 5 and han(word) == len(word):
                    short = "".join(sound.initials(word))
                    found[short].append(meaning(slot, bits, short, word, 0.6, "initials"))
            for word in map(self._folded.__getitem__, term.latin):
                found[word].append(meaning(slot, bits, word, word, 0.6, "initials"))
        return found


def best(words: list[Word]) -> tuple[Word, ...]:
    """For each slot the heaviest reading of one pattern; shields and calls for a shape beside it."""
    if len(words) == 1:
        return (words[0],)
    here: dict[tuple[str, str], Word] = {}
    for word in words:
        key = word.slot, word.kind if word.kind in {"shield", "shape"} else ""
        if key not in here or here[key].weight < word.weight:
            here[key] = word
    return tuple(here.values())


def _emptied(found: Patterns) -> ahocorasick.Automaton:
    """A search for all the patterns, which are not needed any more."""
    made = automaton({pattern: sight(words) for pattern, words in found.items()})
    found.clear()
    return made


def sight(words: list[Word]) -> Sight:
    """What the words of one pattern mean together."""
    if len(words) == 1 and words[0].weight:
        word = words[0]
        return Sight(((word.slot, word),), word.bits, word.turns, ())
    meant = best(words)
    said = tuple((word.slot, word) for word in meant if word.weight)
    bits = reduce(or_, (word.bits for _, word in said), 0)
    return Sight(said, bits, sum(word.turns for _, word in said), tuple(word for word in meant if not word.weight))


def automaton(found: Mapping[str, object]) -> ahocorasick.Automaton:
    """A search for all the patterns. It tries the first characters one by one: the commonest come first."""
    made = ahocorasick.Automaton()
    made.add_word(NOWHERE, None)  # an automaton must not be empty
    rank = sound.common()
    for head in sorted({pattern[0] for pattern in found}, key=lambda char: (rank.get(char, len(rank)), char)):
        made.add_word(head + NOWHERE, None)
    for pattern, meant in found.items():
        made.add_word(pattern, meant)
    made.make_automaton()
    return made
