"""I delete what need not be kept any longer, so that it stands in the file no more."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

from bot.ports import OldFact
from bot.store.statements import Statements, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ForgottenRows(Statements):
    """Deletions, and the table `gone`. Writes stand inside the store's transaction."""

    def old_facts(self, shop: str, before: int, after: tuple[int, int], limit: int) -> list[OldFact]:
        """Facts from before an instant, oldest first, beyond `after`: the (at, seq) of the last one looked at."""
        return [OldFact(*row) for row in self._rows("old_facts", shop, before, *after, limit)]

    def forget_fact(self, shop: str, fact: OldFact, until: int) -> None:
        """Delete it; the same again is refused `until` then."""
        self._do("forget_fact", fact.seq)
        self._do("remember_gone", shop, fact.key, until)

    def any_fact_of(self, shop: str, conversation: str) -> bool:
        """Is anything of the conversation left?"""
        return self._row("any_fact_of", shop, conversation) is not None

    def forget_conversation(self, shop: str, conversation: str) -> None:
        """Delete what is remembered of it, and its alarm."""
        self._do("forget_conversation", shop, conversation)
        self._do("drop_alarm", conversation, shop)

    def forget_replies(self, shop: str, conversation: str, before: int) -> None:
        """Delete the replies that were asked for before an instant."""
        self._do("forget_replies", shop, conversation, before)

    def forget_rest(self, shop: str, before: int, limit: int) -> int:
        """Delete a bounded number of events (with their pushes and alerts) and of the records; how many there were."""
        seqs: Sequence[int] = [seq for (seq,) in self._rows("old_events", shop, before, limit)]
        for name in ("forget_pushes", "forget_alerts", "forget_events"):
            self._do(name, json.dumps(seqs))
        rest = ("forget_acts", "forget_rulings", "forget_lost_days")
        return len(seqs) + sum(self._do(name, shop, before, limit).rowcount for name in rest)

    def forget_gone(self, now: int, limit: int) -> int:
        """A bounded number of what was deleted long ago may come again; how many."""
        return self._do("forget_gone", now, limit).rowcount

    def overwrite(self) -> None:
        """Bring what was deleted out of the write-ahead log, too, if nobody reads just now. Outside a transaction."""
        try:
            self._sql.execute("PRAGMA busy_timeout = 0")
            self._sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._sql.execute("PRAGMA busy_timeout = 5000")
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
