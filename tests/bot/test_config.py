"""A config is accepted whole, or everything wrong with it is listed; and the example shows every key."""

from __future__ import annotations

import base64
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import audit, config, demo, shopfile, strict
from bot.adapters.entrance import AdapterTable, OutTable
from bot.inspecting.rules import Weights
from bot.limits import Limits
from bot.passes import TokenTable
from bot.robotfile import RobotTable
from replies import DataError
from replies.guard import Allowance
from replies.odds import Bars

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.toml"
WHOLE = re.sub("^#- ", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)  # with the optional blocks
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
TOKEN = "a-token-long-enough"
KNOWN = {
    "SECRET": SECRET,
    "TOKEN": TOKEN,
    "OTHER": TOKEN * 2,
    "SHOP_WEBHOOK_SECRET": SECRET,
    "SHOP_TOKEN": TOKEN,
    "SHOP_AGENT_TOKEN": "of-an-agent-0123456789",
    "SHOP_ROBOT_URL": "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef",
    "SHOP_ROBOT_SECRET": "SEC0123456789abcdef",
    "SHOP_CHATWOOT_SECRET": "0123456789abcdef",
    "SHOP_CHATWOOT_TOKEN": "0123456789abcdef",
}
SHOP = '[[shops]]\nid = "a"\nwebhook_secrets = ["env:SECRET"]\ntoken = "env:TOKEN"\n'


@pytest.fixture
def written(tmp_path):
    """Writes a config file."""

    def write(text: str) -> Path:
        file = tmp_path / "config.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def mistakes(file: Path, known: dict[str, str] | None = None) -> list[str]:
    """The sentences on what is wrong, without the file that each begins with."""
    with pytest.raises(DataError) as raised:
        config.load(file, KNOWN if known is None else known)
    for problem in raised.value.problems:
        assert problem.startswith(f"{file}: ")
    return [problem.removeprefix(f"{file}: ") for problem in raised.value.problems]


def test_the_example_loads():
    """As it stands it needs a secret and a token, and nothing is wrong with it."""
    read = config.load(EXAMPLE, {"SHOP_WEBHOOK_SECRET": SECRET, "SHOP_TOKEN": TOKEN})
    assert read.shops[0].keys == (KEY,)
    assert read.shops[0].token == TOKEN
    assert (read.shops[0].robots, read.shops[0].adapters) == ((), {})


def test_the_example_loads_with_its_optional_blocks(written):
    """Robots and adapters are taken once their marks are gone."""
    (written("").parent / "replies").symlink_to(ROOT / "replies")
    read = config.load(written(WHOLE), KNOWN)
    assert read.shops[0].robots[0].stages["effective_reply_1h"] == (600, 180)
    assert list(read.shops[0].adapters) == ["chatwoot"]
    assert read.server == msgspec.structs.replace(config.Server(), data=str(written("").parent / "data"))


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (config.Server, ("server",)),
        (Limits, ("limits",)),
        (shopfile.ShopTable, ("shops", 0)),
        (Allowance, ("shops", 0, "allow")),
        (Bars, ("shops", 0, "bars")),
        (Weights, ("shops", 0, "inspection")),
        (TokenTable, ("shops", 0, "tokens", 0)),
        (RobotTable, ("shops", 0, "robots", 0)),
        (AdapterTable, ("shops", 0, "adapters", "chatwoot")),
        (OutTable, ("shops", 0, "adapters", "chatwoot", "out")),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_example_holds_every_key(kind, place):
    """Each key that a config may hold stands in the example, and no other; "default" stands beside defaults only."""
    table = tomllib.loads(WHOLE)
    for step in place:
        table = table[step]
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    assert set(table) == set(fields)
    for key in defaults_said(place):
        field = fields[key]
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        assert msgspec.convert(table[key], field.type) == default, key


def defaults_said(place: tuple[str | int, ...]) -> list[str]:
    """The keys of a table of the example whose comment begins with "default"."""
    wanted = ".".join(step for step in place if isinstance(step, str))
    found: list[str] = []
    table = ""
    for line in WHOLE.splitlines():
        if head := re.match(r"\[+([a-z.0-9_]+)\]+", line):
            table = head[1]
        elif table == wanted and (said := re.match(r"(\w+) = .*# default;", line)):
            found.append(said[1])
    return found


def test_the_example_marks_defaults():
    """The example says of every key of [server] that its value is the default, and of three of a shop's."""
    assert defaults_said(("server",)) == [field.name for field in msgspec.structs.fields(config.Server)]
    assert {"callback_url", "timezone"} <= set(defaults_said(("shops",)))
    assert defaults_said(("limits",)) == [field.name for field in msgspec.structs.fields(Limits)]
    assert defaults_said(("shops", "allow")) == [field.name for field in msgspec.structs.fields(Allowance)]


def test_a_short_config_is_enough(written):
    """A shop needs an id, a secret and a token; all else has a default, and paths begin at the file."""
    read = config.load(written(SHOP), KNOWN)
    shop = read.shops[0]
    assert (shop.id, shop.name, shop.platform, shop.timezone) == ("a", "a", "any", "Asia/Shanghai")
    assert (shop.library, shop.callback_url, shop.stages, shop.allow) == ((), "", {}, Allowance())
    assert read.server.port == 8787
    assert Path(read.server.data) == written("").parent / "data"


def test_everything_wrong_is_said_at_once(written):
    """Unknown keys, wrong types, impossible values and bad secrets of server and shops are one list, each by its path."""
    file = written(
        """
servers = 1
[server]
port = 70000
inbox = "many"
colour = "red"
[[shops]]
id = "a b"
platform = "nowhere"
webhook_secrets = ["env:NOT_THERE", "whsec_inline", "env:SHORT"]
token = "env:SHORT"
timezone = "Asia/Beijing2"
library = ["no-such-folder"]
callback_url = "ftp://x"
extra = 1
[[shops]]
id = "b"
platform = "pinduoduo"
webhook_secrets = []
token = 5
timezone = "Asia"
callback_url = "https://user:pass@example.com/"
[shops.stages]
no_such_target = [10]
effective_reply_1h = [10, 20]
human_reply_3min = [180]
[shops.allow]
phone = []
brands = "x"
"""
    )
    found = mistakes(file, {"SHORT": "abc"})
    wanted = [
        "servers: unknown key",
        "server.colour: unknown key",
        "server.inbox: Expected `int`, got `str`",
        "server.port: must lie between 0 and 65535",
        "shops[0].extra: unknown key",
        "shops[0].token: at least 16",
        "shops[0].id: 1 to 64",
        "shops[0].library: ",
        "shops[0].timezone: 'Asia/Beijing2' is not",
        "shops[0].callback_url: must be",
        "shops[0].platform: 'nowhere' is not one of",
        "shops[0].webhook_secrets[0]: the environment has no NOT_THERE",
        'shops[0].webhook_secrets[1]: secrets are written "env:NAME" or "file:PATH", never here',
        "shops[0].webhook_secrets[2]: ",
        "shops[1].token: Expected `str`, got `int`",
        "shops[1].allow.phone: unknown key",
        "shops[1].allow.brands: Expected `array`, got `str`",
        "shops[1].webhook_secrets: at least one",
        "shops[1].timezone: 'Asia' is not",
        "shops[1].callback_url: must not hold a user or password",
        "shops[1].stages.no_such_target: pinduoduo has no such target",
        "shops[1].stages.effective_reply_1h: ",
        "shops[1].stages.human_reply_3min: ",
    ]
    for sentence in wanted:
        assert sum(problem.startswith(sentence) for problem in found) == 1, (sentence, found)
    assert len(found) == len(wanted)


ROLES = "shops[0].tokens[0].role: 'x' is not one of agent, supervisor, owner, tool"
UNREACHABLE = "shops[0].callback_url: must be an http or https address with a host and a port up to 65535"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "shops: at least one [[shops]] is needed"),
        ("shops = 5", "shops: at least one [[shops]] is needed"),
        ("[shops]\nid = 'a'", "shops: at least one [[shops]] is needed"),
        ("shops = [5]", "shops[0]: must be a table"),
        ("server = 5\n" + SHOP, "server: must be a table"),
        ("[server]\nhost = ' '\n" + SHOP, "server.host: is empty"),
        (SHOP + SHOP.replace("TOKEN", "OTHER"), "shops[1].id: 'a' is taken by shops[0]"),
        (SHOP + SHOP.replace('"a"', '"b"'), "shops[1].token: is also that of shops[0]"),
        (SHOP + "tokens = 5", "shops[0].tokens: Expected `array`, got `int`"),
        (SHOP + '[[shops.tokens]]\nrole = "x"\nname = "y"\ntoken = "env:OTHER"', ROLES),
        (
            SHOP + '[[shops.tokens]]\nrole = "agent"\nname = " "\ntoken = "env:OTHER"',
            "shops[0].tokens[0].name: 1 to 64 characters are needed",
        ),
        (
            SHOP + '[[shops.tokens]]\nrole = "agent"\nname = "y"\ntoken = "env:TOKEN"',
            "shops[0].tokens[0].token: is also that of shops[0]",
        ),
        (SHOP + 'callback_url = "http://[bad"', UNREACHABLE),
        (SHOP + 'callback_url = "http://x:99999"', UNREACHABLE),
        (SHOP + 'callback_url = "http://x:0/"', "shops[0].callback_url: must be an http or https address"),
        (SHOP + 'callback_url = "http://x:-1/"', UNREACHABLE),
        (SHOP + 'callback_url = "http://x:8o80/"', UNREACHABLE),
        (SHOP + 'callback_url = "http://:80/"', "shops[0].callback_url: must be an http or https address"),
        (SHOP + 'callback_url = "http://a b/"', "shops[0].callback_url: must be an http or https address"),
        (SHOP + 'callback_url = "http://店铺.example/"', "shops[0].callback_url: must be an http or https address"),
        (SHOP + 'callback_url = "http://a..b/"', "shops[0].callback_url: 'a..b' is no name of a host"),
        (
            SHOP + f'callback_url = "http://{"a" * 64}.example/"',
            f"shops[0].callback_url: '{'a' * 64}.example' is no name of a host",
        ),
        (SHOP + 'callback_url = "http://x/#y"', "shops[0].callback_url: must not hold a #, which is never sent"),
        (SHOP + 'timezone = ""', "shops[0].timezone: '' is not a time zone name (such as Asia/Shanghai)"),
        (SHOP + "stages = { x = 5 }", "shops[0].stages.x: Expected `array`, got `int`"),
        (SHOP + "stages = { x = [5, '5'] }", "shops[0].stages.x[1]: Expected `int | float`, got `str`"),
        (SHOP + "library = ['.', 5]", "shops[0].library[1]: Expected `str`, got `int`"),
        (SHOP + 'name = "\n', "Illegal character '\\n' (at line 5, column 9)"),
    ],
)
def test_a_mistake_is_named(written, text, sentence):
    """One mistake makes one sentence with its path; a table that is none hides nothing behind a traceback."""
    found = [problem for problem in mistakes(written(text)) if not problem.endswith(": is missing")]
    assert found == [sentence]


@pytest.mark.parametrize("text", ["", "x", "\x00", "\ufeff[server]\nport = 1"])
def test_files_as_editors_write_them(written, text):
    """A byte order mark is no mistake; a file that cannot be read, or is not UTF-8, is named."""
    file = written(text + "\n" + SHOP if text.startswith("\ufeff") else text)
    if text.startswith("\ufeff"):
        assert config.load(file, KNOWN).server.port == 1
    else:
        assert mistakes(file)
    file.write_bytes(b"\xff")
    assert "codec can't decode" in mistakes(file)[0]
    file.unlink()
    assert mistakes(file) == ["cannot be read: No such file or directory"]
    file.mkdir()
    assert mistakes(file) == ["cannot be read: Is a directory"]


def test_secrets_may_stand_in_files(written, tmp_path):
    """A file's path begins at the config's folder and is stripped; an empty or missing one is named, never shown."""
    file = written(SHOP.replace("env:SECRET", "file:secret").replace("env:TOKEN", "file:token"))
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "token").write_text(f" {TOKEN}\n")
    shop = config.load(file, {}).shops[0]
    assert (shop.keys, shop.token) == ((KEY,), TOKEN)
    (tmp_path / "secret").write_text("\n")
    (tmp_path / "token").unlink()
    found = mistakes(file, {})
    assert found[0].startswith("shops[0].token: ")
    assert "cannot be read" in found[0]
    assert found[1] == f"shops[0].webhook_secrets[0]: {tmp_path / 'secret'} is empty"


def test_several_secrets_for_a_change(written):
    """Several secrets are taken in order; the first one signs."""
    file = written(SHOP.replace('["env:SECRET"]', '["env:NEW", "env:SECRET"]'))
    other = b"x" * 24
    known = {**KNOWN, "NEW": base64.b64encode(other).decode()}
    assert config.load(file, known).shops[0].keys == (other, KEY)


@pytest.mark.parametrize(
    "bad", ["whsec_!!!", "whsec_QUJD", "whsec_" + "QUJD" * 40, "short", "with a space in it", "é" * 20]
)
def test_secrets_never_show(written, bad):
    """Neither what is wrong with a secret nor any value's repr shows it."""
    known = {"SECRET": bad, "TOKEN": bad}
    for problem in mistakes(written(SHOP), known):
        assert bad not in problem
    read = config.load(written(SHOP), KNOWN)
    shown = repr(read) + repr(read.shops) + str(read.shops[0]) + f"{read.shops[0]!r}"
    shown += repr(demo.Demo(webhook_secret=SECRET, token=TOKEN))
    assert SECRET not in shown
    assert TOKEN not in shown
    assert repr(KEY) not in shown


class Inner(msgspec.Struct, frozen=True):
    number: int


class Outer(msgspec.Struct, frozen=True):
    name: str
    inner: Inner
    many: tuple[Inner, ...] = ()
    count: int = 3
    maybe: Inner | None = None


def test_what_is_right_is_kept_beside_what_is_wrong():
    """Reading fields gives every right value and default, and a sentence for every wrong one, inner tables included."""
    problems: list[str] = []
    table = {"name": 5, "inner": {"number": 1}, "many": [{"number": 1}, {"number": "x", "y": 1}], "other": 1}
    assert strict.fields(table, Outer, "top", problems) == {"inner": Inner(1), "count": 3, "maybe": None}
    assert problems == [
        "top.other: unknown key",
        "top.name: Expected `str`, got `int`",
        "top.many[1].y: unknown key",
        "top.many[1].number: Expected `int`, got `str`",
    ]


def test_a_list_of_tables_is_no_table():
    """A table where a list of them belongs is named, and the other way round."""
    problems: list[str] = []
    assert strict.read({"name": "x", "inner": [], "many": {"number": 1}}, Outer, "top", problems) is None
    assert problems == ["top.inner: must be a table", "top.many: must be a list of tables, each under [[top.many]]"]


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["server", "shops", "id", "token", "x"]), json_like, max_size=4), json_like)
def test_any_table_is_read_or_refused(table, entry):
    """Whatever a table holds, reading it gives values or sentences, and never another error."""
    for candidate in (table, entry):
        problems: list[str] = []
        assert strict.fields(candidate, shopfile.ShopTable, "p", problems) is not None
        read = strict.read(candidate, config.Server, "p", list(problems))
        assert read is None or isinstance(read, config.Server)


def test_check_names_what_is_wrong_with_data(monkeypatch, tmp_path):
    """Checking lists every broken data file and the config's mistakes together."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "bad.toml").write_text('group = "x"\n[[scripts]]\nid = "A"\ntitle = ""\n', encoding="utf-8")
    (scripts / "worse.toml").write_text("group = ", encoding="utf-8")
    monkeypatch.setattr("bot.shop.BUILT_IN", scripts)
    found = audit.everything(tmp_path / "none.toml")
    assert any("bad.toml:2: A: id" in problem for problem in found)
    assert any("bad.toml:2: A: text: is missing" in problem for problem in found)
    assert any("worse.toml" in problem for problem in found)
    assert found[-1] == f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory"
