"""I am the store's record of what the guard said, and what became of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.ports import Ruling
from bot.store.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class RulingRows(Statements):
    """The table `ruling`. Writes stand inside the store's transaction."""

    def note_rulings(self, shop: str, rows: Iterable[Ruling]) -> None:
        """Record what rules said; what is recorded of the same words already is not written again."""
        for row in rows:
            self._do("note_ruling", shop, *row)

    def went_out(self, shop: str, sent: Ruling, still: Sequence[str]) -> None:
        """A reply was sent (`sent`: which, by whom, when, with which words) against which the rules `still` speak.

        Those that held it before, and do not any more, get a row: "rewritten", or "passed" if the words are the same.
        """
        place = shop, sent.conversation, sent.subject
        self._do("went_out", sent.digest, sent.agent, sent.at, *place, json.dumps(still))

    def mark(self, shop: str, number: int, *, right: bool, by: str, at: int, why: str) -> bool:
        """The curator says of a row whether its rule was right; False if there is no such row."""
        return self._do("mark", "right" if right else "wrong", by, at, why, shop, number).rowcount == 1

    def rulings(self, shop: str, start: int, end: int) -> list[tuple[int, Ruling]]:
        """The rows of the replies and messages of which the first was recorded at start <= at < end, oldest first."""
        return [(number, Ruling(*row)) for number, *row in self._rows("rulings", shop, start, end)]

    def ruling_counts(self) -> list[tuple[str, str, str, int]]:
        """(shop, rule, event, number) of all rows."""
        return [(shop, rule, event, number) for shop, rule, event, number in self._rows("ruling_counts")]
