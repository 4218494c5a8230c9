"""An inspection finds what supervisors look for, by rules in data that prove themselves, scored as a shop weights it."""

from __future__ import annotations

import pytest

from bot import inspecting
from bot.deadline import Zone
from bot.inspecting import Inspector, Weights
from bot.inspecting.rules import Saying
from bot.inspecting.said import Finder
from bot.model import AgentSaid, BuyerSaid, RobotSaid, SystemSaid
from replies import DataError

ZONE = Zone("Asia/Shanghai")
TEN = ZONE.begin(20_000) + 36_000  # ten o'clock of some day
AS_IT_IS = Weights()
OWN = """
[sayings.secret]
words = ["暗号"]

[[rules]]
id = "own.secret"
name = "说了暗号"
group = "服务规范"
when = "says"
by = "agent"
says = "secret"
score = -7
reason = "不该说"
source = "店铺自己"
sure = "inferred"
hits = [["0 buyer 在吗", "5 agent 暗号是什么"]]
passes = [["0 buyer 暗号是什么", "5 agent 您好"]]
"""


def facts(*lines: str):
    """Messages "SECONDS WHO TEXT"; WHO is buyer, robot, system, else an agent's name."""
    kinds = {"buyer": BuyerSaid, "robot": RobotSaid, "system": SystemSaid}
    made = []
    for number, line in enumerate(lines):
        second, who, text = line.split(" ", 2)
        base = {"shop": "s", "key": str(number), "conversation": "c", "id": f"m{number}", "text": text}
        at = TEN + int(second)
        more = {} if who in kinds else {"agent": who}
        made.append(kinds.get(who, AgentSaid)(**base, at=at, arrived=at, **more))
    return made


def inspect(*lines: str, weights: Weights = AS_IT_IS, timed: bool = True):
    """What an inspection of one conversation says."""
    return Inspector(inspecting.load(weights), ZONE, timed=timed).inspect(facts(*lines))


def rules(found) -> list[str]:
    """The rules that spoke."""
    return [fault["rule"] for fault in found["faults"]]


def test_every_rule_has_been_proved():
    """Each rule of the data says where it comes from and how sure that is, and speaks in its examples alone."""
    book = inspecting.load()
    wanted = {"greeting.missing", "closing.missing", "wait.no_apology", "promise.left", "repeat.said", "handed.agents"}
    assert wanted | {"tone.cold", "review.not_invited", "review.repeated"} <= {rule.id for rule in book.rules}
    for rule in book.rules:
        assert all((rule.source, rule.reason, rule.hits, rule.passes)), rule.id


def test_a_good_conversation_loses_nothing():
    """Greeted, answered in time, promise kept, wished well, invited once: more than full points for the fine farewell."""
    found = inspect(
        "0 buyer 在吗，裙子有没有现货",
        "5 小林 您好，欢迎光临，稍等帮您看下",
        "60 小林 有现货的，今天能发",
        "80 buyer 好的谢谢",
        "90 小林 不客气，方便的话麻烦给个评价",
        "95 小林 感谢您的光临，祝您生活愉快",
    )
    assert (rules(found), found["score"], found["level"]) == (["closing.fine"], 105.0, "优")
    assert found["agents"] == [{"agent": "小林", "sessions": 1, "score": 105.0}]


def test_a_fault_names_who_and_where():
    """A long wait without an apology is charged to who answered, with the message that shows it."""
    found = inspect("0 buyer 有人吗", "400 小林 您好，在的", "410 小林 还有其他问题吗")
    (fault,) = [fault for fault in found["faults"] if fault["rule"] == "wait.no_apology"]
    assert (fault["agent"], fault["message"], fault["excerpt"]) == ("小林", "m1", "等了 400 秒")
    assert (fault["score"], fault["level"]) == (-10, "重")
    assert "wait.no_apology" not in rules(inspect("0 buyer 有人吗", "400 小林 您好", "410 小林 让您久等了"))


def test_a_late_answer_belongs_to_who_asked():
    """An answer after an hour stands in the buyer's session; what he asks an hour later begins a new one."""
    found = inspect("0 buyer 到哪了", "4000 小林 您好，到杭州了", "9000 buyer 还没到", "9010 小王 您好，今天到")
    assert found["sessions"] == 2
    (late,) = [fault for fault in found["faults"] if fault["rule"] == "wait.no_apology"]
    assert (late["session"], late["agent"]) == (0, "小林")


def test_a_fault_is_charged_once_a_session():
    """However often a rule speaks in a session, its points are lost once; `times` says how often."""
    found = inspect(
        "0 buyer 能换吗", "5 小林 您好", "6 小林 不知道", "20 buyer 谁知道", "25 小林 不清楚", "30 小林 再见"
    )
    (cold,) = [fault for fault in found["faults"] if fault["rule"] == "tone.cold"]
    assert (cold["times"], cold["messages"]) == (2, ["m2", "m4"])
    assert found["score"] == 100 + sum(fault["score"] for fault in found["faults"])


def test_each_agent_answers_for_his_own():
    """What one agent did is not charged to the other; the conversation has both."""
    found = inspect("0 buyer 能换吗", "5 小林 您好，稍等", "30 小王 随便你", "40 小王 还有其他问题吗")
    scores = {agent["agent"]: agent["score"] for agent in found["agents"]}
    assert scores["小林"] == 100
    assert scores["小王"] == found["score"] < 100


def test_without_times_nothing_is_said_of_waits():
    """Of a log without times a wait is unknown; a promise counts as left only if nobody wrote again."""
    lines = ("0 buyer 到哪了", "4000 小林 您好，稍等，我去查", "9000 小林 到杭州了")
    assert not {"wait.no_apology", "promise.left"} & set(rules(inspect(*lines, timed=False)))
    assert {"wait.no_apology", "promise.left"} <= set(rules(inspect(*lines)))
    assert "promise.left" in rules(inspect(*lines[:2], timed=False))


def test_nobody_served_is_no_score():
    """A conversation in which no agent wrote has no score; system lines are nobody's."""
    found = inspect("0 buyer 在吗", "1 robot 欢迎光临", "2 system 会话已分配")
    assert (found["score"], found["level"], found["faults"], found["agents"]) == (None, None, [], [])


def test_a_shop_weights_rules():
    """Points may be changed and rules left out; what is not named stays."""
    lines = ("0 buyer 几号到", "9 小林 后天", "20 小林 你放心")
    plain = inspect(*lines)
    assert {"greeting.missing", "words.you"} <= set(rules(plain))
    weighted = inspect(*lines, weights=Weights(off=("words.you",), scores={"greeting.missing": -20}))
    assert "words.you" not in rules(weighted)
    assert weighted["score"] == plain["score"] + 1 - 17


def test_a_shop_adds_rules_of_its_own(tmp_path):
    """A file of the shop's own adds rules and sayings, proved like ours; a known id replaces the rule."""
    file = tmp_path / "own.toml"
    file.write_text(OWN, encoding="utf-8")
    assert "own.secret" in rules(inspect("0 buyer 在吗", "5 小林 您好，暗号", weights=Weights(files=(str(file),))))
    file.write_text(OWN.replace("own.secret", "tone.cold"), encoding="utf-8")
    replaced = inspect("0 buyer 在吗", "5 小林 不知道", weights=Weights(files=(str(file),)))
    assert "tone.cold" not in rules(replaced)


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ('"5 agent 暗号是什么"', '"5 agent 您好"', "rule own.secret: ['0 buyer 在吗', '5 agent 您好'] should hit"),
        ('"5 agent 您好"', '"5 agent 暗号"', "should pass"),
        ('says = "secret"', 'says = "nothing"', "there is no saying 'nothing'"),
        ('"5 agent 您好"', '"agent 您好"', "is no line"),
        ('when = "says"', 'when = "never"', "rule own.secret: "),
        ('words = ["暗号"]', 'words = ["暗号"]\npatterns = ["("]', "sayings.secret: "),
        ("score = -7", 'score = "x"', "Expected `float`"),
        ('by = "agent"', 'by = "agent"\nturns = 2', "unknown field"),
        ("passes", "passed", "rule own.secret: "),
        ("[sayings.secret]", '[sayings.secret]\nword = "x"', "sayings.secret.word: unknown key"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path, was, now, sentence):
    """What is wrong with a file of rules is said with the file or the rule, and nothing is inspected by it."""
    file = tmp_path / "own.toml"
    assert was in OWN
    file.write_text(OWN.replace(was, now), encoding="utf-8")
    with pytest.raises(DataError) as refused:
        inspecting.load(Weights(files=(str(file),)))
    assert any(sentence in problem for problem in refused.value.problems), refused.value.problems


def test_unknown_rules_are_refused():
    """Weights for rules that do not exist are mistakes, each named; so is a file that is not there."""
    with pytest.raises(DataError) as refused:
        inspecting.load(Weights(off=("nothing",), scores={"neither": 1.0}))
    assert refused.value.problems == [
        "inspection.off: there is no rule 'nothing'",
        "inspection.scores.neither: there is no such rule",
    ]
    with pytest.raises(DataError, match="cannot be read"):
        inspecting.load(Weights(files=("/nowhere/rules.toml",)))


def test_sayings_are_found_as_people_write():
    """Signs, spaces, width and case part nothing; shields and the tail hold."""
    finder = Finder(Saying(words=("稍等", "ok"), shields=("稍等片刻就",), tail=4))
    assert finder.find("稍 等！") == "稍等"
    assert finder.find("ＯＫ～") == "ok"
    assert finder.find("稍等片刻就好") == ""
    assert finder.find("稍等，后面还有很多话要说") == ""
    assert Finder(Saying(whole=("哦",))).find("哦哦") == ""
