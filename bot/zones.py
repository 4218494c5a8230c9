"""I find time zones by name, or say that there is none."""

from __future__ import annotations

from bot.deadline import Zone
from replies import DataError


def find(name: str, place: str) -> Zone:
    """The zone of that name (such as Asia/Shanghai). Raises DataError, beginning with `place`."""
    try:
        return Zone(name)
    except (LookupError, OSError, ValueError) as error:  # unknown, a folder of the database, or no name at all
        raise DataError([f"{place}: {name!r} is not a time zone name (such as Asia/Shanghai)"]) from error
