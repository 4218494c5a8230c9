"""Ranking: the right script first, nothing when nothing fits, and the reason in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replies.library import Library, Script, Valid, build
from replies.match import Matcher, Ranking, Scope
from replies.odds import Bars

SCRIPTS = (
    Script(id="hello", title="打招呼", text="您好，请讲。", phrasings=("在吗", "你好")),
    Script(
        id="ship",
        title="什么时候发货",
        text="{ship_by}前发出。",
        phrasings=("多久能发出", "今天能寄出来吗"),
        shortcut="fh",
    ),
    Script(
        id="track", title="物流到哪了", text="正在路上。", phrasings=("快递怎么还没到", "包裹几天没动了"), shortcut="wl"
    ),
    Script(
        id="back",
        title="怎么退货",
        text="请在订单里申请。",
        phrasings=("我要退货", "衣服不合适想退掉"),
        stage=("received",),
    ),
    Script(id="cheap", title="能便宜吗", text="价格已经很实在。", phrasings=("打个折吧", "有优惠吗"), not_on=("jd",)),
    Script(
        id="feast",
        title="双节活动有哪些",
        text="满减进行中。",
        phrasings=("节日有活动吗",),
        valid=Valid(first="12-20", last="01-05"),
    ),
    Script(id="bill", title="可以开发票吗", text="可以开。", phrasings=("要专票", "发票什么时候开")),
)


@pytest.fixture
def matcher() -> Matcher:
    """A matcher over seven scripts of a small shop."""
    return Matcher(build(SCRIPTS))


def first(ranking: Ranking) -> str | None:
    """The id of the best script shown, if any."""
    return ranking.shown[0].script if ranking.shown else None


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("什么时候发货", "ship"),
        ("亲，啥时候能寄出呀", "ship"),
        ("物流到哪裡了？？", "track"),
        ("能打折吗", "cheap"),
        ("我想退掉这件衣服", "back"),
        ("给我开张发票呗", "bill"),
    ],
)
def test_right_script_first(matcher: Matcher, asked: str, expected: str) -> None:
    """Other words, politeness, traditional characters: the right script still leads, with a score and a reason."""
    ranking = matcher.rank([asked])
    assert first(ranking) == expected
    assert 0 < ranking.shown[0].score <= 1
    assert "问法「" in ranking.shown[0].why


@pytest.mark.parametrize("asked", ["吗", "1", "12345678", "好的", "嗯嗯", "😂", "……", "", "谢谢", "ok", "‍"])
def test_nothing_for_what_asks_nothing(matcher: Matcher, asked: str) -> None:
    """A particle, a number, an acknowledgement, an emoji: nothing is shown and nothing lies below."""
    assert matcher.rank([asked]) == Ranking()


@pytest.mark.parametrize("asked", ["在吗", "亲，在吗？", "你好呀", "您好 在么 在吗"])
def test_greeting_only_where_the_library_greets(matcher: Matcher, asked: str) -> None:
    """A greeting gets the greeting script, and silence in a library that has none."""
    assert first(matcher.rank([asked])) == "hello"
    assert Matcher(build(SCRIPTS[1:])).rank([asked]) == Ranking()


def test_nothing_when_nothing_fits(matcher: Matcher) -> None:
    """A question about something else shows nothing; the nearest stays below the bar."""
    ranking = matcher.rank(["你们老板喜欢看什么电影"])
    assert ranking.shown == ()


def test_library_without_scripts_is_silent() -> None:
    """Who has no scripts yet is offered none, whatever is asked."""
    assert Matcher(build(())).rank(["什么时候发货"]) == Ranking()


def test_acknowledgement_may_be_a_phrasing() -> None:
    """A script that lists the very words 好的 is offered for them, and for no others."""
    matcher = Matcher(build([Script(id="bye", title="结束语", phrasings=("好的", "谢谢"))]))
    assert first(matcher.rank(["好的～"])) == "bye"
    assert matcher.rank(["行"]) == Ranking()


def test_whole_turn_is_the_question(matcher: Matcher) -> None:
    """The question may stand before the last line, or be spread over several."""
    assert first(matcher.rank(["什么时候发货", "在吗", "？"])) == "ship"
    assert first(matcher.rank(["衣服不合适", "想退"])) == "back"
    assert first(matcher.rank(["在吗", "好的"])) is None


def test_scores_fall_and_top_is_kept(matcher: Matcher) -> None:
    """Shown and below together are at most `top`, best first."""
    ranking = matcher.rank(["发票什么时候发"], top=4)
    scores = [each.score for each in (*ranking.shown, *ranking.below)]
    assert scores == sorted(scores, reverse=True)
    assert 1 < len(scores) <= 4
    assert sum(scores) <= 1 + 1e-3


def test_context_fills(matcher: Matcher) -> None:
    """The text is filled from the conversation; what is missing is named."""
    assert matcher.rank(["什么时候发货"]).shown[0].missing == ("ship_by",)
    filled = matcher.rank(["什么时候发货"], context={"ship_by": "今晚八点"}).shown[0]
    assert (filled.text, filled.missing) == ("今晚八点前发出。", ())


def test_scope_excludes(matcher: Matcher) -> None:
    """Platform, stage and season keep a script out, and only where they are known."""
    assert first(matcher.rank(["有优惠吗"])) == "cheap"
    assert first(matcher.rank(["有优惠吗"], scope=Scope(platform="jd"))) != "cheap"
    assert first(matcher.rank(["我要退货"], scope=Scope(stage="before_order"))) != "back"
    assert first(matcher.rank(["我要退货"], scope=Scope(stage="received"))) == "back"
    assert first(matcher.rank(["节日有活动吗"], scope=Scope(day="2026-12-31"))) == "feast"
    assert first(matcher.rank(["节日有活动吗"], scope=Scope(day="2026-06-01"))) != "feast"


def test_learning_is_at_once(matcher: Matcher) -> None:
    """What was picked for a question leads for it from then on; an unknown script is a KeyError."""
    asked = "衣裳啥时出库"
    assert first(matcher.rank([asked])) != "bill"
    matcher.learn(asked, "bill")
    assert first(matcher.rank([asked])) == "bill"
    assert first(matcher.rank(["衣裳啥时能出库呢"])) == "bill"
    with pytest.raises(KeyError):
        matcher.learn(asked, "nobody")


def test_learning_twice_changes_nothing_more(matcher: Matcher) -> None:
    """The same pick again is harmless, and so is one that says nothing."""
    matcher.learn("衣裳啥时出库", "bill")
    before = matcher.rank(["衣裳出库了吗"], top=5)
    matcher.learn("衣裳啥时出库", "bill")
    matcher.learn("？？", "bill")
    assert matcher.rank(["衣裳出库了吗"], top=5) == before


def test_why_names_the_words(matcher: Matcher) -> None:
    """The reason is one short Chinese line with the phrasing and the words that carried it."""
    assert matcher.rank(["什么时候发货呀"]).shown[0].why == "与问法「什么时候发货」相同"
    assert "发票" in matcher.rank(["发票可以补吗"]).shown[0].why.partition("：")[2]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("fh", "ship"),
        ("F", "ship"),
        ("wldnl", "track"),
        ("退 怎么", "back"),
        ("ship", "ship"),
        ("寄出 今天", "ship"),
        ("优惠", "cheap"),
    ],
)
def test_search(matcher: Matcher, asked: str, expected: str) -> None:
    """An agent finds a script by shortcut, pinyin initials, id, and words in any order."""
    found = matcher.search(asked)
    assert found[0].script == expected
    assert found[0].why


def test_search_is_bounded_and_falls_back(matcher: Matcher) -> None:
    """At most `limit` are found; without a hit the nearest in wording are, and an empty question lists the library."""
    assert len(matcher.search("", limit=3)) == 3
    assert matcher.search("快递还没到呢怎么办")[0].script == "track"


def test_duplicate_phrasing_offers_both() -> None:
    """Two scripts that claim the same phrasing are both offered, in the library's order."""
    library: Library = build([Script(id="b", title="包邮吗"), Script(id="a", title="包邮吗")])
    assert [each.script for each in Matcher(library).rank(["包邮吗"]).shown] == ["b", "a"]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=30), max_size=4))
def test_any_turn_is_answered_the_same_twice(turn: list[str]) -> None:
    """No message breaks the matcher, remembered answers are the fresh ones, and all scores are chances."""
    one, two = Matcher(build(SCRIPTS)), Matcher(build(SCRIPTS))
    ranking = one.rank(turn)
    assert ranking == one.rank(turn) == two.rank(turn)
    assert all(0 <= each.score <= 1 for each in (*ranking.shown, *ranking.below))


def test_follow_up_leans_on_the_question_before(matcher: Matcher) -> None:
    """A follow-up that names hardly anything is understood with what was asked before, and only such a one."""
    assert first(matcher.rank(["那专票呢"], before=["可以开发票吗"])) == "bill"
    assert first(matcher.rank(["那明天呢"], before=["今天能寄出来吗"])) == "ship"
    assert matcher.rank(["我要退货"], before=["今天能寄出来吗"]) == matcher.rank(["我要退货"])


def test_wording_with_fewest_blanks_that_was_not_just_sent() -> None:
    """Of several wordings the one that can be filled is offered, none word for word again, and at last nothing."""
    script = Script(
        id="ship", title="什么时候发货", text="{ship_by}前发出。", alternatives=("很快发出。", "今天发出。")
    )
    matcher = Matcher(build([script]))
    offered = [
        [each.text for each in matcher.rank(["什么时候发货"], context=context, sent=sent).shown]
        for context, sent in (
            ({}, ()),
            ({"ship_by": "今晚"}, ()),
            ({"ship_by": "今晚"}, ("今晚前发出。",)),
            ({"ship_by": "今晚"}, ("今晚前发出。", "很快发出。", "今天发出。")),
        )
    ]
    assert offered == [["很快发出。"], ["今晚前发出。"], ["很快发出。"], []]


@pytest.mark.parametrize("sent", ["今天发出", "今天发出. ", " 今天 发出！", "今天发出～"])
def test_what_was_sent_is_known_again_however_it_is_punctuated(sent: str) -> None:
    """A wording that went out without its full stop, or with a space more, is not offered once more."""
    matcher = Matcher(build([Script(id="ship", title="什么时候发货", text="今天发出。")]))
    assert matcher.rank(["什么时候发货"]).shown
    assert not matcher.rank(["什么时候发货"], sent=[sent]).shown


@pytest.mark.parametrize("asked", ["[微笑]", "[玫瑰][玫瑰]", "【握手】", "好的[微笑]", "早上好"])
def test_emoticons_and_good_wishes_ask_nothing(matcher: Matcher, asked: str) -> None:
    """Pictures written out in brackets and good wishes are answered by silence."""
    assert matcher.rank([asked]) == Ranking()


def test_a_shop_sets_its_own_bars(matcher: Matcher) -> None:
    """A higher bar silences what the usual one shows, and a strong best is marked as such."""
    asked = ["什么时候可以开发票给我"]
    usual = matcher.rank(asked)
    assert usual.shown
    strict = matcher.rank(asked, bars=Bars(show=1.01, also=0.0, strong=1.01))
    assert strict.shown == ()
    assert strict.below == (*usual.shown, *usual.below)
    assert matcher.rank(["什么时候发货"]).strong
    assert not strict.strong


@pytest.mark.parametrize(
    "asked", ["你们老板喜欢看什么电影", "这个会掉色吗", "尺码偏大吗", "孕妇可以用吗", "你吃饭了吗"]
)
def test_a_handful_of_scripts_is_no_reason_to_guess(asked: str) -> None:
    """A library of four scripts shows none of them for a question of something else."""
    assert Matcher(build(SCRIPTS[1:5])).rank([asked]).shown == ()


@pytest.mark.parametrize("asked", ["发票什么时候发", "什么时候发货", "你们老板喜欢看什么电影", "我要退货", "在吗"])
def test_what_lies_below_may_be_left_out(matcher: Matcher, asked: str) -> None:
    """Without what stayed below the bar, what is shown is the same, and just as strong."""
    every = matcher.rank([asked])
    assert matcher.rank([asked], below=False) == Ranking(shown=every.shown, strong=every.strong)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from(["在吗", "发票什么时候开", "什么时候发货", "我要退货", "那专票呢", "好的"]), max_size=5)
)
def test_a_turn_that_grows_is_ranked_as_one_that_came_at_once(said: list[str]) -> None:
    """What is remembered of the messages before the last changes nothing."""
    growing, fresh = Matcher(build(SCRIPTS)), Matcher(build(SCRIPTS))
    rankings = [growing.rank(said[: end + 1]) for end in range(len(said))]
    assert not said or rankings[-1] == fresh.rank(said)
