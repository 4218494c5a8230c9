"""I apply a field map: what a tool sent becomes generic events, which bot/wire.py makes facts of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bot import wire
from bot.adapters.fieldmap import FIELDS, IGNORED, PULL, plain, walk
from bot.errors import BadPayload, Impossible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.fieldmap import Alternative, Condition, Field, Handshake, Map, Path, Pulled, Rule
    from bot.deadline import Zone

CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030"}


class Arrived(NamedTuple):
    """What comes with a body: its headers (names in lower case), an id of the delivery, the charset if it was named.

    `pulls`: the adapters through which the shop fetches messages itself.
    """

    headers: Mapping[str, str]
    delivery: str
    charset: str = ""
    pulls: frozenset[str] = frozenset()


class Heard(NamedTuple):
    """One generic event, and the number of the rule that made it; None where no rule fits."""

    event: dict[str, Any]
    rule: int | None


class Reading(NamedTuple):
    """What a delivery becomes. `answer`: what the tool wants to hear, where it only tried the address."""

    heard: list[Heard]
    answer: dict[str, Any] | None = None

    @property
    def events(self) -> list[dict[str, Any]]:
        """In the order of the delivery."""
        return [one.event for one in self.heard]


def read(how: Map, body: bytes, arrived: Arrived) -> Reading:
    """The generic events of a delivery. Raises BadPayload or Impossible, naming the event."""
    decoded = decode(how, body, arrived.charset)
    payloads = decoded if isinstance(decoded, list) else [decoded]
    heard: list[Heard] = []
    for payload in payloads:
        if not isinstance(payload, dict):
            raise BadPayload(f"event {len(heard)}: must be an object")
        whole = unpacked(how, payload)
        view = _View(how, whole, whole, arrived)
        if how.handshake is not None and _fits(how.handshake.condition, view):
            return Reading([], _answer(how.handshake, view))
        heard += _messages(view, len(heard))
    return Reading(heard)


def _answer(handshake: Handshake, view: _View) -> dict[str, Any]:
    answer = {key: view.get(path) for key, path in handshake.answer.items()}
    if not all(isinstance(value, str | int | float) for value in answer.values()):
        raise BadPayload(f"the handshake needs {', '.join(path.name for path in handshake.answer.values())}")
    return answer


def decode(how: Map, body: bytes, charset: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The JSON of a body in the charset its header names, else the map's. Raises BadPayload."""
    encoding = CHARSETS.get(charset.lower(), how.encoding)
    try:
        text = body.removeprefix(b"\xef\xbb\xbf") if encoding == "utf-8" else body.decode(encoding)
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadPayload(f"the body is not JSON in {encoding.upper()}: {error}") from error


class _View(NamedTuple):
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


def unpacked(how: Map, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with what may come as JSON in a string read too; a string that is no JSON stays one."""
    for path in how.unpack:
        packed = walk(payload, path.steps)
        if isinstance(packed, str):
            try:
                inner = msgspec.json.decode(packed)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                continue
            payload = _put(payload, path.steps, inner)
    return payload


def _put(holder: Any, steps: tuple[str, ...], value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if not steps:
        return value
    if isinstance(holder, list):
        place = int(steps[0])
        return [_put(one, steps[1:], value) if at == place else one for at, one in enumerate(holder)]
    return {**holder, steps[0]: _put(holder[steps[0]], steps[1:], value)}


def _messages(view: _View, before: int) -> list[Heard]:
    """The events of one payload; `before`: how many the delivery had already."""
    how = view.how
    if how.inside is not None and (inner := view.get(how.inside)) is not None:
        view = view._replace(item=inner)
    if how.messages is None:
        return _heard(view, before)
    listed = view.get(how.messages)
    if not isinstance(listed, list):
        raise BadPayload(f"event {before}: {how.messages.name}: must be a list")
    heard: list[Heard] = []
    for item in listed:
        heard += _heard(view._replace(item=item), before + len(heard))
    return _news(heard) if how.history else heard


def _news(heard: list[Heard]) -> list[Heard]:
    """Of a list that repeats what was told before: what follows the shop's last message, or that one if it is last."""
    answers = [at for at, one in enumerate(heard) if one.event.get("data", {}).get("role") == "agent"]
    if not answers:
        return heard
    return heard[answers[-1] + 1 :] or heard[answers[-1] :]


def _heard(view: _View, before: int) -> list[Heard]:
    """The events of one message: of the first rule that fits, and of those after it that it asks to go on to."""
    heard: list[Heard] = []
    for number, rule in enumerate(view.how.rules):
        if not _fits(rule.condition, view):
            continue
        place = f"event {before + len(heard)}"
        if rule.pull is not None and rule.pull.adapter in view.arrived.pulls:
            heard.append(Heard(_pull(rule.pull, view, place), number))
            break
        if rule.refuse:
            raise Impossible(f"{place}: {rule.refuse}")
        heard.append(Heard(_event(rule, view, place), number))
        if not rule.go_on:
            break
    return heard or [Heard({"type": IGNORED}, None)]


def _pull(pull: Pulled, view: _View, place: str) -> dict[str, Any]:
    account, ticket = view.get(pull.account), view.get(pull.ticket)
    if not isinstance(account, str) or not 0 < len(account) <= wire.LONGEST_ID:
        raise BadPayload(f"{place}: {pull.account.name}: names no account")
    ticket = ticket if isinstance(ticket, str) and len(ticket) <= wire.LONGEST_VALUE else ""
    return {"type": PULL, "data": {"adapter": pull.adapter, "account": account, "ticket": ticket}}


def _event(rule: Rule, view: _View, place: str) -> dict[str, Any]:
    if rule.type not in FIELDS:
        return {"type": IGNORED}
    data = {name: _value(name, field, view, place) for name, field in rule.fields.items()}
    context = _context(rule, view, place)
    if context or (rule.context and rule.type == "order.updated"):
        data.setdefault("context", context)
    buyer = {"id": data.pop("buyer_id", None) or None, "name": _name(data.pop("buyer_name", None))}
    if "buyer" not in data and any(one is not None for one in buyer.values()):
        data["buyer"] = {key: value for key, value in buyer.items() if value is not None}
    timestamp = data.pop("timestamp", None)
    event = {"type": rule.type, "data": {key: value for key, value in data.items() if value is not None}}
    return event | ({"timestamp": timestamp} if timestamp is not None else {})


def _context(rule: Rule, view: _View, place: str) -> dict[str, Any]:
    """What is known, cut to what is kept: no oddity of a card is worth losing its message."""
    known = {key: _value(f"context.{key}", field, view, place) for key, field in rule.context.items()}
    return {
        key: value[: wire.LONGEST_VALUE] if isinstance(value, str) else value
        for key, value in known.items()
        if isinstance(value, str | int | float) and value != ""
    }


def _name(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    return plain(value) if isinstance(value, str | int | float) else None


def _value(name: str, field: Field, view: _View, place: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The first alternative that gives something; an empty text only if no later one gives more."""
    empty: Any = None
    for alternative in field:
        if not _fits(alternative.condition, view):
            continue
        value = _raw(alternative, view)
        if value is None:
            continue
        if value == "":
            empty = None if alternative.unit else ""
            continue
        return _told(alternative, value, view.how, f"{place}: {name}")
    return empty


def _raw(alternative: Alternative, view: _View) -> Any:  # noqa: ANN401 - whatever JSON holds
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


def _fits(condition: Condition, view: _View) -> bool:
    return (
        all(_equal(view.get(path), texts) for path, texts in condition.when)
        and not any(_equal(view.get(path), texts) for path, texts in condition.unless)
        and all(view.get(path) not in (None, "", [], {}) for path in condition.has)
    )


def _equal(value: Any, texts: frozenset[str]) -> bool:  # noqa: ANN401 - as above
    return isinstance(value, str | int | float) and plain(value) in texts
