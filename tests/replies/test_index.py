"""The index against a count of BM25 that takes its time."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replies import index
from replies.index import Index

forms = st.text("退货运费颜色尺码a1", min_size=1, max_size=8).map(lambda text: (text,))
libraries = st.lists(st.lists(forms, max_size=4), min_size=1, max_size=60)


def bag(phrasings):
    """How many phrasings hold each piece."""
    return Counter(piece for (text,) in phrasings for piece in {*text, *map("".join, pairwise(text))})


def slowly(library, asked):
    """The BM25 of each script, piece by piece, and the rarity of all pieces asked for and of those known."""
    bags = [bag(phrasings) for phrasings in library]
    usual = max(sum(each.total() for each in bags) / len(bags), 1)
    scores, total, known = [0.0] * len(bags), 0.0, 0.0
    for piece in bag([asked]):
        holds = sum(piece in each for each in bags)
        rarity = math.log(1 + (len(bags) - holds + 0.5) / (holds + 0.5))
        total += rarity
        known += rarity if holds else 0
        for at, each in enumerate(bags):
            scores[at] += rarity * each[piece] * 2.2 / (each[piece] + 1.2 * (0.25 + 0.75 * each.total() / usual))
    return scores, total, known


@settings(deadline=None)
@given(libraries, forms)
def test_as_counted_slowly(library, asked):
    """Scores are BM25 with each script a document; the best are the best, the earlier first among equals."""
    found = Index(library).look(asked)
    scores, total, known = slowly(library, asked)
    assert found.scores.tolist() == pytest.approx(scores, abs=1e-4)
    assert (found.total, found.known) == pytest.approx((total, known))
    held = found.scores.tolist()
    order = sorted((at for at, score in enumerate(held) if score), key=lambda at: (-held[at], at))
    assert found.best(3) == order[:3]


@settings(deadline=None, max_examples=60)
@given(libraries, st.lists(forms, min_size=1, max_size=3), st.lists(forms, min_size=1, max_size=4), st.data())
def test_learned_and_forgotten(library, more, asked, data):
    """A script that learned is scored by all its phrasings; once it forgot them, all is as before."""
    script = data.draw(st.integers(0, len(library) - 1))
    built = Index(library)
    before = [built.look(each) for each in asked]
    for phrasing in more:
        built.learn(script, library[script], more=[phrasing])
    for phrasing in more:
        assert built.look(phrasing).scores[script] > 0
    built.learn(script, [], less=more)
    for each, was in zip(asked, before, strict=True):
        again = built.look(each)
        assert again.scores.tolist() == was.scores.tolist()
        assert (again.total, again.known) == (was.total, was.known)


def test_best_of_very_many():
    """Of thousands of scripts the best are picked as of a few."""
    library = [[(f"{chr(0x4E00 + at % 97)}{chr(0x5000 + at % 89)}",)] for at in range(8000)]
    found = Index(library).look((library[5][0][0] + library[77][0][0],))
    held = found.scores.tolist()
    assert found.best(9) == sorted((at for at in range(8000) if held[at]), key=lambda at: (-held[at], at))[:9]


@settings(deadline=None, max_examples=60)
@given(libraries, forms, st.data())
def test_beyond_the_budget_the_nearest_are_counted_whole(library, asked, data):
    """However small the budget, those still near have all of their BM25, and no script has more than its own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(index, "BUDGET", data.draw(st.integers(0, 40)))
        patched.setattr(index, "NEAR", 2)
        found = Index(library).look(asked)
    scores, total, known = slowly(library, asked)
    near = range(len(scores)) if found.near is None else found.near.tolist()
    assert found.scores[near].tolist() == pytest.approx([scores[at] for at in near], abs=1e-4)
    assert all(held <= score + 1e-4 for held, score in zip(found.scores.tolist(), scores, strict=True))
    assert (found.total, found.known) == pytest.approx((total, known))


def test_a_library_of_nothing():
    """No scripts, or none with letters: nothing is found."""
    assert Index([]).look(("退货",)).best(3) == []
    assert Index([[], [("",)]]).look(("退货",)).best(3) == []
