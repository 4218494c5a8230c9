"""I apply a field map: what a tool sent becomes generic events, which bot/wire.py makes facts of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bot import wire
from bot.adapters.fieldmap import FIELDS, IGNORED, PULL, plain, walk
from bot.adapters.values import View, fits, value_of
from bot.errors import BadPayload, Impossible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.fieldmap import Handshake, Map, Pulled, Rule

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
        view = View(how, whole, whole, arrived)
        if how.handshake is not None and fits(how.handshake.condition, view):
            return Reading([], _answer(how.handshake, view))
        heard += _messages(view, len(heard))
    return Reading(heard)


def _answer(handshake: Handshake, view: View) -> dict[str, Any]:
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


def _messages(view: View, before: int) -> list[Heard]:
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


def _heard(view: View, before: int) -> list[Heard]:
    """The events of one message: of the first rule that fits, and of those after it that it asks to go on to."""
    heard: list[Heard] = []
    for number, rule in enumerate(view.how.rules):
        if not fits(rule.condition, view):
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


def _pull(pull: Pulled, view: View, place: str) -> dict[str, Any]:
    account, ticket = view.get(pull.account), view.get(pull.ticket)
    if not isinstance(account, str) or not 0 < len(account) <= wire.LONGEST_ID:
        raise BadPayload(f"{place}: {pull.account.name}: names no account")
    ticket = ticket if isinstance(ticket, str) and len(ticket) <= wire.LONGEST_VALUE else ""
    return {"type": PULL, "data": {"adapter": pull.adapter, "account": account, "ticket": ticket}}


def _event(rule: Rule, view: View, place: str) -> dict[str, Any]:
    if rule.type not in FIELDS:
        return {"type": IGNORED}
    data = {name: value_of(name, field, view, place) for name, field in rule.fields.items()}
    context = _context(rule, view, place)
    if context or (rule.context and rule.type == "order.updated"):
        data.setdefault("context", context)
    buyer = {"id": data.pop("buyer_id", None) or None, "name": _name(data.pop("buyer_name", None))}
    if "buyer" not in data and any(one is not None for one in buyer.values()):
        data["buyer"] = {key: value for key, value in buyer.items() if value is not None}
    timestamp = data.pop("timestamp", None)
    event = {"type": rule.type, "data": {key: value for key, value in data.items() if value is not None}}
    return event | ({"timestamp": timestamp} if timestamp is not None else {})


def _context(rule: Rule, view: View, place: str) -> dict[str, Any]:
    """What is known, cut to what is kept: no oddity of a card is worth losing its message."""
    known = {key: value_of(f"context.{key}", field, view, place) for key, field in rule.context.items()}
    return {
        key: value[: wire.LONGEST_VALUE] if isinstance(value, str) else value
        for key, value in known.items()
        if isinstance(value, str | int | float) and value != ""
    }


def _name(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    return plain(value) if isinstance(value, str | int | float) else None
