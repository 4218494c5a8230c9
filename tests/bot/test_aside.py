"""Other processes change how long a replay takes, and nothing else."""

from __future__ import annotations

import json
from copy import copy
from functools import partial

import pytest
from running import run

from bot import aside
from bot.aside import guarding, helper, ranking
from bot.logs.said import Said
from bot.replay import Replay, facts, play
from bot.summary import Summary
from replies.guard import Verdict

LIBRARY = """
group = "客服"
[[scripts]]
id = "hours"
title = "几点上班"
phrasings = ["客服几点在线", "你们几点上班"]
text = "您好，客服九点到二十一点在线。"
[[scripts]]
id = "ship"
title = "什么时候发货"
phrasings = ["什么时候发货", "多久能发"]
text = "您好，付款之后两天之内发出。"
"""
OTHER = LIBRARY.replace("什么时候发货", "发货要几天").replace("九点", "十点")
TALKS = [
    ("buyer", "{}什么时候能发呀"),
    ("agent", "您好，付款之后两天之内发出。"),
    ("buyer", "我的手机号是 13800138000"),
    ("agent", "您的手机号是 13800138000 对吗"),
    ("buyer", "客服几点在线呢{}"),
    ("agent", "加我微信 abc88990"),
    ("robot", "您好，请稍等"),
    ("buyer", "附近有停车场吗{}"),
]
needs_fork = pytest.mark.skipif(
    not helper.can(), reason="this system makes no process that knows what this one has read"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A log of more conversations than is handed over at once, of three agents who pick, and two libraries."""
    made = tmp_path_factory.mktemp("aside")
    lines = [
        {
            "conversation": f"c{talk}",
            "role": role,
            "text": text.format(talk % 5),
            "agent": f"a{talk % 3}" if role == "agent" else None,
            "at": f"2026-11-21T{10 + place}:{talk % 60:02}:00+08:00",
        }
        for place, (role, text) in enumerate(TALKS)
        for talk in range(110)
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (made / "log.jsonl").write_text(text, encoding="utf-8")
    (made / "library.toml").write_text(LIBRARY, encoding="utf-8")
    (made / "other.toml").write_text(OTHER, encoding="utf-8")
    return made


def replayed(folder, jobs: int, *options: str, exits: int = 0):
    """What a replay with so many processes writes, and what it says on stderr."""
    out = folder / f"{jobs}.json"
    given = ["--platform", "pinduoduo", "--library", str(folder / "library.toml"), "--json", str(out), *options]
    done = run("replay", str(folder / "log.jsonl"), *given, "--jobs", str(jobs))
    assert (done.returncode, b"Traceback" in done.stderr) == (exits, False), done.stderr
    return out.read_bytes(), done.stdout, done.stderr.decode()


@needs_fork
def test_more_processes_say_what_one_says(folder):
    """Findings, offers, gaps and rates of a log are the same to the byte with one process, with two and with three."""
    one, two, three = (replayed(folder, jobs)[:2] for jobs in (1, 2, 3))
    assert one == two == three
    found = json.loads(one[0])
    assert (found["guard"]["block"] >= 110, found["agreement"]["agreed"] >= 110, bool(found["gaps"])) == (True,) * 3


@needs_fork
def test_a_comparison_takes_more_processes(folder):
    """Both sides are ranked beside, and what they have in common is guarded once: the same to the byte."""
    options = ("--compare", str(folder / "other.toml"))
    one, most = (replayed(folder, jobs, *options, exits=1) for jobs in (1, 9))
    assert one[:2] == most[:2]
    assert json.loads(one[0])["compare"]["suggest"]["reworded"]
    assert "--jobs 9：这里最多用得上 4 个进程，其余的不启动\n" in most[2]


def test_where_processes_cannot_help_it_is_said(shop, monkeypatch):
    """No sentence where they help; one where the system has no such processes, the log no use for them, or too few cores."""
    monkeypatch.setattr("bot.aside.os.sched_getaffinity", lambda _: range(8), raising=False)
    monkeypatch.setattr("bot.aside.can", lambda: True)
    assert [list(aside.notes(jobs, [shop])) for jobs in (1, 3)] == [[], []]
    assert [note.split("：")[1][:5] for note in aside.notes(4, [shop])] == ["这里最多用"]
    monkeypatch.setattr("bot.aside.os.sched_getaffinity", lambda _: range(2), raising=False)
    assert list(aside.notes(2, [shop])) == []
    assert ["只有 2 个核" in note for note in aside.notes(3, [shop])] == [True]
    monkeypatch.setattr("bot.aside.can", lambda: False)
    assert ["不起作用" in note for note in aside.notes(2, [shop])] == [True]


class Told:
    """A helper that has these answers."""

    def __init__(self, *said) -> None:
        self.said = list(said)

    def take(self, asked):
        """The next, if it answers what is asked."""
        found = self.said.pop(0) if self.said else None
        return found[1] if found is not None and found[0] == asked else None

    def ask(self, _):
        """Nobody is there."""


def test_what_was_not_asked_is_asked_of_the_guard(shop):
    """A verdict on something else than what is asked is not taken; after the last the guard speaks."""
    strange = Verdict("block", "不是这一句的", ())
    asked = helper.name(["您好"], None, 0, ())
    guard = guarding.Ahead(shop.guard, Told((b"other", strange), (asked, strange)))
    assert guard.check(["您好"]).verdict == "allow"
    assert guard.check(["您好"]) == strange
    assert guard.check(["您好"]).verdict == "allow"
    assert guard.version == shop.guard.version


def test_two_replays_ask_one_guard_once(shop, monkeypatch):
    """The same question of the second is not asked again; another one is."""
    asked = []
    check = shop.guard.check
    monkeypatch.setattr(shop.guard, "check", lambda *what, **how: asked.append(what) or check(*what, **how))
    guard = guarding.Twice(shop.guard)
    verdicts = [guard.check([text]) for text in ("您好", "您好", "加我微信 abc88990", "您好")]
    assert [one.verdict for one in verdicts] == ["allow", "allow", "block", "allow"]
    assert len(asked) == 3


@needs_fork
@pytest.mark.parametrize("number", [0, 1, helper.TOGETHER, helper.TOGETHER + 1])
def test_a_helper_is_asked_beyond_its_answers(number):
    """However many answers it has handed over, it answers questions after them, and nothing once it is closed."""

    def work(hand):
        for answer in range(number):
            hand.say(helper.name(answer), answer)
        for question in hand.questions(int):
            hand.say(b"", question + 1)
            hand.over()

    beside = helper.Helper(work, int)
    assert [beside.take(helper.name(answer)) for answer in range(number)] == list(range(number))
    assert [beside.ask(41), beside.ask(1), beside.take(b"")] == [42, 2, None]
    beside.close()
    assert beside.ask(41) is None


@needs_fork
@pytest.mark.parametrize("after", [0, 40, 10_000])
def test_who_loses_the_helper_goes_on_alone(read_shop, after):
    """A helper that ends, or says something else, is not heard any more: what was learned until then is learned here."""
    said = [
        Said(
            f"m{at}",
            f"c{at // 4}",
            role,
            text,
            "text",
            f"a{at % 3}" if role == "agent" else "",
            "",
            1_795_000_000 + at,
            "p",
        )
        for at, (role, text) in enumerate(
            [("buyer", "什么时候发货呢"), ("agent", "您好，付款之后两天之内发出。"), ("buyer", "哪里停车")] * 60
        )
    ]
    results = []
    for lost in (False, True):
        shop = fresh(read_shop)
        seat, seen = copy(shop), Summary()
        if lost:
            told = ranking.begin(fresh(read_shop), partial(facts, shop.id, said[:after]))
            ahead = ranking.Ahead(shop, told)
            seat.suggest, seat.learn, seat.matcher = ahead.suggest, ahead.learn, ranking.Far(shop.matcher, ahead)
        with Replay(seat, (seen,), timed=True) as run_:
            play(said, [run_], progress=lambda _: None)
        results.append({key: value for key, value in seen.result().items() if key in ("suggest", "agreement", "gaps")})
        if lost:
            told.close()
    assert results[0] == results[1]


def fresh(shop):
    """The shop, as it is before it learns."""
    made = copy(shop)
    made.stand_on(type(shop.lessons)(type(shop.matcher)(shop.matcher.library)))
    return made
