"""Folding, and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replies import text

ODD = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.text(
    "加微信❶٣〇壹㊀１2⃣🇼🅥ⓥᴡ𝘷ñéｋ㎏ﬁ\u200b\ufe0f 。-親", max_size=30
)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ＶＸ：ａｂ", "vx:ab"),
        ("❶❷٣⓪", "1230"),
        ("1⃣3⃣", "13"),
        ("𝘷𝘹 𝟠", "vx 8"),
        ("w\u200bx", "wx"),
        ("親賴", "亲赖"),
        ("ⓥ🅥⒱🇻", "vvvv"),
        ("ᴡᴇ", "we"),
        ("вх", "bx"),
        ("é", "e"),
        ("㊀㈡", "一二"),
        ("帳戶", "账户"),
    ],
)
def test_characters_count_as_what_they_look_like(written, folded):
    """Width, style, marks, case, script and traditional forms do not matter."""
    assert text.fold(written) == folded


def test_normalised_text_has_no_separators():
    """Spaces, punctuation and pictures go."""
    assert text.normalise("您好，请 问❤_有-货吗？") == "您好请问有货吗"


@given(ODD)
def test_folding_twice_is_folding_once(written):
    """What is folded stays as it is."""
    assert text.fold(text.fold(written)) == text.fold(written)


@given(ODD)
def test_every_character_knows_where_it_came_from(written):
    """The map leads each character of a view to the one that made it, in order."""
    table = text.fold_table()
    seen = text.view("plain", written, table)
    assert len(seen.origin) == len(seen.chars)
    assert list(seen.origin) == sorted(seen.origin)
    for char, at in zip(seen.chars, seen.origin, strict=True):
        assert char in table.get(ord(written[at]), written[at])


@given(ODD, st.data())
def test_a_span_holds_what_made_it(written, data):
    """The span of a piece of the view, folded again, holds the piece."""
    seen = text.view("plain", written, text.fold_table())
    if not seen.chars:
        return
    start = data.draw(st.integers(0, len(seen.chars) - 1))
    end = data.draw(st.integers(start + 1, len(seen.chars)))
    first, last = seen.span(start, end)
    assert seen.chars[start:end] in text.fold(written[first:last])


def test_span_of_nothing_is_empty():
    """An empty piece has an empty span, also at the end and in an empty text."""
    assert text.view("plain", "ab", {}).span(2, 2) == (2, 2)
    assert text.view("plain", "", {}).span(0, 0) == (0, 0)
