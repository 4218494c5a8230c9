"""I am a store for a replay: in a temporary file that nobody else reads, so that nothing in it need be durable or told.

What the store at rest keeps for others, the feed, the outbox, the picks and the guard's record, nobody reads here, and it
is let go.
Conversations and alarms are held as they are, without a row each time; many facts share one commit. What a replay can see
is the same, and the same tests hold both.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from heapq import heapify, heappop, heappush
from importlib import resources
from typing import TYPE_CHECKING

import msgspec
from sqlite_utils import Database

from bot.store import SQLiteStore
from bot.store.behind import BehindRows, _elsewhere, _Kept
from bot.store.statements import StoreError, queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bot.model import AnyFact, Conversation
    from bot.ports import Alert, Ruling

TOGETHER = 2000  # transactions that share one commit
HELD = 4_000  # conversations held; beyond, the half of them that was heard of longest ago is written
CACHE = 16  # MB of the file in memory

Place = tuple[str, str]
_encode = msgspec.json.Encoder().encode


class FleetingStore(SQLiteStore):
    """Gone when it is closed. The feed, picks, alerts and the guard's record are not kept: asked for, they are empty."""

    def __init__(self) -> None:
        """Open. Raises StoreError."""
        BehindRows.__init__(self)
        self._undo: list[Callable[[], object]] = []
        self._ring: list[tuple[int, str, str]] = []  # a heap of alarms; one that `_rings` does not say is none
        self._rings: dict[Place, int] = {}
        self._ended = self._numbered = 0
        self._inside = self._marked = False
        try:
            self._db = Database(sqlite3.connect(""), execute_plugins=False)  # a nameless file beside the others
            self._sql = self._db.conn
            self._sql.isolation_level = None
            for pragma in ("synchronous = OFF", "journal_mode = MEMORY", f"cache_size = -{CACHE * 1024}"):
                self._sql.execute(f"PRAGMA {pragma}")
            self._sql.execute("BEGIN")
            self._migrate()
            self._sql.execute("COMMIT")
            self._sql.executescript(resources.files("bot.store").joinpath("fleeting.sql").read_text(encoding="utf-8"))
            self._sql.execute("BEGIN")
        except sqlite3.Error as error:
            raise StoreError(f"temporary database: {error}") from error
        self._q = queries()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, of what is kept here."""
        self._undo, self._inside, self._marked = [], True, False
        try:
            try:
                yield
            except BaseException:
                if self._marked:
                    self._sql.execute("ROLLBACK TO one")
                for undo in reversed(self._undo):
                    undo()
                raise
            finally:
                self._inside = False
                if self._marked:
                    self._sql.execute("RELEASE one")
            self._ended += 1
            if self._ended % TOGETHER == 0:
                self._sql.execute("COMMIT")
                self._sql.execute("BEGIN")
            if len(self._kept) > HELD:
                self._write_older()
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error

    def _mark(self) -> None:
        """Rows change: from here on there is a way back. Most transactions only record a fact, which is taken out again."""
        if self._inside and not self._marked:
            self._sql.execute("SAVEPOINT one")
            self._marked = True

    def _do(self, name: str, *values: object) -> sqlite3.Cursor:
        self._mark()
        return super()._do(name, *values)

    def _many(self, name: str, rows: Sequence[Sequence[object]], *others: object) -> int:
        self._mark()
        return super()._many(name, rows, *others)

    def record(self, facts: Sequence[AnyFact]) -> list[bool]:
        """Keep the facts, in their order; for each False if its key was known in this shop."""
        if len(facts) > 1:
            return super().record(facts)
        (fact,) = facts
        try:
            row = (fact.shop, fact.key, fact.conversation, fact.at, _encode(fact).decode())
            new = self._sql.execute(self._q["record"], row)
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
        if not new.rowcount:
            return [False]
        self._undo.append(lambda: self._sql.execute(self._q["unrecord"], (new.lastrowid,)))
        return [True]

    def keep(self, conversation: Conversation, *, due: int | None) -> None:
        """Remember the conversation, one version after the one that is known; `due` of its most urgent wait."""
        self._within()
        place = conversation.shop, conversation.id
        before = self._kept.pop(place, None)  # and it comes in last: what is not heard of comes to stand first
        if before is not None and before.conversation.version != conversation.version - 1:
            raise _elsewhere()
        ahead = before.ahead + 1 if before is not None else 1
        self._undo.append(lambda: self._put_back(place, before))
        self._kept[place] = _Kept(conversation, due, ahead)
        self._held_back = True

    def _put_back(self, place: Place, before: _Kept | None) -> None:
        if before is None:
            self._kept.pop(place, None)
        else:
            self._kept[place] = before

    def set_alarm(self, shop: str, conversation: str, at: int | None) -> None:
        """When the conversation wants to be looked at; None takes the alarm back."""
        self._within()
        place = shop, conversation
        before = self._rings.get(place)
        self._undo.append(lambda: self._arm(place, before))
        self._arm(place, at)

    def _arm(self, place: Place, at: int | None) -> None:
        if at is None:
            self._rings.pop(place, None)
        elif self._rings.get(place) != at:
            self._rings[place] = at
            heappush(self._ring, (at, *place))
            if len(self._ring) > 2 * len(self._rings) + HELD:  # mostly what is none any more
                self._ring = [(when, *where) for where, when in self._rings.items()]
                heapify(self._ring)

    def next_alarm(self) -> int | None:
        """The earliest alarm."""
        ring = self._ring
        while ring and self._rings.get(ring[0][1:]) != ring[0][0]:
            heappop(ring)
        return ring[0][0] if ring else None

    def alarms(self, upto: int, limit: int) -> list[tuple[str, str, int]]:
        """(shop, conversation, at) of those due by `upto`, earliest first."""
        found: list[tuple[int, str, str]] = []
        while len(found) < limit and (at := self.next_alarm()) is not None and at <= upto:
            alarm = heappop(self._ring)
            if not found or alarm != found[-1]:  # armed twice for the same instant
                found.append(alarm)
        for alarm in found:
            heappush(self._ring, alarm)
        return [(shop, conversation, at) for at, shop, conversation in found]

    def tell(self, shop: str, conversation: str, kind: str, at: int, data: str) -> int:  # noqa: ARG002 - see Store
        """Number it; nobody will ask for it again."""
        self._within()
        self._numbered += 1
        return self._numbered

    def push(self, *_: object, **__: object) -> None:
        """No chat tool hears of a replay."""

    def drop_pushes(self, shop: str, conversation: str, kind: str, about: str) -> None:
        """There are none."""

    def note_rulings(self, shop: str, rows: Iterable[Ruling]) -> None:
        """Nobody counts here how often rules were right."""

    def credit(self, shop: str, conversation: str, script: str, action: str, agent: str, asked: str, at: int) -> None:
        """The shop has learned from it; nobody will learn from it again."""

    def alert(self, alert: Alert) -> None:
        """No robot speaks in a replay."""

    def _write_down(self) -> None:
        """Write the conversations that are held, with a way back where the transaction may still be undone."""
        if self._inside:
            held = dict(self._kept)
            self._undo.append(lambda: self._hold_again(held))
        super()._write_down()

    def _write_older(self) -> None:
        """Write the half of the conversations that was heard of longest ago."""
        held = list(self._kept.items())
        self._kept, rest = dict(held[: len(held) // 2]), dict(held[len(held) // 2 :])
        super()._write_down()
        self._hold_again(rest)

    def _hold_again(self, held: dict[Place, _Kept]) -> None:
        self._kept.update(held)
        self._held_back = True

    def _within(self) -> None:
        if not self._inside:
            raise StoreError("writes stand inside a transaction")
