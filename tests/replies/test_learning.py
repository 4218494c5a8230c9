"""Learning: quick to lift, slow to believe, ready to forget."""

from __future__ import annotations

import pytest

from replies.learning import UNNAMED, Lesson, Lessons
from replies.library import Script, build
from replies.match import Matcher
from replies.popularity import terms

SCRIPTS = [
    Script(id="ship", title="什么时候发货", phrasings=("多久能发出", "今天能寄出来吗")),
    Script(id="track", title="物流到哪了", phrasings=("快递怎么还没到", "包裹几天没动了")),
    Script(id="bill", title="可以开发票吗", phrasings=("要专票", "公司报销要票")),
]
ASKED = "单位抬头怎么写"


@pytest.fixture
def matcher() -> Matcher:
    """A matcher over three scripts, none of which knows the question asked here."""
    return Matcher(build(SCRIPTS))


def score(matcher: Matcher, text: str, script: str = "bill") -> float:
    """What `script` scores for `text`; 0 when it is not among the best three."""
    ranking = matcher.rank([text])
    return next((each.score for each in (*ranking.shown, *ranking.below) if each.script == script), 0.0)


def test_first_pick_lifts_second_agent_adopts(matcher: Matcher) -> None:
    """One agent's pick lifts the script for that question at once; a second agent's makes it a phrasing."""
    lessons = Lessons(matcher)
    untouched = score(matcher, ASKED)
    lessons.pick(ASKED, "bill", agent="01")
    lifted = score(matcher, ASKED)
    lessons.pick(ASKED, "bill", agent="01")
    assert untouched < lifted == score(matcher, ASKED)
    assert not lessons.listed()[0].adopted
    lessons.pick(ASKED, "bill", agent="02")
    assert lessons.listed()[0].adopted
    assert score(matcher, ASKED) > lifted
    assert lessons.listed()[0].uses == 3


def test_pick_without_an_agent_is_the_curators(matcher: Matcher) -> None:
    """It is a phrasing at once, exactly as the library's own learning has it."""
    Lessons(matcher).pick(ASKED, "bill")
    other = Matcher(build(SCRIPTS))
    other.learn(ASKED, "bill")
    assert matcher.rank([ASKED]) == other.rank([ASKED])


def test_the_curator_can_take_it_back(matcher: Matcher) -> None:
    """A no undoes the pick for good: the ranking is what it was, and later picks change nothing."""
    before = [matcher.rank([text]) for text in (ASKED, "抬头", "什么时候发货")]
    lessons = Lessons(matcher)
    lessons.pick(ASKED, "bill")
    lessons.judge(ASKED, "bill", yes=False)
    lessons.pick(ASKED, "bill", agent="01")
    lessons.pick(ASKED, "bill", agent="02")
    after = [matcher.rank([text]) for text in (ASKED, "抬头", "什么时候发货")]
    assert [each.shown for each in after] == [each.shown for each in before]
    lessons.judge(ASKED, "bill", yes=True)
    assert lessons.listed()[0].adopted
    assert matcher.rank([ASKED]).shown[0].script == "bill"


def test_own_phrasings_cannot_be_forgotten(matcher: Matcher) -> None:
    """A no for a phrasing of the library itself changes nothing."""
    before = matcher.rank(["要专票"])
    Lessons(matcher).judge("要专票", "bill", yes=False)
    assert matcher.rank(["要专票"]) == before


def test_lessons_survive(matcher: Matcher) -> None:
    """A matcher built again from what was listed ranks as the one that learned it; scripts that are gone are left out."""
    lessons = Lessons(matcher)
    lessons.pick(ASKED, "bill", agent="01")
    lessons.pick("衣裳出库了吗", "ship")
    lessons.judge("包裹卡住", "track", yes=False)
    again = Matcher(build(SCRIPTS))
    kept = Lessons(again, [*lessons.listed(), Lesson("问", "gone", uses=1)])
    assert kept.listed() == lessons.listed()
    for text in (ASKED, "衣裳出库没", "包裹卡住"):
        assert again.rank([text]) == matcher.rank([text])


def test_memory_is_bounded(matcher: Matcher) -> None:
    """A script remembers only so many questions; the least used and oldest make room."""
    lessons = Lessons(matcher)
    for number in range(terms().questions + 5):
        lessons.pick(f"第{number}号问题怎么办理", "bill", agent="01", day=number)
    held = lessons.listed()
    assert len(held) == terms().questions
    assert held[0].day == 5
    assert score(matcher, "第0号问题怎么办理") < score(matcher, "第30号问题怎么办理")


def test_nothing_said_and_nobody_known(matcher: Matcher) -> None:
    """A text that says nothing is not remembered, and an unknown script is a KeyError."""
    lessons = Lessons(matcher)
    lessons.pick("？！", "bill")
    assert lessons.listed() == ()
    with pytest.raises(KeyError):
        lessons.pick(ASKED, "nobody")
    assert lessons.listed() == ()


def test_whoever_is_not_named_is_no_second_agent(matcher: Matcher) -> None:
    """A tool that names its agents only sometimes must not make two of one."""
    lessons = Lessons(matcher)
    lessons.pick(ASKED, "bill", agent="01")
    lessons.pick(ASKED, "bill", agent=UNNAMED)
    assert not lessons.listed()[0].adopted
    lessons.pick(ASKED, "bill", agent="02")
    assert lessons.listed()[0].adopted


def test_a_pick_taken_back_counts_no_more(matcher: Matcher) -> None:
    """The second agent takes it back: no phrasing any more; the first too: nothing is left, and nothing learned twice."""
    before = matcher.rank([ASKED])
    lessons = Lessons(matcher)
    lessons.pick(ASKED, "bill", agent="01")
    lifted = matcher.rank([ASKED])
    lessons.pick(ASKED, "bill", agent="02")
    lessons.withdraw(ASKED, "bill", agent="03")
    assert lessons.listed()[0].adopted
    lessons.withdraw(ASKED, "bill", agent="02")
    assert not lessons.listed()[0].adopted
    assert matcher.rank([ASKED]) == lifted
    lessons.withdraw(ASKED, "bill", agent="01")
    assert lessons.listed() == ()
    assert matcher.rank([ASKED]) == before
    lessons.withdraw(ASKED, "bill", agent="01")
    assert lessons.listed() == ()


def test_the_curators_pick_taken_back(matcher: Matcher) -> None:
    """What agents have picked stays theirs; what only the curator wanted is gone. A no is not undone by it."""
    lessons = Lessons(matcher)
    lessons.pick(ASKED, "bill")
    lessons.withdraw(ASKED, "bill")
    assert lessons.listed() == ()
    lessons.pick(ASKED, "bill", agent="01")
    lessons.judge(ASKED, "bill", yes=True)
    lessons.withdraw(ASKED, "bill", agent="01")
    assert lessons.listed()[0].adopted
    lessons.judge(ASKED, "bill", yes=False)
    lessons.withdraw(ASKED, "bill")
    assert lessons.listed()[0].curated is False


def test_lessons_move_to_another_library(matcher: Matcher) -> None:
    """Those of a script that is away wait for it; what served well stays known."""
    lessons = Lessons(matcher)
    lessons.act("picked", ASKED, "bill", agent="01", day=3)
    without = Lessons(Matcher(build(SCRIPTS[:2])), lessons.listed(), lessons.popularity)
    assert without.listed() == ()
    assert without.away == lessons.listed()
    again = Lessons(Matcher(build(SCRIPTS)), [*without.listed(), *without.away], without.popularity)
    assert again.listed() == lessons.listed()
    assert again.lean(3)("bill") == lessons.lean(3)("bill") > 0
