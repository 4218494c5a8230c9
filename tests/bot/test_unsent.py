"""A chat tool took a reply and says later that it did not arrive: who sent it sees that, and the buyer waits as before."""

from __future__ import annotations

import pytest

from bot import model, rates, wire
from bot.errors import BadPayload
from bot.unsent import digest

NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai


def send(driver, shop, *, at: int, identity: str = "r-1") -> None:
    """An agent's reply goes out, and is taken two seconds later."""
    shop.callback_url = "https://tool.example/hook"
    place = {"shop": "demo", "conversation": "c1"}
    drafted = {"id": identity, "agent": "小快", "text": "亲，今天发出。"}
    driver.put(model.Drafted(**place, key=f"draft:{identity}:{at}", at=at, arrived=at, **drafted))
    driver.put(model.Delivered(**place, key=f"delivered:{identity}:{at}", at=at + 2, arrived=at + 2, id=identity))


def fail(driver, *, at: int, **named: str) -> None:
    """The tool says that it did not arrive."""
    event = {"type": "message.failed", "data": {"id": f"f-{at}", "conversation": "c1", "reason": "用户拒收", **named}}
    (fact,) = wire.facts([event], wire.Arrival("demo", "d", at))
    driver.put(fact)


def state(driver) -> tuple[str, str]:
    """Of the reply."""
    reply = driver.engine.store.reply("demo", "c1", "r-1")
    return reply.state, reply.reason


def waiting(driver) -> set[int]:
    """Since when the buyer waits."""
    return {wait.start for wait in driver.engine.conversation("demo", "c1").waits if wait.answered is None}


@pytest.mark.parametrize("how", ["reply", "key", "digest"])
def test_the_wait_runs_on_and_the_agent_sees_why(driver, shop, said, told, how):
    """Named by the reply's id, by the id that it went out under, or by its digest; told once, however often it is said."""
    driver.put(said(at=NINE))
    send(driver, shop, at=NINE + 10)
    (sent,) = [event for event in told if event.type == "message.send"]
    key = f"evt_demo_{sent.seq}"
    named = {"reply": {"reply_id": "r-1"}, "key": {"sent": key}, "digest": {"sent": digest(key)}}[how]
    assert waiting(driver) == set()
    for later in (20, 25):
        fail(driver, at=NINE + later, **named)
    assert state(driver) == ("failed", "用户拒收")
    assert waiting(driver) == {NINE}
    assert [event.type for event in told].count("message.failed") == 1
    driver.move_to(NINE + 31)
    assert told[-1].type == "deadline.missed"
    counted = rates.of_day(driver.engine.store, shop, shop.zone.local(NINE)[0], NINE + 60)
    assert [(one.population, one.met) for one in counted if one.name == "human_reply_30s"] == [(1, 0)]


def test_what_the_platform_has_shown_did_arrive(driver, shop, said):
    """Its echo came: the message stands, whatever is said of it later; only the reply is marked."""
    driver.put(said(at=NINE))
    send(driver, shop, at=NINE + 10)
    driver.put(said("亲，今天发出。", at=NINE + 11, kind=model.AgentSaid, agent="小快"))
    fail(driver, at=NINE + 20, reply_id="r-1")
    assert state(driver)[0] == "failed"
    assert waiting(driver) == set()


def test_what_nobody_sent_changes_nothing(driver, shop, said, told):
    """An id of another conversation, or of nothing at all."""
    driver.put(said(at=NINE))
    send(driver, shop, at=NINE + 10)
    before = len(told)
    fail(driver, at=NINE + 20, sent="0" * 32)
    fail(driver, at=NINE + 21, reply_id="r-2")
    assert state(driver)[0] == "sent"
    assert len(told) == before
    assert waiting(driver) == set()


def test_a_failure_that_names_no_reply_is_refused():
    """400, naming the field."""
    event = {"type": "message.failed", "data": {"conversation": "c1"}}
    with pytest.raises(BadPayload, match="reply_id"):
        wire.facts([event], wire.Arrival("demo", "d", NINE))
