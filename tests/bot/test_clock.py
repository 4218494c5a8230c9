"""Clocks: the world's, one of a trial that runs from where it is told, and one that moves only when told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SystemClock, VirtualClock

NINE = 1_795_222_800.0  # 2026-11-21 09:00:00 in Shanghai


class Times:
    """The system's two clocks, moved by hand."""

    def __init__(self, monkeypatch) -> None:
        self.wall, self.steady = NINE, 50.0
        monkeypatch.setattr("bot.clock.time.time", lambda: self.wall)
        monkeypatch.setattr("bot.clock.time.monotonic", lambda: self.steady)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def times(monkeypatch):
    return Times(monkeypatch)


def test_the_worlds_clock_follows_corrections(times):
    """When the host's clock is put right, ours is too."""
    clock = SystemClock()
    clock.begin()
    assert clock.now() == clock.world() == NINE
    times.wall += 3600
    assert clock.now() == NINE + 3600
    times.wall -= 7200
    assert clock.now() == NINE - 3600
    assert clock.seconds_until(NINE) == 3600


@pytest.mark.parametrize("rate", [0.5, 1.0, 100.0])
def test_a_trials_clock_runs_from_when_it_begins(times, rate):
    """It stands still until then, runs at its rate, and does not follow corrections; the world's is still told."""
    clock = SystemClock(start=1000.0, rate=rate)
    times.pass_by(9)
    assert clock.now() == 1000
    clock.begin()
    times.pass_by(10)
    assert clock.now() == 1000 + 10 * rate
    times.wall += 3600
    assert clock.now() == 1000 + 10 * rate
    assert clock.world() == times.wall
    assert clock.seconds_until(1000 + 30 * rate) == pytest.approx(20)
    assert clock.seconds_until(0) == 0


def test_a_fast_clock_without_a_start_begins_now(times):
    """Only the rate was given."""
    clock = SystemClock(rate=60)
    clock.begin()
    times.pass_by(1)
    assert clock.now() == NINE + 60


@given(st.lists(st.floats(0, 1e10)))
def test_virtual_time_never_goes_back(instants):
    """Told an earlier instant it stays where it is."""
    clock = VirtualClock()
    for instant in instants:
        before = clock.now()
        clock.move_to(instant)
        assert clock.now() == clock.world() == max(before, instant)
        assert clock.seconds_until(clock.now() + 5) == pytest.approx(5)
        assert clock.seconds_until(clock.now() - 5) == 0
