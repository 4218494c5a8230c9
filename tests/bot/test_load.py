"""A day at the desk: the queue agrees with the theory, more agents are never worse, and the answer is the same for a seed."""

from __future__ import annotations

import json
import math
import random
from itertools import pairwise

import pytest
from click.testing import CliRunner

from bot import load
from bot.cli import main
from bot.load import crowd
from bot.load.desk import Ask, Desk, Visit
from bot.load.staffing import Staffing, Wish, lines
from bot.shop import trial
from replies import DataError

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
LIBRARY = """
group = "快递"
[[scripts]]
id = "courier"
title = "发什么快递"
phrasings = ["用哪家快递", "走的什么快递呀"]
text = "您好，本店发顺丰。"
[[scripts]]
id = "hours"
title = "几点上班"
phrasings = ["客服几点在线", "你们几点上班的"]
text = "您好，客服九点到二十一点在线。"
"""
DAY = """
title = "试"
note = "两小时"
day = "2026-11-11"
until = "12:00"
arrivals = [{ at = "10:00", buyers = 3 }, { at = "11:00", buyers = 6 }]
[agents]
concurrency = 5
reads = 400
types = 45
thinks = 6
glances = 2
picks = 5
finds = 12
own_phrases = 0.3
[buyers]
again = 0.4
reads = 25
patience = 200
[questions]
outside = 0.4
slips = 0.25
typed = 26
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Two scripts."""
    file = tmp_path_factory.mktemp("library") / "two.toml"
    file.write_text(LIBRARY, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def shop(library):
    """A 拼多多 shop with them."""
    return trial("pinduoduo", [library], "Asia/Shanghai")


@pytest.fixture
def day(tmp_path):
    """A file of a day, two hours long."""
    file = tmp_path / "day.toml"
    file.write_text(DAY, encoding="utf-8")
    return file


def erlang_c(agents: int, arrivals: float, work: float) -> float:
    """The mean wait in seconds in an M/M/c queue: Erlang's formula."""
    offered = arrivals * work
    terms = [offered**k / math.factorial(k) for k in range(agents)]
    last = offered**agents / math.factorial(agents) * agents / (agents - offered)
    return last / (sum(terms) + last) * work / (agents - offered)


def waited(agents: int, rate: float, *, mirrored: bool) -> float:
    """The mean wait of many buyers with exponential times from a seed; `mirrored`: what was long is short instead."""
    dice, at, visits = random.Random(7), 0.0, []  # noqa: S311 - a simulation

    def drawn(mean: float) -> float:
        chance = dice.random()
        return -mean * math.log(1 - chance if mirrored else max(chance, 1e-12))

    for _ in range(40_000):
        at += drawn(60 / rate)
        visits.append(Visit(at, (Ask(drawn(60), 0.0),), math.inf))
    turns = Desk(visits, agents=agents, concurrency=1).run()
    return sum(turn.answered - turn.asked - visits[turn.visit].asks[0].work for turn in turns) / len(turns)


@pytest.mark.parametrize(("agents", "rate"), [(1, 0.6), (3, 1.8), (8, 5.2)])
def test_the_queue_is_erlangs(agents, rate):
    """With exponential arrivals and work, one question a buyer and room for all, waits are as Erlang's formula says."""
    seen = (waited(agents, rate, mirrored=False) + waited(agents, rate, mirrored=True)) / 2
    assert seen == pytest.approx(erlang_c(agents, rate / 60, 60), rel=0.05)


def test_who_waits_longest_is_next():
    """An agent who is done takes the oldest message of his own and of the line; nobody new beyond what he can hold."""
    visits = [
        Visit(0, (Ask(10, 1), Ask(10, 0)), math.inf),  # asks again at 11, while the second is being answered
        Visit(5, (Ask(10, 0),), math.inf),
        Visit(12, (Ask(10, 0),), math.inf),
    ]
    turns = Desk(visits, agents=1, concurrency=2).run()
    assert [(turn.visit, turn.asked, turn.answered) for turn in turns] == [
        (0, 0, 10),
        (1, 5, 20),
        (0, 11, 30),
        (2, 12, 40),
    ]
    turns = Desk(visits, agents=1, concurrency=1).run()
    assert [(turn.visit, turn.answered) for turn in turns] == [(0, 10), (0, 21), (1, 31), (2, 41)]


def test_who_loses_patience_asks_no_more():
    """A buyer who waited too long is answered, which the platform counts, and asks nothing further."""
    visits = [Visit(0, (Ask(100, 0),), math.inf), Visit(1, (Ask(10, 5), Ask(10, 0)), 50.0)]
    turns = Desk(visits, agents=1, concurrency=9).run()
    assert [(turn.visit, turn.answered) for turn in turns] == [(0, 100), (1, 110)]


def day_of(shop, **changes) -> Staffing:
    """The file's day with these wishes."""
    (target,) = (target for target in shop.targets if target.name == "human_reply_3min")
    wish = Wish(target, 0.9, (1, 2))._replace(**changes)
    return Staffing(load.load("ordinary"), shop, wish, progress=lambda _words: None)


def test_more_agents_are_never_worse(shop):
    """On the same days each agent more leaves the rate as good or better, and the waits shorter, with and without help."""
    for arm in day_of(shop, agents=(1, 2, 3, 5, 8)).answer().arms:
        for fewer, more in pairwise(arm.table):
            for before, after in zip(fewer.days, more.days, strict=True):
                assert after.value >= before.value - 0.002
                assert after.wait_s <= before.wait_s + 0.5


def test_suggestions_save_agents(shop):
    """Who is offered the right script needs no more colleagues; where nothing is covered, only the glances differ."""
    answer = day_of(shop, coverage=1.0).answer()
    without, helped = answer.arms
    assert answer.known == 1.0
    assert answer.right > 0.8
    assert helped.needed < without.needed
    answer = day_of(shop, coverage=0.0, agents=(3,)).answer()
    assert answer.right == 0.0
    assert answer.arms[0].table == answer.arms[1].table


def test_the_answer_is_the_smallest_that_keeps_the_line(shop):
    """One agent fewer breaks the line on a day; so many keep it on each."""
    for arm in day_of(shop).answer().arms:
        kept = {staffed.agents: min(staffed.values) >= 0.9 for staffed in arm.table}
        assert kept[arm.needed]
        assert not kept.get(arm.needed - 1, False)


def test_an_empty_day_breaks_nothing(shop, day):
    """Without buyers there is nothing to judge, and one agent is enough."""
    day.write_text(DAY.replace("buyers = 3", "buyers = 0").replace("buyers = 6", "buyers = 0"), encoding="utf-8")
    wish = Wish(shop.targets[0], 0.9, (1,))
    answer = Staffing(load.load(str(day)), shop, wish, progress=lambda _words: None).answer()
    assert [arm.needed for arm in answer.arms] == [1, 1]
    assert answer.arms[0].table[0].days[0].value is None


def test_few_buyers_are_all_met(shop, day):
    """With far more agents than buyers the rate is 100 %."""
    wish = Wish(shop.targets[1], 0.9, (1,), (60,))
    answer = Staffing(load.load(str(day)), shop, wish, progress=lambda _words: None).answer()
    assert [arm.table[0].days[0].value for arm in answer.arms] == [1.0, 1.0]


def test_both_arms_see_the_same_day(shop):
    """With and without suggestions the same buyers come at the same times with as many questions."""
    profile = load.load("1111")
    questions = crowd.pool(shop, profile, seed=1, at=NINE, coverage=None)
    with_, without = (
        crowd.visits(profile, questions, profile.spans(shop.zone), seed=1, helped=helped) for helped in (True, False)
    )
    assert [(one.at, len(one.asks), one.patience) for one in with_] == [
        (one.at, len(one.asks), one.patience) for one in without
    ]
    worked = [sum(ask.work for visit in visits for ask in visit.asks) for visits in (with_, without)]
    assert worked[0] < 0.8 * worked[1]


def test_arrivals_follow_the_day(shop):
    """In each span about as many buyers come as the file says."""
    profile = load.load("1111")
    spans = profile.spans(shop.zone)
    questions = crowd.pool(shop, profile, seed=1, at=NINE, coverage=None)
    visits = crowd.visits(profile, questions, spans, seed=5, helped=True)
    for start, end, buyers in spans:
        wanted = buyers * (end - start) / 60
        assert sum(start <= one.at < end for one in visits) == pytest.approx(wanted, abs=5 * math.sqrt(wanted))
    assert [one.at for one in visits] == sorted(one.at for one in visits)


def test_the_rates_see_whole_seconds():
    """A turn becomes a buyer's and an agent's message, seconds cut as everywhere."""
    turns = Desk([Visit(10.9, (Ask(5.3, 0),), 1e9)], agents=1, concurrency=1).run()
    (line,) = lines(turns)
    assert [(said.role, said.at) for said in line.messages] == [("buyer", 10), ("agent", 16)]


def simulate(*arguments: str):
    """Run the command."""
    done = CliRunner().invoke(main, ["simulate", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_the_command_answers(library, day, tmp_path):
    """Table, figures and page are made, and are the same for the same seed; another seed gives another day."""
    asked = ("--load", str(day), "--library", str(library), "--target", "human_reply_3min", "--line", "0.9")
    files = [tmp_path / name for name in ("a.json", "b.json", "c.json", "a.html")]
    done = simulate(*asked, "--seeds", "2", "--json", str(files[0]), "--plot", str(files[3]))
    assert (done.exit_code, done.stderr.strip()) == (0, ""), done.stderr
    assert "目标：3分钟人工回复率 不低于 90.00%" in done.stdout
    assert "没有建议：每个种子都达标，至少要 " in done.stdout
    assert "随机种子 1、2；" in done.stdout
    simulate(*asked, "--seeds", "2", "--json", str(files[1]))
    simulate(*asked, "--seeds", "2", "--seed", "9", "--json", str(files[2]))
    texts = [file.read_bytes() for file in files]
    assert texts[0] == texts[1] != texts[2]
    figures = json.loads(texts[0])
    assert figures["seeds"] == [1, 2]
    assert f"至少要 {figures['arms'][0]['needed']} 位客服" in done.stdout
    page = texts[3].decode()
    assert page.count("<polyline") == 2
    assert "http" not in page
    assert 'lang="zh-CN"' in page


def test_days_that_come_with_the_program_are_whole():
    """Each is read, ends after it begins, and is named by the command's help."""
    assert load.names() == ["1111", "618", "ordinary"]
    assert [profile.until for profile in load.every()] == ["24:00"] * 3
    assert all(name in simulate("--help").stdout for name in load.names())


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ('day = "2026-11-11"', 'day = "today"', "day: 'today' is not a date like 2026-11-11"),
        ('until = "12:00"', 'until = "25:00"', "arrivals: must be"),
        ('at = "11:00"', 'at = "09:00"', "arrivals: must be"),
        ("buyers = 3", "buyers = -3", "arrivals: buyers must be 0 to 1000 a minute"),
        ("again = 0.4", "again = 1.4", "buyers.again: 1.4 must be in 0 to 1"),
        ("again = 0.4", "again = 0.99", "buyers.again: more than 0.95 would never end"),
        ("concurrency = 5", "concurrency = 0", "agents.concurrency: must be at least 1"),
        ("types = 45", "types = 0", "agents: reads and types must be above 0"),
        ("thinks = 6", "thinks = 0", "seconds and characters must be above 0"),
        ("thinks = 6", "thinks = 6\nsleeps = 3", "agents.sleeps: unknown key"),
        ("thinks = 6", "", "agents.thinks: is missing"),
        ('title = "试"', 'title = "试', "Illegal character"),
    ],
)
def test_a_wrong_day_is_a_sentence(day, was, now, sentence):
    """What cannot be played is refused with its file and key; exit 2."""
    day.write_text(DAY.replace(was, now), encoding="utf-8")
    with pytest.raises(DataError) as raised:
        load.load(str(day))
    assert raised.value.problems[0].startswith(f"{day}: {sentence}")
    assert simulate("--load", str(day)).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--load", "nowhere"), "nowhere: is none of 1111, 618, ordinary"),
        (("--load", "--target", "none"), "--target: pinduoduo has effective_reply_1h"),
        (("--load", "--line", "90"), "--line: a rate is 0 to 1, not 90"),
        (("--load", "--target", "human_reply_30s"), "--line: human_reply_30s has no line of its own"),
        (("--load", "--platform", "any"), "--target: any has no target"),
        (("--load", "--invent", "3"), "--load and --invent exclude each other"),
        (("--target", "x"), "--target goes with --load"),
        (("--json", "x"), "--json goes with --load"),
    ],
)
def test_wrong_wishes_are_sentences(arguments, sentence):
    """What cannot be meant is bad usage or bad input, with what would be right."""
    done = simulate(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr
