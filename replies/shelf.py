"""I hold the phrasings of a library as they are compared, in little room."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from replies.reading import core_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from replies.reading import Reading


class Phrasing(NamedTuple):
    """A 问法 as written and as compared."""

    text: str
    plain: str


class Entry(NamedTuple):
    """A script as it is compared: side by side its phrasings as written, peeled, and as their cores, for rapidfuzz.

    `firm`: those as written that are beyond doubt, in the order of their sentence vectors.
    """

    texts: list[str]
    plains: list[str]
    cores: list[str]
    firm: list[str]

    def add(self, text: str, reading: Reading) -> None:
        """One more phrasing, `text` as written and as read."""
        self.texts.append(text)
        self.plains.append(reading.plain)
        self.cores.append(core_of(reading.folded))

    def drop(self, text: str) -> None:
        """One phrasing less, if it is there."""
        if text in self.texts:
            at = self.texts.index(text)
            del self.texts[at], self.plains[at], self.cores[at]


class Shelf:
    """The phrasings of all scripts in three long lists; only a script that learned has lists of its own.

    Half a million phrasings are three lists instead of hundreds of thousands: less room, and nothing for the garbage
    collector to walk.
    """

    def __init__(self) -> None:
        """Empty: `add` fills it, script by script."""
        self._texts: list[str] = []
        self._plains: list[str] = []
        self._cores: list[str] = []
        self._ends = [0]
        self._own: dict[int, Entry] = {}

    def add(self, texts: Iterable[str], readings: Iterable[Reading]) -> None:
        """The next script: its phrasings as written and as read."""
        self._texts += texts
        for reading in readings:
            core = core_of(reading.folded)
            self._plains.append(reading.plain)
            self._cores.append(reading.plain if core == reading.plain else core)
        self._ends.append(len(self._texts))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, script: int) -> Entry:
        """The entry of a script, to look at."""
        own = self._own.get(script)
        if own is not None:
            return own
        held = slice(self._ends[script], self._ends[script + 1])
        texts = self._texts[held]
        return Entry(texts, self._plains[held], self._cores[held], texts)

    def own(self, script: int) -> Entry:
        """The entry of a script, to change."""
        if script not in self._own:
            entry = self[script]
            self._own[script] = entry._replace(firm=list(entry.firm))
        return self._own[script]

    def built(self, script: int) -> list[str]:
        """The phrasings that the library itself gives a script."""
        return self._texts[self._ends[script] : self._ends[script + 1]]

    def every(self) -> list[Sequence[str]]:
        """The peeled phrasings of each script."""
        return [self[script].plains for script in range(len(self))]

    def plains(self, scripts: Iterable[int]) -> tuple[list[str], list[int]]:
        """The peeled phrasings of some scripts in one list, and where those of each begin."""
        return self._gathered(scripts, self._plains, lambda entry: entry.plains)

    def cores(self, scripts: Iterable[int]) -> tuple[list[str], list[int]]:
        """The same as cores."""
        return self._gathered(scripts, self._cores, lambda entry: entry.cores)

    def _gathered(
        self, scripts: Iterable[int], held: Sequence[str], own: Callable[[Entry], list[str]]
    ) -> tuple[list[str], list[int]]:
        found, starts = list[str](), list[int]()
        ends, learned = self._ends, self._own
        for script in scripts:
            starts.append(len(found))
            found += own(learned[script]) if script in learned else held[ends[script] : ends[script + 1]]
        return found, starts

    def phrasing(self, script: int, at: int) -> Phrasing:
        """Number `at` of a script."""
        own = self._own.get(script)
        if own is not None:
            return Phrasing(own.texts[at], own.plains[at])
        at += self._ends[script]
        return Phrasing(self._texts[at], self._plains[at])

    @property
    def usual(self) -> float:
        """How many phrasings a script of the library has."""
        return len(self._texts) / max(len(self), 1)
