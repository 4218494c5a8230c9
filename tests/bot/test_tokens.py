"""Who may ask what: tokens of a role, from the config or by command, revoked at once, and a record of who did what."""

from __future__ import annotations

import base64
import json
from contextlib import closing

import pytest
from click.testing import CliRunner, Result
from living import TOKENS, living, two_shops
from running import run

from bot import config, roles
from bot.cli import main
from bot.passes import hashed
from bot.shop import assemble
from bot.store import SQLiteStore
from replies import DataError

FINE = "您好，您的包裹今天下午发出。"
HINT = {"text": "微信也可以的"}
SAID = {
    "type": "message.created",
    "data": {"id": "m-1", "conversation": "c-1", "role": "buyer", "text": "什么时候发货"},
}
REQUESTS = {
    "check": ("POST", "/check", {"text": FINE}),
    "reply": ("POST", "/conversations/c-1/replies", {"id": "r-1", "text": FINE}),
    "feedback": ("POST", "/conversations/c-1/feedback", {"script": "shipping.when", "action": "ignored"}),
    "scripts": ("GET", "/scripts", None),
    "conversations": ("GET", "/conversations", None),
    "conversation": ("GET", "/conversations/c-1", None),
    "rates": ("GET", "/rates", None),
}


def token_of(role: str, name: str = "小王") -> str:
    """A token, the same for the same role and name."""
    return f"test-{role}-" + base64.urlsafe_b64encode(name.encode()).decode()


@pytest.fixture
async def issued(server, tmp_path):
    """A server, and a way to issue tokens beside it as the command does."""

    def issue(role: str, name: str = "小王", shop: str = "demo") -> str:
        with closing(SQLiteStore(tmp_path / "kuaihui.sqlite")) as store, store.transaction():
            store.add_token(shop, role, name, hashed(token_of(role, name)), 0)
        return token_of(role, name)

    await server.hear(SAID)
    return issue


@pytest.mark.parametrize("role", roles.roles())
async def test_each_role_may_what_the_table_says(server, issued, role):
    """What stands in its row is answered, all else is 403 with a sentence that names the role."""
    token = issued(role)
    for name, (method, path, data) in REQUESTS.items():
        answer = await server.api(method, path, data, token=token)
        if roles.may(role, name):
            assert answer.status == 200, name
        else:
            assert (answer.status, answer.code) == (403, "forbidden"), name
            assert role in answer.json["error"]["message"]


async def test_the_table_names_every_request(server):
    """Each request of a shop's API stands in the table under the name that its document gives it, and no other."""
    document = (await server.ask("GET", "/openapi.json")).json
    asked = {
        operation["operationId"]
        for path, item in document["paths"].items()
        for operation in item.values()
        if path.startswith("/api/") and isinstance(operation, dict)
    }
    assert set(roles.roles()["owner"].may) == asked == {*REQUESTS, "events"}
    assert not roles.may("nobody", "check")


async def test_an_agent_speaks_in_his_own_name(server, issued):
    """His token's name is the agent's, whether he gives one or not; another's is refused, and so is the curator's silence."""
    token = issued("agent", "小王")
    path = "/conversations/c-1"
    for number, agent in enumerate((None, "", "小王")):
        given = {"id": f"r-{number}", "text": FINE, "agent": agent}
        assert (await server.api("POST", f"{path}/replies", given, token=token)).status == 200
    refused = await server.api("POST", f"{path}/replies", {"id": "r-9", "text": FINE, "agent": "小李"}, token=token)
    assert (refused.status, refused.json["error"]["message"]) == (403, "agent: this token speaks for 小王 alone")
    held = (await server.api("GET", path)).json["replies"]
    assert [reply["agent"] for reply in held] == ["小王"] * 3
    given = {"script": "shipping.when", "action": "picked", "agent": "小李"}
    assert (await server.api("POST", f"{path}/feedback", given, token=token)).status == 403
    del given["agent"]
    assert (await server.api("POST", f"{path}/feedback", given, token=token)).status == 200
    (pick,) = await server.loop.read(lambda store: store.picks("demo", 9))
    assert pick.agent == "小王"
    tool = issued("tool", "窗口")
    assert (
        await server.api("POST", f"{path}/replies", {"id": "r-9", "text": FINE, "agent": "小李"}, token=tool)
    ).status == 200


async def test_a_token_is_revoked_at_once(server, issued, tmp_path):
    """It opens from the moment it is issued to the moment it is revoked; another of the same name goes on."""
    old, new = issued("agent"), issued("agent", "小李")
    assert (await server.api("GET", "/conversations", token=old)).status == 200
    assert (await server.api("GET", "/conversations", token=old, shop="other")).status == 403
    with closing(SQLiteStore(tmp_path / "kuaihui.sqlite")) as store, store.transaction():
        assert store.revoke_token(1, "demo", 5)
        assert not store.revoke_token(1, "demo", 6)
        assert not store.revoke_token(2, "other", 6)
    assert (await server.api("GET", "/conversations", token=old)).status == 401
    assert (await server.api("GET", "/conversations", token=new)).status == 200


async def test_a_listener_whose_token_is_revoked_hears_no_more(server, issued, tmp_path, monkeypatch):
    """The stream ends before the next event; the listener that comes back is refused."""
    monkeypatch.setattr("bot.web.events.LOOK", 0.0)
    token = issued("agent")
    monkeypatch.setitem(TOKENS, "demo", token)
    async with server.listen() as listener:
        assert (await listener.next())["seq"] == 1
        with closing(SQLiteStore(tmp_path / "kuaihui.sqlite")) as store, store.transaction():
            store.revoke_token(1, "demo", 5)
        await server.hear({**SAID, "data": {**SAID["data"], "id": "m-2", "text": "什么时候发货"}})
        rest = [await listener.line() for _ in range(2)]
    assert "" in rest
    assert not any("data:" in line for line in rest)


async def test_tokens_of_the_config(tmp_path):
    """A shop's config may name tokens of roles, two of one name while it is being changed."""
    two_shops(tmp_path)
    text = (tmp_path / "config.toml").read_text(encoding="utf-8").split('\n[[shops]]\nid = "other"')[0]
    more = "".join(
        f'[[shops.tokens]]\nrole = "agent"\nname = "小王"\ntoken = "env:{name}"\n' for name in ("OLD", "NEW")
    )
    (tmp_path / "config.toml").write_text(text + more, encoding="utf-8")
    known = {"DEMO_SECRET": "whsec_" + "QUJD" * 8, "SPARE_SECRET": "whsec_" + "REVG" * 8, "TOOL_SECRET": "t" * 16}
    known |= {"DEMO_TOKEN": TOKENS["demo"], "OLD": "old-token-of-wang", "NEW": "new-token-of-wang"}
    read = assemble(config.load(tmp_path / "config.toml", known))
    assert "old-token-of-wang" not in repr([shop.passes for shop in read.values()])
    async with living(tmp_path, read) as server:
        for token in ("old-token-of-wang", "new-token-of-wang"):
            assert (await server.api("GET", "/conversations", token=token)).status == 200
            assert (await server.api("GET", "/rates", token=token)).status == 403


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({}, "roles.owner: is missing"),
        ({"roles": {"agent": {"title": "x", "own_name": True, "may": []}}}, "roles.owner: is missing"),
        ({"roles": {"owner": {"title": "x", "own_name": 1, "may": []}}}, "roles.owner.own_name: "),
        ({"roles": {"owner": {"title": "x", "own_name": False}}}, "roles.owner.may: is missing"),
        (
            {
                "roles": {
                    "owner": {"title": "x", "own_name": False, "may": ["check"]},
                    "agent": {"title": "x", "own_name": True, "may": ["rates"]},
                }
            },
            "roles.agent.may: 'rates' is nothing that owner may",
        ),
        ({"rolls": {}, "roles": {"owner": {"title": "x", "own_name": False, "may": []}}}, "rolls: unknown key"),
    ],
)
def test_a_mistake_in_the_table_is_named(table, sentence):
    """The table of roles is accepted whole, or what is wrong with it is said."""
    with pytest.raises(DataError, match=sentence):
        roles.read(table)


def test_the_command(tmp_path):
    """Issued once in plain, kept as a hash, listed without it, revoked by number; each with exit codes and a record."""
    data = ["--data", str(tmp_path)]
    from bot import demo

    demo.make(tmp_path)
    SQLiteStore(tmp_path / "kuaihui.sqlite").close()

    def here(*words: str) -> Result:
        """In this process: a program of its own takes half a second to start."""
        return CliRunner().invoke(main, [*words, *data])

    made = run("token", "add", "--shop", "demo", "--role", "agent", "--name", "小王", *data)
    token = made.stdout.decode().splitlines()[-1]
    assert made.returncode == 0
    assert token.startswith("kh_")
    assert len(token) > 40
    assert not any(token.encode() in file.read_bytes() for file in tmp_path.iterdir())
    shown = here("token", "list", "--json").stdout
    assert token not in shown
    said = [json.loads(line) for line in shown.splitlines()]
    assert [(one["number"], one["role"], one["name"]) for one in said] == [(None, "owner", ""), (1, "agent", "小王")]
    assert run("token", "revoke", "1", *data).returncode == 0
    assert here("token", "revoke", "1").exit_code == 1
    assert "吊销" in here("token").stdout
    for wrong in (["add"], ["add", "--role", "x", "--name", "y"], ["revoke"], ["revoke", "x"], ["list", "1"]):
        assert here("token", *wrong).exit_code == 2, wrong
    told = [json.loads(line) for line in here("audit", "--json").stdout.splitlines()]
    assert [(one["what"], one["about"]) for one in told] == [
        ("token.add", "1 agent 小王"),
        ("token.revoke", "1 agent 小王"),
    ]
    assert all(one["who"] for one in told)
    assert here("audit", "--since", "yesterday").exit_code == 2
    assert here("audit", "--since", "2999-01-01", "--json").stdout == ""


async def test_what_was_sent_all_the_same_stands_in_the_record(server, issued):
    """An override shows with who said why, from the guard's own record; it is kept once."""
    token = issued("agent")
    path, given = "/conversations/c-1/replies", {"id": "r-1", **HINT}
    first = await server.api("POST", path, given, token=token)
    assert first.json["overridable"]
    why = given | {"override": {"reason": "老顾客"}}
    assert (await server.api("POST", path, why, token=token)).json["state"] == "queued"
    notes = await server.loop.read(lambda store: store.notes("demo", 0))
    assert {(one.who, one.what) for one in notes} == {("小王", "guard.overridden")}
    assert all("老顾客" in one.about for one in notes)
    assert (await server.loop.read(lambda store: store.notes("other", 0))) == []
