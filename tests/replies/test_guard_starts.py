"""A pattern tried where it can begin finds what it finds when it is tried everywhere."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replies import guard_detect, guard_starts, policy
from replies.text import fold

SHAPES = policy.packs("any")[0].lexicon.shapes
CHARS = sorted({char for shape in SHAPES for char in shape.pattern if char.isalnum()}) + list("，。! \n+-:0123456789")

PIECES = [*"abcdefghxyAB1 您你去来吧", "您去吧", "bcd", "efg", "12x", "abc", "ABc", "aac", "bbc", "aaa"]


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:您|你)?(?:去|来)吧",
        "(?:a|bc)d|[ef]{1,3}g|(?:h)",
        r"\d{1,3}x|\s?y",
        "(?:ab?){0,2}c",
        "(?<!a)b(?=c).",
        "(?>a|b)c",
        "(a|b)\\1c",
        "(?i:ab)c",
        "(?i)ab",
        "[^a]b",
        ".b",
        "(?:a?b?){3}c",
        "a{3}",
    ],
)
@given(text=st.lists(st.sampled_from(PIECES), max_size=8).map("".join), low=st.integers(0, 5), more=st.integers(0, 20))
def test_starts_lose_nothing(pattern, text, low, more):
    """Optional heads, repeats, choices, looks aside, references and case: the same places, between any two bounds."""
    made = guard_starts.compiled(pattern, 1.0)
    found = [match.span() for match in made.finds(text, low, low + more)]
    assert found == [match.span() for match in re.compile(pattern).finditer(text, low, low + more)]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(CHARS), max_size=60).map("".join).map(fold), st.data())
def test_shipped_patterns_lose_nothing(text, data):
    """The same holds for the shipped patterns, on texts of their own characters."""
    for shape in data.draw(st.lists(st.sampled_from(SHAPES), max_size=10)):
        made = guard_starts.compiled(shape.pattern, 1.0)
        found = [match.span() for match in made.finds(text, 0, len(text))]
        assert found == [match.span() for match in made.pattern.finditer(text)]


def test_most_shipped_patterns_know_their_start():
    """All but a few patterns are tried at some characters alone."""
    slots = {shape.slot for shape in SHAPES}
    every = [pattern for slot in slots for pattern in guard_detect.shapes(policy.packs("any")[0].lexicon)[slot]]
    assert sum(pattern.starts is None for pattern in every) < len(every) / 10


def test_figures_are_folded():
    """Every sign that `re` takes for a figure is a plain one when folded: starts list those alone."""
    assert all(re.fullmatch("[0-9]", fold(char)) for char in map(chr, range(0x20000)) if re.match(r"\d", char))
