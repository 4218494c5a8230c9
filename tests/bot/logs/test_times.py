"""Times are read in the shapes of chat tools; what they lack is taken from what is known, or refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deadline import Zone
from bot.errors import WireError
from bot.logs.times import Times

SHANGHAI = Zone("Asia/Shanghai")
SUNDAY = date(2026, 11, 22)


def shown(at: int) -> str:
    """An instant on Shanghai's clocks."""
    return datetime.fromtimestamp(at, ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-21 10:00:05", "2026-11-21 10:00:05"),
        ("2026/11/21 9:05", "2026-11-21 09:05:00"),
        ("2026.11.21 10:00:05.250", "2026-11-21 10:00:05"),
        ("2026年11月21日 上午10:00", "2026-11-21 10:00:00"),
        ("2026年1月2日 星期五 下午12:30:01", "2026-01-02 12:30:01"),
        ("2026-11-21 下午 3:04", "2026-11-21 15:04:00"),
        ("2026-11-21 上午12:04", "2026-11-21 00:04:00"),
        ("2026-11-21 凌晨1:00", "2026-11-21 01:00:00"),
        ("2026-11-21 中午11:59", "2026-11-21 11:59:00"),
        ("2026-11-21 中午12:10", "2026-11-21 12:10:00"),
        ("2026-11-21 中午1:10", "2026-11-21 13:10:00"),
        ("2026-11-21 晚上8:00", "2026-11-21 20:00:00"),
        ("2026-11-21 3:04:05 PM", "2026-11-21 15:04:05"),
        ("2026-11-21T02:00:05Z", "2026-11-21 10:00:05"),
        ("2026-11-21T10:00:05", "2026-11-21 10:00:05"),
        ("2026-11-21 11:00:05+09:00", "2026-11-21 10:00:05"),
        ("1795226405", "2026-11-21 10:00:05"),
        ("1795226405123", "2026-11-21 10:00:05"),
        ("11-21 10:00:05", "2026-11-21 10:00:05"),
        ("12月31日 10:00", "2025-12-31 10:00:00"),
        ("2-29 10:00", "2024-02-29 10:00:00"),
        ("今天 10:00", "2026-11-22 10:00:00"),
        ("昨天10:00", "2026-11-21 10:00:00"),
        ("前天 下午1:00", "2026-11-20 13:00:00"),
        ("星期六 10:00", "2026-11-21 10:00:00"),
        ("周日 10:00", "2026-11-22 10:00:00"),
        ("星期天 10:00", "2026-11-22 10:00:00"),
        ("周一 10:00", "2026-11-16 10:00:00"),
        ("10:00", "2026-11-22 10:00:00"),
    ],
)
def test_shapes(said, meant):
    """Each shape is the instant that was meant, on the day of the export or before it."""
    assert shown(Times(SHANGHAI, SUNDAY).instant(said, "p")) == meant


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("noon", "不是看得懂的时间"),
        ("", "不是看得懂的时间"),
        ("2026-11-21", "不是看得懂的时间"),
        ("2026-13-21 10:00", "没有这一天"),
        ("2026-02-30 10:00", "没有这一天"),
        ("2026-11-21 25:00", "没有这个钟点"),
        ("2026-11-21 10:60", "没有这个钟点"),
        ("11-21 10:00", "没有年份"),
        ("昨天 10:00", "--exported"),
        ("周一 10:00", "--exported"),
        ("10:00", "没有日期"),
        ("1970-01-01 10:00", "before the year 2000"),
        ("123456789", "neither unix seconds nor milliseconds"),
    ],
)
def test_what_is_no_time_or_not_told(said, words):
    """Without a day of export nothing is guessed; what is no time is named."""
    with pytest.raises(WireError, match=r"^p: ") as raised:
        Times(SHANGHAI).instant(said, "p")
    assert words in str(raised.value)


def test_a_log_tells_its_days():
    """A day once told holds on; past midnight it is the next; a year is the next in which the day comes."""
    times = Times(SHANGHAI)
    told = ["2026-12-31 23:59:50", "00:00:10", "9:00", "1-3 8:00"]
    assert [shown(times.instant(one, "p")) for one in told] == [
        "2026-12-31 23:59:50",
        "2027-01-01 00:00:10",
        "2027-01-01 09:00:00",
        "2027-01-03 08:00:00",
    ]
    times.day("—— 2026年5月1日 ——", "p")
    assert shown(times.instant("9:00", "p")) == "2026-05-01 09:00:00"


def test_a_sheets_midnight():
    """A sheet shows midnight as its day alone; elsewhere a day alone is no time."""
    assert shown(Times(SHANGHAI).instant("2026-11-21", "p", bare_day=True)) == "2026-11-21 00:00:00"


@given(st.text(alphabet="0123456789-/.年月日 :：上下午今昨天星期六T", max_size=24))
def test_any_text_is_a_time_or_refused(text):
    """Whatever is said, it is an instant or a sentence."""
    try:
        told = str(Times(SHANGHAI, SUNDAY).instant(text, "p"))
    except WireError as error:
        told = str(error)
    assert told.isdecimal() or told.startswith("p: ")


@given(st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - of the clocks on the wall
def test_round_trip(when):
    """An instant written in a shape is read back, to the shape's second or minute."""
    when = when.replace(microsecond=0)
    half = ("上午" if when.hour < 12 else "下午") + f"{when.hour % 12 or 12}"
    minute = when.replace(second=0)
    for said, meant in (
        (f"{when:%Y-%m-%d %H:%M:%S}", when),
        (f"{when:%Y/%m/%d %H:%M}", minute),
        (f"{when:%Y年%m月%d日} {half}:{when:%M:%S}", when),
    ):
        assert shown(Times(SHANGHAI).instant(said, "p")) == str(meant)
    later = Times(SHANGHAI, (when + timedelta(days=30)).date())
    assert shown(later.instant(f"{when:%m-%d %H:%M}", "p")) == str(minute)
