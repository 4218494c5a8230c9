"""Words of nearly the same meaning, without any model."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replies import senses
from replies.library import Script, build
from replies.match import Matcher
from replies.senses import Senses, cut

PHRASINGS = [["怎么维修", "坏了找谁修理"], ["运费谁承担", "邮费要我出吗"], ["什么颜色好看", "推荐个颜色"]]


def near(text: str) -> list[float]:
    """The cosines of a message with the scripts above."""
    return [centre for _, centre in Senses(PHRASINGS).closeness(text, [0, 1, 2])]


def test_words_are_cut_longest_first() -> None:
    """The longest word of the table wins; what the table does not know is passed over."""
    assert cut("什么abc颜色") == ["什么", "颜色"]
    assert cut("😂x") == []


@pytest.mark.parametrize(("asked", "script"), [("帮我修缮一下", 0), ("快递的费用", 1), ("哪种色彩漂亮", 2)])
def test_other_words_come_near(asked: str, script: int) -> None:
    """A message in other words is nearest to the script that means the same."""
    found = near(asked)
    assert found.index(max(found)) == script


@given(st.text(max_size=60))
def test_cosines_stay_in_bounds(text: str) -> None:
    """Whatever is typed, a cosine is a finite number from -1 to 1, and 0 where no word is known."""
    found = near(text)
    assert all(math.isfinite(each) and abs(each) <= 1 + 1e-6 for each in found)
    if not cut(text):
        assert found == [0, 0, 0]


def test_many_phrasings_do_not_run_over() -> None:
    """Sums of very many words stay exact: a script says the same however often it says it."""
    once, often = (
        Senses([["怎么维修"] * times, ["运费谁承担"] * times]).closeness("维修", [0, 1]) for times in (1, 5000)
    )
    assert 0 < once[0][1] <= 1 + 1e-6
    assert often[0][1] == pytest.approx(once[0][1], abs=0.1)
    assert often[1][1] == pytest.approx(once[1][1], abs=0.1)


def test_learning_moves_a_script_and_forgetting_moves_it_back() -> None:
    """A phrasing learned draws what means the same; forgotten, all is as before."""
    matcher = Matcher(build([Script(id=each[0], title=each[0], phrasings=tuple(each)) for each in PHRASINGS]))
    space = matcher.scales._space
    before = space.closeness("帐篷下雨漏水", [2])
    matcher.learn("帐篷防水不", "什么颜色好看")
    assert space.closeness("帐篷下雨漏水", [2])[0] > before[0]
    matcher.forget("帐篷防水不", "什么颜色好看")
    assert space.closeness("帐篷下雨漏水", [2]) == before


def test_the_table_is_whole() -> None:
    """Every word of the table has all its numbers."""
    assert len(senses._table()) > 10_000
    assert senses._vectors().shape == (len(senses._table()), senses.WIDTH)
