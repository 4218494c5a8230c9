"""The card on a conversation is a hint: it breaks ties and completes a follow-up, and turns nothing away that matches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replies import subject
from replies.library import Script, build
from replies.match import Matcher
from replies.suggestion import Scope

SCRIPTS = [
    Script(
        id="shoe", title="跑鞋有货吗", text="鞋在。", phrasings=("跑鞋还有现货没", "跑鞋有红色吗", "运动鞋有没有红色的")
    ),
    Script(
        id="coat",
        title="羽绒服有货吗",
        text="衣在。",
        phrasings=("羽绒服还有现货没", "羽绒服有红色吗", "羽绒服有没有红色的"),
    ),
    Script(id="wash", title="羽绒服怎么洗", text="手洗。", phrasings=("羽绒服能机洗吗", "羽绒服掉毛怎么办")),
    Script(id="bill", title="可以开发票吗", text="可以。", phrasings=("要专票", "公司报销要票")),
    Script(
        id="fast", title="什么时候发货", text="今天。", phrasings=("多久能发出", "今天能寄出来吗"), stage=("waiting",)
    ),
]
COAT = {"product": "2026冬季新款加厚羽绒服女中长款 正品包邮"}
SHOE = {"product": "透气网面跑鞋男款"}


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    """Scripts on two products and on none."""
    return Matcher(build(SCRIPTS))


def shown(matcher: Matcher, text: str, context: dict[str, str], **more: object) -> list[str]:
    """The scripts shown, best first."""
    return [each.script for each in matcher.rank([text], context=context, **more).shown]  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["这个有货吗", "还有现货没", "有货吗"])
def test_the_product_breaks_a_tie(matcher, text):
    """Two scripts that answer alike: the one that names what the card shows comes first, whichever card it is."""
    for card, script in ((COAT, "coat"), (SHOE, "shoe")):
        assert shown(matcher, text, card)[0] == script
    assert set(shown(matcher, text, COAT)) == set(shown(matcher, text, {}))


def test_a_follow_up_of_a_card(matcher):
    """那红色的呢 after a card asks for that product in red; what was asked before is nearer than the card."""
    assert shown(matcher, "那红色的呢", COAT)[0] == "coat"
    assert shown(matcher, "那红色的呢", SHOE)[0] == "shoe"
    assert shown(matcher, "那红色的呢", COAT, before=["跑鞋有货吗"])[0] == "shoe"


@pytest.mark.parametrize("text", ["可以开发票吗", "要专票", "跑鞋有红色吗", "羽绒服怎么洗"])
@pytest.mark.parametrize("card", [COAT, SHOE, {"sku": "羽绒服 红色 L"}])
def test_what_matches_stays_first(matcher, text, card):
    """A script that says what was asked is first with any card and without."""
    assert shown(matcher, text, card)[0] == shown(matcher, text, {})[0]


@given(
    st.sampled_from(
        ["可以开发票吗", "有货吗", "红色", "今天能寄吗", "几点下班", "在吗", "吗", "这个呢", "那呢", "1", "[微笑]"]
    ),
    st.sampled_from([COAT, SHOE, {"product": "羽绒服 跑鞋 发票 发货"}, {"product": "x" * 5000}, {"product": "？"}]),
)
def test_a_card_asks_nothing(matcher, text, card):
    """Whatever the card says, it shows nothing that was not asked of: with it there is silence where there was without."""
    plain, carded = matcher.rank([text]), matcher.rank([text], context=card)
    assert {each.script for each in carded.shown} == {each.script for each in plain.shown}
    assert carded.strong <= plain.strong
    assert all(0 <= each.score <= 1 for each in carded.shown)


def test_words_of_a_title():
    """Those that the library knows, longest first; not numbers, not what titles say of anything."""
    known = ["羽绒服怎么洗", "加厚的有吗", "新款什么时候上", "2026年的吗", "羽绒的吗"]
    assert subject.words(subject.said(COAT), known) == ("羽绒服", "加厚")
    assert subject.words("", known) == ()
    assert subject.said({}) == subject.said({"order_id": "羽绒服"}) == ""


def test_learning_makes_words_known():
    """A product that only a learned question names is known from then on, and not before."""
    own = Matcher(build(SCRIPTS))
    card = {"product": "真丝围巾"}
    assert own._about(card) == ()
    own.learn("围巾有货吗", "bill")
    assert own._about(card) == ("围巾",)
    own.forget("围巾有货吗", "bill")
    assert own._about(card) == ()


def test_a_card_and_a_stage(matcher):
    """Stage and season keep a script out whatever the card says."""
    assert shown(matcher, "什么时候发货", COAT, scope=Scope(stage="waiting"))[0] == "fast"
    assert "fast" not in shown(matcher, "什么时候发货", COAT, scope=Scope(stage="received"))


def test_every_word_of_the_file_says_something():
    """The file's words are there once each, and its numbers bounded: a card never weighs more than what is said."""
    terms = subject.terms()
    assert len(set(terms.dull)) == len(terms.dull)
    assert 0 < terms.lean < 2
