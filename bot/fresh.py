"""I notice that a library's files have changed, and put what they say now in the place of what they said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replies import library, meaning
from replies.learning import Lessons
from replies.match import Matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from bot.shop import Shop
    from replies.learning import Known
    from replies.library import Library
    from replies.vectors import Meaning

Stamp = tuple[tuple[str, int, int, int], ...]


def stamp(paths: Sequence[Path]) -> Stamp:
    """What changes when one of a library's files does: name, time, size and place on the disk of each."""
    return stamp_of(file for path in paths for file in sorted(library.files(path)))


def stamp_of(files: Iterable[Path]) -> Stamp:
    """The same of these files; of those that are there."""
    found: list[tuple[str, int, int, int]] = []
    for file in files:
        try:
            held = file.stat()
        except OSError:  # gone since it was listed, or a link to nothing: reading tells
            continue
        found.append((str(file), held.st_mtime_ns, held.st_size, held.st_ino))
    return tuple(found)


class Watched:
    """Some files. One that changes is read once it has stayed the same for a look: nobody writes in an instant."""

    def __init__(self, paths: Sequence[Path], seen: Stamp, *, look: Callable[[Sequence[Path]], Stamp] = stamp) -> None:
        """`seen`: the stamp, as `look` tells it, from before they were read. By itself they are a library's."""
        self.paths, self._read, self._last, self._look = tuple(paths), seen, seen, look

    def changed(self) -> bool:
        """Is it time to read them again? Says so once for each change."""
        now = self._look(self.paths)
        settled, self._last = now == self._last, now
        if not settled or now == self._read:
            return False
        self._read = now
        return True


class Renewal:
    """A library built for the shops that have it, beside the work of the engine."""

    def __init__(self, read: Library, folder: Path | None) -> None:
        """`folder`: where sentence vectors are kept; None compares without them."""
        self.library = read
        # Its own: what serves now is not for two threads at a time.
        self._meaning: Meaning | None = meaning.load(folder) if folder else None

    def build(self, known: Known) -> Lessons:
        """A matcher that knows what a shop has learned: takes as long as a start."""
        return Lessons(Matcher(self.library, self._meaning), known.lessons, known.popularity)


def renew(shop: Shop, made: Lessons) -> None:
    """The shop suggests from `made` now; what it learned since that was begun comes along. On the engine's thread."""
    made.catch_up(shop.lessons)
    shop.stand_on(made)
