"""Reading a message: synonyms folded from the left, the longest first."""

from __future__ import annotations

import re
import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from replies.reading import denies, fold
from replies.text import WORDS, normalise

LISTS = [
    list(map(normalise, same))
    for lists in tomllib.loads((WORDS / "synonyms.toml").read_text(encoding="utf-8")).values()
    for same in lists
]
FIRST: dict[str, str] = {}
for same in LISTS:
    for word in same:
        FIRST.setdefault(word, same[0])
ANY = re.compile("|".join(map(re.escape, sorted(FIRST, key=len, reverse=True))))

words = st.sampled_from(sorted(FIRST))
letters = st.sampled_from(sorted({letter for word in FIRST for letter in word}))


@settings(deadline=None)
@given(st.lists(words | letters, max_size=8).map("".join))
def test_synonyms_fold_as_an_alternation_of_them_would(text: str) -> None:
    """Words that begin in one another, or overlap, are taken as a regular expression takes them: leftmost, then longest."""
    assert fold(text) == ANY.sub(lambda found: FIRST[found[0]], text)


def test_denial_is_told_from_a_question() -> None:
    """能不能 asks, 不能 denies, however often it is asked."""
    for _ in range(2):
        assert denies("不能退")
        assert not denies("能不能退")
        assert not denies("怎么退")
