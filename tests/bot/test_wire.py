"""What tools send becomes facts, or is refused by a sentence that names the event; nothing in between."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model, outward, wire
from bot.deadline import Zone
from bot.errors import BadPayload, Impossible, WireError

NOW = 1_795_226_400  # 2026-11-21 10:00:00 in Shanghai
HERE = wire.Arrival("demo", "d-1", NOW)
SAID = {"id": "m-1", "conversation": "c-1", "role": "buyer", "text": "什么时候发货"}


def fact(data: dict[str, Any], *, kind: str = "message.created", **more: object) -> Any:
    """The fact of one event."""
    (made,) = wire.facts([{"type": kind, "data": data, **more}], HERE)
    return made


@pytest.mark.parametrize(
    ("kind", "data", "made"),
    [
        ("message.created", SAID, model.BuyerSaid),
        ("message.created", SAID | {"role": "agent", "agent": "a-1", "reply_id": 7}, model.AgentSaid),
        ("message.created", SAID | {"role": "robot"}, model.RobotSaid),
        ("message.created", SAID | {"role": "system"}, model.SystemSaid),
        ("message.recalled", {"id": "m-1", "conversation": "c-1"}, model.Recalled),
        ("message.edited", {"id": "m-1", "conversation": "c-1", "text": "在吗"}, model.Edited),
        ("conversation.closed", {"conversation": "c-1"}, model.Closed),
        ("conversation.assigned", {"conversation": "c-1", "agent": "a-1"}, model.Assigned),
        ("order.updated", {"conversation": "c-1", "context": {"order_id": "1"}}, model.ContextChanged),
    ],
)
def test_every_type_has_its_fact(kind, data, made):
    """Each event type and role becomes its own kind of fact, the same from `data` and from top level."""
    nested = fact(data, kind=kind)
    (flat,) = wire.facts([{"type": kind, **data}], HERE)
    assert type(nested) is made
    assert nested == flat
    assert (nested.shop, nested.conversation, nested.at, nested.arrived) == ("demo", "c-1", NOW, NOW)


@pytest.mark.parametrize("kind", ["text", "image", "video", "audio", "card", "order", "emotion", "file"])
def test_every_kind_is_taken(kind):
    """All eight kinds of message are heard; all but text may come without text."""
    assert fact(SAID | {"kind": kind}).kind == kind
    bare = {key: value for key, value in SAID.items() if key != "text"} | {"kind": kind}
    if kind == "text":
        with pytest.raises(BadPayload, match="text"):
            fact(bare)
    else:
        assert fact(bare).text == ""


def test_an_unknown_type_is_no_fact():
    """What a later tool may say is not an error."""
    assert wire.facts([{"type": "buyer.typing", "data": 5}], HERE) == [None]


def test_a_message_carries_who_and_what():
    """Buyer, context and kind arrive as they were told; numbers become their digits, nulls are left out."""
    told = fact(
        SAID | {"id": 5, "conversation": 6, "buyer": {"id": 7, "name": None}, "context": {"a": 1, "b": None, "c": True}}
    )
    assert (told.id, told.conversation, told.buyer, told.name) == ("5", "6", "7", "")
    assert told.context == {"a": "1", "c": "true"}


@pytest.mark.parametrize(
    ("at", "timestamp", "expected"),
    [
        ("2026-11-21T09:59:58+08:00", None, NOW - 2),
        ("2026-11-21T09:59:58+08:00", "2026-11-21T09:00:00+08:00", NOW - 2),
        (None, "2026-11-21T09:00:00+08:00", NOW - 3600),
        (None, None, NOW),
        ("2026-11-21T01:59:58Z", None, NOW - 2),
        ("2026-11-21t01:59:58z", None, NOW - 2),
        ("2026-11-21T09:59:58.999+08:00", None, NOW - 2),
        ("2026-11-21T10:00:00.001+08:00", None, NOW),
        ("2026-11-21T10:00:01+08:00", None, NOW),
        ("9999-12-31T23:59:59-14:00", None, NOW),
    ],
)
def test_the_instant(at, timestamp, expected):
    """The message's `at`, else the event's `timestamp`, else arrival; whole seconds; never later than arrival."""
    assert fact(SAID | {"at": at}, timestamp=timestamp).at == expected


@pytest.mark.parametrize("at", ["2026-11-21T09:59:58", "2026-11-21", "hello", "", "1795226400", "10:00+08:00"])
def test_an_instant_without_offset_is_refused(at):
    """No offset, or no time at all: 400 that says so, wherever it stands."""
    with pytest.raises(BadPayload, match="event 0"):
        fact(SAID | {"at": at})
    with pytest.raises(BadPayload, match="event 0"):
        fact(SAID, timestamp=at)


@pytest.mark.parametrize(
    "at", ["2026-02-30T10:00:00+08:00", "2026-11-21T25:00:00Z", "1999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"]
)
def test_an_impossible_instant_is_refused(at):
    """A day that is not, or one before any chat tool: 422."""
    with pytest.raises(Impossible, match="event 0"):
        fact(SAID | {"at": at})


def test_the_same_event_has_the_same_key():
    """Shop, type and id name an event; for edits and recalls the time too; without an id, delivery and position."""
    edit = {"id": "m-1", "conversation": "c-1", "text": "在吗", "at": "2026-11-21T09:00:00+08:00"}
    later = edit | {"at": "2026-11-21T09:00:01+08:00"}
    bare = {"conversation": "c-1", "role": "buyer", "text": "在吗"}
    other = wire.Arrival("demo", "d-2", NOW)
    assert fact(SAID).key == fact(SAID | {"conversation": "c-2", "text": "别的"}).key
    assert fact(SAID).key != fact(SAID | {"id": "m-2"}).key
    assert fact(edit, kind="message.edited").key != fact(later, kind="message.edited").key
    assert fact(edit, kind="message.edited").key != fact(edit, kind="message.recalled").key
    first, second = wire.facts([{"type": "message.created", **bare}] * 2, HERE)
    (again,) = wire.facts([{"type": "message.created", **bare}], other)
    assert len({first.key, second.key, again.key}) == 3
    assert first.id != second.id


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "alien"},
        {"role": "closed"},
        {"kind": "smell"},
        {"id": ""},
        {"id": " \t"},
        {"id": "x" * 201},
        {"conversation": ""},
        {"buyer": {"id": ""}},
        {"context": {"x": "y" * 2001}},
        {"context": {"x" * 201: "y"}},
        {"context": {str(number): "y" for number in range(65)}},
    ],
)
def test_impossible_values(wrong):
    """Right in type, but none that can be: 422, naming the event."""
    with pytest.raises(Impossible, match="event 0"):
        fact(SAID | wrong)


@pytest.mark.parametrize("name", ["id", "conversation", "role", "text", "kind", "at", "buyer", "agent", "context"])
@pytest.mark.parametrize("value", [1.5, True, [], ["x"], [{}], 10**30 + 0.5])
def test_wrong_types(name, value):
    """A field of the wrong type is 400, whichever it is."""
    with pytest.raises(BadPayload, match="event 0"):
        fact(SAID | {name: value})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1,",
        b"nul",
        b"5",
        b'"x"',
        b"[5]",
        b"[[]]",
        b'{"type":5}',
        b"{}",
        b"\xff",
        b'{"type":"\xed\xa0\x80"}',
        b'{"type":"\\ud800"}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"1" * 60_000,
        b'{"type":"message.created","data":{"id":' + b"1" * 5000 + b"}}",
        b'{"type":"message.created","data":1e999}',
    ],
    ids=lambda body: body[:16],
)
def test_what_is_no_event_is_refused(body):
    """Not JSON, not UTF-8, not an object, without a type, too deep or too big a number: 400."""
    with pytest.raises(BadPayload):
        wire.facts(wire.decode(body), HERE)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(SAID)) | st.text(), inner),
    max_leaves=12,
)
_fields = st.sampled_from(["id", "conversation", "role", "text", "kind", "at", "buyer", "agent", "context", "reply_id"])
_types = st.sampled_from(sorted(wire._READERS)) | st.text(max_size=5)


@given(kind=_types, data=st.dictionaries(_fields, _json | st.sampled_from(["buyer", "agent", "c-1", "image"])))
def test_any_json_is_a_fact_or_a_refusal(kind, data):
    """Whatever the fields hold: a fact that can be stored and read back, or a sentence; never an accident."""
    body = json.dumps({"type": kind, "data": data}).encode()
    try:
        (made,) = wire.facts(wire.decode(body), HERE)
    except (BadPayload, Impossible) as error:
        assert str(error)  # noqa: PT017 - either outcome is right
        return
    if made is not None:
        kept = msgspec.json.decode(msgspec.json.encode(made), type=model.AnyFact)
        assert kept == made


@given(body=st.binary(max_size=200))
def test_any_bytes_are_events_or_a_refusal(body):
    """Bytes that are no events raise what becomes a 4xx."""
    try:
        wire.facts(wire.decode(body), HERE)
    except WireError as error:
        assert 400 <= error.status < 500  # noqa: PT017 - either outcome is right


def test_messages_read_as_they_stand_now():
    """Late ones in their place, the latest edit's text whichever came last, recalled ones marked."""
    zone = Zone("Asia/Shanghai")
    told = wire.facts(
        [
            {"type": "message.created", "data": SAID | {"at": "2026-11-21T09:30:00+08:00"}},
            {"type": "message.created", "data": SAID | {"id": "m-0", "at": "2026-11-21T09:00:00+08:00"}},
            {"type": "message.edited", **_change(2, text="第二次")},
            {"type": "message.edited", **_change(1, text="第一次")},
            {"type": "message.recalled", **_change(3) | {"id": "m-0"}},
        ],
        HERE,
    )
    old, new = outward.messages([one for one in told if one is not None], zone)
    assert (old["id"], old["text"], old["recalled"]) == ("m-0", "什么时候发货", True)
    assert (new["id"], new["text"], new["edited"]) == ("m-1", "第二次", True)
    assert "recalled" not in new
    assert "edited" not in old


def _change(minute: int, **more: str) -> dict[str, str]:
    return {"id": "m-1", "conversation": "c-1", "at": f"2026-11-21T09:3{minute}:00+08:00", **more}
