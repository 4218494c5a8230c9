"""I am what the store knows of learning: what agents did with scripts, and what the curator said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.ports import Act, Judgement
from bot.store.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Iterator


class LearnedRows(Statements):
    """The tables `pick` and `judgement`. Writes stand inside the store's transaction."""

    def credit(self, shop: str, conversation: str, script: str, action: str, agent: str, asked: str, at: int) -> None:
        """What an agent did with a suggestion."""
        self._do("credit", shop, conversation, script, action, agent, asked, at)

    def picks(self, shop: str, limit: int) -> list[Act]:
        """The latest picks of a shop and those taken back, oldest first."""
        return [Act(*row) for row in self._rows("picks", shop, limit)]

    def uses(self, shop: str) -> Iterator[tuple[Any, ...]]:
        """(script, action, at) of everything agents did with scripts, oldest first."""
        return self._rows("uses", shop)

    def pick_counts(self, after: int) -> list[tuple[str, str, int, int]]:
        """How often agents did what with scripts, in rows above `after`: (shop, action, how often, number of the last)."""
        return [(shop, action, count, last) for shop, action, count, last in self._rows("pick_counts", after)]

    def judge(self, shop: str, asked: str, script: str, at: int, *, accepted: bool) -> None:
        """The curator's word on a question that was learned of a script."""
        self._do("judge", shop, asked, script, accepted, at)

    def judgements(self, shop: str, after: int) -> list[Judgement]:
        """The curator's words with a number above `after`, oldest first."""
        return [
            Judgement(seq, asked, script, bool(accepted), at)
            for seq, asked, script, accepted, at in self._rows("judgements", shop, after)
        ]
