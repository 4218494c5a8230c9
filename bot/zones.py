"""I read time zones and instants as people write them, or say that they are none."""

from __future__ import annotations

from bot import wire
from bot.deadline import Zone
from bot.errors import Impossible
from replies import DataError

LATEST = 253_370_764_800  # 9999-01-01: from here on the calendar may end before a wait does


def find(name: str, place: str) -> Zone:
    """The zone of that name (such as Asia/Shanghai). Raises DataError, beginning with `place`."""
    try:
        return Zone(name)
    except (LookupError, OSError, ValueError) as error:  # unknown, a folder of the database, or no name at all
        raise DataError([f"{place}: {name!r} is not a time zone name (such as Asia/Shanghai)"]) from error


def instant(text: str, place: str, zone: Zone | None = None) -> int:
    """A time that is not measured against its arrival, as wire.instant reads it. Raises WireError also for year 9999."""
    at = wire.instant(text, place, zone)
    if at >= LATEST:
        raise Impossible(f"{place}: {text[:40]!r} is after the year 9998")
    return at
