"""What `kuaihui guard` shows beside a verdict: why, the record of a server, and rules brought in from elsewhere."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bot import demo, model
from bot.cli import main
from bot.store import DATABASE
from bot.virtual import VirtualDriver
from replies import guard_owner

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
WARNED, BLOCKED, FINE = "微信也可以的", "您加我微信 abc88990", "好的，已经帮您登记"


def kuaihui(*arguments: object, given: str | None = None):
    """Run `kuaihui guard` in this process; anything but an orderly exit is raised."""
    done = CliRunner().invoke(main, ["guard", *map(str, arguments)], input=given)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def data(tmp_path, shop):
    """A data folder of the demo shop, in which a warning was overridden and a block rewritten."""
    demo.make(tmp_path)
    driver = VirtualDriver({shop.id: shop}, lambda _: None, file=tmp_path / DATABASE)

    def put(kind: type, number: int, **fields: object) -> None:
        at = NINE + number
        base = {"shop": "demo", "key": f"k{number}", "conversation": "c1", "at": at, "arrived": at}
        driver.put(kind(**base, **fields))

    put(model.BuyerSaid, 1, id="m1", text="用微信付款可以吗")
    put(model.Drafted, 2, id="r1", agent="小快", text=WARNED)
    put(model.Drafted, 3, id="r1", agent="小快", text=WARNED, override="买家问的是付款")
    put(model.Drafted, 4, id="r2", agent="小快", text=BLOCKED)
    put(model.Drafted, 5, id="r2", agent="小快", text=FINE)
    driver.close()
    return tmp_path


def audit(data, *more: object) -> dict:
    return json.loads(kuaihui("--audit", "--data", data, "--json", *more).stdout)


def test_a_masked_record_names_nobody(data):
    """Conversations and agents have stand-ins, what is personal in the words too; rules, numbers and times stay."""
    before, masked = audit(data), audit(data, "--mask")
    assert "小快" not in json.dumps(masked, ensure_ascii=False)
    assert "abc88990" not in json.dumps(masked, ensure_ascii=False)
    assert {(row["conversation"], row["agent"]) for row in masked["rows"]} == {("会话1", "客服1")}
    for key in ("number", "rule", "event", "at", "digest"):
        assert [row[key] for row in masked["rows"]] == [row[key] for row in before["rows"]]
    assert "小快" not in kuaihui("--audit", "--data", data, "--mask").stdout


def test_the_record_is_shown(data):
    """Who, when, why and what of each override, and of each rule how often it was right, as a table and as JSON."""
    shown = kuaihui("--audit", "--data", data).stdout
    for word in ("照发", "小快", "买家问的是付款", "contact.mention", "2026-11-21 09:00:03", "改后发出", "误报"):
        assert word in shown
    told = audit(data)
    assert [row["event"] for row in told["rows"]] == ["held", "overridden", "held", "rewritten"]
    counts = {rule["rule"]: (rule["hits"], rule["right"], rule["wrong"]) for rule in told["rules"]}
    assert counts == {"contact.mention": (1, 0, 1), "contact.account": (1, 1, 0)}


def test_a_day_of_the_record(data):
    """Only that day, or from it on; a day without anything is empty; what is no day is refused."""
    assert len(audit(data, "--day", "2026-11-21")["rows"]) == 4
    assert audit(data, "--day", "2026-11-20")["rows"] == []
    assert audit(data, "--since", "2026-11-22")["rows"] == []
    assert kuaihui("--audit", "--data", data, "--day", "21.11.").exit_code == 2


def test_the_curator_marks(data):
    """A mark counts at once; one without a name, and one on a row that is not there, are refused and change nothing."""
    number = audit(data)["rows"][0]["number"]
    assert kuaihui("--right", number, "--data", data).exit_code == 2
    assert kuaihui("--right", number, "--wrong", 999, "--by", "质检", "--data", data).exit_code == 2
    assert len(audit(data)["rows"]) == 4
    assert kuaihui("--right", number, "--by", "质检", "--why", "确实是引流", "--data", data).exit_code == 0
    told = audit(data)
    assert told["rows"][-1] | {"event": "right", "agent": "质检", "reason": "确实是引流"} == told["rows"][-1]
    assert {rule["rule"]: rule["right"] for rule in told["rules"]}["contact.mention"] == 1


def test_there_is_nothing_to_show_without_a_server(tmp_path):
    """A folder in which no server has run is a sentence."""
    assert kuaihui("--audit", "--data", tmp_path).exit_code == 2


def test_a_text_is_explained():
    """In words for people and as JSON: how it was read, what spoke, and what nearly did and why not."""
    shown = kuaihui("抱歉，平台规定不能加薇❤，订单240309-402233834970071", "--platform", "pinduoduo", "--explain")
    assert shown.exit_code == 0
    for words in ("「❤」→「心」", "contact.account（拦截）没有命中，是在拒绝或否认：不能", "订单号、运单号"):
        assert words in shown.stdout
    told = json.loads(kuaihui(BLOCKED, "--explain", "--json").stdout)
    assert "contact.account" in [rule["rule"] for rule in told["rules"] if rule["fired"]]
    assert "消息是空的" in kuaihui(" ", "--explain").stdout


def test_the_hour_and_the_unanswered_may_be_told():
    """Of a text and of a line: when it would be sent, how many went unanswered, what the buyer gave."""
    assert kuaihui("在吗亲", "--at", "2026-11-21T23:30:00+08:00").exit_code == 1
    assert kuaihui("在吗亲", "--at", "2026-11-21T23:30:00", "--timezone", "Europe/London").exit_code == 1
    assert kuaihui("在吗亲", "--at", "2026-11-21T23:30:00+08:00", "--timezone", "Europe/London").exit_code == 0
    assert kuaihui("在吗亲", "--unanswered", 4).exit_code == 1
    assert kuaihui("在吗亲", "--at", "yesterday").exit_code == 2
    lines = [
        {"messages": ["在吗亲"], "at": "2026-11-21T03:00:00+08:00"},
        {"messages": ["在吗亲"], "unanswered": 4},
        {"messages": ["您的电话是13800138000对吗"], "theirs": ["13800138000"]},
        {"messages": ["在吗亲"], "at": 5},
        {"messages": ["在吗亲"], "unanswered": -1},
        {"messages": ["在吗亲"], "theirs": "x"},
    ]
    done = kuaihui("--jsonl", given="\n".join(map(json.dumps, lines)))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one.get("verdict") for one in told] == ["warn", "warn", "allow", None, None, None]
    assert done.exit_code == 2


def test_an_owners_rules_hold_for_a_text(tmp_path):
    """Files given on the command line stand beside the packs; mistakes in them are named."""
    (tmp_path / "mine.txt").write_text("到付\n", encoding="utf-8")
    (tmp_path / "bad.toml").write_text("[[rules]]\nid='x'\nreason='x'\npatterns=['(a+)+']\n", encoding="utf-8")
    assert kuaihui("可以到付").exit_code == 0
    told = json.loads(kuaihui("可以到付", "--rules", tmp_path / "mine.txt", "--json").stdout)
    assert told["findings"][0]["rule"] == "owner.mine"
    assert kuaihui("可以到付", "--rules", tmp_path / "bad.toml").exit_code == 2


def test_rules_are_brought_in(tmp_path):
    """Word lists and intercept rules become one file that reads as they do; a second time nothing is added."""
    (tmp_path / "words.txt").write_text("蓝精灵\n到付\n", encoding="utf-8")
    rule = {"rule_name": '红包"', "word_list": ["红包雨"], "semantics_list": [1], "intercept_type": 2}
    (tmp_path / "wecom.json").write_text(json.dumps([rule]), encoding="utf-8")
    files, into = [tmp_path / "words.txt", tmp_path / "wecom.json"], tmp_path / "mine.toml"
    given = [part for file in files for part in ("--import", file)]
    assert "owner.words（拦截）：2 个词" in kuaihui(*given).stdout
    assert not into.exists()
    assert "已写入 2 条规则" in kuaihui(*given, "--into", into).stdout
    assert guard_owner.read_rules([into]) == guard_owner.read_rules(files)
    written = into.read_bytes()
    assert "没有要写入的" in kuaihui(*given, "--into", into).stdout
    files[0].write_text("蓝精灵\n", encoding="utf-8")
    assert kuaihui(*given, "--into", into).exit_code == 2
    assert into.read_bytes() == written
    assert kuaihui(*given, "--into", tmp_path / "mine.txt").exit_code == 2


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["x", "--audit"],
        ["--audit", "--jsonl"],
        ["--audit", "--day", "2026-11-21", "--since", "2026-11-21"],
        ["--import", "nowhere.txt"],
    ],
)
def test_one_thing_at_a_time(line):
    """Nothing asked, or two things at once, is wrong use."""
    assert kuaihui(*line).exit_code == 2
