"""I read one value of a tool's message, as its field map says where it stands and what it means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from bot import wire
from bot.adapters.fieldmap import plain, walk
from bot.errors import BadPayload, Impossible

if TYPE_CHECKING:
    from bot.adapters.fieldmap import Alternative, Condition, Field, Map, Path
    from bot.adapters.reader import Arrived
    from bot.deadline import Zone


class View(NamedTuple):
    """A payload, the part of it that is one message, and what came with it."""

    how: Map
    payload: dict[str, Any]
    item: Any
    arrived: Arrived

    def get(self, path: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
        """What stands there; None where nothing does."""
        match path.root:
            case "$delivery":
                return self.arrived.delivery or None
            case "$header":
                return self.arrived.headers.get(".".join(path.steps).lower())
            case "$body":
                return walk(self.payload, path.steps)
            case _:
                return walk(self.item, path.steps)


def value_of(name: str, field: Field, view: View, place: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The first alternative that gives something; an empty text only if no later one gives more."""
    empty: Any = None
    for alternative in field:
        if not fits(alternative.condition, view):
            continue
        value = _raw(alternative, view)
        if value is None:
            continue
        if value == "":
            empty = None if alternative.unit else ""
            continue
        return _told(alternative, value, view.how, f"{place}: {name}")
    return empty


def _raw(alternative: Alternative, view: View) -> Any:  # noqa: ANN401 - whatever JSON holds
    if alternative.constant is not None:
        return alternative.constant
    if alternative.join:
        parts = [
            next((one for path in part if (one := view.get(path)) not in (None, "")), None) for part in alternative.join
        ]
        whole = all(isinstance(part, str | int) for part in parts)
        return alternative.by.join(plain(part) for part in parts if part is not None) if whole else None
    if alternative.path is None:
        return None
    value = view.get(alternative.path)
    if alternative.pick is None:
        return value
    for entry in value if isinstance(value, list) else []:
        inner = view._replace(item=entry)
        if all(_same(inner.get(left), view.get(right)) for left, right in alternative.where):
            return inner.get(alternative.pick)
    return None


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    return isinstance(one, str | int) and isinstance(other, str | int) and plain(one) == plain(other)


def _told(alternative: Alternative, value: Any, how: Map, place: str) -> Any:  # noqa: ANN401 - as above
    if alternative.values is not None:
        said = plain(value) if isinstance(value, str | int | float) else None
        if said in alternative.values:
            return alternative.values[said]
        if alternative.other is None:
            # A list is not shown: one nested deep enough cannot even be written.
            shown = repr(str(value)[:40]) if said is not None else type(value).__name__
            raise Impossible(f"{place}: {shown} is none of those that the map {how.name} knows")
        return alternative.other
    match alternative.unit:
        case "":
            return value
        case "fen":
            return _yuan(value)
        case unit:
            return _time(value, unit, how.zone, place)


def _yuan(value: Any) -> str | None:  # noqa: ANN401 - as above
    """Cents as the amount that people read: 1990 is 19.90. None for what is no number of cents."""
    number = _number(value)
    if number is None or number != int(number):
        return None
    sign, cents = "-" if number < 0 else "", abs(int(number))
    return f"{sign}{cents // 100}.{cents % 100:02d}"


def _time(value: Any, unit: str, zone: Zone, place: str) -> str:  # noqa: ANN401 - as above
    """An instant in ISO 8601 with its offset, as the wire wants it."""
    number = _number(value)
    if number is None or unit == "iso":
        if not isinstance(value, str):
            raise BadPayload(f"{place}: must be a time")
        wire.instant(value, place, zone)  # refuses what is none
        read = datetime.fromisoformat(value.strip().upper())
        return value if read.tzinfo else read.replace(tzinfo=zone.info).isoformat()
    milliseconds = unit == "ms" or (unit == "any" and abs(number) >= 100_000_000_000)  # in seconds: the year 5138
    try:
        whole = round(number if milliseconds else number * 1000)
        at = datetime.fromtimestamp(whole // 1000, UTC).astimezone(zone.info).replace(microsecond=whole % 1000 * 1000)
    except (OverflowError, ValueError, OSError) as error:
        raise Impossible(f"{place}: {str(value)[:40]} is no time of ours") from error
    return at.isoformat(timespec="milliseconds" if whole % 1000 else "seconds")


def _number(value: Any) -> int | float | None:  # noqa: ANN401 - as above
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal() and len(value) <= 20:
        return int(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def fits(condition: Condition, view: View) -> bool:
    """Does a rule or an alternative hold for this message?"""
    return (
        all(_equal(view.get(path), texts) for path, texts in condition.when)
        and not any(_equal(view.get(path), texts) for path, texts in condition.unless)
        and all(view.get(path) not in (None, "", [], {}) for path in condition.has)
    )


def _equal(value: Any, texts: frozenset[str]) -> bool:  # noqa: ANN401 - as above
    return isinstance(value, str | int | float) and plain(value) in texts
