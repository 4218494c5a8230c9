"""I copy the database while a server uses it, and put a copy back while none does."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

from bot import ledger
from bot.clock import SystemClock
from bot.deadline import Zone
from bot.store import DATABASE, migrations, queries
from bot.tokens import note
from bot.wire import iso
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 30.0  # seconds that a copy waits for the database


def backup(into: Path, config: Path | None, data: Path | None) -> Iterator[str]:
    """Write a consistent, compact copy of the database to a new file. Raises DataError, and then there is no file.

    It holds what was durable when it began; a server goes on meanwhile. What was deleted is not in it.
    """
    file = ledger.folder(config, data) / DATABASE
    if not file.exists():
        raise DataError([f"{file}: does not exist; no server has run there yet"])
    part = into.with_name(f"{into.name}.part")
    if into.exists():
        raise DataError([f"{into}: is there already; a backup never overwrites"])
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # its owner's alone from the first byte on
    except OSError as error:
        raise DataError([f"{part}: {error.strerror}"]) from error
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)) as source:
            source.execute("VACUUM INTO ?", (str(part),))
        rows = whole(part)
        _settle(part)
        os.link(part, into)  # which fails where a file has come to be meanwhile
    except (sqlite3.Error, OSError) as error:
        raise DataError([f"{into}: {error}"]) from error
    finally:
        part.unlink(missing_ok=True)
    yield f"已备份到 {into}：{rows} 条事实，{into.stat().st_size:,} 字节，检查无误"


def restore(taken: Path, config: Path | None, data: Path | None) -> Iterator[str]:
    """Put a backup in the place of the database, which is kept beside it. Raises DataError, and then nothing has changed."""
    folder = ledger.folder(config, data)
    file = folder / DATABASE
    rows = whole(taken)
    aside = None
    with closing(_alone(file)) if file.exists() else nullcontext():
        aside = file.with_name(f"{DATABASE}.before-{iso(SystemClock().now(), Zone('UTC'))[:19].replace(':', '')}")
        part = folder / f"{DATABASE}.part"
        try:
            _copy(taken, part)
            if file.exists():
                os.link(file, aside)
            part.replace(file)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise DataError([f"{file}: {error.strerror}"]) from error
    # Opening it brings an older schema up to date, too.
    with ledger.using(file, readonly=False) as store, store.transaction():
        note(store, "", "store.restore", taken.name)
    yield f"已恢复 {taken}：{rows} 条事实"
    if aside is not None and aside.exists():
        yield f"原来的数据库保留在 {aside}"


def whole(file: Path) -> int:
    """How many facts a copy holds. Raises DataError if it is damaged, no database of ours, or a later version's."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
            done = {name for (name,) in copy.execute(queries()["steps_done"])}
            rows = int(copy.execute(queries()["facts_counted"]).fetchone()[0])
    except sqlite3.Error as error:
        raise DataError([f"{file}: {error}"]) from error
    if found != "ok":
        raise DataError([f"{file}: is damaged: {found}"])
    if later := sorted(done - {name for name, _ in migrations()}):
        raise DataError([f"{file}: was made by a later version: it holds {', '.join(later)}"])
    return rows


def _alone(file: Path) -> sqlite3.Connection:
    """The database, which nobody else uses, with all that it holds in its one file. Raises DataError."""
    hand = sqlite3.connect(file, timeout=0, isolation_level=None)
    try:
        # Whoever has a database in WAL mode open holds a lock on it, which this cannot be had beside.
        hand.execute("PRAGMA locking_mode = EXCLUSIVE")
        hand.execute("PRAGMA journal_mode = DELETE")
        hand.execute("BEGIN EXCLUSIVE")
        hand.execute("ROLLBACK")
    except sqlite3.Error as error:
        hand.close()
        reason = "a server uses it; stop it first" if "locked" in str(error) else str(error)
        raise DataError([f"{file}: {reason}"]) from error
    return hand


def _copy(taken: Path, part: Path) -> None:
    part.unlink(missing_ok=True)
    with taken.open("rb") as source, os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while piece := source.read(1 << 20):
            out.write(piece)
    _settle(part)


def _settle(file: Path) -> None:
    """On the disk, not only on its way."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
