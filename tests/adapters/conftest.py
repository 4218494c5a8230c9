"""What the tests of adapters stand on: fixture files, a shop that every tool may write to, and a living server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from living import SECRETS, TEN, TOKENS, living

from bot import adapters, config, wire
from bot.adapters import reader
from bot.shop import assemble

FIXTURES = Path(__file__).parent / "fixtures"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
KNOWN = {
    "DEMO_SECRET": SECRETS["demo"],
    "DEMO_TOKEN": TOKENS["demo"],
    "CHATWOOT": "cw_test_secret",
    "CHATWOOT_NEXT": "cw_next_secret",
    "DOUYIN": "client_secret_test",
    "QIANNIU": "a-token-in-the-address",
    "WECOM": f"QDG6eK {AES_KEY} wwexample0001",
}
SHOP = """
[[shops]]
id = "demo"
platform = "pinduoduo"
library = ["library.toml"]
webhook_secrets = ["env:DEMO_SECRET"]
token = "env:DEMO_TOKEN"
"""
CONFIG = (
    SHOP
    + """
[shops.adapters.generic]
[shops.adapters.chatwoot]
secrets = ["env:CHATWOOT", "env:CHATWOOT_NEXT"]
[shops.adapters.douyin]
secrets = ["env:DOUYIN"]
[shops.adapters.qianniu]
secrets = ["env:QIANNIU"]
[shops.adapters.pinduoduo]
[shops.adapters.wecom_kf]
[shops.adapters.lanren]
[shops.adapters.open]
unsigned = true
map = "open.toml"
"""
)
WECOM = '[shops.adapters.wecom_callback]\nsecrets = ["env:WECOM"]\n'
OPEN = """
signature = { scheme = "token", header = "X-Token" }
[[events]]
type = "message.created"
fields = { conversation = "c", role = { value = "buyer" }, text = "t" }
"""
LIBRARY = """
group = "测试"

[[scripts]]
id = "test.ship"
title = "发货时间"
shortcut = "fhsj"
phrasings = ["什么时候发货", "多久能发货", "今天能发货吗"]
text = "您好，付款后48小时内发出，请放心。"
"""


def payload(name: str) -> Any:
    """A fixture, such as "chatwoot/message_created"."""
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def raw(name: str, **more: Any) -> bytes:
    """A fixture as the tool would send it, fields replaced."""
    tool = name.partition("/")[0]
    return json.dumps(payload(name) | more, ensure_ascii=False).encode(adapters.load(tool).encoding)


def facts(tool: str, body: bytes, *, headers: dict[str, str] | None = None, delivery: str = "d-1") -> list[Any]:
    """The facts of a body, by the map that comes with the program."""
    reading = reader.read(adapters.load(tool), body, reader.Arrived(headers or {}, delivery))
    return wire.facts(reading.events, wire.Arrival("demo", delivery, TEN, placeless=True))


@pytest.fixture(scope="session")
def adapted_shops(tmp_path_factory):
    """A 拼多多 shop that all tools may write to; 企业微信 only where its optional part is installed."""
    folder = tmp_path_factory.mktemp("adapted")
    (folder / "library.toml").write_text(LIBRARY, encoding="utf-8")
    (folder / "open.toml").write_text(OPEN, encoding="utf-8")
    try:
        import cryptography  # noqa: F401

        written = CONFIG + WECOM
    except ImportError:
        written = CONFIG
    (folder / "config.toml").write_text(written, encoding="utf-8")
    return assemble(config.load(folder / "config.toml", KNOWN))


@pytest.fixture
async def server(adapted_shops, tmp_path):
    """The real application on a real socket; it is ten in the morning."""
    async with living(tmp_path, adapted_shops) as made:
        yield made
