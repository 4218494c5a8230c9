"""I read one text: which words of the guard stand in it, where, in what disguise, and how surely."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from replies import guard_detect as detect
from replies import guard_impression as impression
from replies import guard_slots
from replies import guard_sound as sound
from replies.guard_folded import Folded
from replies.guard_forms import detected, possible, shaped
from replies.guard_hits import FLOOR, Hit, Variant, covered
from replies.guard_jumble import jumbled
from replies.guard_spell import beside, latin, spelled, tokens
from replies.guard_weigh import doubted, edged, meek, weighed
from replies.lazy import lazy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replies.guard_forms import Places
    from replies.guard_terms import Part, Sight, Word
    from replies.guard_words import Search

_OURS = frozenset({"elsewhere", "here"})  # groups that depend on the platform


class Reading(Folded):
    """One text read with one lexicon. Positions are those of the tight view; `span` leads back to the text.

    Words are noted where they stand and weighed when a rule asks for their slot; so are patterns, numbers and addresses.
    Rare words are looked for at once, frequent ones only when a rule that a rare one called asks for them.
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
        first: Reading | None = None,
    ) -> None:
        """`joined`: several messages, each ended by BREAK but the last. `variant`: for a text made from another, or a piece
        of it, `first` being the reading of that. `states`: slots that hold because of when the message is sent.
        """
        super().__init__(text, search.pairs, variant, joined=joined)
        self.search, self.known, self._first = search, known, first
        self.parts: Places = []
        self._noted: defaultdict[str, list[tuple[int, Word]]] = defaultdict(list)
        self._hits: dict[str, list[Hit]] = {}
        self._found: dict[str, list[Hit]] = {}
        self._asked: dict[str, Places | None] = {}
        self._shields: dict[str, Places] = {}
        self._sounds = ""  # the tight view, each character as the code of its sound
        self.whole = len(self.chars) == len(text) and text.isalnum()
        self.latin = latin.search(self.chars) is not None
        self.mask = search.frequent_bits | possible(self)
        for state in states:
            self._hits[state] = [Hit(0, len(self.chars), 1.0, "state", state)]
            self.mask |= search.slot_bits[state]
        if not self.how:
            self._judge()
        self.turns = self._scan(search.rare)
        if not self.how and search.bag_keys.search(self.chars):
            for word, hit in jumbled(self.chars, search):
                weight = 1.0 if self.whole else self.joints.weight(hit.start, hit.end)
                self._put(word, hit._replace(weight=hit.weight * weight))
        if known.signs.search(text):
            for char in sorted(known.marks.keys() & text):
                self._asked.update(dict.fromkeys(known.marks[char]))
        for slot, called in self._asked.items():
            self._shape(slot, called)

    def ends(self) -> impression.Ends:
        """Where sentences and clauses begin."""
        return impression.Ends(self.joints.sentences, self.joints.clauses)

    @lazy
    def overall(self) -> impression.Whole:
        """What seems to be what as a whole."""
        return impression.Whole(self.chars, self.ends)

    def _judge(self) -> None:
        """Note what the text seems to be as a whole; of several messages, what only all together seem to be."""
        start, size = self._recent if self.joined else 0, len(self.chars)
        if start is None:
            return
        for seen in impression.judged(self.chars[start:] if start else self.chars, self.ends):
            slot = f"seems_{seen.kind}"
            if self.joined and slot not in guard_slots.SEEMS_GRAVE:
                continue  # what only deserves a warning is not spread over messages to hide it
            chance = seen.grave if slot in guard_slots.SEEMS_GRAVE else seen.offence
            place = (start, size) if self.joined else (seen.start, seen.end)
            self._hits[slot] = [Hit(*place, chance, "seems", seen.kind)]
            self.mask |= self.search.slot_bits[slot]

    @property
    def _recent(self) -> int | None:
        """Where the messages begin that are judged together with the last; None if none is, or the last does not go on from an offence."""
        size, last = len(self.chars), self.last
        starts = [at for at in (0, *self.joints.breaks) if at < last and size - at <= impression.LONGEST]
        if not starts:
            return None
        if impression.judged(self.chars[starts[0] : last], self.ends):
            on = impression.offence(self.chars[last:])
            return starts[0] if on >= self.known.facts.goes_on else None
        return starts[0]

    @property
    def turned(self) -> list[int]:
        """Where in the tight view characters stand in another order than in a rare word."""
        often = self.search.frequent_slots
        noted = [found for slot, found in self._noted.items() if slot not in often]
        found = [(last, word) for places in noted for last, word in places if word.turns]
        return sorted({at for last, word in found for at in range(last + 1 - word.length, last + 1)})

    @property
    def slots(self) -> Iterable[str]:
        """The slots that may be filled so far, some of them twice."""
        return chain(self._noted, self._hits)

    def _scan(self, part: Part) -> int:
        """Look for the words of one part of the lexicon, listen for them, read Latin letters; how much was turned."""
        turns = self._see(part.seen.iter(self.chars))
        if self.latin:
            apart = part.latin
            for start, end in beside(self.chars, apart.reach):
                turns += self._see(apart.seen.iter(self.chars, start, end))
        self._listen(part)
        return turns

    def _see(self, found: Iterable[tuple[int, Sight]]) -> int:
        """Note what was found: the end of each word; how much was turned."""
        noted, bits, turns = self._noted, 0, 0
        for last, (words, sum_of_bits, sum_of_turns, others) in found:
            bits |= sum_of_bits
            turns += sum_of_turns
            for slot, word in words:
                noted[slot].append((last, word))
            for word in others:
                self._note(word, last + 1 - word.length, last + 1)
        self.mask |= bits
        return turns

    def _listen(self, part: Part) -> None:
        """Listen for the words of one part, and read Latin letters."""
        chars, search = self.chars, self.search
        if self.how != "reversed":
            if not self._sounds:
                self._sounds = chars.translate(sound.sound_table())
            for last, words in part.heard.iter(self._sounds):
                for word in words:
                    surface = chars[last + 1 - word.length : last + 1]
                    meant = word.word
                    if (
                        surface != meant
                        and surface not in search.ordinary
                        and surface not in search.watched
                        and sound.likeness(surface, meant) >= FLOOR
                    ):
                        self.mask |= word.bits
                        self._noted[word.slot].append((last, word))
        if self.latin:
            for word, hit in spelled(chars, self._tokens, part):
                self._put(word, hit)

    @lazy
    def _tokens(self) -> list[tuple[int, int]]:
        # letters that stand together in the text need no look at what might part them
        apart = not self.whole and latin.findall(self.chars) != latin.findall(self.folded)
        return tokens(self.chars, self.joints.gaps if apart else [])

    def _note(self, word: Word, start: int, end: int) -> None:
        """A find that is no word: what hides one, what asks for a pattern, pieces of a character."""
        if word.kind == "shield":
            self._shields.setdefault(word.slot, []).append((start, end))
        elif word.kind == "shape":
            called = self._asked.setdefault(word.slot, [])
            if called is not None:
                called.append((start, end))
        else:
            self.parts.append((start, end))

    def _shape(self, slot: str, called: Places | None) -> None:
        """Try a slot's patterns, where they were called."""
        hits = shaped(slot, self, called)
        if hits:
            self._hits.setdefault(slot, []).extend(hits)
            self.mask |= self.search.slot_bits[slot]

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
                members = getattr(self.known, slot) if slot in _OURS else self.search.groups[slot]
                found = sorted(hit for member in members for hit in self.find(member))
            elif slot in guard_slots.FOUND:
                found = self._detected.get(slot, [])
            else:
                found = self._settled(slot)
            self._found[slot] = found
        return found

    def says(self, slot: str) -> bool:
        """Does a slot stand anywhere in the text, of which this may be a piece?"""
        return bool(self.find(slot)) or (bool(self.places) and self._first is not None and self._first.says(slot))

    def holds(self, slot: str) -> bool:
        """Does any word or pattern of a slot stand in the text, hidden by a phrase or not?"""
        return (slot in self._noted or slot in self._hits) and bool(self._every(slot))

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
            for hit in self._every(term)
            for start, end in sorted(self._shields.get(term, ()))
            if start <= hit.start and hit.end <= end
        ]

    def _every(self, slot: str) -> list[Hit]:
        """The hits of a term or shape in order, hidden or not, each as sure as it stands."""
        hits = list(self._hits.get(slot, ()))
        if slot in self._noted:
            hits += [hit for last, word in self._noted[slot] if (hit := weighed(word, last, self))]
        hits.sort()
        return hits

    def _settled(self, slot: str) -> list[Hit]:
        """The hits of a term without those that a shielding phrase covers, the doubtful ones lighter."""
        search = self.search
        if slot in search.frequent_slots:
            self._frequent()
        elif slot in self.known.untold and slot not in self._asked:
            self._asked[slot] = None
            self._shape(slot, None)
        if slot not in self._noted and slot not in self._hits:
            return []
        hits = self._every(slot)
        if not hits:
            return hits
        shields = sorted(self._shields.get(slot, ()))
        if shields:
            hits = [hit for hit in hits if not covered(hit, shields)]
        if slot in search.edged:
            hits = [edged(hit, self) for hit in hits]
        if slot in search.meek and not self.how:
            hits = [meek(hit, self) for hit in hits]
        return [doubted(hit, self) for hit in hits] if self.doubts else hits

    def sharpened(self) -> int:
        """The mask when numbers and addresses have been looked for: no longer what may be, but what is there."""
        kinds, bits = self.search.kinds, self.search.slot_bits
        absent = kinds.long | kinds.open | kinds.latin | kinds.net | kinds.form
        for slot in self._detected:
            absent &= ~bits[slot]
        self.mask &= ~absent
        return self.mask

    @lazy
    def _detected(self) -> dict[str, list[Hit]]:
        return detected(self)
