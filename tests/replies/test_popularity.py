"""What served well lately comes a little sooner, what did not a little later; nothing fits because it is liked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replies.library import Script, build
from replies.match import Matcher
from replies.odds import Bars
from replies.popularity import Popularity, reweigh, terms

MOST = terms().popularity.most
LIFE = int(terms().popularity.half_life_days)
TWINS = [
    Script(id="wool", title="A款怎么洗", text="羊毛衫请平铺晾干。"),
    Script(id="silk", title="B款怎么洗", text="真丝衫请用冷水。"),
    Script(id="bill", title="可以开发票吗", text="可以。"),
]
BARS = Bars(show=0.01, also=0.01, strong=0.3)

deeds = st.lists(
    st.tuples(st.sampled_from(["picked", "edited", "ignored", "withdrawn", "juggled"]), st.integers(0, 400))
)


def popularity(done: list[tuple[str, int]], script: str = "silk") -> Popularity:
    """Of one script, after what was done with it."""
    made = Popularity()
    for action, day in done:
        made.note(script, action, day)
    return made


def order(matcher: Matcher, text: str, held: Popularity, day: int = 0) -> list[str]:
    """The scripts shown, best first."""
    return [each.script for each in matcher.rank([text], bars=BARS, lean=lambda one: held.lean(one, day)).shown]


@given(deeds, st.integers(0, 500))
def test_it_is_bounded_and_fades(done, day):
    """However often and whatever was done, the lean stays within the bound, and after ten half-lives it is a tenth at most."""
    held = popularity(done)
    assert -MOST < held.lean("silk", day) < MOST
    settled = max([day, *(when for _, when in done)])
    later = held.lean("silk", settled + 10 * LIFE)
    assert abs(later) <= abs(held.lean("silk", settled))
    if len(done) <= 80:
        assert abs(later) <= MOST / 10


@given(deeds)
def test_the_order_of_news_does_not_matter(done):
    """Facts that come late count by their own day; the same facts again give the very same."""
    assert popularity(done).lean("silk", 400) == popularity(done).lean("silk", 400)
    assert popularity(done[::-1]).lean("silk", 400) == pytest.approx(popularity(done).lean("silk", 400), abs=1e-9)


def test_each_deed_counts_its_way():
    """A pick more than an edit; what was ignored counts against a script, what was taken back more; half after a half-life."""
    leans = [popularity([(deed, 0)]).lean("silk", 0) for deed in ("picked", "edited", "ignored", "withdrawn")]
    assert leans[0] > leans[1] > 0 > leans[2] > leans[3]
    assert popularity([("picked", 0)] * 2).lean("silk", LIFE) == pytest.approx(leans[0])
    assert Popularity().lean("silk", 9) == 0


def test_near_equals_change_places():
    """Of two scripts that fit alike the one that served comes first, until it is taken back too often, or long ago."""
    matcher = Matcher(build(TWINS))
    assert order(matcher, "款怎么洗", Popularity()) == ["wool", "silk"], "they are alike: as the library has them"
    liked = popularity([("picked", 0)] * 5)
    assert order(matcher, "款怎么洗", liked) == ["silk", "wool"]
    assert order(matcher, "款怎么洗", popularity([("withdrawn", 0)] * 5, "wool")) == ["silk", "wool"]
    for day in (0, 2000):
        plain, leant = (matcher.rank(["款怎么洗"], bars=BARS, lean=lean).shown for lean in (None, _lean(liked, day)))
        assert sum(each.score for each in leant) == pytest.approx(sum(each.score for each in plain), abs=0.001)


def _lean(held: Popularity, day: int):
    return lambda script: held.lean(script, day)


def test_what_fits_better_stays_first():
    """Nothing is liked so much that it comes before a script that says the very same."""
    held = popularity([("picked", 0)] * 500)
    assert order(Matcher(build(TWINS)), "A款怎么洗", held)[0] == "wool"


def test_nothing_is_shown_because_it_is_liked():
    """Where nothing fits nothing is shown, whatever was picked before; and nothing is called sure for it."""
    matcher = Matcher(build(TWINS))
    held = popularity([("picked", 0)] * 500)
    for text in ("款怎么洗", "B", "几点下班", "在吗"):
        plain = matcher.rank([text], bars=BARS)
        best = max([0.0, *(each.score for each in plain.shown)])
        for bars in (Bars(show=best + 0.01, also=0.01, strong=0.9), Bars(show=0.01, also=0.01, strong=best + 0.01)):
            asked = matcher.rank([text], bars=bars)
            leant = matcher.rank([text], bars=bars, lean=_lean(held, 0))
            assert {each.script for each in leant.shown} == {each.script for each in asked.shown}
            assert leant.strong == asked.strong is False
            assert leant.below == asked.below or asked.shown


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.floats(-MOST, MOST)), min_size=1, max_size=5))
def test_what_is_taken_from_one_is_given_to_others(pairs):
    """Together the scripts are as likely as before; only near ones change places."""
    scores = [score for score, _ in pairs]
    leaned = reweigh(scores, [lean for _, lean in pairs])
    assert all(0 <= each <= 1 for each in leaned)
    if max(leaned) < 1:
        assert sum(leaned) == pytest.approx(sum(scores), abs=0.001)
    for one, after in zip(scores, leaned, strict=True):
        for other, then in zip(scores, leaned, strict=True):
            assert not (after < then - 0.0002 and one > other * 1.66 and then < 1)
