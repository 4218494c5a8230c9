"""I read one text: which words of the guard stand in it, where, in what disguise, and how surely."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from replies import guard_detect as detect
from replies import guard_sound as sound
from replies.guard_words import LETTERS, tight_table
from replies.text import fold_table, view

if TYPE_CHECKING:
    from replies.guard_words import Search, Word
    from replies.text import View

_latin = re.compile(r"[a-z]+")
_pause = re.compile(r"[,，。.!！?？;；:：、…~～]")
BREAK = "\n"  # between the messages of a joined text
_SCRAP = 3  # characters of a message that says nothing by itself
FLOOR = 0.25  # what weighs less is chance


class Hit(NamedTuple):
    """A slot found at `start:end` of the tight view, in the reading `view`."""

    start: int
    end: int
    weight: float
    view: str
    word: str


class Reading:
    """One text read with one lexicon. Positions are those of the tight view; `span` leads back to the text."""

    def __init__(
        self,
        text: str,
        search: Search,
        known: detect.Known,
        *,
        joined: bool = False,
        back: tuple[int, ...] = (),
        how: str = "",
    ) -> None:
        """`joined`: several messages, each ended by BREAK but the last. `back`: for a text made from another, named `how`,
        the position there of each character, and of its end.
        """
        self.text, self.search, self.known, self.joined = text, search, known, joined
        self.back, self.how = back, how
        self.chars = text.translate(tight_table())
        self.mask = 0
        self.hits: dict[str, list[Hit]] = {}
        self.shields: list[tuple[int, int, str]] = []
        self.parts = False
        self.turns = 0
        self._whole = len(self.chars) == len(text)
        self.latin = _latin.search(self.chars) is not None
        self._look()
        self._listen()
        if self.latin:
            self._spell()
        self._form()
        if self.shields:
            self._shield()

    @cached_property
    def tight(self) -> View:
        """The text folded, without separators."""
        return view("tight", self.text, tight_table())

    @cached_property
    def plain(self) -> View:
        """The text folded, separators and all."""
        return view("plain", self.text, fold_table())

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Positions of the tight view as code points of the text."""
        first, last = self.tight.span(start, end)
        if not self.back:
            return first, last
        ends = self.back[first], self.back[last - 1]
        if self.how == "parts":
            return self.back[first], self.back[last]
        return min(ends), max(ends) + 1

    def _look(self) -> None:
        for last, words in self.search.seen.iter(self.chars):
            for word in words:
                start = last + 1 - word.length
                if word.kind == "exact" and self._whole and not word.latin_left and not word.latin_right:
                    self._put(word.slot, word.bits, Hit(start, last + 1, word.weight, "exact", word.word))
                elif word.kind == "shield":
                    self.shields.append((start, last + 1, word.slot))
                elif word.kind == "parts":
                    self.parts = True
                else:
                    self._weigh(word, start, last + 1)

    def _weigh(self, word: Word, start: int, end: int) -> None:
        weight = word.weight
        lone = word.length == 1
        if word.latin_left and self._touches(start - 1, start, lone=lone):
            return
        if word.latin_right and (self._touches(end, end, lone=lone) or (word.length == 2 and self._model(start, end))):
            return
        if word.kind == "order":
            if self.how == "reversed":
                return
            self.turns += 1 if word.length == 2 else 2
            if self.chars[start:end] in self.search.ordinary:
                weight *= 0.7
        if word.kind != "exact":
            weight *= self._apart(start, end)
        if end - start > 1 and not self._whole:
            weight *= self._joints(start, end)
        if weight >= FLOOR:
            self._put(word.slot, word.bits, Hit(start, end, weight, word.kind, word.word))

    def _apart(self, start: int, end: int) -> float:
        """Less, if the edges of a find belong to ordinary words: 烦您 in 麻烦您."""
        chars, pairs = self.chars, self.search.pairs
        left = start > 0 and chars[start - 1 : start + 1] in pairs
        right = chars[end - 1 : end + 1] in pairs
        return (0.55 if left else 1.0) * (0.55 if right else 1.0)

    def _touches(self, at: int, joint: int, *, lone: bool) -> bool:
        """Does a Latin letter (or beside a lone letter a digit) stand at `at`, with nothing between it and the word?"""
        if not 0 <= at < len(self.chars) or not (self.chars[at] in LETTERS or (lone and self.chars[at].isdigit())):
            return False
        origin = self.tight.origin
        return self._whole or not _between(self.text, origin[joint - 1], origin[joint])

    def _model(self, start: int, end: int) -> bool:
        """Is a two-letter word the head of a model number: WX-200?"""
        if not self.chars[start:end].isascii() or not self.chars[end : end + 1].isdigit():
            return False
        origin = self.tight.origin
        return _between(self.text, origin[end - 1], origin[end]) in {"", "-", "_"}

    def _joints(self, start: int, end: int) -> float:
        """How much of a hit's weight stays, seeing what separates its characters."""
        origin, stays = self.tight.origin, 1.0
        for at in range(start + 1, end):
            between = _between(self.text, origin[at - 1], origin[at])
            if between:
                stays = min(stays, self._joint(at, between, start=start, end=end))
                if not stays:
                    break
        return stays

    def _joint(self, at: int, between: str, *, start: int, end: int) -> float:
        if BREAK in between and self.joined:
            return self._over_messages(at, start=start, end=end)
        if between.isspace() and self.chars[at] in LETTERS and self.chars[at - 1] in LETTERS:
            return 1.0
        left, right = self._piece(at - 1, -1), self._piece(at, 1)
        if between.isspace():
            return 0.9 if min(left, right) == 1 else 0.45
        if _pause.search(between):
            return 0.9 if left == right == 1 else 0.0
        return 0.95

    def _over_messages(self, at: int, *, start: int, end: int) -> float:
        """A word over two messages counts if at least one of them is wholly part of it."""
        before = self._piece(at - 1, -1, only=BREAK)
        after = self._piece(at, 1, only=BREAK)
        begun, ended = at - before >= start, at + after <= end
        if begun and ended:
            return 1.0
        if begun:
            return 0.6 if before == 1 else 0.0
        return (0.85 if end - start > 2 else 0.6) if ended else 0.0

    def _piece(self, at: int, step: int, *, only: str = "") -> int:
        """How many characters stand together from `at` in the direction `step`; at most eight are counted."""
        origin, count = self.tight.origin, 1
        while count < 8 and 0 <= at + step < len(origin):
            low, high = sorted((at, at + step))
            between = _between(self.text, origin[low], origin[high])
            if (only in between) if only else between:
                break
            at, count = at + step, count + 1
        return count

    def _listen(self) -> None:
        heard = self.chars.translate(sound.sound_table())
        for last, words in self.search.heard.iter(heard):
            for word in words:
                start = last + 1 - word.length
                surface = self.chars[start : last + 1]
                if surface != word.word:
                    self._hear(word, start, last + 1, surface)

    def _hear(self, word: Word, start: int, end: int, surface: str) -> None:
        if self.how == "reversed" or surface in self.search.ordinary or surface in self.search.watched:
            return
        weight = sound.likeness(surface, word.word) * self._apart(start, end)
        if not self._whole:
            weight *= self._joints(start, end)
        if weight >= FLOOR:
            self._put(word.slot, word.bits, Hit(start, end, weight, "sound", word.word))

    def _spell(self) -> None:
        """Latin runs: abbreviations as tokens, pinyin as sounds."""
        pieces: list[tuple[str, int, int]] = []
        codes, table, done, pinyin = sound.codes(), sound.sound_table(), 0, False
        for start, end in self._tokens():
            token = self.chars[start:end]
            for word in self.search.tokens.get(token, ()):
                self._put(word.slot, word.bits, Hit(start, end, word.weight, "initials", word.word))
            cut = sound.cut(token) if len(token) > 1 else None
            if cut is None:
                continue
            pinyin = True
            pieces.extend((table.get(ord(c), c), done + i, done + i + 1) for i, c in enumerate(self.chars[done:start]))
            for syllable in cut:
                pieces.append((codes[syllable], start, start + len(syllable)))
                start += len(syllable)
            done = end
        if pinyin:
            pieces.extend((table.get(ord(c), c), done + i, done + i + 1) for i, c in enumerate(self.chars[done:]))
            self._pinyin(pieces)

    def _tokens(self) -> list[tuple[int, int]]:
        """Latin words of the tight view; a space parts two of them."""
        found = []
        for run in _latin.finditer(self.chars):
            start = run.start()
            if not self._whole:
                origin = self.tight.origin
                for at in range(run.start() + 1, run.end()):
                    if _between(self.text, origin[at - 1], origin[at]):
                        found.append((start, at))
                        start = at
            found.append((start, run.end()))
        return found

    def _pinyin(self, pieces: list[tuple[str, int, int]]) -> None:
        heard = "".join(code for code, _, _ in pieces)
        for last, words in self.search.heard.iter(heard):
            for word in words:
                mine = pieces[last + 1 - word.length : last + 1]
                start, end = mine[0][1], mine[-1][2]
                if end - start == word.length:
                    continue  # no Latin in it: heard before
                surface = "".join(self.chars[a] if b - a == 1 else "a" for _, a, b in mine)
                weight = sound.likeness(surface, word.word)
                if weight >= FLOOR:
                    self._put(word.slot, word.bits, Hit(start, end, weight, "pinyin", word.word))

    def _form(self) -> None:
        """Patterns at once, numbers and addresses only as possibilities, to be looked for when a rule asks."""
        bits = self.search.bits
        self.mask |= bits[detect.OPEN]
        if self.known.long.search(self.chars):
            self.mask |= bits[detect.LONG]
        if self.latin and detect.may_be_address(self.text):
            self.mask |= bits[detect.NET]
        if self.known.blank_marks.search(self.text):
            self.mask |= bits[detect.FORM]
        if self.known.shape_marks.search(self.text):
            there = frozenset(self.text)
            for shape, pattern, needs in self.known.shapes:
                if needs.isdisjoint(there):
                    continue
                for match in pattern.finditer(self.plain.chars):
                    start, end = (self.at(at) for at in self.plain.span(*match.span()))
                    self._put(
                        shape.slot,
                        self.search.slot_bits[shape.slot],
                        Hit(start, end, shape.weight, "shape", match.group()),
                    )

    def _shield(self) -> None:
        for start, end, slot in self.shields:
            hits = self.hits.get(slot)
            if hits:
                self.hits[slot] = [hit for hit in hits if not (start <= hit.start and hit.end <= end)]

    def _put(self, slot: str, bits: int, hit: Hit) -> None:
        self.mask |= bits
        held = self.hits.setdefault(slot, [])
        if held and held[-1] > hit:
            insort(held, hit)
        else:
            held.append(hit)

    def find(self, slot: str) -> list[Hit]:
        """All hits of a slot: a term, a group of terms, or what a detector finds now."""
        found = self.hits.get(slot)
        if found is None:
            if slot in self.search.groups:
                members = self.known.elsewhere if slot == "elsewhere" else self.search.groups[slot]
                found = sorted(hit for member in members for hit in self.find(member))
            else:
                found = self._detected(slot)
            self.hits[slot] = found
        return found

    @cached_property
    def _all_detected(self) -> dict[str, list[Hit]]:
        found: dict[str, list[Hit]] = {}
        for thing in detect.everything(self.plain.chars, self.known):
            start, end = self.plain.span(thing.start, thing.end)
            low, high = self.at(start), self.at(end)
            if low < high:
                found.setdefault(thing.slot, []).append(Hit(low, high, thing.weight, thing.how, thing.value))
        return found

    def _detected(self, slot: str) -> list[Hit]:
        return self._all_detected.get(slot, [])

    def at(self, position: int) -> int:
        """The position of the tight view at or after a code point of the text."""
        return bisect_left(self.tight.origin, position)

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

    @cached_property
    def clauses(self) -> list[int]:
        """Where in the tight view a new clause begins."""
        found, origin = [], self.tight.origin
        for at in range(1, len(origin)):
            between = self.text[origin[at - 1] + 1 : origin[at]]
            if between and (BREAK in between or _pause.search(between)):
                found.append(at)
        return found


def _between(text: str, left: int, right: int) -> str:
    """What stands between two characters and can be seen."""
    if right - left <= 1:
        return ""
    return text[left + 1 : right].translate(fold_table())
