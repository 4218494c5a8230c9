"""I read Chatwoot's messages: its interface's answers, its conversations, its webhooks kept line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot import adapters, model, wire
from bot.adapters import fieldmap, reader
from bot.errors import WireError
from bot.logs import documents
from bot.logs.said import Said
from bot.zones import LATEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.adapters.fieldmap import Map
    from bot.logs.paper import Paper
    from bot.logs.said import Role

_MESSAGE = {"message_type", "content"}
_ROOMS = ("payload", "data", "messages", "conversations")
_DEEPEST = 6


def recognises(paper: Paper) -> str | None:
    """JSON with messages that have a message_type."""
    document = documents.peek(paper)
    found = next(_messages(document, {}, 0), None)
    return "JSON，消息带 message_type 和 content" if found is not None else None


def read(paper: Paper) -> Iterator[Said]:
    """Its messages by the field map that also reads its webhooks; notes to colleagues are left out."""
    how = adapters.load("chatwoot")
    for number, whole in documents.objects(paper):
        seen = False
        for message, around in _messages(whole, {}, 0):
            seen = True
            try:
                said = _said(how, message, around, paper, number)
            except WireError as error:
                paper.bad(number, str(error))
                continue
            if said is not None:
                yield said
        if not seen and "event" not in whole:
            paper.bad(number, "没有带 message_type 的消息")


def _messages(value: Any, around: dict[str, Any], depth: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:  # noqa: ANN401
    """Each message within, with the conversation that it stands in."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for entry in value:
            yield from _messages(entry, around, depth + 1)
    if not isinstance(value, dict):
        return
    if value.keys() >= _MESSAGE:
        yield value, around
        return
    inside = value if "messages" in value and "id" in value else around
    for room in _ROOMS:
        if room in value:
            yield from _messages(value[room], inside, depth + 1)


def _said(how: Map, message: dict[str, Any], around: dict[str, Any], paper: Paper, number: int) -> Said | None:
    """The message as its webhook would have told it. Raises WireError."""
    if str(message.get("event", "message_created")) != "message_created":
        return None
    held = message.get("conversation")
    room = held if isinstance(held, dict) else {key: around[key] for key in ("id", "meta") if key in around}
    if "conversation_id" in message:
        room = {**room, "id": message["conversation_id"]}
    payload = {**message, "event": "message_created", "conversation": room}
    deleted = fieldmap.walk(message, ("content_attributes", "deleted")) is True
    arrived = reader.Arrived({}, f"{paper.number}:{number}")
    reading = reader.read(how, msgspec.json.encode(payload), arrived)
    events = [one.event for one in reading.heard if one.event["type"] == "message.created"]
    facts = wire.facts(events, wire.Arrival("log", f"{paper.number}:{number}", LATEST))
    for fact, event in zip(facts, events, strict=True):
        if isinstance(fact, model.BuyerSaid | model.AgentSaid | model.RobotSaid | model.SystemSaid):
            return _plain(fact, paper.place(number), timed="at" in event["data"], deleted=deleted)
    return None


def _role(fact: object) -> Role:
    match fact:
        case model.BuyerSaid():
            return "buyer"
        case model.AgentSaid():
            return "agent"
        case model.RobotSaid():
            return "robot"
    return "system"


def _plain(fact: Any, place: str, *, timed: bool, deleted: bool) -> Said:  # noqa: ANN401 - one of four facts
    return Said(
        id=fact.id,
        conversation=fact.conversation,
        role="system" if deleted else _role(fact),
        text="" if deleted else fact.text,
        kind=fact.kind,
        agent=getattr(fact, "agent", ""),
        buyer=getattr(fact, "buyer", ""),
        at=fact.at if timed else None,
        place=place,
        context=getattr(fact, "context", {}),
    )
