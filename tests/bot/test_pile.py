"""Lists that are too long to be held are read and written as if they were not."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import outfile
from bot.pile import Pile, Shown
from replies import DataError

ROW = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda held: st.lists(held, max_size=3) | st.dictionaries(st.text(max_size=3), held, max_size=3),
    max_leaves=6,
)
LISTS = st.lists(ROW, max_size=12)


def piled(rows, held: int = 3, **how) -> Pile:
    """A pile of these rows that holds few of them."""
    pile = Pile(held=held, **how)
    pile.extend(rows)
    return pile


@settings(max_examples=60)
@given(LISTS, st.integers(1, 5))
def test_a_pile_is_a_list(rows, held):
    """All rows come back in their order, as often as one asks, and it knows how many they are."""
    pile = piled(rows, held)
    assert (list(pile), list(pile), len(pile)) == (rows, rows, len(rows))
    assert all(row in pile for row in rows)
    assert object() not in pile
    pile.close()
    assert len(pile) == 0


@settings(max_examples=60)
@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 20))
def test_a_pile_with_a_key_is_sorted(numbers, held):
    """Runs that are sorted and merged give what sorting the whole would, those of one key as they were added."""
    rows = list(enumerate(numbers))
    pile = piled(rows, held, kind=tuple[int, int], key=lambda row: row[1])
    assert list(pile) == list(pile) == sorted(rows, key=lambda row: row[1])


@settings(max_examples=60)
@given(LISTS, st.dictionaries(st.text(max_size=3), ROW, max_size=3), LISTS)
def test_a_result_is_written_as_if_its_piles_were_lists(rows, plain, others):
    """To the byte what formatting the whole at once would give, wherever the piles stand."""

    def result(listed):
        return {
            **plain,
            "piled": listed(rows),
            "在": {"deep": [{"one": listed(others)}, 1, {}], "none": listed([]), **plain},
            "text": "多\n行",
        }

    written = b"".join(outfile.pieces(result(piled)))
    assert written == msgspec.json.format(msgspec.json.encode(result(list)), indent=1)


def test_rows_can_be_seen_as_somebody_else_sees_them(tmp_path):
    """A pile shown otherwise is made anew row by row, and is written so."""
    shown = Shown(piled(range(7)), lambda number: {"number": number})
    assert (len(shown), next(iter(shown))) == (7, {"number": 0})
    outfile.write(tmp_path / "out.json", {"rows": shown})
    assert json.loads((tmp_path / "out.json").read_bytes()) == {"rows": [{"number": number} for number in range(7)]}


def test_a_full_disk_is_a_sentence(tmp_path, monkeypatch):
    """Neither a result nor a pile that cannot be written ends in a traceback."""
    with pytest.raises(DataError, match=r"out.json: cannot be written"):
        outfile.write(tmp_path / "none" / "out.json", {})
    monkeypatch.setattr("bot.pile.tempfile.TemporaryFile", full)
    with pytest.raises(DataError, match="No space left"):
        piled(range(3))


def full(**_):
    """A disk without room."""
    raise OSError(28, "No space left on device")
