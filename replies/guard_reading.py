"""I read one text: which words of the guard stand in it, where, in what disguise, and how surely."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from replies import guard_detect as detect
from replies import guard_sound as sound
from replies.guard_disguise import tight_table
from replies.guard_hits import Hit, Variant, covered
from replies.guard_joints import BREAK, Joints, edges, runs_on
from replies.guard_jumble import jumbled
from replies.guard_spell import latin, spelled, tokens
from replies.text import View, fold_table, origins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replies.guard_words import Part, Search, Word

_close = re.compile(r"[，,。.!！?？;；\n]")
_NEAR = 60  # characters on either side of a word that calls a pattern
_SHORT = 200  # characters of a text that is searched through for each find
_HEARD, _ALONE = 0.4, 0.75
_TRIPLE = 3  # characters of a sound that an ordinary pair in it makes doubtful
_ODD = 4  # digits in unusual signs that are no slip
_ASIDE = 1  # characters beside a word that is still a message of its own
_SCRAP = 3  # characters of a message that says nothing by itself
FLOOR = 0.25  # what weighs less is chance
_new = tuple.__new__  # a hit without the detour of its named parts: there are thousands in a long text


class Reading:
    """One text read with one lexicon. Positions are those of the tight view; `span` leads back to the text.

    Rare words are looked for at once; frequent ones only when a rule that a rare one called asks for them.
    """

    def __init__(
        self,
        text: str,
        search: Search,
        known: detect.Known,
        *,
        joined: bool = False,
        variant: Variant | None = None,
        states: tuple[str, ...] = (),
    ) -> None:
        """`joined`: several messages, each ended by BREAK but the last. `variant`: for a text made from another.
        `states`: slots that hold because of when the message is sent.
        """
        self.text, self.search, self.known, self.joined = text, search, known, joined
        self.back = variant.back if variant else ()
        self.how = variant.how if variant else ""
        self.doubts = variant.doubts if variant else {}
        self.chars = text.translate(tight_table())
        self.mask = search.frequent_bits
        self.parts: list[tuple[int, int]] = []
        self.turns = 0
        self._hits: dict[str, list[Hit]] = {}
        self._found: dict[str, list[Hit]] = {}
        self._asked: dict[str, tuple[int, int] | None] = {}
        self._shaped: set[str] = set()
        self._shields: dict[str, list[tuple[int, int]]] = {}
        self._whole = len(self.chars) == len(text) and text.isalnum()
        self.latin = latin.search(self.chars) is not None
        for state in states:
            self._hits[state] = [Hit(0, len(self.chars), 1.0, "state", state)]
            self.mask |= search.slot_bits[state]
        self._scan(search.rare)
        if not self.how:
            for word, hit in jumbled(self.chars, search):
                self._put(
                    word,
                    hit if self._whole else hit._replace(weight=hit.weight * self.joints.weight(hit.start, hit.end)),
                )
        self._form()

    @property
    def slots(self) -> Iterable[str]:
        """The slots that may be filled so far."""
        return self._hits

    @cached_property
    def tight(self) -> View:
        """The text folded, without separators."""
        return View("tight", self.chars, origins(self.text, self.chars, tight_table()))

    @cached_property
    def plain(self) -> View:
        """The text folded, separators and all, with the way back."""
        return View("plain", self.folded, origins(self.text, self.folded, fold_table()))

    @cached_property
    def folded(self) -> str:
        """The text folded, separators and all."""
        return self.text.translate(fold_table())

    @cached_property
    def joints(self) -> Joints:
        """What stands between the characters."""
        return Joints(self.text, self.tight, self.search.pairs, joined=self.joined)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Positions of the tight view as code points of the text that was written."""
        first, last = self.tight.span(start, end)
        if not self.back:
            return first, last
        if self.how == "parts":
            return self.back[first], self.back[last]
        ends = self.back[first], self.back[last - 1]
        return min(ends), max(ends) + 1

    def mended(self, hit: Hit) -> bool:
        """Was something left out between the characters of a find, in a text made from another?"""
        origin, back = self.tight.origin, self.back
        places = origin[hit.start : hit.end]
        return any(abs(back[after] - back[at]) > after - at for at, after in pairwise(places))

    def at(self, position: int) -> int:
        """The position of the tight view at or after a code point of the text."""
        return bisect_left(self.tight.origin, position)

    def _scan(self, part: Part) -> None:
        """Look for the words of one part of the lexicon, listen for them, read Latin letters."""
        chars, text, whole = self.chars, self.text, self._whole
        short, hits, bits = len(text) <= _SHORT, self._hits, 0
        for last, words in part.seen.iter(chars):
            for word in words:
                start = last + 1 - word.length
                # what stands in the text as it is needs no look at what might part its characters
                if word.bare or (word.kind == "exact" and not word.latin and (whole or (short and word.word in text))):
                    if word.weight >= FLOOR:
                        bits |= word.bits
                        hit = _new(Hit, (start, last + 1, word.weight, "exact", word.word))
                        hits.setdefault(word.slot, []).append(hit)
                elif word.weight:
                    self._weigh(word, start, last + 1)
                else:
                    self._note(word, start, last + 1)
        self.mask |= bits
        self._listen(part)

    def _listen(self, part: Part) -> None:
        """Listen for the words of one part, and read Latin letters."""
        chars = self.chars
        if self.how != "reversed":
            for last, words in part.heard.iter(chars.translate(sound.sound_table())):
                for word in words:
                    self._hear(word, last + 1 - word.length, last + 1)
        if self.latin:
            for word, hit in spelled(chars, self._tokens, part):
                self._put(word, hit)

    @cached_property
    def _tokens(self) -> list[tuple[int, int]]:
        return tokens(self.chars, [] if self._whole else self.joints.gaps)

    def _note(self, word: Word, start: int, end: int) -> None:
        """A find that is no word: what hides one, what asks for a pattern, pieces of a character."""
        if word.kind == "shield":
            self._shields.setdefault(word.slot, []).append((start, end))
        elif word.kind == "shape":
            low, high = self._asked.get(word.slot, (start, end)) or (0, len(self.chars))
            self._asked[word.slot] = min(low, start), max(high, end)
        else:
            self.parts.append((start, end))

    def _weigh(self, word: Word, start: int, end: int) -> None:
        if word.latin and runs_on(word, self.joints, start, leet=self.how == "leet"):
            return
        weight = word.weight
        if word.kind == "order":
            if self.how == "reversed":
                return
            self.turns += 1 if word.length == 2 else 2
            if self.chars[start:end] in self.search.ordinary:
                weight *= 0.7
        if word.kind != "exact":
            weight *= edges(self.chars, self.search.pairs, start, end)
        if not self._whole and end - start > 1:
            weight *= self.joints.weight(start, end)
        self._put(word, Hit(start, end, weight, word.kind, word.word))

    def _hear(self, word: Word, start: int, end: int) -> None:
        surface = self.chars[start:end]
        if surface == word.word or surface in self.search.ordinary or surface in self.search.watched:
            return
        pairs = self.search.pairs
        weight = sound.likeness(surface, word.word) * edges(self.chars, pairs, start, end)
        if (
            end - start == _TRIPLE
            and not set(surface) & set(word.word)
            and not pairs.isdisjoint((surface[:2], surface[1:]))
        ):
            weight *= 0.6  # 机身码 is the code of a machine before it is 急什么
        if weight >= FLOOR and not self._whole:
            weight *= self.joints.weight(start, end)
        if weight > _HEARD and end - start == len(self.chars):
            weight = max(weight, _ALONE)  # a word alone in a message was meant
        self._put(word, Hit(start, end, weight, "sound", word.word))

    def _form(self) -> None:
        """Patterns at once, numbers and addresses only as possibilities, to be looked for when a rule asks."""
        known, bits = self.known, self.search.bits
        self.mask |= bits[detect.OPEN]
        long = known.long.search(self.chars) is not None
        if self.latin or long:
            self.mask |= bits[detect.LATIN]
        if long:
            self.mask |= bits[detect.LONG]
        if self.latin and self.known.net.search(self.folded):
            self.mask |= bits[detect.NET]
        if known.blank_marks.search(self.text):
            self.mask |= bits[detect.FORM]
        if known.signs.search(self.text):
            for char in sorted(known.marks.keys() & self.text):
                self._asked.update(dict.fromkeys(known.marks[char]))
        for slot in self._asked:
            self._shape(slot)

    def _shape(self, slot: str) -> None:
        """Try a slot's patterns, once."""
        if slot in self._shaped:
            return
        self._shaped.add(slot)
        folded = self.folded
        low, high = self._stretch(self._asked.get(slot))
        for shape in self.known.shapes[slot]:
            for match in shape.pattern.finditer(folded, low, high):
                start, end = (self.at(at) for at in self.plain.span(*match.span()))
                self._hits.setdefault(slot, []).append(Hit(start, end, shape.weight, "shape", match.group()))
                self.mask |= self.search.slot_bits[slot]

    def _stretch(self, called: tuple[int, int] | None) -> tuple[int, int]:
        """Where in the plain view patterns are tried: around the words that called them, to the end of a clause."""
        size = len(self.folded)
        if called is None or size <= _NEAR * 2:
            return 0, size
        plain, origin = self.plain, self.tight.origin
        low, high = (bisect_left(plain.origin, origin[at]) for at in (called[0], called[1] - 1))
        close = _close.search(plain.chars, min(size, high + _NEAR))
        return max(0, low - _NEAR), close.end() if close else size

    def _put(self, word: Word, hit: Hit) -> None:
        if hit.weight < FLOOR:
            return
        self.mask |= word.bits
        self._hits.setdefault(word.slot, []).append(hit)

    def find(self, slot: str) -> list[Hit]:
        """All hits of a slot in order: a term, a group of terms, a shape, or what a detector finds now."""
        found = self._found.get(slot)
        if found is None:
            if slot in self.search.groups:
                members = self.known.elsewhere if slot == "elsewhere" else self.search.groups[slot]
                found = sorted(hit for member in members for hit in self.find(member))
            else:
                if slot in self.search.frequent_slots:
                    self._frequent()
                elif slot in self.known.untold:
                    self._shape(slot)
                found = self._detected.get(slot, []) if slot in detect.FOUND else self._settled(slot)
            self._found[slot] = found
        return found

    def _frequent(self) -> None:
        if self.mask & self.search.all_read:
            return
        self.mask |= self.search.all_read
        self._scan(self.search.frequent)

    def shielded(self, slot: str) -> list[tuple[Hit, str]]:
        """The hits of a slot that a phrase hides, each with the phrase."""
        return [
            (hit, self.chars[start:end])
            for term in self.search.groups.get(slot, (slot,))
            for hit in sorted(self._hits.get(term, ()))
            for start, end in sorted(self._shields.get(term, ()))
            if start <= hit.start and hit.end <= end
        ]

    def _settled(self, slot: str) -> list[Hit]:
        """The hits of a term without those that a shielding phrase covers, the doubtful ones lighter."""
        hits = sorted(self._hits.get(slot, ()))
        shields = sorted(self._shields.get(slot, ()))
        if shields:
            hits = [hit for hit in hits if not covered(hit, shields)]
        if slot in self.search.edged:
            hits = [self._edged(hit) for hit in hits]
        if slot in self.search.meek and not self.how:
            hits = [self._meek(hit) for hit in hits]
        return [self._doubted(hit) for hit in hits] if self.doubts else hits

    def _edged(self, hit: Hit) -> Hit:
        if hit.view != "exact" or hit.end - hit.start > _TRIPLE or hit.word.isascii():
            return hit
        return hit._replace(weight=hit.weight * edges(self.chars, self.search.pairs, hit.start, hit.end))

    def _meek(self, hit: Hit) -> Hit:
        first, last = self.tight.span(hit.start, hit.end)
        alone = hit.end - hit.start >= len(self.chars) - _ASIDE
        plain = hit.view == "exact" and last - first == hit.end - hit.start
        return hit._replace(weight=hit.weight / 2) if plain and not alone else hit

    def _doubted(self, hit: Hit) -> Hit:
        start, end = self.tight.span(hit.start, hit.end)
        doubt = max((doubt for at, doubt in self.doubts.items() if start <= at < end), default=0.0)
        long = hit.end - hit.start > 2
        return hit._replace(weight=hit.weight * (1 - doubt * (0.6 if long else 1.0)), view="look") if doubt else hit

    @cached_property
    def _detected(self) -> dict[str, list[Hit]]:
        found: dict[str, list[Hit]] = {}
        for thing in detect.everything(self.plain.chars, self.known):
            start, end = self.plain.span(thing.start, thing.end)
            low, high = self.at(start), self.at(end)
            if low < high:
                found.setdefault(thing.slot, []).append(Hit(low, high, thing.weight, thing.how, thing.value))
                if thing.slot == "phone" and self._dressed(start, end):
                    found.setdefault("odd_phone", []).append(Hit(low, high, 1.0, thing.how, thing.value))
        return {slot: sorted(hits) for slot, hits in found.items()}

    def _dressed(self, start: int, end: int) -> bool:
        """Is a number spread over messages, or written in signs that no keyboard has?"""
        written = self.text[start:end]
        odd = sum(not char.isascii() and not "０" <= char <= "９" for char in written)
        return odd > _ODD or (self.joined and BREAK in written)

    @cached_property
    def last(self) -> int:
        """Where the last of joined messages begins, in the tight view."""
        return self.at(self.text.rfind(BREAK) + 1) if self.joined else 0

    @cached_property
    def reach(self) -> int:
        """Where a match over several messages must end after: a scrap of a last message goes with the one before it."""
        if not self.joined or len(self.chars) - self.last > _SCRAP:
            return self.last
        end = self.text.rfind(BREAK)
        return self.at(self.text.rfind(BREAK, 0, max(0, end)) + 1)
