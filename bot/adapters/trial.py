"""I try a field map on a payload, without a server: what it becomes, what is not understood, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bot import wire
from bot.adapters import reader, wecom
from bot.adapters.fieldmap import IGNORED
from bot.errors import WireError
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.adapters.fieldmap import Map
    from bot.adapters.reader import Heard

# What an event can do without, and what it then does without.
WITHOUT = {
    "id": "没有消息编号：再次收到时只能按投递编号认出重复",
    "at": "没有时间：按收到的时间算",
    "buyer": "没有买家编号：把会话编号当作买家",
    "conversation": "没有会话编号：按消息编号查找",
}
WANTED = {
    "message.created": ("id", "at", "buyer"),
    "message.recalled": ("at", "conversation"),
    "message.edited": ("at", "conversation"),
    "conversation.closed": ("at",),
}


class Tried(NamedTuple):
    """What a payload becomes. `problems`: what keeps it from being taken; the rest is good to know.

    `unused`: fields that the map does not speak of; `missing`: what the events do without.
    """

    events: list[dict[str, Any]]
    ignored: int
    answer: dict[str, Any] | None
    unused: list[str]
    missing: list[str]
    notes: list[str]
    problems: list[str]


def attempt(how: Map, body: bytes, headers: Mapping[str, str], now: int) -> Tried:
    """Apply the map to a body; `headers` have their names in lower case. Raises DataError for a body that is no JSON."""
    body, charset, notes = _plain(how, body), "", []
    if how.encoding != "utf-8" and _is_utf8(body):  # as an editor saves it; almost no other text is valid UTF-8 too
        charset, notes = "utf-8", [f"这个文件是 UTF-8；服务器把 {how.name} 发来的当作 {how.encoding.upper()} 读"]
    try:
        decoded = reader.decode(how, body, charset)
    except WireError as error:
        raise DataError([str(error)]) from error
    problems: list[str] = []
    reading = reader.Reading([])
    delivery = headers.get(how.signature.delivery.lower(), "") or "try"
    try:
        reading = reader.read(how, body, reader.Arrived(headers, delivery, charset))
    except WireError as error:
        problems.append(str(error))
    problems += _refused(reading.heard, wire.Arrival("try", delivery, now, placeless=True))
    told = [one.event for one in reading.heard if one.event["type"] != IGNORED]
    return Tried(
        events=told,
        ignored=len(reading.heard) - len(told),
        answer=reading.answer,
        unused=_unused(how, decoded),
        missing=list(dict.fromkeys(_missing(told))),
        notes=notes,
        problems=problems,
    )


def _is_utf8(body: bytes) -> bool:
    try:
        return not body.decode().isascii()
    except UnicodeDecodeError:
        return False


def _plain(how: Map, body: bytes) -> bytes:
    """Callbacks of 企业微信 are XML; their encrypted form needs the shop's secret, which is not asked for here."""
    if how.signature.scheme != "wecom" or not body.lstrip().startswith(b"<"):
        return body
    try:
        fields = wecom.fields(body)
    except WireError as error:
        raise DataError([str(error)]) from error
    if "Encrypt" in fields:
        raise DataError(["这是加密的回调：只有服务器用店铺的密钥能打开；这里请给解密后的 XML"])
    return msgspec.json.encode(fields)


def _refused(heard: list[Heard], arrival: wire.Arrival) -> Iterator[str]:
    for position, one in enumerate(heard):
        if one.rule is None:
            yield f"event {position}: 没有一条规则适合它：会回 200 并忽略"
            continue
        try:
            wire.facts([one.event], arrival)
        except WireError as error:
            yield str(error).replace("event 0", f"event {position}", 1)


def _missing(events: list[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        data = event["data"]
        for field in WANTED.get(event["type"], ()):
            absent = data.get(field) in (None, "", {})
            if field == "buyer":
                absent = data.get("role") == "buyer" and not (data.get("buyer") or {}).get("id")
            if field == "at":
                absent = absent and "timestamp" not in event
            if absent:
                yield f"{event['type']}: {WITHOUT[field]}"


def _unused(how: Map, decoded: Any) -> list[str]:  # noqa: ANN401 - whatever JSON holds
    """Places of values that the map does not speak of, each once, entries of lists as one."""
    known = frozenset(how.places())
    found: dict[str, None] = {}
    for payload in decoded if isinstance(decoded, list) else [decoded]:
        for place in _leaves(reader.unpacked(how, payload) if isinstance(payload, dict) else payload):
            if not any(place == one or place.startswith((f"{one}.", f"{one}[]")) for one in known):
                found[place] = None
    return list(found)


def _leaves(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever JSON holds
    """The places of all values that hold no others, in their order; without recursion, however deep."""
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        place, held = todo.pop()
        inner: list[tuple[str, Any]] = []
        if isinstance(held, dict):
            inner = list(held.items())
        elif isinstance(held, list):
            inner = [("[]", one) for one in held]
        if inner:
            todo += [(f"{place}.{key}".removeprefix(".").replace(".[]", "[]"), one) for key, one in reversed(inner)]
        elif place and held not in (None, "", {}, []):
            yield place


def lines(how: Map, tried: Tried) -> Iterator[str]:
    """The same for people."""
    yield f"{how.title}（{how.name}）：{len(tried.events)} 个事件" + (
        f"，忽略 {tried.ignored} 个" if tried.ignored else ""
    )
    if tried.answer is not None:
        yield f"这是握手，回答：{_json(tried.answer)}"
    for event in tried.events:
        yield f"  {event['type']}"
        yield from (f"    {key} = {_json(value)}" for key, value in event["data"].items())
    yield from _listed("没看懂的字段", tried.unused)
    yield from _listed("缺少", tried.missing)
    yield from _listed("说明", tried.notes)
    yield from _listed("问题", tried.problems)


def _listed(title: str, entries: list[str]) -> Iterator[str]:
    if entries:
        yield f"{title}："
        yield from (f"  {entry}" for entry in entries)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
