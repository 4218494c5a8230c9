"""Messages come out in the order of time however many they are, and the file that holds them goes away."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.logs.said import Said
from bot.logs.spool import Spool


def made(at: int | None, number: int) -> Said:
    return Said(
        id=str(number), conversation="c", role="buyer", text="在吗", kind="text", agent="", buyer="", at=at, place="p"
    )


@settings(max_examples=60)
@given(st.lists(st.integers(1, 30), max_size=60), st.integers(1, 20))
def test_the_order_of_time(times, held):
    """Runs that are sorted and merged give what sorting the whole would: stable, as often as one walks them."""
    spool = Spool(held)
    for number, at in enumerate(times):
        spool.add(made(at, number))
    expected = sorted((made(at, number) for number, at in enumerate(times)), key=lambda one: one.at)
    assert list(spool) == list(spool) == expected
    spool.close()


def test_untimed_messages_stay_as_they_stand():
    """Without times the order is that of the file, and nothing is sorted."""
    spool = Spool(2)
    for number in range(5):
        spool.add(made(None, number))
    assert [one.id for one in spool] == list("01234")
    assert (spool.count, spool.timed, spool.untimed_place) == (5, 0, "p")
    spool.close()


def test_a_log_in_order_is_not_sorted():
    """A log that is in order is read run by run: what it holds at once is one block of one run."""
    spool = Spool(3)
    for number in range(10):
        spool.add(made(number + 1, number))
    assert spool._ordered
    assert [one.id for one in spool] == [str(number) for number in range(10)]
    file = spool._blocks._file
    spool.close()
    assert file.closed
