"""I am the edge inwards: a webhook's bytes become facts, or a sentence on why not."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bot import model
from bot.errors import BadPayload, Impossible, WireError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.deadline import Zone

EARLIEST = (
    946_684_800  # 2000-01-01: no chat tool of today has older messages; earlier is a wrong unit or an empty field
)
_LOOKS_LIKE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", re.ASCII)
_VISIBLE = re.compile(r"[^\s\ufeff]")
LONGEST_ID, CONTEXT_KEYS, LONGEST_VALUE = 200, 64, 2000
UNDELIVERED = "聊天工具说没有送到买家"
CHANGES = ("message.edited", "message.recalled")

Id = str | int
Scalar = str | int | float | bool | None


class _Buyer(msgspec.Struct):
    id: Id | None = None
    name: str | None = None


class _Created(msgspec.Struct):
    conversation: Id
    role: Literal["buyer", "agent", "robot", "system"]
    id: Id | None = None
    text: str | None = None
    kind: model.Kind = "text"
    at: str | None = None
    buyer: _Buyer | None = None
    agent: Id | None = None
    context: dict[str, Scalar] | None = None
    reply_id: Id | None = None
    assisted: bool = False
    pending: bool = False


class _Recalled(msgspec.Struct):
    id: Id
    conversation: Id
    at: str | None = None
    revision: Id | None = None


class _Edited(msgspec.Struct):
    id: Id
    conversation: Id
    text: str
    at: str | None = None
    revision: Id | None = None


class _Closed(msgspec.Struct):
    conversation: Id
    id: Id | None = None
    at: str | None = None


class _Assigned(msgspec.Struct):
    conversation: Id
    agent: Id | None = None
    id: Id | None = None
    at: str | None = None


class _Order(msgspec.Struct):
    conversation: Id
    context: dict[str, Scalar]
    id: Id | None = None
    at: str | None = None


class _Failed(msgspec.Struct):
    conversation: Id
    id: Id | None = None
    reply_id: Id | None = None
    sent: Id | None = None
    reason: str | None = None
    at: str | None = None


class Arrival(msgspec.Struct, frozen=True):
    """What a delivery adds to its events: for which shop, under which delivery id, and when (unix seconds).

    `placeless`: recalls and edits may leave their conversation out ("" then); the engine looks it up.
    `via`: the adapter that it came through.
    """

    shop: str
    delivery: str
    at: int
    placeless: bool = False
    via: str = ""


_decode = msgspec.json.Decoder().decode


def decode(body: bytes) -> list[Any]:
    """The events of a webhook's body: one object, or a list of them. Raises BadPayload."""
    try:
        read = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadPayload(f"the body is not JSON in UTF-8: {error}") from error
    events = read if isinstance(read, list) else [read]
    for position, event in enumerate(events):
        if not isinstance(event, dict):
            raise BadPayload(f"event {position}: must be an object")
    return events


def facts(events: list[Any], arrival: Arrival) -> list[model.AnyFact | None]:
    """One fact for each event, None for a type that is not known. Raises BadPayload or Impossible, naming the event."""
    return [_fact(event, arrival, position) for position, event in enumerate(events)]


def _fact(event: dict[str, Any], arrival: Arrival, position: int) -> model.AnyFact | None:
    place = f"event {position}"
    kind = event.get("type")
    if not isinstance(kind, str):
        raise BadPayload(f"{place}: type: must be a string")
    if kind not in _READERS:
        return None
    shape, build = _READERS[kind]
    data = event.get("data", event)
    if arrival.placeless and kind in CHANGES and isinstance(data, dict) and data.get("conversation") is None:
        data = {**data, "conversation": ""}
    timestamp = event.get("timestamp")
    try:
        read = msgspec.convert(data, shape)
        if timestamp is not None:
            timestamp = msgspec.convert(timestamp, str)
    except msgspec.ValidationError as error:
        raise refusal(error, place) from error
    at = _instant(read.at, timestamp, arrival.at, place)
    said_at = ""
    if kind in CHANGES:
        said_at = named(read.revision, f"{place}: revision") or read.at or timestamp or ""
    identity = identity_of(read.id, f"{place}: id") if read.id is not None else ""
    base = {
        "shop": arrival.shop,
        "conversation": _conversation(read.conversation, kind, arrival, place),
        "at": at,
        "arrived": arrival.at,
        "via": arrival.via,
        "key": _key(kind, identity, said_at, arrival, position),
    }
    return build(read, base, identity or f"{arrival.delivery}:{position}", place)


def refusal(error: msgspec.MsgspecError, place: str) -> WireError:
    """What to answer to JSON of another shape: 400, or 422 where only the value is none of those that can be."""
    kind = Impossible if str(error).startswith("Invalid enum value") else BadPayload
    return kind(f"{place}: {error}")


def _key(kind: str, identity: str, said_at: str, arrival: Arrival, position: int) -> str:
    """Same shop + type + data.id (+ at or revision for changes) is the same event; without an id the delivery names it."""
    if not identity:
        return f"{kind}@{arrival.delivery}@{position}"
    return f"{kind}:{identity}:{said_at}" if kind in CHANGES else f"{kind}:{identity}"


def key_of_message(identity: str) -> str:
    """The key of the fact that a message of this id was said."""
    return f"message.created:{identity}"


def keys_of_changes(identity: str) -> list[tuple[str, str]]:
    """From and up to which texts the keys of a message's recalls and edits lie; those of "id:more" lie there too."""
    return [(f"{kind}:{identity}:", f"{kind}:{identity};") for kind in CHANGES]


def _conversation(value: Id, kind: str, arrival: Arrival, place: str) -> str:
    return "" if value == "" and arrival.placeless and kind in CHANGES else identity_of(value, f"{place}: conversation")


def identity_of(value: Id, place: str) -> str:
    """An id as text. Raises Impossible for one that nobody could see, or too long a one."""
    text = value if isinstance(value, str) else str(value)
    if not (text.isalnum() or visible(text)) or len(text) > LONGEST_ID:
        raise Impossible(f"{place}: needs 1 to {LONGEST_ID} characters, not all blank")
    return text


def _instant(said: str | None, timestamp: str | None, arrived: int, place: str) -> int:
    text = said if said is not None else timestamp
    if text is None:
        return arrived
    return min(instant(text, place), arrived)


def instant(text: str, place: str, zone: Zone | None = None) -> int:
    """ISO 8601 to unix seconds, fractions cut off. Without an offset `zone` is taken.

    Raises BadPayload for what is no time, or has neither offset nor zone; Impossible for one that cannot be.
    """
    try:
        read = datetime.fromisoformat(text.strip().upper())  # RFC 3339 allows t and z
    except ValueError as error:
        kind = Impossible if _LOOKS_LIKE_TIME.match(text.strip()) else BadPayload
        raise kind(f"{place}: {text[:40]!r} is not an ISO 8601 time") from error
    if read.tzinfo is None:
        if zone is None:
            raise BadPayload(f"{place}: {text[:40]!r} has no offset (such as +08:00 or Z)")
        read = read.replace(tzinfo=zone.info)
    try:
        at = int(read.timestamp() // 1)
    except (OverflowError, ValueError) as error:
        raise Impossible(f"{place}: {text[:40]!r} is no time of ours") from error
    if at < EARLIEST:
        raise Impossible(f"{place}: {text[:40]!r} is before the year 2000")
    return at


def context(given: dict[str, Scalar] | None, place: str) -> dict[str, str]:
    """What is known, as text; empty and null values are left out. Raises Impossible when there is too much."""
    if not given:
        return {}
    known = {key: _plain(value) for key, value in given.items() if value is not None and value != ""}
    if len(known) > CONTEXT_KEYS or any(
        len(key) > LONGEST_ID or len(text) > LONGEST_VALUE for key, text in known.items()
    ):
        raise Impossible(f"{place}: context: at most {CONTEXT_KEYS} values of {LONGEST_VALUE} characters")
    return known


def _plain(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _created(read: _Created, base: dict[str, Any], identity: str, place: str) -> model.AnyFact:
    if read.kind == "text" and read.text is None:
        raise BadPayload(f"{place}: text: is missing")
    said = {**base, "id": identity, "text": read.text or "", "kind": read.kind}
    match read.role:
        case "buyer":
            buyer = read.buyer or _Buyer()
            return model.BuyerSaid(
                **said,
                buyer=identity_of(buyer.id, f"{place}: buyer.id") if buyer.id is not None else "",
                name=(buyer.name or "")[:LONGEST_ID],
                context=context(read.context, place),
                pending=read.pending,
            )
        case "agent":
            return model.AgentSaid(
                **said,
                agent=named(read.agent, f"{place}: agent"),
                reply_id=named(read.reply_id, f"{place}: reply_id"),
            )
        case "robot":
            return model.RobotSaid(**said, assisted=read.assisted)
        case "system":
            return model.SystemSaid(**said)


def visible(text: str) -> bool:
    """Is there anything in it but blanks?"""
    return _VISIBLE.search(text) is not None


def named(value: Id | None, place: str) -> str:
    """An id that may be left out: "" then. Raises Impossible."""
    return "" if value is None or value == "" else identity_of(value, place)


def _failed(read: _Failed, base: dict[str, Any], _: str, place: str) -> model.AnyFact:
    reply, sent = named(read.reply_id, f"{place}: reply_id"), named(read.sent, f"{place}: sent")
    if not (reply or sent):
        raise BadPayload(f"{place}: reply_id: is missing, or sent")
    reason = (read.reason or "")[:LONGEST_ID].strip()
    return model.SendFailed(**base, id=reply, reason=reason or UNDELIVERED, after=True, sent=sent)


def _order(read: _Order, base: dict[str, Any], _: str, place: str) -> model.AnyFact:
    return model.ContextChanged(**base, context=context(read.context, place))


_READERS: dict[str, tuple[Any, Callable[[Any, dict[str, Any], str, str], model.AnyFact]]] = {
    "message.created": (_Created, _created),
    "message.recalled": (_Recalled, lambda _read, base, identity, _place: model.Recalled(**base, id=identity)),
    "message.failed": (_Failed, _failed),
    "message.edited": (_Edited, lambda read, base, identity, _place: model.Edited(**base, id=identity, text=read.text)),
    "conversation.closed": (_Closed, lambda _read, base, _identity, _place: model.Closed(**base)),
    "conversation.assigned": (
        _Assigned,
        lambda read, base, _identity, place: model.Assigned(**base, agent=named(read.agent, f"{place}: agent")),
    ),
    "order.updated": (_Order, _order),
}


@lru_cache(maxsize=4096)
def iso(at: float, zone: Zone) -> str:
    """An instant as outsiders read it, in the shop's time zone."""
    return datetime.fromtimestamp(at, zone.info).isoformat(timespec="seconds")
