"""Whatever arrives, a map makes events of it or refuses it with a sentence; and the generic map changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from living import TEN

from bot import adapters, wire
from bot.adapters import mapfile, reader
from bot.errors import WireError

from .conftest import FIXTURES, facts, payload

SHIP = "什么时候发货"
ARRIVAL = wire.Arrival("demo", "d-1", TEN, placeless=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
WORDS = sorted(
    {place.rpartition(".")[2].removesuffix("[]") for name in adapters.names() for place in adapters.load(name).places()}
)
MEANT = [
    "message_created",
    "incoming",
    "im_receive_msg",
    "im_recall_msg",
    "CHAT_RECEIVE_MSG",
    "push",
    "user",
    "text",
    "OTHER",
    "event",
]
JSON = st.recursive(
    LEAVES | st.sampled_from(MEANT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.sampled_from(WORDS), inner, max_size=6),
    max_leaves=12,
)
FIXED = [
    json.loads(file.read_text(encoding="utf-8"))
    for file in sorted(FIXTURES.glob("*/*.json"))
    if ".gbk" not in file.name
]


def tried(tool: str, body: bytes) -> None:
    """Nothing but a refusal may come of it, or facts."""
    made = outcome(lambda: facts(tool, body, headers={"x-chatwoot-timestamp": "hello"}))
    assert isinstance(made, list) or made[1] in (400, 422)


@given(tool=st.sampled_from(adapters.names()), value=JSON)
def test_any_json_through_any_map(tool, value):
    """Arbitrary JSON, made of the words that maps know, never raises anything but a refusal."""
    tried(tool, json.dumps(value, ensure_ascii=False).encode(adapters.load(tool).encoding))


@given(tool=st.sampled_from(adapters.names()), body=st.binary(max_size=40))
def test_any_bytes_through_any_map(tool, body):
    """So do arbitrary bytes."""
    tried(tool, body)


@given(tool=st.sampled_from(adapters.names()), whole=st.sampled_from(FIXED), data=st.data())
def test_a_payload_with_one_value_changed(tool, whole, data):
    """A real payload in which one value became any other is read or refused, by its own map and by all others."""
    changed = json.loads(json.dumps(whole))
    holder: Any = changed
    for _ in range(data.draw(st.integers(0, 4))):
        keys = [key for key, one in holder.items() if isinstance(one, dict)] if isinstance(holder, dict) else []
        holder = holder[data.draw(st.sampled_from(sorted(keys)))] if keys else holder
    if isinstance(holder, dict) and holder:
        holder[data.draw(st.sampled_from(sorted(holder)))] = data.draw(JSON)
    tried(tool, json.dumps(changed, ensure_ascii=False).encode(adapters.load(tool).encoding))


DEEP = [
    ("chatwoot", b'{"event":"message_created","conversation":{"id":1},"content":"a","message_type":%s}'),
    ("douyin", b'{"event":"im_receive_msg","content":{"user_infos":[{"open_id":%s}]},"from_user_id":%s}'),
    ("douyin", b'{"event":"verify_webhook","content":{"challenge":%s}}'),
    ("pinduoduo", b'{"response":"push","message":{"type":0,"from":{"role":%s},"to":{"uid":%s},"info":%s}}'),
]


@pytest.mark.parametrize(("tool", "body"), DEEP)
def test_lists_nested_as_deep_as_they_are_read(tool, body):
    """What can just be decoded cannot be written or compared any more a few calls deeper: it is refused all the same."""
    for depth in range(900, 1000):
        tried(tool, body.replace(b"%s", b"[" * depth + b"]" * depth))


GENERIC = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                "message.created",
                "message.recalled",
                "message.edited",
                "conversation.closed",
                "conversation.assigned",
                "order.updated",
                "other",
            ]
        )
    },
    optional={
        "timestamp": st.sampled_from([None, "2026-11-21T10:00:00+08:00", "2026-11-21T10:00:00", 5, ""]),
        "data": st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "conversation",
                    "role",
                    "text",
                    "kind",
                    "at",
                    "buyer",
                    "agent",
                    "context",
                    "revision",
                    "reply_id",
                ]
            ),
            st.sampled_from(
                [None, "", "m-1", 7, "buyer", "agent", "robot", "text", "image", "2026-11-21T09:59:58+08:00"]
            )
            | st.just({"id": "b-1", "name": None})
            | st.just({"order_id": 5})
            | LEAVES,
        ),
        "id": st.just("top"),
        "conversation": st.just("c-top"),
        "role": st.just("buyer"),
        "text": st.just(SHIP),
    },
)


def outcome(make: Any) -> Any:
    """The facts, or how it was refused."""
    try:
        return make()
    except WireError as error:
        return type(error), error.status


@given(events=st.lists(GENERIC, min_size=1, max_size=3))
def test_the_generic_map_is_the_generic_event(events):
    """Through its map a generic event becomes the very same facts, or is refused too."""
    body = json.dumps(events).encode()
    plain, mapped = outcome(lambda: wire.facts(wire.decode(body), ARRIVAL)), outcome(lambda: facts("generic", body))
    assert (mapped == plain) if isinstance(plain, list) else isinstance(mapped, tuple)


@given(at=st.integers(wire.EARLIEST, TEN), fraction=st.integers(0, 999))
def test_times_in_every_unit(at, fraction):
    """Seconds, milliseconds, digits as text, ISO with and without offset: the same instant, cut to a second."""
    from datetime import UTC, datetime, timedelta

    iso = datetime.fromtimestamp(at, UTC) + timedelta(milliseconds=fraction)
    here = iso + timedelta(hours=8)
    for unit, value in [
        ("s", at),
        ("s", str(at)),
        ("s", at + fraction / 1000),
        ("ms", at * 1000 + fraction),
        ("ms", str(at * 1000 + fraction)),
        ("iso", iso.isoformat()),
        ("any", iso.isoformat()),
        ("any", here.replace(tzinfo=None).isoformat(sep=" ")),
        ("any", at * 1000 + fraction),
        ("any", at),
    ]:
        (event,) = timed(unit, value)
        (fact,) = wire.facts([event], wire.Arrival("demo", "d", TEN + 1))
        assert fact.at == at, (unit, value)


TIMED = 'signature = { scheme = "standard" }\n[[events]]\ntype = "message.created"\nfields = { conversation = "c", role = { value = "buyer" }, text = "c", at = { from = "t", unit = "UNIT" } }\n'
MAPS = {unit: mapfile.read(TIMED.replace("UNIT", unit), unit, unit) for unit in ("s", "ms", "iso", "any")}


def timed(unit: str, value: Any) -> list[dict[str, Any]]:
    """The events of a payload whose time is `value`."""
    return reader.read(MAPS[unit], json.dumps({"c": "c-1", "t": value}).encode(), reader.Arrived({}, "d")).events


@pytest.mark.parametrize("value", ["hello", True, [], {}, 10**30, -(10**30), 1e300, "2026-02-30 10:00:00", 5, "-1"])
@pytest.mark.parametrize("unit", MAPS)
def test_what_is_no_time(unit, value):
    """What is no time, or none of a chat tool, is refused; nothing and "" are no time at all."""
    with pytest.raises(WireError):
        wire.facts(timed(unit, value), ARRIVAL)
    assert "at" not in timed(unit, "")[0]["data"]
    assert "at" not in timed(unit, None)[0]["data"]


RICH = """
signature = { scheme = "standard" }
inside = "payload"
messages = "list"

[fields]
id = { join = ["$body.app", ["nr", "id"]], by = "/" }
conversation = "c"
role = { value = "buyer" }
text = ["t", "$header.X-Text", { value = "" }]
buyer_name = { from = "people", where = { "who.id" = "from" }, pick = "who.name" }

[[events]]
unless = { a.b = [1, 2] }
has = ["a", "c"]
type = "conversation.closed"
fields.id = "$delivery"
next = true

[[events]]
when = { a.b = 2 }
refuse = "two is not heard"

[[events]]
type = "message.created"
"""


def rich(item: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    """The events of one message of a map that uses everything."""
    body = json.dumps({"app": "x", "payload": {"list": [item]}}).encode()
    return reader.read(mapfile.read(RICH, "rich", "rich"), body, reader.Arrived(headers, "d-9")).events


def test_everything_a_map_can_say():
    """Envelopes, lists, joined ids, choices, entries picked from lists, headers, conditions and going on."""
    people = [{"who": {"id": 1, "name": "甲"}}, {"who": {"id": 2, "name": "乙"}}]
    closed, said = rich({"c": "c-1", "id": 5, "a": {"b": 3}, "from": 2, "people": people}, **{"x-text": SHIP})
    assert closed == {"type": "conversation.closed", "data": {"id": "d-9", "conversation": "c-1"}}
    assert said["data"] == {"id": "x/5", "conversation": "c-1", "role": "buyer", "text": SHIP, "buyer": {"name": "乙"}}
    (said,) = rich({"c": "c-1", "nr": "7", "id": 5, "a": {"b": "1"}, "t": "在吗"})
    assert (said["data"]["id"], said["data"]["text"]) == ("x/7", "在吗")
    (said,) = rich({"c": "c-1", "a": {"b": 1.0}})
    assert "id" not in said["data"]
    with pytest.raises(WireError, match="event 0: two is not heard"):
        rich({"c": "c-1", "a": {"b": 2}})


def test_reading_changes_nothing():
    """A payload is not written to while it is read, and reading it again gives the same."""
    body = json.dumps([payload("douyin/receive_text")] * 2).encode()
    assert facts("douyin", body) == facts("douyin", body)
