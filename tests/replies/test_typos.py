"""Typos: what is mistyped by its sound is heard; what the library knows is left alone."""

from __future__ import annotations

from replies.library import Script, build
from replies.match import Matcher
from replies.typos import Ear

KNOWN = [("退货", 5), ("怎么", 3), ("么退", 2), ("快递", 4), ("包裹", 1)]


def test_a_mistyped_pair_is_written_as_the_library_does() -> None:
    """A pair the library does not know becomes the one of the same sound that it holds often enough."""
    ear = Ear(KNOWN)
    assert ear.mend("怎么腿货") == "怎么退货"
    assert ear.mend("用什么快弟") == "用什么快递"
    assert ear.mend("包果") == "包果"


def test_known_characters_are_taken_as_meant() -> None:
    """A character that stands in a pair the library knows is never changed, nor is what has no sound."""
    ear = Ear([*KNOWN, ("火了", 3)])
    assert ear.mend("退货快递") == "退货快递"
    assert ear.mend("推或火了") == "退货火了"
    assert ear.mend("abc123") == "abc123"
    assert ear.mend("") == ""


TITLES = (
    "怎么退货",
    "快递单号",
    "可以开发票吗",
    "包邮吗",
    "有优惠券吗",
    "保修多久",
    "尺码偏小吗",
    "在哪里评价",
    "修改地址",
)
SCRIPTS = [Script(id=title, title=title, phrasings=(f"{title}呢亲", f"我问{title}")) for title in TITLES]


def test_ranking_hears_what_it_cannot_read() -> None:
    """A question mistyped by sound finds the script that the right writing finds."""
    assert Matcher(build(SCRIPTS)).rank(["怎么腿或"]).shown[0].script == "怎么退货"


def test_what_is_only_heard_counts_less() -> None:
    """A question heard in place of what was written scores below the same question written so."""
    matcher = Matcher(build(SCRIPTS))
    written, heard, hardly = (
        (*ranking.shown, *ranking.below)[0].score
        for ranking in map(matcher.rank, (["怎么退货"], ["怎么腿货"], ["真么腿或"]))
    )
    assert written > heard > hardly
