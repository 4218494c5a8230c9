"""I read times as chat tools write them; what a time lacks I take from the log itself or from what I was told, or refuse."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from bot import zones
from bot.errors import BadPayload
from bot.logs.jsonl import unix
from bot.logs.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.deadline import Zone

_HALF_A_DAY = 12 * 3600
_NUMBER = re.compile(r"\d{9,13}(?:\.\d+)?", re.ASCII)
_DASHES = " -—=─━\t"
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:T.*| .*(?:Z|[+-]\d\d:?\d\d))", re.ASCII)  # with a T or an offset


def _any(names: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


@cache
def day_pattern() -> str:
    """A day in a pattern: with or without a year, or by how long ago it is. Has named groups: use it once."""
    week = _any(words().weekdays.names)
    return (
        r"(?:(?:(?P<year>\d{4})\s?[-/.年]\s?)?(?P<month>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})\s?日?"
        rf"(?:\s*[(（]?(?:{week})[)）]?)?|(?P<ago>{_any(words().days)})|(?P<week>{week}))"
    )


@cache
def time_pattern() -> str:
    """A time of day in a pattern, with or without a day before it. Has named groups: use it once."""
    halves = words().halves
    names = _any((*halves.morning, *halves.noon, *halves.afternoon))
    return (
        rf"(?:{day_pattern()}[\sT,，]*)?(?:(?P<half>{names})\s*)?(?P<hour>\d{{1,2}})[:：](?P<minute>\d{{2}})"
        rf"(?:[:：](?P<second>\d{{2}})(?:[.,]\d{{1,6}})?)?(?:\s?(?P<after>{names}))?"
    )


@cache
def _time() -> re.Pattern[str]:
    return re.compile(time_pattern(), re.IGNORECASE | re.ASCII)


@cache
def _day() -> re.Pattern[str]:
    return re.compile(day_pattern(), re.IGNORECASE | re.ASCII)


class Times:
    """Reads the times of one file in order, and remembers the last day it saw."""

    def __init__(self, zone: Zone, exported: date | None = None) -> None:
        """`exported`: the day on which the log was written."""
        self._zone, self._exported = zone, exported
        self._today: date | None = None
        self._last: datetime | None = None

    def instant(self, text: str, place: str, *, bare_day: bool = False) -> int:
        """Unix seconds. Raises WireError, beginning with `place`, for what is no time or lacks what nothing tells.

        `bare_day`: a day alone is its midnight, as spreadsheets show it.
        """
        text = text.strip()
        if _NUMBER.fullmatch(text):
            return unix(float(text) if "." in text else int(text), place)
        if _ISO.fullmatch(text):
            return zones.instant(text, place, self._zone)
        match = _time().fullmatch(text)
        if match is None and bare_day and _day().fullmatch(text):
            match = _time().fullmatch(f"{text} 00:00:00")
        if match is None:
            raise BadPayload(f"{place}: 「{text[:40]}」不是看得懂的时间")
        return self.matched(match, place)

    def matched(self, match: re.Match[str], place: str) -> int:
        """The instant of a match of `time_pattern`. Raises WireError."""
        said = match.group(0).strip()[:40]
        clock = _clock(match, place)
        day = self._day_of(match, place)
        named = day is not None
        day = day or self._today or self._exported
        if day is None:
            raise BadPayload(f"{place}: 「{said}」没有日期，请用 --exported 指明记录是哪天导出的")
        local = datetime.combine(day, datetime.min.time()) + timedelta(seconds=clock)
        # A clock that goes back by half a day or more without a new day has passed midnight.
        if not named and self._last is not None and (self._last - local).total_seconds() >= _HALF_A_DAY:
            local += timedelta(days=1)
        self._today, self._last = local.date(), local
        return zones.instant(local.isoformat(), place, self._zone)

    @staticmethod
    def is_day(text: str) -> bool:
        """Is that a day alone, such as a line between messages?"""
        return _day().fullmatch(text.strip(_DASHES)) is not None

    def day(self, text: str, place: str) -> None:
        """A line that names the day of the times after it. Raises WireError."""
        match = _day().fullmatch(text.strip(_DASHES))
        if match is not None:
            self._today, self._last = self._day_of(match, place), None

    def _day_of(self, match: re.Match[str], place: str) -> date | None:
        try:
            if match["month"]:
                return self._dated(match["year"], int(match["month"]), int(match["day"]), place)
            if match["ago"]:
                return self._reference(match, place) - timedelta(days=words().days[match["ago"]])
            if match["week"]:
                reference = self._reference(match, place)
                names = words().weekdays.names
                wanted = _WEEK.index(match["week"][-1].replace("天", "日")) if match["week"] in names else 0
                return reference - timedelta(days=(reference.weekday() - wanted) % 7)
        except (ValueError, OverflowError) as error:
            raise BadPayload(f"{place}: 「{match.group(0)[:40]}」：没有这一天") from error
        return None

    def _reference(self, match: re.Match[str], place: str) -> date:
        if self._exported is None:
            raise BadPayload(f"{place}: 「{match.group(0)[:40]}」要知道记录是哪天导出的，请用 --exported 指明")
        return self._exported

    def _dated(self, year: str | None, month: int, day: int, place: str) -> date:
        """A day without a year is the last such day before the log was written, else the next one after the last seen."""
        if year:
            return date(int(year), month, day)
        if self._exported is not None:
            return _nearest(self._exported, month, day, step=-1)
        if self._today is not None:
            return _nearest(self._today, month, day, step=1)
        raise BadPayload(f"{place}: 「{month}-{day}」没有年份，请用 --exported 指明记录是哪天导出的")


_WEEK = "一二三四五六日"


def _nearest(start: date, month: int, day: int, *, step: int) -> date:
    """The first such day from `start` on, or back; one that no near year has raises ValueError."""
    for year in range(start.year, start.year + 9 * step, step):
        try:
            found = date(year, month, day)
        except ValueError:  # February 29
            continue
        if found == start or (found > start) == (step > 0):
            return found
    raise ValueError


def _clock(match: re.Match[str], place: str) -> int:
    """The second of the day."""
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    half = (match["half"] or match["after"] or "").lower()
    halves = words().halves
    twelve = hour % 12 if half and hour <= 12 else hour
    if half in halves.afternoon or (half in halves.noon and 0 < twelve < 10):
        hour = twelve + 12 if hour <= 12 else hour
    elif half in halves.noon:
        hour = 12 if twelve == 0 else hour
    elif half:
        hour = twelve
    if hour > 23 or minute > 59 or second > 59:
        raise BadPayload(f"{place}: 「{match.group(0).strip()[:40]}」：没有这个钟点")
    return hour * 3600 + minute * 60 + second
