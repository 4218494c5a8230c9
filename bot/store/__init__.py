"""I remember, or I raise: SQLite through sqlite-utils, with numbered migrations."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING

import msgspec
from sqlite_utils import Database

from bot.model import Conversation
from bot.ports import Alert, Event, Reply, Spoke
from bot.store.behind import BehindRows
from bot.store.facts import FactRows
from bot.store.forgotten import ForgottenRows
from bot.store.learned import LearnedRows
from bot.store.lost import LostRows
from bot.store.outbox import OutboxRows
from bot.store.pulls import PullRows
from bot.store.rulings import RulingRows
from bot.store.statements import StoreError, queries
from bot.store.tokens import TokenRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["DATABASE", "SQLiteStore", "StoreError", "migrations", "queries"]

DATABASE = "kuaihui.sqlite"  # its name in a data folder

_conversation = msgspec.json.Decoder(Conversation)
_encoder = msgspec.json.Encoder()


def _text(value: object) -> str:
    return _encoder.encode(value).decode()


def migrations() -> list[tuple[str, str]]:
    """The numbered schema steps: (name, SQL), in order."""
    folder = resources.files("bot.store").joinpath("migrations")
    return sorted(
        (entry.name, entry.read_text(encoding="utf-8")) for entry in folder.iterdir() if entry.name.endswith(".sql")
    )


class SQLiteStore(
    FactRows, BehindRows, OutboxRows, PullRows, RulingRows, LearnedRows, LostRows, TokenRows, ForgottenRows
):
    """One SQLite file (or `:memory:`), written by one thread."""

    def __init__(self, path: Path | None, *, readonly: bool = False) -> None:
        """Open, and bring the schema up to date unless `readonly`. `None` is memory. Raises StoreError."""
        super().__init__()
        try:
            self._db = (
                Database(memory=True, execute_plugins=False) if path is None else self._open(path, readonly=readonly)
            )
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {error}") from error
        self._sql = self._db.conn
        try:
            self._sql.isolation_level = None  # transactions are ours
            if path is not None and not readonly:
                self._sql.execute("PRAGMA journal_mode = WAL")
                self._sql.execute("PRAGMA synchronous = FULL")
                self._sql.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten in the file
            if not readonly:
                self._migrate()
        except sqlite3.Error as error:
            self._db.close()
            raise StoreError(f"{path}: {error}") from error
        except StoreError:
            self._db.close()
            raise
        self._q = queries()

    @staticmethod
    def _open(path: Path, *, readonly: bool) -> Database:
        if readonly:
            return Database(
                sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5), execute_plugins=False
            )
        return Database(sqlite3.connect(path, timeout=5), execute_plugins=False)

    def _migrate(self) -> None:
        self._db.table("migration").create({"name": str}, pk="name", if_not_exists=True)
        done = {row["name"] for row in self._db.table("migration").rows}
        known = [name for name, _ in migrations()]
        unknown = sorted(done.difference(known))
        if unknown:
            raise StoreError(f"the database was made by a later version: it holds {', '.join(unknown)}")
        for name, statements in migrations():
            if name in done:
                continue
            with self.transaction():
                for statement in _statements(statements):
                    self._sql.execute(statement)
                self._sql.execute("INSERT INTO migration (name) VALUES (?)", (name,))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; raises StoreError when it cannot be made durable."""
        try:
            self._sql.execute("BEGIN IMMEDIATE")
            self._forget()
            try:
                yield
                if self._held_back:
                    self._write_down()
            except BaseException:
                self._forget()
                if self._sql.in_transaction:
                    self._sql.execute("ROLLBACK")
                raise
            self._sql.execute("COMMIT")
        except sqlite3.Error as error:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")
            raise StoreError(str(error)) from error

    def alarms(self, upto: int, limit: int) -> list[tuple[str, str, int]]:
        """(shop, conversation, at) of those due by `upto`, earliest first."""
        return [(shop, conversation, at) for shop, conversation, at in self._rows("alarms", upto, limit)]

    def next_alarm(self) -> int | None:
        """The earliest alarm."""
        at: int | None = self._one("next_alarm")
        return at

    def alert(self, alert: Alert) -> None:
        """A robot has this to say."""
        self._do("alert", *alert)

    def alerted(self) -> list[tuple[str, int | None]]:
        """The robots that have something to say, each with the earliest due of what is not yet missed."""
        return list(self._rows("alerted"))

    def alerts(self, robot: str, limit: int) -> list[Alert]:
        """What a robot has to say, most urgent first."""
        return [Alert(*row) for row in self._rows("alerts", robot, limit)]

    def alerts_size(self) -> int:
        """How much robots have to say."""
        return int(self._one("alerts_size"))

    def drop_alerts(self, robot: str, seqs: Sequence[int]) -> None:
        """They are said, or not needed any more."""
        self._do("drop_alerts", robot, _text(seqs))

    def drop_alerts_of_others(self, robots: Sequence[str]) -> None:
        """Nobody will ever say what other robots had to."""
        self._do("drop_alerts_of_others", _text(robots))

    def spoke(self) -> list[Spoke]:
        """When each robot last spoke."""
        return [Spoke(*row) for row in self._rows("spoke")]

    def set_spoke(self, spoke: Spoke) -> None:
        """A robot speaks, or has failed to."""
        self._do("set_spoke", *spoke)

    def reply(self, shop: str, conversation: str, identity: str) -> Reply | None:
        """A reply that an agent asked for before."""
        row = self._row("reply", shop, conversation, identity)
        return None if row is None else Reply(identity, *row)

    def set_reply(self, shop: str, conversation: str, reply: Reply) -> None:
        """Remember a reply, replacing what was known under its id."""
        self._do("set_reply", shop, conversation, *reply[:7], reply.at)

    def settle_reply(self, shop: str, conversation: str, identity: str, state: str, reason: str) -> bool:
        """A queued reply was sent, or failed for `reason`; False if it was not queued.

        "undone": it failed, also after it was sent.
        """
        name, state = ("undo_reply", "failed") if state == "undone" else ("settle_reply", state)
        return self._do(name, state, reason, shop, conversation, identity).rowcount == 1

    def explain_reply(self, shop: str, conversation: str, identity: str, reason: str) -> None:
        """Why a queued reply has not gone out yet."""
        self._do("explain_reply", reason, shop, conversation, identity)

    def replies(self, shop: str, conversation: str) -> list[Reply]:
        """All replies asked for in a conversation, oldest first."""
        return [Reply(*row) for row in self._rows("replies", shop, conversation)]

    def feed(self, shop: str, after: int, limit: int) -> list[Event]:
        """Feed rows of a shop with a number above `after`."""
        return [Event(*row) for row in self._rows("feed", shop, after, limit)]

    def feed_end(self) -> int:
        """The number of the last feed row; 0 when there is none."""
        return int(self._one("feed_end") or 0)

    def waiting(self, shop: str, limit: int) -> list[Conversation]:
        """Conversations with an open wait, earliest due first."""
        return [_conversation.decode(body) for (body,) in self._rows("waiting", shop, limit)]

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _statements(script: str) -> Iterator[str]:
    """The statements of a migration; sqlite3.executescript would commit between them."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
