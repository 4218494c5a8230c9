"""The line that says why a script is offered quotes what both texts say."""

from __future__ import annotations

import pytest

from replies.why import common


@pytest.mark.parametrize(
    ("asked", "phrasing", "shared"),
    [
        ("15天无理由吗", "支持七天无理由吗", ["无理由吗"]),
        ("7天无理由吗", "支持7天无理由吗", ["7天无理由吗"]),
        ("坏了5天能换吗", "15天内坏了能换吗", ["能换吗", "坏了"]),
        ("二十天后发货", "三十天后发货", ["后发货"]),
        ("一样退吗", "不一样能退吗", ["一样", "退吗"]),
        ("万一不合适", "万一不合身", ["万一不合"]),
        ("20", "2020", []),
        ("第7天", "第8天", ["第"]),
    ],
)
def test_a_number_is_quoted_whole(asked: str, phrasing: str, shared: list[str]) -> None:
    """No quote begins or ends inside a number, nor between a number and what it counts."""
    assert common(asked, phrasing) == shared
