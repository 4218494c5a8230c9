"""What each tool sends becomes what it means: the fixtures, and the traps of each tool."""

from __future__ import annotations

import json
from typing import Any

import pytest
from living import TEN

from bot import adapters, model
from bot.adapters import reader
from bot.errors import BadPayload, Impossible

from .conftest import FIXTURES, facts, payload, raw

SHIP = "什么时候发货"
SENT = "您好，付款后48小时内发出。"
TWO_AGO = TEN - 2
KF = "wkAJexample01:wmAJexample01"
CID = "2200000000001.1-700000002.1#11001@cntaobao"
GOODS = {"product_id": "6227", "product": "加绒保暖手套"}
ORDER = {"order_id": "261121-000000000000001"}
CTX = {
    "product": "加绒保暖手套",
    "product_id": "6227",
    "member": "店铺会员",
    "new_customer": "新客",
    "order_id": "261121-1",
    "order_status": "待发货",
    "order_amount": "19.90",
    "sku": "黑色 均码",
    "logistics_status": "未揽收",
}
CW = {"order_id": "A-20261121-7", "sku": "米白 L码"}

B, A, R, S = model.BuyerSaid, model.AgentSaid, model.RobotSaid, model.SystemSaid
MEANINGS: dict[str, list[tuple[type, dict[str, Any]] | None]] = {
    "generic/message": [(B, {"id": "m-1", "conversation": "c-1", "text": SHIP, "at": TWO_AGO, "buyer": "b-1"})],
    "chatwoot/message_created": [
        (B, {"id": "118", "conversation": "10", "text": SHIP, "at": TWO_AGO, "buyer": "14", "name": "安静的雾-776"}),
    ],
    "chatwoot/agent_reply": [(A, {"id": "119", "text": SENT, "at": TEN - 1, "agent": "3", "reply_id": ""})],
    "chatwoot/private_note": [None],
    "chatwoot/image": [(B, {"id": "121", "text": "", "kind": "image", "context": CW})],
    "chatwoot/image_with_words": [(B, {"text": "这个颜色还有吗", "kind": "text"})],
    "chatwoot/older": [(B, {"id": "1", "conversation": "1", "text": SHIP, "at": TWO_AGO, "buyer": "1"})],
    "chatwoot/bot": [(R, {"text": "智能助手为您服务"})],
    "chatwoot/automation": [(R, {"text": "已为您转接人工"})],
    "chatwoot/template": [(R, {"kind": "text"})],
    "chatwoot/activity": [(S, {"conversation": "10"})],
    "chatwoot/message_updated": [(model.Edited, {"id": "118", "conversation": "10", "text": "什么时候发货，能加急吗"})],
    "chatwoot/message_deleted": [(model.Recalled, {"id": "118", "conversation": "10"})],
    "chatwoot/echo": [(A, {"text": SENT, "reply_id": "r-1"})],
    "chatwoot/resolved": [(model.Closed, {"conversation": "10", "at": TEN - 1})],
    "chatwoot/reopened": [None],
    "chatwoot/assigned": [(model.Assigned, {"conversation": "10", "agent": "3"})],
    "chatwoot/widget_triggered": [None],
    "douyin/receive_text": [
        (
            B,
            {
                "id": "@9VwNmessage1==",
                "conversation": "@4F8Aconversation==",
                "text": SHIP,
                "at": TWO_AGO,
                "buyer": "_000buyer",
                "name": "爱喝茶的企鹅",
            },
        )
    ],
    "douyin/receive_object": [(B, {"id": "@9VwNmessage1==", "text": SHIP, "name": "爱喝茶的企鹅"})],
    "douyin/image": [(B, {"kind": "image", "text": ""})],
    "douyin/consult_card": [(B, {"kind": "card", "text": ""})],
    "douyin/send": [(A, {"conversation": "@4F8Aconversation==", "text": SENT, "at": TEN - 1})],
    "douyin/recall": [(model.Recalled, {"id": "@9VwNmessage1==", "conversation": ""})],
    "douyin/enter": [None],
    "douyin/group": [None],
    "qianniu/text": [
        (
            B,
            {
                "id": "3225514647927.PNM",
                "conversation": CID,
                "text": SHIP,
                "at": TWO_AGO,
                "buyer": "AAH0example",
                "name": "t_买家昵称_01",
            },
        )
    ],
    "qianniu/image": [(B, {"kind": "image", "text": ""})],
    "qianniu/card": [(B, {"kind": "card", "text": ""})],
    "qianniu/red_packet": [(S, {"conversation": CID})],
    "qianniu/conversation_change": [None],
    "pinduoduo/text": [
        (
            B,
            {
                "id": "1795226398001",
                "conversation": "8000000001",
                "text": SHIP,
                "at": TWO_AGO,
                "buyer": "8000000001",
                "name": "小鱼干",
                "context": {},
            },
        )
    ],
    "pinduoduo/goods_inquiry": [
        (
            B,
            {
                "kind": "card",
                "text": "",
                "context": {
                    **GOODS,
                    "price": "19.90",
                    "link": "https://mobile.example/goods.html?goods_id=6227",
                },
            },
        )
    ],
    "pinduoduo/order": [
        (
            B,
            {
                "kind": "order",
                "text": "",
                "context": {**GOODS, **ORDER, "aftersale_status": "无售后", "sku": "黑色 均码"},
            },
        )
    ],
    "pinduoduo/spec_card": [(B, {"kind": "card", "text": "", "context": GOODS})],
    "pinduoduo/image": [(B, {"kind": "image", "text": ""})],
    "pinduoduo/emotion": [(B, {"kind": "emotion", "text": ""})],
    "pinduoduo/video": [(B, {"kind": "video", "text": ""})],
    "pinduoduo/agent_reply": [(A, {"conversation": "8000000001", "text": SENT, "agent": "cs_900_1"})],
    "pinduoduo/robot_reply": [(R, {"conversation": "8000000001", "text": "欢迎光临"})],
    "pinduoduo/agent_image": [(A, {"kind": "image", "text": ""})],
    "pinduoduo/order_card": [
        (model.ContextChanged, {"conversation": "8000000001", "context": {**ORDER, **GOODS}}),
        (R, {"kind": "order", "text": ""}),
    ],
    "pinduoduo/withdraw": [(model.Recalled, {"id": "1795226398001", "conversation": "8000000001", "at": TEN})],
    "pinduoduo/transfer": [(model.Assigned, {"conversation": "8000000001", "agent": "cs_900_2"})],
    "pinduoduo/robot_hint": [(S, {"conversation": "8000000001"})],
    "pinduoduo/user_source": [(S, {"conversation": "8000000001"})],
    "pinduoduo/read_sync": [None],
    "pinduoduo/system_push": [None],
    "pinduoduo/auth": [None],
    "wecom_kf/sync_msg": [
        (B, {"id": "m1", "conversation": KF, "text": SHIP, "at": TWO_AGO, "buyer": "wmAJexample01"}),
        (B, {"id": "m2", "kind": "image", "text": "", "at": TEN - 1}),
        (A, {"id": "m3", "text": SENT, "agent": "kefu02", "at": TEN}),
    ],
    "wecom_kf/events": [
        None,
        (model.Assigned, {"conversation": KF, "agent": "kefu02"}),
        (model.Recalled, {"id": "m1", "conversation": KF}),
        (model.Recalled, {"id": "m2", "conversation": ""}),
        (model.Closed, {"conversation": KF, "at": TEN}),
    ],
    "wecom_kf/send_fail": [
        (model.SendFailed, {"id": "", "sent": "0123456789abcdef" * 2, "after": True, "reason": "微信客服：用户拒收"}),
        (model.SendFailed, {"conversation": KF, "reason": "微信客服：发送失败，原因未知"}),
    ],
    "wecom_kf/product": [
        (B, {"kind": "card", "text": "", "context": {"product_id": "77001", "product": "加绒保暖手套"}})
    ],
    "lanren/turn": [
        (S, {"conversation": "inst-1:t_买家昵称_01"}),
        (B, {"conversation": "inst-1:t_买家昵称_01", "text": SHIP, "buyer": "t_买家昵称_01", "context": CTX}),
        (B, {"kind": "image", "text": ""}),
    ],
    "lanren/answered": [(A, {"conversation": "inst-1:t_买家昵称_01", "text": SENT})],
    "lanren/older_context": [(B, {"id": "77", "conversation": "inst-1:t_买家昵称_01", "at": TWO_AGO}), None],
}


@pytest.mark.parametrize("name", MEANINGS)
def test_a_fixture_means_what_it_says(name):
    """Each payload becomes these facts, with these fields, and no others."""
    made = facts(name.partition("/")[0], raw(name))
    assert len(made) == len(MEANINGS[name])
    for fact, meant in zip(made, MEANINGS[name], strict=True):
        if meant is None:
            assert fact is None
            continue
        kind, fields = meant
        assert type(fact) is kind
        assert {field: getattr(fact, field) for field in fields} == fields


def test_every_fixture_is_read():
    """No fixture lies about without a meaning; the handshake and the GBK file have tests of their own."""
    names = {f"{file.parent.name}/{file.stem}" for file in FIXTURES.glob("*/*.json")}
    assert names - set(MEANINGS) == {"douyin/verify", "qianniu/text.gbk"}


def test_every_tool_has_fixtures():
    """Each map that comes with the program is tried on payloads."""
    assert {file.name for file in FIXTURES.iterdir()} == set(adapters.names())


@pytest.mark.parametrize(("said", "meant"), [("incoming", B), ("outgoing", A), ("activity", S), ("template", R)])
def test_words_and_integers_of_chatwoot(said, meant):
    """`message_type` is a word at the top and an integer inside; both mean the same."""
    number = {"incoming": 0, "outgoing": 1, "activity": 2, "template": 3}[said]
    for written in (said, number):
        (fact,) = facts("chatwoot", raw("chatwoot/message_created", message_type=written))
        assert type(fact) is meant


def test_times_of_chatwoot():
    """`created_at` is ISO at the top and unix seconds inside: either is read."""
    for written in ("2026-11-21T01:59:58.000Z", "2026-11-21T01:59:58+00:00", TWO_AGO, str(TWO_AGO), TWO_AGO * 1000):
        (fact,) = facts("chatwoot", raw("chatwoot/message_created", created_at=written))
        assert fact.at == TWO_AGO


def test_a_note_is_no_message():
    """A private note is ignored whatever else it says: it is neither guarded nor an answer, also when it is edited."""
    for event in ("message_created", "message_updated"):
        assert facts("chatwoot", raw("chatwoot/private_note", event=event)) == [None]


def test_edits_of_chatwoot_are_told_apart():
    """Two edits have two keys; the retry of one, with a fresh time and the same delivery, has its own again."""
    body, keys = raw("chatwoot/message_updated"), []
    for delivery, stamp in (("d-1", TEN - 9), ("d-1", TEN - 4), ("d-2", TEN - 4)):
        (fact,) = facts("chatwoot", body, headers={"x-chatwoot-timestamp": str(stamp)}, delivery=delivery)
        assert fact.at == stamp
        keys.append(fact.key)
    assert keys[0] == keys[1] != keys[2]


def test_content_of_douyin_may_be_packed():
    """`content` as an object and as JSON in a string are the same; a string that is no JSON has no fields."""
    assert facts("douyin", raw("douyin/receive_text")) == facts("douyin", raw("douyin/receive_object"))
    with pytest.raises((BadPayload, Impossible), match="event 0"):
        facts("douyin", raw("douyin/receive_text", content="hello"))


def test_the_handshake_of_douyin():
    """`verify_webhook` is answered with its challenge, whatever type that has; nothing is heard."""
    for challenge in (12345, "12345"):
        body = json.dumps({"event": "verify_webhook", "content": {"challenge": challenge}}).encode()
        reading = reader.read(adapters.load("douyin"), body, reader.Arrived({}, "d"))
        assert reading == reader.Reading([], {"challenge": challenge})
    with pytest.raises(BadPayload, match="handshake"):
        facts("douyin", b'{"event":"verify_webhook","content":{"challenge":[[]]}}')


def test_two_buyers_may_say_the_same():
    """The same words of two buyers in the same second are two messages."""
    one = payload("pinduoduo/text")
    other = payload("pinduoduo/text")
    other["message"] |= {"msg_id": "1795226398002", "from": {"role": "user", "uid": "8000000002"}}
    first, second = facts("pinduoduo", json.dumps([one, other]).encode())
    assert (first.text, first.at) == (second.text, second.at)
    assert first.key != second.key
    assert first.conversation != second.conversation


def test_the_same_message_has_the_same_key():
    """However often a message comes, in whatever delivery, its key is the same."""
    keys = {facts("douyin", raw("douyin/receive_text"), delivery=delivery)[0].key for delivery in ("d-1", "d-2", "d-3")}
    assert len(keys) == 1


def test_gbk():
    """千牛 writes GBK, also characters whose second byte is a backslash; a charset in the header goes before the map's."""
    body = (FIXTURES / "qianniu" / "text.gbk.json").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        body.decode()
    (fact,) = facts("qianniu", body)
    assert fact.text == SHIP
    tricky = "乗誠瀄"
    assert b"\\" in tricky.encode("gb18030")
    (fact,) = facts("qianniu", raw("qianniu/text", message=tricky))
    assert fact.text == tricky
    how, utf8 = adapters.load("qianniu"), json.dumps(payload("qianniu/text"), ensure_ascii=False).encode()
    reading = reader.read(how, utf8, reader.Arrived({}, "d", charset="UTF-8"))
    assert reading.events[0]["data"]["text"] == SHIP


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"{", b"[" * 5000, b'"text"', b"5", b"", '{"content":"\ud800"}'.encode("utf-8", "surrogatepass")],
)
@pytest.mark.parametrize("tool", adapters.names())
def test_no_json_is_refused(tool, body):
    """What is no JSON, or no object, is refused by a sentence."""
    with pytest.raises(BadPayload):
        facts(tool, body)


def test_an_unknown_role_is_refused():
    """A role that the map does not know is neither guessed nor dropped: the sentence names it."""
    body = payload("pinduoduo/text")
    body["message"]["from"] = {"role": "ghost", "uid": "1"}
    with pytest.raises(Impossible, match="event 0: role: 'ghost'"):
        facts("pinduoduo", json.dumps(body).encode())


def test_a_plain_text_with_sub_type_zero_is_text():
    """sub_type 0 is a product card only if it names a product."""
    body = payload("pinduoduo/text")
    body["message"]["sub_type"] = 0
    (fact,) = facts("pinduoduo", json.dumps(body).encode())
    assert (fact.kind, fact.text) == ("text", SHIP)


def test_an_odd_card_loses_no_message():
    """Prices that are no numbers, lists where words were, and endless texts leave the context, not the message."""
    body = payload("pinduoduo/goods_inquiry")
    body["message"]["info"] |= {"goodsPrice": "9.9元", "goodsName": ["a"], "spec": "长" * 5000}
    (fact,) = facts("pinduoduo", json.dumps(body).encode())
    assert fact.kind == "card"
    assert set(fact.context) == {"product_id", "link", "sku"}
    assert len(fact.context["sku"]) == 2000


def test_the_callback_of_wecom_says_what_to_do():
    """A 微信客服 callback has no messages: it is refused by a sentence that says where they are."""
    body = json.dumps({"ToUserName": "ww", "MsgType": "event", "Event": "kf_msg_or_event", "Token": "t"}).encode()
    with pytest.raises(Impossible, match="sync_msg"):
        facts("wecom_callback", body)
    assert facts("wecom_callback", json.dumps({"MsgType": "event", "Event": "enter_agent"}).encode()) == [None]


def test_an_error_instead_of_messages_is_refused():
    """sync_msg may answer an error: without a list there is nothing to hear, and that is said."""
    with pytest.raises(BadPayload, match="msg_list"):
        facts("wecom_kf", b'{"errcode":40001,"errmsg":"invalid credential"}')
    assert facts("wecom_kf", b'{"errcode":0,"msg_list":[]}') == []


def test_history_counts_once():
    """懒人客服 repeats the talk so far: of it only what follows the shop's last message is news."""
    body = payload("lanren/turn")
    body["messages"].append({"sender": "示例旗舰店", "content": SENT, "role": "SELF", "type": "TEXT"})
    (fact,) = facts("lanren", json.dumps(body).encode())
    assert type(fact) is A
    body["messages"].append({"sender": "t_买家昵称_01", "content": "好的", "role": "OTHER", "type": "TEXT"})
    (fact,) = facts("lanren", json.dumps(body).encode())
    assert (type(fact), fact.text) == (B, "好的")
