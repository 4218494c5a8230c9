"""A map and its place in the config are accepted whole, or everything wrong is listed; a map alone connects a tool."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path

import pytest
from living import living

from bot import adapters, audit, config
from bot.adapters import mapfile
from bot.shop import assemble
from replies import DataError

from .conftest import KNOWN, LIBRARY

README = Path(adapters.__file__).with_name("README.md")
SHOP = '[[shops]]\nid = "demo"\nlibrary = ["library.toml"]\nwebhook_secrets = ["env:DEMO_SECRET"]\ntoken = "env:DEMO_TOKEN"\n'
HEAD = 'signature = { scheme = "standard" }\n'
RULE = '[[events]]\ntype = "message.created"\nfields.conversation = "c"\nfields.role = { value = "buyer" }\n'


def mistakes(text: str) -> list[str]:
    """What is wrong with a map, without the file's name."""
    with pytest.raises(DataError) as raised:
        mapfile.read(text, "mine", "mine.toml")
    return [problem.removeprefix("mine.toml: ") for problem in raised.value.problems]


def examples() -> list[str]:
    """The TOML in README.md."""
    return re.findall(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


async def test_ten_lines_connect_a_tool(tmp_path):
    """The map in README.md has ten lines, and with the config beside it connects a tool that nobody has thought of."""
    written, named, *_ = examples()
    assert len(written.splitlines()) == 10
    (tmp_path / "my-tool.toml").write_text(written, encoding="utf-8")
    (tmp_path / "library.toml").write_text(LIBRARY, encoding="utf-8")
    (tmp_path / "config.toml").write_text(SHOP + named, encoding="utf-8")
    shops = assemble(config.load(tmp_path / "config.toml", KNOWN | {"MY_TOOL_SECRET": "a-long-secret"}))
    said = {
        "event": "message",
        "msg": {"id": 7, "text": "什么时候发货", "time": 1_795_226_398_000, "from": "customer"},
        "chat": {"id": 9},
    }
    body = json.dumps(said, ensure_ascii=False).encode()
    signature = hmac.new(b"a-long-secret", body, hashlib.sha256).hexdigest()
    async with living(tmp_path, shops) as server:
        headers = {"Content-Type": "application/json", "X-My-Signature": signature}
        answer = await server.ask("POST", "/webhook/demo/my-tool", data=body, headers=headers)
        assert answer.status == 200
        assert [one["script"] for one in answer.json["results"][0]["suggestions"]] == ["test.ship"]
        held = (await server.api("GET", "/conversations/9")).json
        assert held["messages"][0]["at"] == "2026-11-21T09:59:58+08:00"


def test_the_way_out_in_the_readme(tmp_path):
    """The outward example in README.md goes with the ten lines above it, and the config beside it gives what it needs."""
    written, named, given, out = examples()
    (tmp_path / "my-tool.toml").write_text(f"{written}{out}", encoding="utf-8")
    (tmp_path / "library.toml").write_text(LIBRARY, encoding="utf-8")
    (tmp_path / "config.toml").write_text(f"{SHOP}{named}{given}", encoding="utf-8")
    shops = assemble(
        config.load(tmp_path / "config.toml", KNOWN | {"MY_TOOL_SECRET": "a-long-secret", "MY_TOOL_TOKEN": "t"})
    )
    assert shops["demo"].destination("my-tool", "message.send") == "demo/my-tool"
    assert shops["demo"].destination("my-tool", "draft.held") is None


def test_the_maps_that_come_along():
    """Every map in the program's folder loads, and `kuaihui check` looks at them all."""
    assert {"generic", "chatwoot", "douyin", "qianniu", "pinduoduo", "wecom_kf", "lanren"} <= set(adapters.names())
    for name in adapters.names():
        made = adapters.load(name)
        assert (made.name, bool(made.title)) == (name, True)
    assert not [problem for problem in audit.everything(None) if "adapters" in problem]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "signature: is missing"),
        (HEAD, "events: at least one"),
        (HEAD + RULE + "[nonsense]\n", "nonsense: unknown key"),
        (HEAD + 'encoding = "ebcdic"\n' + RULE, "encoding: Invalid enum value 'ebcdic'"),
        (HEAD + 'timezone = "Asia/Nowhere"\n' + RULE, "timezone: 'Asia/Nowhere'"),
        (HEAD + "history = true\n" + RULE, "history: needs messages"),
        (HEAD + 'unpack = ["a..b"]\n' + RULE, "unpack: 'a..b' is no path"),
        (HEAD + "[[events]]\nwhen = { a = 1 }\n", "events[0]: needs either type or refuse"),
        (HEAD + '[[events]]\ntype = "message.sent"\n', "events[0].type: Invalid enum value 'message.sent'"),
        (
            HEAD + '[[events]]\ntype = "message.created"\nfields.conversation = "c"\n',
            "events[0].fields.role: is missing",
        ),
        (HEAD + '[[events]]\ntype = "message.recalled"\n', "events[0].fields.id: is missing"),
        (
            HEAD + '[[events]]\ntype = "conversation.closed"\nfields = { conversation = "c", text = "t" }\n',
            "events[0].fields.text: conversation.closed has no such field",
        ),
        (HEAD + RULE + 'fields.txt = "t"\n', "events[0].fields.txt"),
        (HEAD + RULE + 'fields.kind = { value = "picture" }\n', "events[0].fields.kind: 'picture' is none of"),
        (HEAD + RULE + 'fields.kind = { from = "k", values = { a = "text" }, other = "x" }\n', "'x' is none of"),
        (HEAD + RULE + 'fields.at = { from = "t", unit = "fen" }\n', "fen is not one of this field"),
        (HEAD + RULE + 'fields.id = { from = "t", unit = "ms" }\n', "only at and timestamp are times"),
        (HEAD + RULE + 'fields.id = { from = "t", value = 1 }\n', "exactly one of from, join and value"),
        (HEAD + RULE + 'fields.id = { from = "t", pick = "a" }\n', "where and pick go together"),
        (HEAD + RULE + 'fields.id = "$cookie.x"\n', "'$cookie.x' is no path"),
        (HEAD + RULE + "fields.id = 7\n", "events[0].fields.id: must be a table"),
        (HEAD + RULE + "when = { a = { b = [] } }\n", "events[0].when.a.b: must be a value or a list"),
        (HEAD + '[fields]\nnonsense = "x"\n' + RULE, "fields.nonsense: unknown field"),
        ('signature = { scheme = "hmac" }\n' + RULE, "signature.header: is missing"),
        ('signature = { scheme = "hmac", header = "X", content = "{text}" }\n' + RULE, "{text} is none of"),
        (
            'signature = { scheme = "hmac", header = "X", content = "{timestamp}.{body}" }\n' + RULE,
            "signature.timestamp",
        ),
        ('signature = { scheme = "hmac", header = "X", timestamp = "T" }\n' + RULE, "signature.timestamp"),
        ('signature = { scheme = "digest", header = "X" }\n' + RULE, "anybody could make the digest"),
        ('signature = { scheme = "token", header = "X", query = "y" }\n' + RULE, "signature.token"),
        ('signature = { scheme = "standard", tolerance = 0 }\n' + RULE, "signature.tolerance"),
        ("signature = [", "Invalid"),
    ],
)
def test_what_is_wrong_with_a_map(text, said):
    """Each mistake is named with its place."""
    assert any(said in problem for problem in mistakes(text)), mistakes(text)


def test_all_mistakes_of_a_map_at_once():
    """Who writes a map hears of all its mistakes, not of the first."""
    text = 'signature = { scheme = "digest", header = "X" }\n[[events]]\ntype = "message.created"\nfields.kind = { value = "x" }\n'
    assert len(mistakes(text)) == 4


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[shops.adapters.nobody]\n", "shops[0].adapters.nobody: no such adapter (chatwoot, "),
        ("[shops.adapters.chatwoot]\n", "shops[0].adapters.chatwoot.secrets: at least one is needed"),
        ('[shops.adapters.chatwoot]\nsecrets = ["inline-secret"]\n', 'secrets[0]: secrets are written "env:NAME"'),
        ('[shops.adapters.chatwoot]\nsecrets = ["env:NOBODY"]\n', "secrets[0]: the environment has no NOBODY"),
        ('[shops.adapters.chatwoot]\nsecrets = ["env:SHORT"]\n', "secrets[0]: has 3 characters"),
        ('[shops.adapters.generic]\nsecrets = ["env:CHATWOOT"]\n', "secrets[0]: is not base64 after whsec_"),
        ('[shops.adapters.chatwoot]\nunsigned = "yes"\n', "shops[0].adapters.chatwoot.unsigned: Expected `bool`"),
        ("[shops.adapters.chatwoot]\nallow = true\n", "shops[0].adapters.chatwoot.allow: unknown key"),
        ('[shops.adapters.mine]\nunsigned = true\nmap = "no.toml"\n', "no.toml: cannot be read"),
        ('[shops.adapters.mine]\nunsigned = true\nmap = "bad.toml"\n', "bad.toml: signature: is missing"),
        ("[shops.adapters]\nchatwoot = 5\n", "shops[0].adapters.chatwoot: must be a table"),
    ],
)
def test_what_is_wrong_with_an_adapter_of_a_shop(tmp_path, table, said):
    """Each mistake of a shop's adapters is named with its place, and no secret with it."""
    (tmp_path / "library.toml").write_text(LIBRARY, encoding="utf-8")
    (tmp_path / "bad.toml").write_text("title = 'x'\n", encoding="utf-8")
    (tmp_path / "config.toml").write_text(SHOP + table, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        config.load(tmp_path / "config.toml", KNOWN | {"SHORT": "abc"})
    assert any(said in problem for problem in raised.value.problems), raised.value.problems
    assert not any(value in problem for value in KNOWN.values() for problem in raised.value.problems)


def test_wecom_needs_its_optional_part(tmp_path, monkeypatch):
    """Without the optional part the config says what to install, instead of failing at the first callback."""
    monkeypatch.setitem(__import__("sys").modules, "cryptography", None)
    (tmp_path / "library.toml").write_text(LIBRARY, encoding="utf-8")
    (tmp_path / "config.toml").write_text(
        SHOP + '[shops.adapters.wecom_callback]\nsecrets = ["env:WECOM"]\n', encoding="utf-8"
    )
    with pytest.raises(DataError, match=r"kuaihui\[wecom\]"):
        config.load(tmp_path / "config.toml", KNOWN)
