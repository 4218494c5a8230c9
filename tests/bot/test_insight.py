"""A replay's figures, from conversations of which each number is known beforehand; and the records they are made of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from rapidfuzz import fuzz, process

from bot import outfile
from bot.compare import Comparison
from bot.deadline import Zone
from bot.insight import settings
from bot.insight.agreement import Agreement, _spread
from bot.insight.nearest import Nearest, bare
from bot.insight.unanswered import Unanswered
from bot.logs.said import Said
from bot.played import Began, Ended, Played, Rang, Rated
from bot.replay import Replay, play
from bot.shop import BUILT_IN, trial
from bot.summary import Summary, lines
from replies.guard import Guard
from replies.library import load as load_library
from replies.rules import OwnerRule
from replies.text import normalise

if TYPE_CHECKING:
    from bot.played import Record

LIBRARY = """
group = "发货"
[[scripts]]
id = "ship"
title = "什么时候发货"
phrasings = ["什么时候发货", "多久发货", "几时发出"]
text = "您好，付款之后按顺序发出，一般两天之内。"

[[scripts]]
id = "wash"
title = "怎么清洗"
phrasings = ["怎么清洗", "可以机洗吗"]
text = "建议冷水手洗，不要暴晒，这样不容易变形。"
"""
NINE = Zone("Asia/Shanghai").begin(20_000) + 9 * 3600  # nine o'clock of a day in Shanghai


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A library of two scripts."""
    file = tmp_path_factory.mktemp("insight") / "scripts.toml"
    file.write_text(LIBRARY, encoding="utf-8")
    return file


def log(*told: str) -> list[Said]:
    """Messages "SECONDS CONVERSATION WHO TEXT"; WHO is buyer or robot, else an agent's name."""
    made = []
    for number, line in enumerate(told):
        second, conversation, who, text = line.split(" ", 3)
        role = who if who in ("buyer", "robot") else "agent"
        agent = who if role == "agent" else ""
        made.append(
            Said(
                f"m{number}", conversation, role, text, "text", agent, f"b-{conversation}", NINE + int(second), "log:1"
            )
        )
    return made


def replayed(library, said, *observers, timed: bool = True, platform: str = "pinduoduo"):
    """The summary of a replay, and whatever the observers heard."""
    seen = Summary()
    shop = trial(platform, [library], "Asia/Shanghai", targets=timed)
    with Replay(shop, (seen, *observers), timed=timed) as run:
        play(said, [run], progress=lambda _: None)
    return json.loads(b"".join(outfile.pieces(seen.result())))


TALK = (
    "0 c buyer 什么时候发货",
    "40 c 小林 您好，付款之后按顺序发出，一般两天之内哦",
    "50 c buyer 可以机洗吗",
    "100 c 小林 这个得看布料标签上写的，我也说不准呢",
    "110 c buyer 多久发货",
    "170 c 小林 建议冷水手洗，不要暴晒，这样不容易变形",
    "3700 d buyer 附近有地铁站么",
    "3800 d 小王 冷水手洗，不要暴晒，这样不容易变形",
    "3900 d buyer 今晚月亮圆吗",
    "3950 d 小王 挺圆的，您可以看看窗外",
)


def test_agreement_by_script_and_by_wording(library):
    """Of four turns with and without an offer: one sent as offered, one in own words, one with another script, one missed."""
    found = replayed(library, log(*TALK))
    agreement = found["agreement"]
    kinds = ("answered", "offered", "agreed", "first", "other_script", "own_words", "too_short")
    assert [agreement[kind] for kind in kinds] == [5, 3, 1, 1, 1, 1, 0]
    assert agreement["rate"] == pytest.approx(1 / 3, abs=1e-6)
    assert sum(part["answers"] for part in agreement["wording"]) == 3
    assert agreement["wording"][9]["answers"] == 1
    ship = next(one for one in agreement["scripts"] if one["script"] == "ship")
    assert (ship["offered"], ship["agreed"]) == (2, 1)
    assert next(one for one in agreement["scripts"] if one["script"] == "wash")["preferred"] == 1


def test_silence_names_missed_chances(library):
    """An answer that stands in the library while nothing was offered is a missed chance, shown with its script."""
    silence = replayed(library, log(*TALK))["silence"]
    assert (silence["answered"], silence["missed"]) == (2, 1)
    (example,) = silence["examples"]
    assert (example["conversation"], example["agent"], example["script"]) == ("d", "小王", "wash")
    assert example["asked"] == "附近有地铁站么"
    assert example["likeness"] > 0.8


def test_answering_times_beside_a_pick(library):
    """Seconds from the buyer's last message; beside what was sent as offered stands what a pick would have taken."""
    answering = replayed(library, log(*TALK))["answering"]
    assert (answering["offered"]["answers"], answering["offered"]["median_s"]) == (3, 50)
    assert answering["silent"]["mean_s"] == 75
    assert (answering["agreed"]["answers"], answering["agreed"]["median_s"]) == (1, 40)
    pick = settings.load().pick
    needed = pick.seconds("您好，付款之后按顺序发出，一般两天之内。")
    assert answering["pick"]["saved_s"] == pytest.approx(40 - needed, abs=0.1)


def test_times_are_spread_rightly():
    """Median and nine in ten are times that occurred; of nothing nothing is said."""
    from collections import Counter

    assert _spread(Counter()) == {"answers": 0, "mean_s": None, "median_s": None, "p90_s": None}
    times = Counter(range(1, 11))
    assert _spread(times) == {"answers": 10, "mean_s": 5.5, "median_s": 5, "p90_s": 9}


def test_coverage_by_group_stage_and_hour(library):
    """What was asked in which hour, and how much of it was covered by which group; untimed logs have no hours."""
    suggest = replayed(library, log(*TALK))["suggest"]
    assert (suggest["asked"], suggest["shown"], suggest["silent"]) == (5, 3, 2)
    assert suggest["groups"] == [{"group": "发货", "shown": 3}]
    assert suggest["hours"] == [{"hour": 9, "asked": 3, "shown": 3}, {"hour": 10, "asked": 2, "shown": 0}]
    assert suggest["stages"] == [{"stage": "", "asked": 5, "shown": 3}]
    untimed = [msgspec.structs.replace(said, at=None) for said in log(*TALK)]
    assert replayed(library, untimed, timed=False)["suggest"]["hours"] == []


def test_findings_by_rule_and_agent(library):
    """Each finding has the buyer's words before it; rules and agents are counted by messages."""
    found = replayed(
        library,
        log(
            "0 c buyer 能便宜点吗",
            "10 c 小林 加我微信 abc88990 给您便宜",
            "20 c buyer 还有呢",
            "30 c 小王 好评返现5元",
            "900 c 小王 这款今天有货的",
        ),
    )["guard"]
    first = found["findings"][0]
    assert (first["agent"], first["before"]) == ("小林", "能便宜点吗")
    assert first["at"].endswith("+08:00")
    agents = {one["agent"]: (one["checked"], one["block"]) for one in found["agents"]}
    assert agents == {"小林": (1, 1), "小王": (2, 1)}
    assert sum(rule["messages"] for rule in found["rules"]) >= 2
    assert {one["agent"] for rule in found["rules"] for one in rule["agents"]} == {"小林", "小王"}


def test_what_rules_in_watch_mode_found_is_told_apart(library):
    """They change no verdict and no count; where they spoke is listed, and said in a line."""
    rule = OwnerRule(id="mine.watch", reason="看看有多少。", words=("到付",), watch=True)
    shop = trial("pinduoduo", [library], "Asia/Shanghai", targets=True)
    shop.guard = Guard(shop.guard.packs, owner=(rule,))
    seen = Summary()
    with Replay(shop, (seen,), timed=True) as run:
        play(log("0 c buyer 怎么付运费", "9 c 小林 运费可以到付的"), [run], progress=lambda _: None)
    result = json.loads(b"".join(outfile.pieces(seen.result())))
    (found,) = result["guard"]["watched"]
    assert (found["rule"], found["agent"], found["before"], found["excerpt"]) == (
        "mine.watch",
        "小林",
        "怎么付运费",
        "到付",
    )
    assert (result["guard"]["allow"], result["guard"]["findings"]) == (1, [])
    assert "只观察的规则：mine.watch 1 次" in list(lines(result))


def test_gaps_have_their_nearest_script(library):
    """Questions without an offer are gathered by the word they share."""
    told = [f"{n} c{n} buyer {text}" for n, text in enumerate(["孔雀羽毛是真的么", "孔雀羽毛会褪色么", "月亮圆吗"])]
    (gap,) = replayed(library, log(*told))["gaps"]
    assert gap["asked"] == 2
    assert all("孔雀" in example for example in gap["examples"])
    assert gap["nearest"] is None or gap["nearest"]["script"] in ("ship", "wash")


def test_few_questions_are_remembered(library, monkeypatch):
    """However many different questions there are, few are remembered: those asked more than once stay."""
    few = msgspec.structs.replace(settings.load(), kept=msgspec.structs.replace(settings.load().kept, questions=10))
    monkeypatch.setattr(settings, "load", lambda: few)
    part = Unanswered()
    told = ["0 a buyer 孔雀羽毛哪来的", "1 b buyer 孔雀羽毛哪来的"]
    told += [f"{n} c{n} buyer 甲乙丙丁第{n}号怪问题" for n in range(2, 60)]
    replayed(library, log(*told), part)
    assert len(part._questions) <= 10
    assert "孔雀羽毛哪来的" in part._questions


def test_the_inspection_is_summed_up(library):
    """Scores by conversation and agent, faults by rule; conversations without an agent are not inspected."""
    found = replayed(library, log(*TALK, "4000 e buyer 在吗"))["inspection"]
    assert found["inspected"] == 2
    assert sum(found["levels"].values()) == 2
    assert {agent["agent"] for agent in found["agents"]} == {"小林", "小王"}
    greeting = next(rule for rule in found["rules"] if rule["rule"] == "greeting.missing")
    assert greeting["agents"] == [{"agent": "小王", "sessions": 1}]
    worst = next(one for one in found["conversations"] if one["conversation"] == "d")
    assert "greeting.missing" in [fault["rule"] for fault in worst["faults"]]


def test_the_records_of_a_replay(library):
    """Records come in the order of time, then the conversations by id, then the rates; each says what stood where."""
    heard: list[Record] = []
    said = log("0 c buyer 什么时候发货", "200 c 小林 加我微信 abc88990", "300 b buyer 在吗", "300 b robot 您好")
    again = [*said, msgspec.structs.replace(said[-1])]
    found = replayed(library, again, heard.append)
    assert isinstance(heard[0], Began)
    assert isinstance(heard[-1], Rated)
    assert [record.conversation for record in heard if isinstance(record, Ended)] == ["b", "c"]
    question, answer, *_, twice = [record for record in heard if isinstance(record, Played)]
    assert question.asked
    assert [one.script for one in question.offered] == ["ship"]
    assert {wait.target for wait in question.waits} == {target["name"] for target in found["deadline"]["targets"]}
    assert [one.script for one in answer.stood] == ["ship"]
    assert [message.text for message in answer.turn] == ["什么时候发货"]
    assert (answer.offered, answer.checked, answer.verdict) == ((), True, "block")
    assert answer.findings[0]["rule"] in {finding["rule"] for finding in found["guard"]["findings"]}
    assert "deadline.cleared" in [kind for kind, _ in answer.events]
    assert (twice.duplicate, twice.before, twice.checked) == (True, None, False)
    between = heard[heard.index(question) + 1 : heard.index(answer)]
    assert {record.kind for record in between if isinstance(record, Rang)} == {"deadline.warning", "deadline.missed"}
    assert found["facts"] == 4


def test_equal_runs_leave_nothing_behind(library):
    """Of two equal replays side by side nothing is kept: what both said is let go of."""
    both = Comparison()
    shops = [trial("pinduoduo", [library], "Asia/Shanghai") for _ in range(2)]
    runs = [Replay(shop, (side,), timed=True) for shop, side in zip(shops, (both.first, both.second), strict=True)]
    with runs[0], runs[1]:
        play(log(*TALK), runs, progress=lambda _: None)
    assert not both.result()["changed"]
    assert (both._waiting, both._warned) == ({}, {})


def test_the_lines_tell_each_part(library):
    """The terminal has a line of each part, in Chinese."""
    said = "\n".join(lines(replayed(library, log(*TALK, "4000 d 小王 加我微信 abc88990"))))
    for part in (
        "话术：",
        "检查：",
        "命中最多的规则：",
        "一致：",
        "静默时客服回复了",
        "用时：",
        "质检：",
        "时限：",
        "提醒：",
    ):
        assert part in said


def test_short_answers_are_not_compared(library):
    """An answer of a word or two says too little to agree or not."""
    part = Agreement()
    replayed(library, log("0 c buyer 什么时候发货", "5 c 小林 好"), part)
    found = part.result()["agreement"]
    assert (found["offered"], found["too_short"], found["rate"]) == (1, 1, None)
    assert len(normalise("好")) < settings.load().likeness.shortest


def test_the_nearest_script_is_the_nearest(library):
    """Not every script is looked at, yet the one that is found is the one that all of them compared would give."""
    read = load_library((library, BUILT_IN))
    known = {bare(text): script.id for script in read.scripts for text in (script.text or "", *script.alternatives)}
    nearest = Nearest(read, 0.6)
    for text in [text for text in known if len(text) > 12][::9]:
        changed = "亲" + text[:4] + text[6:-2] + "哦"
        best = process.extractOne(changed, list(known), scorer=fuzz.ratio, processor=None)
        found = nearest.of(changed)
        assert found is not None
        assert found[1] == pytest.approx(best[1] / 100, abs=1e-4)
    assert nearest.of(bare("今晚月亮很圆，您可以看看窗外")) is None
