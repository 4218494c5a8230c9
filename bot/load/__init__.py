"""I read what a day of a shop looks like: how many buyers come when, and how long people take for what they do."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot import strict, wire
from bot.errors import WireError
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.deadline import Zone

SUFFIX = ".toml"
_OTHER = "manner"  # of invented buyers in the chat (bot/buyers.py): no day


class From(msgspec.Struct, frozen=True):
    """From the time of day `at` ("HH:MM") on, `buyers` come in a minute on average."""

    at: str
    buyers: float


class Agents(msgspec.Struct, frozen=True):
    """How agents work: characters a minute, seconds (means of exponential times), a share in 0..1."""

    concurrency: int
    reads: float
    types: float
    thinks: float
    glances: float
    picks: float
    finds: float
    own_phrases: float


class Asking(msgspec.Struct, frozen=True):
    """How buyers behave: the chance of one question more, seconds (means of exponential times)."""

    again: float
    reads: float
    patience: float


class Questions(msgspec.Struct, frozen=True):
    """What is asked: shares in 0..1, and how many characters an answer has that is typed."""

    outside: float
    slips: float
    typed: float


class Profile(msgspec.Struct, frozen=True):
    """A day. `until`: when it ends, "24:00" at the latest."""

    title: str
    note: str
    day: str
    until: str
    arrivals: tuple[From, ...]
    agents: Agents
    buyers: Asking
    questions: Questions

    def spans(self, zone: Zone) -> list[tuple[int, int, float]]:
        """(start, end, buyers a minute) of each span, unix seconds."""
        begin = wire.instant(f"{self.day}T00:00:00", "day", zone)
        times = [*(_minutes(one.at) * 60 + begin for one in self.arrivals), _minutes(self.until) * 60 + begin]
        return [(times[i], times[i + 1], one.buyers) for i, one in enumerate(self.arrivals)]


def names() -> list[str]:
    """The days that come with the program."""
    entries = (entry.name for entry in resources.files("bot.load").iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in entries if name.endswith(SUFFIX) and name[:-5] != _OTHER)


def load(name: str) -> Profile:
    """The day of that name, or in that file. Raises DataError with every mistake."""
    known = name in names()
    file = Path(str(resources.files("bot.load").joinpath(f"{name}{SUFFIX}"))) if known else Path(name)
    problems: list[str] = []
    try:
        read = strict.read(tomllib.loads(file.read_text(encoding="utf-8-sig")), Profile, "", problems)
    except OSError as error:
        place = f"{name}: is none of {', '.join(names())}, and cannot be read as a file"
        raise DataError([f"{place}: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError([f"{file}: {error}"]) from error
    problems += _mistakes(read) if read is not None else []
    if read is None or problems:
        raise DataError([f"{file}: {problem}" for problem in problems])
    return read


def every() -> list[Profile]:
    """All that come with the program. Raises DataError."""
    return [load(name) for name in names()]


def _mistakes(read: Profile) -> Iterator[str]:
    try:
        wire.instant(f"{read.day}T00:00:00+00:00", "day")
    except WireError:
        yield f"day: {read.day!r} is not a date like 2026-11-11"
    times = [_minutes(one.at) for one in read.arrivals] + [_minutes(read.until)]
    if not read.arrivals or -1 in times or times != sorted(set(times)):
        yield 'arrivals: must be at least one, at times "HH:MM" that follow each other and end before until'
    if any(not 0 <= one.buyers <= 1000 for one in read.arrivals):
        yield "arrivals: buyers must be 0 to 1000 a minute"
    shares = {
        "agents.own_phrases": read.agents.own_phrases,
        "buyers.again": read.buyers.again,
        "questions.outside": read.questions.outside,
        "questions.slips": read.questions.slips,
    }
    yield from (f"{name}: {share} must be in 0 to 1" for name, share in shares.items() if not 0 <= share <= 1)
    if read.buyers.again > 0.95:
        yield "buyers.again: more than 0.95 would never end"
    if read.agents.concurrency < 1:
        yield "agents.concurrency: must be at least 1"
    if min(read.agents.reads, read.agents.types) <= 0:
        yield "agents: reads and types must be above 0"
    times_taken = (read.agents.thinks, read.agents.glances, read.agents.picks, read.agents.finds)
    if min(*times_taken, read.buyers.reads, read.buyers.patience, read.questions.typed) <= 0:
        yield "seconds and characters must be above 0"


def _minutes(text: str) -> int:
    """Minutes after midnight; -1 for what is no time of day."""
    hour, colon, minute = text.partition(":")
    if not (colon and len(text) == 5 and hour.isdecimal() and minute.isdecimal() and text.isascii()):
        return -1
    total = int(hour) * 60 + int(minute)
    return total if int(minute) < 60 and total <= 1440 else -1
