"""The day's rates for people: who was late, by whom and why, and what the day may still bring."""

from __future__ import annotations

import pytest

from bot import demo, ledger, model
from bot.store import DATABASE
from bot.virtual import VirtualDriver

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai


@pytest.fixture
def day(tmp_path, read_shop, said):
    """The printed day of a buyer who was answered late, after the conversation was handed over."""
    demo.make(tmp_path)
    driver = VirtualDriver({"demo": read_shop}, lambda _event: None, file=tmp_path / DATABASE)
    driver.put(said(at=NINE, buyer="b1"))
    for at, agent in ((NINE, "小快"), (NINE + 3700, "小慢")):
        base = {"shop": "demo", "conversation": "c1", "key": f"a{at}"}
        driver.put(model.Assigned(**base, at=at, arrived=at, agent=agent))
    driver.put(said("在的", at=NINE + 4000, kind=model.AgentSaid, agent="小慢"))
    driver.close()
    return "\n".join(ledger.rates("2026-11-21", None, None, tmp_path, as_json=False))


def test_a_late_answer_says_by_whom_and_why(day):
    """Who had it when it became late, not who answered at last, and the hand-over."""
    assert "1小时有效回复率 0.00%：达标 0/1" in day
    assert "当时由小快负责：晚了6分40秒才回复；10:01:40由小快转给小慢" in day


def test_each_agent_has_a_line(day):
    """Missed by the one, answered by the other."""
    assert "客服 小快：回复 0，及时 0，超时 1，未回复转出 1" in day
    assert "客服 小慢：回复 1，及时 0，超时 0，未回复转出 0，平均 300.0 秒" in day


def test_the_forecast_says_what_is_left(day):
    """Too few buyers are not judged; a line that broke says by how many."""
    assert "人数不足 100，不考核" in day
    assert "预计 0.00% 至 0.00%；已比 50% 多失 1 个" in day


def test_what_buyers_are_called_does_not_steer_the_terminal(tmp_path, read_shop, said):
    """A buyer's id with control characters is printed without them; as JSON it is escaped."""
    demo.make(tmp_path)
    driver = VirtualDriver({"demo": read_shop}, lambda _event: None, file=tmp_path / DATABASE)
    driver.put(said(at=NINE, buyer="b\x1b[2J1"))
    driver.close()
    for as_json in (False, True):
        printed = "\n".join(ledger.rates("2026-11-21", None, None, tmp_path, as_json=as_json))
        assert "[2J1" in printed
        assert "\x1b" not in printed


@pytest.mark.parametrize("as_json", [False, True])
def test_a_masked_day_names_nobody(tmp_path, read_shop, said, as_json):
    """Buyers, conversations and agents have stand-ins, in the reasons too; the figures stay."""
    demo.make(tmp_path)
    driver = VirtualDriver({"demo": read_shop}, lambda _event: None, file=tmp_path / DATABASE)
    driver.put(said(at=NINE, buyer="13800138000", conversation="pdd-13800138000"))
    for at, agent in ((NINE, "小快"), (NINE + 3700, "小快二号")):
        base = {"shop": "demo", "conversation": "pdd-13800138000", "key": f"a{at}"}
        driver.put(model.Assigned(**base, at=at, arrived=at, agent=agent))
    driver.close()
    printed = "\n".join(ledger.rates("2026-11-21", None, None, tmp_path, as_json=as_json, mask=True))
    assert "13800138000" not in printed
    assert "小快" not in printed
    assert "客服1" in printed
    assert "客服2" in printed
    assert "由客服" in printed
    assert "买家1" in printed
    open_day = "\n".join(ledger.rates("2026-11-21", None, None, tmp_path, as_json=as_json))
    assert ("13800138000" in open_day, "小快二号" in open_day) == (True, True)
