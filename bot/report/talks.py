"""I keep the messages of all conversations in a temporary file, and choose those conversations that are worth seeing."""

from __future__ import annotations

import tempfile
from heapq import nlargest
from itertools import chain, zip_longest
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bot.report.notes import clip
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bot.played import Ended
    from bot.report.notes import Marks
    from replies.library import Library

MOST_TALKS = 500  # conversations shown
MOST_LINES = 300  # messages shown of one of them
MOST_BYTES = 8_000_000  # of all that is shown of them
_NEAR = 3  # messages around one that is marked
_HEAD = Struct("<qI?")  # before each line in the file: where the conversation's line before it stands, length, marked?
_NONE = -1


class _Talk(msgspec.Struct, gc=False):
    """What is remembered of a conversation: `last`, where its last line stands in the file, and why it is worth seeing."""

    id: str
    number: int
    last: int = _NONE
    lines: int = 0
    start: int | None = None
    end: int | None = None
    late: int = 0
    block: int = 0
    warn: int = 0
    missed: float = 0.0
    faults: float = 0.0


class Shown(NamedTuple):
    """The conversations of the page, in the order in which they began, and how many are not on it."""

    talks: list[dict[str, Any]]
    left_out: int

    def scripts(self, library: Library) -> dict[str, list[str | None]]:
        """Title and text of every script that they name; offers keep only a text that was filled in otherwise."""
        known = {script.id: [script.title, script.text] for script in library.scripts}
        offered = chain.from_iterable(line.get("offered", ()) for talk in self.talks for line in talk["lines"])
        named = dict.fromkeys(one[0] for one in offered)
        named |= dict.fromkeys(line["used"] for talk in self.talks for line in talk["lines"] if "used" in line)
        for line in (line for talk in self.talks for line in talk["lines"] if "offered" in line):
            line["offered"] = [one[:3] if one[3] == known[one[0]][1] else one for one in line["offered"]]
        return {script: known[script] for script in named}


class Talks:
    """Takes lines as they come, and gives back those of the conversations chosen."""

    def __init__(self) -> None:
        """Nothing heard yet."""
        self._talks: dict[str, _Talk] = {}
        self._file: Any = None
        self._end = 0

    def add(self, conversation: str, marks: Marks, line: dict[str, Any]) -> None:
        """One line more, with what makes it worth seeing. DataError where the disk is full."""
        talk = self._talks.get(conversation)
        if talk is None:
            talk = self._talks[conversation] = _Talk(conversation, len(self._talks))
        packed = msgspec.json.encode(line)
        self._write(_HEAD.pack(talk.last, len(packed), any(marks)) + packed)
        talk.last = self._end - _HEAD.size - len(packed)
        talk.lines += 1
        if "at" in line and "alarm" not in line:
            talk.start = line["at"] if talk.start is None else talk.start
            talk.end = line["at"]
        talk.late += marks.late
        talk.block += marks.block
        talk.warn += marks.warn
        talk.missed = max(talk.missed, marks.missed)

    def ended(self, record: Ended) -> None:
        """The inspection of a conversation, which goes with its lines."""
        talk = self._talks.get(record.conversation)
        if talk is None:
            return
        faults = record.inspected.get("faults", ())
        talk.faults = -sum(min(one["score"], 0.0) for one in faults)
        last = {"buyer": record.buyer, "score": record.inspected.get("score"), "level": record.inspected.get("level")}
        keys = ("rule", "name", "level", "score", "agent", "message", "times", "excerpt", "reason")
        last["faults"] = [{key: one.get(key) for key in keys} | {"excerpt": clip(one["excerpt"])} for one in faults]
        packed = msgspec.json.encode(last)
        self._write(_HEAD.pack(talk.last, len(packed), False) + packed)  # noqa: FBT003 - a field of the head
        talk.last = self._end - _HEAD.size - len(packed)

    def bounds(self) -> dict[str, int | None]:
        """When the log begins and ends, on the shop's wall; None without times."""
        starts = [talk.start for talk in self._talks.values() if talk.start is not None]
        ends = [talk.end for talk in self._talks.values() if talk.end is not None]
        return {"start": min(starts, default=None), "end": max(ends, default=None)}

    def chosen(self) -> Shown:
        """Those worth seeing, in turns the latest, the most offending, worst inspected, most missed, and a spread of all."""
        taken: dict[str, dict[str, Any]] = {}
        size = 0
        for talk in self._in_turns():
            if len(taken) == MOST_TALKS or size >= MOST_BYTES:
                break
            if talk.id not in taken:
                shown, length = self._shown(talk)
                if size + length <= MOST_BYTES or not taken:
                    taken[talk.id] = shown
                    size += length
        talks = sorted(taken.values(), key=lambda one: (one["start"] or 0, self._talks[one["id"]].number))
        return Shown(talks, len(self._talks) - len(talks))

    def close(self) -> None:
        """Let go of everything."""
        self._talks = {}
        if self._file is not None:
            self._file.close()

    def _write(self, packed: bytes) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="kuaihui-")  # noqa: SIM115 - `close` closes it
            self._file.write(packed)
        except OSError as error:
            raise DataError([f"{tempfile.gettempdir()}: cannot be written: {error.strerror}"]) from error
        self._end += len(packed)

    def _in_turns(self) -> Iterator[_Talk]:
        talks = self._talks.values()
        step = max(1, len(talks) // MOST_TALKS)
        spread = [talk for talk in talks if talk.number % step == 0]
        ranked = (
            _most(talks, lambda talk: float(talk.late)),
            _most(talks, lambda talk: talk.block * 1000.0 + talk.warn),
            _most(talks, lambda talk: talk.faults),
            _most(talks, lambda talk: talk.missed),
            spread,
        )
        return (talk for talks in zip_longest(*ranked) for talk in talks if talk is not None)

    def _lines(self, talk: _Talk) -> list[tuple[bool, bytes]]:
        """Its lines as they were written, the last one first."""
        found = []
        at = talk.last
        while at != _NONE:
            self._file.seek(at)
            at, length, marked = _HEAD.unpack(self._file.read(_HEAD.size))
            found.append((marked, self._file.read(length)))
        return found

    def _shown(self, talk: _Talk) -> tuple[dict[str, Any], int]:
        """The conversation as the page has it, and its length in bytes."""
        last, *lines = self._lines(talk)
        lines.reverse()
        kept = _kept([marked for marked, _ in lines])
        shown: list[dict[str, Any]] = []
        before = -1
        for place in [*kept, len(lines)]:
            if place - before > 1:
                shown.append({"gap": place - before - 1})
            if place < len(lines):
                shown.append(_decoded(lines[place][1]))
            before = place
        reasons = {
            "late": talk.late,
            "block": talk.block,
            "warn": talk.warn,
            "missed": talk.missed,
            "fault": talk.faults,
        }
        tags = [name for name, strength in reasons.items() if strength]
        head = {"id": talk.id, "start": talk.start, "tags": tags, "count": talk.lines}
        return {**head, **_decoded(last[1]), "lines": shown}, sum(len(lines[place][1]) for place in kept) + len(last[1])


def _decoded(packed: bytes) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(packed)
    return found


def _most(talks: Iterable[_Talk], strength: Callable[[_Talk], float]) -> list[_Talk]:
    """The strongest, those of equal strength as they came; none that has no strength."""
    strong = (talk for talk in talks if strength(talk) > 0)
    return nlargest(MOST_TALKS, strong, key=lambda talk: (strength(talk), -talk.number))


def _kept(marked: list[bool]) -> list[int]:
    """Which lines are shown: all, or of a very long talk those marked with what stands near, and then its beginning."""
    count = len(marked)
    if count <= MOST_LINES:
        return list(range(count))
    near = (place + away for place, mark in enumerate(marked) if mark for away in range(-_NEAR, _NEAR + 1))
    wanted = dict.fromkeys(place for place in chain(near, range(count)) if 0 <= place < count)
    return sorted(list(wanted)[:MOST_LINES])
