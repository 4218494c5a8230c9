"""A shop's group robots stand in its config, or everything wrong with them is listed with its path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot import config, robotfile, robots
from replies import DataError

if TYPE_CHECKING:
    from pathlib import Path

WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=00000000-0000-0000-0000-000000000000"
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=0000"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/0000"
KNOWN = {
    "HOOK": "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
    "TOKEN": "token-of-the-shop",
    "OTHER": "token-of-another",
    "SIGN": "SEC-of-the-group",
    "WECOM": WECOM,
    "DINGTALK": DINGTALK,
    "FEISHU": FEISHU,
    "RELAY": "http://192.0.2.1:8080/anything",
    "NO_KEY": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
    "NO_URL": "qyapi.weixin.qq.com",
    "USER": "https://me:secret@example.com/",
}
SHOP = """
[[shops]]
id = "{id}"
platform = "pinduoduo"
webhook_secrets = ["env:HOOK"]
token = "env:{token}"
"""


@pytest.fixture
def load(tmp_path: Path):
    """Read a config of one shop, or two, with these robots."""

    def read(*shops: str, stages: str = ""):
        file = tmp_path / "config.toml"
        text = ""
        for position, entries in enumerate(shops):
            text += SHOP.format(id=f"shop{position}", token=("TOKEN", "OTHER")[position]) + stages + entries
        file.write_text(text, encoding="utf-8")
        return config.load(file, KNOWN).shops

    return read


def robot(**fields: str) -> str:
    """A `[[shops.robots]]` block; values as they stand in TOML."""
    given = {"kind": '"wecom"', "url": '"env:WECOM"', "who": '"agent"', **fields}
    return "[[shops.robots]]\n" + "\n".join(f"{key} = {value}" for key, value in given.items() if value) + "\n"


@pytest.mark.parametrize(
    ("who", "hour", "minutes", "missed"),
    [
        ("agent", (1800, 600, 180), (80, 30), ()),
        ("supervisor", (600, 180), (30,), ()),
        ("owner", (180,), (30,), ("effective_reply_1h", "human_reply_3min")),
    ],
)
def test_who_hears_what_by_default(load, who, hour, minutes, missed):
    """Agents every stage, the supervisor the later ones, the owner the last, and misses of targets that warn."""
    ((made,),) = (shop.robots for shop in load(robot(who=f'"{who}"')))
    assert made.stages == {"effective_reply_1h": hour, "human_reply_3min": minutes, "human_reply_30s": ()}
    assert made.missed == missed


def test_a_shop_says_what_is_heard(load):
    """Stages for all targets or by name, misses for none, all or some; whose name is not called keeps the default."""
    (shop,) = load(
        robot(stages="[180, 30]", missed="true")
        + robot(kind='"dingtalk"', url='"env:DINGTALK"', stages="{effective_reply_1h = [600]}", who='"owner"')
        + robot(kind='"feishu"', url='"env:FEISHU"', secret='"env:SIGN"', missed='["human_reply_30s"]', words="false")
    )
    first, second, third = shop.robots
    assert first.stages == {"effective_reply_1h": (180,), "human_reply_3min": (30,), "human_reply_30s": ()}
    assert first.missed == ("effective_reply_1h", "human_reply_3min")
    assert second.stages == {"effective_reply_1h": (600,), "human_reply_3min": (30,), "human_reply_30s": ()}
    assert (third.secret, third.missed, third.words) == ("SEC-of-the-group", ("human_reply_30s",), False)
    assert len({each.id for each in shop.robots}) == 3


def test_stages_of_the_shop_are_those_heard(load):
    """A shop that changes its stages changes what its robots hear."""
    (shop,) = load(robot(), stages="[shops.stages]\neffective_reply_1h = [900]\n")
    assert shop.robots[0].stages["effective_reply_1h"] == (900,)


@pytest.mark.parametrize("written", ["[0.25]", "{effective_reply_1h = [0.25]}"])
def test_a_robot_hears_fractions_of_the_limit(load, written):
    """A stage below 1 is that part of the limit, as where the shop says when to warn."""
    (shop,) = load(robot(stages=written), stages="[shops.stages]\neffective_reply_1h = [0.5, 0.25]\n")
    assert shop.robots[0].stages["effective_reply_1h"] == (900,)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"kind": '"slack"'}, "kind: 'slack' is not one of wecom, dingtalk, feishu"),
        ({"kind": ""}, "kind: is missing"),
        ({"who": '"boss"'}, "who: 'boss' is not one of agent, supervisor, owner"),
        ({"url": f'"{WECOM}"'}, 'url: secrets are written "env:NAME" or "file:PATH", never here'),
        ({"url": '"env:NOWHERE"'}, "url: the environment has no NOWHERE"),
        ({"url": '"env:NO_URL"'}, "url: must be an http or https address"),
        ({"url": '"env:USER"'}, "url: must be an http or https address"),
        ({"url": '"env:DINGTALK"'}, "url: is the address of another kind: 钉钉群机器人"),
        (
            {"url": '"env:NO_KEY"'},
            "url: 企业微信群机器人 has addresses like https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=...",
        ),
        ({"secret": '"env:SIGN"'}, "secret: 企业微信群机器人 is not signed; leave it out"),
        ({"stages": "[1800, 7]"}, "stages: no target of the shop warns at 7 seconds"),
        ({"stages": "{human_reply_3min = [60]}"}, "stages.human_reply_3min: 60 is no stage of the shop's (80, 30)"),
        ({"stages": "[0.3]"}, "stages: no target of the shop warns at 0.3 of its limit"),
        (
            {"stages": '{human_reply_3min = ["half"]}'},
            "stages.human_reply_3min[0]: Expected `int | float`, got `str`",
        ),
        ({"stages": '["half"]'}, "stages[0]: Expected `int | float`, got `str`"),
        ({"stages": "{human_reply_30s = [10]}"}, "stages.human_reply_30s: 10 is no stage of the shop's (never)"),
        (
            {"stages": "{round_reply_3min = [80]}"},
            "stages.round_reply_3min: the shop has no such target (effective_reply_1h, human_reply_3min, human_reply_30s)",
        ),
        (
            {"missed": '["nothing"]'},
            "missed: the shop has no target 'nothing' (effective_reply_1h, human_reply_3min, human_reply_30s)",
        ),
        ({"mention": '["某人"]'}, "mention: '某人' is neither \"all\", a user id nor a mobile number"),
        (
            {"kind": '"feishu"', "url": '"env:FEISHU"', "mention": '["13900000000"]'},
            "mention: 飞书群机器人 can call user ids, no mobile numbers",
        ),
        ({"form": '"markdown"', "mention": '["all"]'}, "mention: 企业微信群机器人 cannot call all in markdown"),
        (
            {"form": '"markdown"', "mention": '["13900000000"]'},
            "mention: 企业微信群机器人 can call user ids, no mobile numbers",
        ),
        ({"kind": '"feishu"', "url": '"env:FEISHU"', "form": '"markdown"'}, "form: 飞书群机器人 takes text"),
        ({"form": '"html"'}, "form: Invalid enum value 'html'"),
        ({"colour": '"red"'}, "colour: unknown key"),
        ({"missed": '"yes"'}, "missed: Expected `bool | array | null`, got `str`"),
    ],
)
def test_every_mistake_is_named(load, fields, problem):
    """One sentence with the path, and never the address or secret itself."""
    with pytest.raises(DataError) as caught:
        load(robot(url='"env:RELAY"') + robot(**fields))
    (said,) = caught.value.problems
    assert said.endswith(f"config.toml: shops[0].robots[1].{problem}")
    assert KNOWN["NO_KEY"] + "?key=0" not in said


def test_all_mistakes_come_at_once(load):
    """Two robots, both wrong: both are told, and so is what else is wrong with the shop."""
    with pytest.raises(DataError) as caught:
        load(robot(who='"boss"', mention="1") + robot(kind='"slack"'), stages='timezone = "Mars"\n')
    text = "\n".join(caught.value.problems)
    for place in ("robots[0].who", "robots[0].mention", "robots[1].kind", "timezone"):
        assert f"shops[0].{place}: " in text


def test_one_robot_is_described_once(load):
    """Twice in a shop is a mistake; two shops may share one, but not with two secrets."""
    with pytest.raises(DataError, match=r"robots\[1\]\.url: is the robot of shops\[0\]\.robots\[0\]"):
        load(robot() + robot(who='"owner"'))
    first, second = load(robot(), robot(who='"owner"'))
    assert first.robots[0].id == second.robots[0].id
    feishu = {"kind": '"feishu"', "url": '"env:FEISHU"'}
    with pytest.raises(DataError, match=r"shop1\.robots: shares a robot with shop0, but with another kind or secret"):
        load(robot(**feishu), robot(**feishu, secret='"env:SIGN"'))


def test_a_platform_without_targets_has_nothing_to_say():
    """Robots are allowed there; they hear nothing."""
    entry = {"kind": "wecom", "url": "env:WECOM", "who": "owner"}
    (made,) = robotfile.read([entry], "robots", (), lambda _text, _path: WECOM, [])
    assert (made.stages, made.missed) == ({}, ())


def test_the_data_file_is_whole():
    """Every kind has what it needs, and every title holds the word that safety settings may ask for."""
    known = robots.data()
    assert list(known.kinds) == ["wecom", "dingtalk", "feishu"]
    assert all("快回" in who.title for who in known.who.values())
    for kind in known.kinds.values():
        assert kind.source
        assert not set(kind.later) & set(kind.refused)
        assert all(code.lstrip("-").isdecimal() for code in [*kind.later, *kind.refused])
