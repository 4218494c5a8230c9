"""I weigh the scripts of a library for one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replies import odds
from replies.evidence import Looked, measure, outlook
from replies.index import Index
from replies.meaning import place
from replies.reading import read
from replies.sayings import Sayings
from replies.senses import Senses
from replies.shelf import Shelf
from replies.suggestion import ANYWHERE, limited
from replies.typos import Ear

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from replies.evidence import Evidence, Silence
    from replies.library import Script
    from replies.odds import Chance
    from replies.reading import Reading
    from replies.suggestion import Scope
    from replies.vectors import Meaning

KEEP = 12  # scripts whose phrasings are compared letter by letter
CLOSER = 8  # and of these, those compared in every way; all of them where sentence vectors take most of the time anyway


class Scales:
    """Every phrasing of a library as it is compared; what is learned changes it at once."""

    def __init__(self, scripts: Sequence[Script], meaning: Meaning | None = None) -> None:
        """Reads every phrasing once. `meaning`: compare by sentence vectors too."""
        self._scripts = scripts
        self.shelf = Shelf()
        self._sayings = Sayings()
        self._index = Index(self._read())
        self._ear: Ear | None = None
        self._limited = frozenset(number for number, script in enumerate(scripts) if limited(script))
        plains = self.shelf.every()
        self._semantic = meaning is not None and bool(plains)
        self._space = place(meaning, plains) if meaning and plains else Senses(plains)

    def _read(self) -> Iterator[list[tuple[str, ...]]]:
        """Take in each script; yields the forms of its phrasings, whose pieces only the index keeps."""
        for number, script in enumerate(self._scripts):
            texts = script.questions()
            readings = list(map(read, texts))
            self.shelf.add(texts, readings)
            for reading in readings:
                self._sayings.add(number, reading)
            yield [reading.forms for reading in readings]

    def weigh(self, asked: Reading, scope: Scope) -> list[Chance]:
        """The chances of scripts for one message; what is unsure as written is heard by its sound too."""
        written = self._chances(asked, scope)
        if written and written[0][0] >= odds.fitted().bars.strong:
            return written
        if self._ear is None:
            self._ear = Ear(self._index.pairs())
        mended = self._ear.mend(asked.plain)
        if mended == asked.plain:
            return written
        changed = sum(one != other for one, other in zip(asked.plain, mended, strict=True))
        heard = self._chances(read(mended), scope, meant=asked)
        heard = odds.lowered(heard, odds.fitted().misheard * changed)
        return heard if heard and (not written or heard[0][0] > written[0][0]) else written

    def _chances(self, asked: Reading, scope: Scope, meant: Reading | None = None) -> list[Chance]:
        silence, measured = self.evidence(asked, scope, meant)
        return odds.chances(measured, silence, semantic=self._semantic)

    def evidence(
        self, asked: Reading, scope: Scope = ANYWHERE, meant: Reading | None = None
    ) -> tuple[Silence, list[Evidence]]:
        """What speaks for showing nothing, and for each script worth a look: a ranking before any weight is put on it.

        `meant`: the text whose sentence vector is taken; that of `asked` without it. A vector costs most of a ranking.
        """
        found = self._index.look(asked.forms)
        said = (meant or asked).plain
        scripts, others = found.best(KEEP), self._space.around(said, KEEP)
        scripts = self._allowed(list(dict.fromkeys((*scripts, *others))) if others else scripts, scope)
        closeness = self._space.closeness(said, scripts)
        keep = KEEP if self._semantic else CLOSER
        looked = Looked(asked, found, scripts, closeness, self._sayings.of(asked), keep)
        return outlook(asked, found), measure(looked, self.shelf)

    def _allowed(self, scripts: list[int], scope: Scope) -> list[int]:
        if self._limited.isdisjoint(scripts):
            return scripts
        return [script for script in scripts if scope.allows(self._scripts[script])]

    def saying(self, key: str, scope: Scope) -> list[tuple[int, int]]:
        """The scripts that have `key`, a whole or a peeled message, and as which of their phrasings."""
        if not key:
            return []
        owners = self._allowed(list(self._sayings.owners(key)), scope)
        return [(script, self._as(script, key)) for script in owners]

    def _as(self, script: int, key: str) -> int:
        entry = self.shelf[script]
        said = zip(entry.texts, entry.plains, strict=True)
        return next(at for at, (text, plain) in enumerate(said) if key in (plain, read(text).whole))

    def near(self, text: str) -> Iterator[str]:
        """The peeled phrasings of the scripts that have most in common with a text, whatever it asks."""
        return (
            plain for script in self._index.look(read(text).forms).best(KEEP) for plain in self.shelf[script].plains
        )

    def learn(self, script: int, text: str, *, sure: bool) -> bool:
        """Count `text` as a phrasing of `script` from now on; False if it is one already, or says nothing."""
        reading = read(text)
        if not reading.plain or text in self.shelf[script].firm:
            return False
        entry = self.shelf.own(script)
        if text not in entry.texts:
            self._index.learn(script, _forms(tuple(entry.texts)), more=[reading.forms])
        entry.drop(text)
        entry.add(text, reading)
        if sure:
            entry.firm.append(text)
            self._sayings.add(script, reading)
            self._space.learn(script, entry.plains)
        return True

    def forget(self, script: int, text: str) -> bool:
        """Undo what was learned of `text`; False if it is the library's own."""
        if text in self.shelf.built(script):
            return False
        entry = self.shelf.own(script)
        if text in entry.texts:
            self._index.learn(script, _forms(tuple(entry.texts)), less=[read(text).forms])
        entry.drop(text)
        if text in entry.firm:
            at = entry.firm.index(text)
            del entry.firm[at]
            self._sayings.drop(script, read(text), map(read, entry.firm))
            self._space.forget(script, at, entry.plains)
        return True


def _forms(texts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Read again rather than kept, where anybody asks: few scripts ever learn."""
    return (read(text).forms for text in texts)
