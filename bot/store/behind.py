"""I hold back what a transaction says of conversations, alarms and the feed, and write it in few statements as it ends.

A statement costs about as much as three rows of it, and each lets another thread of the program in between; a busy
transaction says something of hundreds of conversations, of some of them several times. Whoever asks in between sees what
was said: it is written first.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot.model import Conversation
from bot.store.statements import Statements, StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_encode = msgspec.json.Encoder().encode
_conversation = msgspec.json.Decoder(Conversation)

Place = tuple[str, str]


class _Kept(NamedTuple):
    """The newest version of a conversation, and how many it is ahead of the one that is written."""

    conversation: Conversation
    due: int | None
    ahead: int


class BehindRows(Statements):
    """The tables `conversation`, `alarm` and `feed`, as far as facts write them. Writes stand inside a transaction."""

    def __init__(self) -> None:
        """Nothing is held back."""
        self._kept: dict[Place, _Kept] = {}
        self._alarms: dict[Place, int | None] = {}
        self._told: list[tuple[int, str, str, str, int, str]] = []
        self._last = -1  # number of the last feed row; below 0 while nobody has asked in this transaction

    def conversation(self, shop: str, identity: str) -> Conversation | None:
        """What is remembered of it."""
        kept = self._kept.get((shop, identity))
        if kept is not None:
            return kept.conversation
        found = self._sql_rows(self._q["conversation"], (shop, identity))
        return _conversation.decode(found[0][0]) if found else None

    def conversations(self, places: Collection[Place]) -> dict[Place, Conversation]:
        """What is remembered of those of them that are known."""
        kept = self._kept
        found = {place: kept[place].conversation for place in places if place in kept} if kept else {}
        for (body,) in self._found("conversations", [place for place in places if place not in found]):
            conversation = _conversation.decode(body)
            found[conversation.shop, conversation.id] = conversation
        return found

    def keep(self, conversation: Conversation, *, due: int | None) -> None:
        """Remember the conversation, one version after the one that is known; `due` of its most urgent wait.

        The transaction raises StoreError at its end if another version is known by then.
        """
        place = conversation.shop, conversation.id
        before = self._kept.get(place)
        if before is not None and before.conversation.version != conversation.version - 1:
            raise _elsewhere()
        self._hold_back()
        self._kept[place] = _Kept(conversation, due, before.ahead + 1 if before is not None else 1)

    def set_alarm(self, shop: str, conversation: str, at: int | None) -> None:
        """When the conversation wants to be looked at; None takes the alarm back."""
        self._hold_back()
        self._alarms[shop, conversation] = at

    def tell(self, shop: str, conversation: str, kind: str, at: int, data: str) -> int:
        """Append to the feed; its number."""
        if self._last < 0:
            self._last = self._feed_end()
        self._last += 1
        self._hold_back()
        self._told.append((self._last, shop, conversation, kind, at, data))
        return self._last

    def _feed_end(self) -> int:
        """The number of the last row that ever was; that of one which was deleted is not given again."""
        found = self._sql_rows(self._q["feed_ever"], ())
        return int(found[0][0]) if found else 0

    def _hold_back(self) -> None:
        if not self._sql.in_transaction:  # nobody would ever write it
            raise StoreError("writes stand inside a transaction")
        self._held_back = True

    def _forget(self) -> None:
        """A transaction begins, or was undone."""
        self._kept.clear()
        self._alarms.clear()
        self._told.clear()
        self._last, self._held_back = -1, False

    def _write_down(self) -> None:
        """Write all that is held back. Raises StoreError."""
        kept, alarms, told = list(self._kept.values()), list(self._alarms.items()), list(self._told)
        self._forget()
        ahead: dict[int, list[tuple[object, ...]]] = defaultdict(list)
        for held, due, versions in kept:
            ahead[versions].append((held.shop, held.id, held.version, due, _encode(held).decode()))
        for versions, rows in ahead.items():
            if self._many("keep", rows, versions) != len(rows):
                raise _elsewhere()
        self._many("set_alarm", [(*place, at) for place, at in alarms if at is not None])
        gone: dict[str, list[tuple[str]]] = defaultdict(list)
        for (shop, conversation), at in alarms:
            if at is None:
                gone[shop].append((conversation,))
        for shop, dropped in gone.items():
            self._many("drop_alarm", dropped, shop)
        self._many("tell", told)

    def _sql_rows(self, statement: str, values: Sequence[object]) -> list[tuple[str, ...]]:
        """What a statement answers that sees nothing of what is held back."""
        try:
            return self._sql.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error


def _elsewhere() -> StoreError:
    return StoreError("another program writes to this database: a conversation is newer there than here")
