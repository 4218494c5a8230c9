"""I am the store's outbox: what waits for a chat tool, what was given up, and who wants no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.ports import Dead, Disabled, Push
from bot.store.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Sequence


class OutboxRows(Statements):
    """The tables `outbox` and `destination`. Writes stand inside the store's transaction."""

    def push(
        self,
        seq: int,
        shop: str,
        conversation: str,
        kind: str,
        about: str,
        at: float,
        *,
        destination: str = "",
        key: str = "",
    ) -> None:
        """Send the feed row `seq` to a destination ("": the shop's callback); `key`: under another id than its own."""
        self._do("push", seq, shop, conversation, kind, about, at, destination or shop, key)

    def drop_pushes(self, shop: str, conversation: str, kind: str, about: str) -> None:
        """Forget pushes of one kind about one thing that are not yet delivered, given up or not."""
        self._do("drop_pushes", shop, conversation, kind, about)

    def ready(self, now: float, each: int) -> list[Push]:
        """What may be sent now: of each conversation the oldest reply and other push; to each destination `each`."""
        return [Push(*row) for row in self._rows("ready", now, each)]

    def overdue(self, replies: float, others: float, limit: int) -> list[Push]:
        """What waits since before these instants, replies and others, whether its turn has come or not."""
        return [Push(*row) for row in self._rows("overdue", replies, others, limit)]

    def next_push(self, after: float) -> float | None:
        """The first instant beyond `after` at which another push may be tried."""
        at: float | None = self._one("next_push", after)
        return at

    def pushed(self, seq: int) -> None:
        """It is done with."""
        self._do("pushed", seq)

    def push_again(self, seq: int, next_at: float, reason: str = "") -> None:
        """It is tried again at `next_at`."""
        self._do("push_again", next_at, reason, seq)

    def outbox_size(self) -> int:
        """How many pushes wait."""
        return int(self._one("outbox_size"))

    def sent(self, shop: str, conversation: str, limit: int) -> list[tuple[str, str]]:
        """The latest replies that were to be sent, each with the id that it was sent under (see bot.ports.Push)."""
        return [(key, reply) for key, reply in self._rows("sent", shop, conversation, limit)]

    def outbox_sizes(self) -> list[tuple[str, int, int]]:
        """Of each destination how many pushes wait, and how many were given up."""
        return [(name, waiting, dead) for name, waiting, dead in self._rows("outbox_sizes")]

    def set_back(self, now: float, longest: float) -> None:
        """The clock was set back to `now`: nothing waits longer than `longest` seconds for its next try."""
        self._do("set_back", now, longest)

    def bury(self, seq: int, reason: str, at: float) -> None:
        """Give a push up; it stays as a dead letter, and what waited for it may go."""
        self._do("bury", at, reason, seq)

    def bury_reply(self, shop: str, conversation: str, identity: str, reason: str, at: float) -> None:
        """Give the push of a reply up."""
        self._do("bury_reply", at, reason, shop, conversation, identity)

    def take_dead_reply(self, shop: str, conversation: str, identity: str) -> str | None:
        """The id under which a reply was sent before it was given up; its dead letter goes."""
        row = self._row("dead_reply", shop, conversation, identity)
        if row is None:
            return None
        self._do("pushed", row[0])
        return str(row[1])

    def dead_size(self) -> int:
        """How many dead letters there are."""
        return int(self._one("dead_size"))

    def dead(self, shop: str | None, limit: int) -> list[Dead]:
        """Dead letters of one shop or of all, oldest first."""
        return [Dead(*row) for row in self._rows("dead", shop, limit)]

    def ask_again(self, seqs: Sequence[int], shop: str | None) -> int:
        """Somebody wants these dead letters to be sent again; how many of them there are."""
        return self._do("ask_again", shop, json.dumps(list(seqs))).rowcount

    def drop_dead(self, seqs: Sequence[int], shop: str | None) -> int:
        """Nobody wants these dead letters any more; how many of them there were."""
        return self._do("drop_dead", shop, json.dumps(list(seqs))).rowcount

    def drop_dead_before(self, at: float) -> None:
        """Dead letters do not stay for ever."""
        self._do("drop_dead_before", at)

    def asked(self, limit: int) -> list[Push]:
        """The dead letters that somebody wants to be sent again."""
        return [Push(*row) for row in self._rows("asked", limit)]

    def revive(self, seq: int, now: float) -> None:
        """A dead letter is tried again, next in its conversation."""
        self._do("revive", now, seq)

    def stay_dead(self, seq: int, reason: str) -> None:
        """A dead letter that was asked for cannot be sent again, for `reason`."""
        self._do("stay_dead", reason, seq)

    def disabled(self) -> list[Disabled]:
        """The destinations that want no more."""
        return [Disabled(*row) for row in self._rows("disabled")]

    def disable(self, one: Disabled) -> None:
        """A destination wants no more."""
        self._do("disable", *one)

    def enable(self, name: str) -> bool:
        """A destination is tried again; False if it was not disabled."""
        return self._do("enable", name).rowcount == 1
