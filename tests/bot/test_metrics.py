"""What operators watch: every figure is documented, none names a person, and each says what happened."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from living import sent_out

from bot.channels.alerting import Alerting
from bot.channels.outbox import Outbox
from bot.channels.robots import Robots
from bot.errors import Gone, Unavailable
from bot.web.app import METRICS

if TYPE_CHECKING:
    from bot.ports import Push

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"`(kuaihui_\w+)`")


async def page(server) -> str:
    """The metrics page."""
    return (await server.ask("GET", "/metrics")).body.decode()


def said(identity: str, role: str = "buyer", text: str = "什么时候发货") -> dict[str, Any]:
    """A message."""
    data = {"id": identity, "conversation": "c-1", "role": role, "text": text}
    return {"type": "message.created", "data": data}


class Tool:
    """A chat tool that answers as it is told."""

    def __init__(self) -> None:
        """It takes everything."""
        self.error: Exception | None = None

    async def deliver(self, _push: Push) -> None:
        """Take it, or not."""
        if self.error is not None:
            raise self.error

    def address(self, destination: str) -> str:
        """Always the same."""
        return destination

    async def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def tool():
    """It takes everything."""
    return Tool()


@pytest.fixture
async def outbox(server, shops, tool, monkeypatch):
    """Sends what the shop has to say to the tool, and shows what it does."""
    monkeypatch.setattr(shops["demo"], "callback_url", "https://tool.example/")
    made = Outbox(server.loop, tool, chance=Random(1))  # noqa: S311 - jitter
    server.client.app[METRICS].watch(made)
    server.client.app[METRICS].hear(Alerting(server.loop, shops, Robots(server.clock, allow_private=False)))
    return made


@pytest.mark.usefixtures("outbox")
@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
async def test_every_metric_is_documented_and_every_documented_one_exists(server, readme):
    """The names on the page are those of both READMEs, and nothing else."""
    shown = set(re.findall(r"^# TYPE (kuaihui_\w+) \w+$", await page(server), re.MULTILINE))
    named = set(NAME.findall((ROOT / readme).read_text(encoding="utf-8")))
    assert {name for name in shown if not name.endswith("_created")} == named


async def test_requests_are_timed_by_route(server):
    """The short way, aiohttp's way, refusals and what there is not; ids stand nowhere, and listening is not timed."""
    await server.hear(said("m-1"))
    await server.api("GET", "/conversations/c-1")
    await server.api("GET", "/conversations/nobody")
    await server.ask("GET", "/secret-path-of-somebody")
    async with server.listen(after=0) as listener:
        await listener.next()
    shown = await page(server)

    def count(method: str, route: str, status: str) -> bool:
        labels = f'method="{method}",route="{route}",status="{status}"'
        return f"kuaihui_request_seconds_count{{{labels}}} 1.0" in shown

    assert count("POST", "/webhook/{shop}", "2xx")
    for status in ("2xx", "4xx"):
        assert count("GET", "/api/shops/{shop}/conversations/{conversation}", status)
    assert count("any", "none", "4xx")
    assert "secret-path" not in shown
    assert 'route="/api/shops/{shop}/events"' not in shown
    times = [float(value) for value in re.findall(r"kuaihui_request_seconds_sum\{.*\} (\S+)", shown)]
    assert len(times) == 4
    assert all(0.0 < seconds < 5.0 for seconds in times)
    assert len(re.findall(r'kuaihui_request_seconds_bucket\{le="\+Inf",.*\} 1.0', shown)) == 4


async def test_what_becomes_of_suggestions_is_counted(server):
    """Shown and silent ones, and what agents did with scripts; asked twice, nothing is counted twice."""
    taken = await server.hear([said("m-1"), said("m-2", text="嗯")])
    script = taken.json["results"][0]["suggestions"][0]["script"]
    for action in ("picked", "ignored", "ignored"):
        given = {"script": script, "action": action, "agent": "小快"}
        assert (await server.api("POST", "/conversations/c-1/feedback", given)).status == 200
    for _ in range(2):
        shown = await page(server)
        assert 'kuaihui_suggestion_outcomes_total{outcome="ignored",shop="demo"} 2.0' in shown
        assert 'kuaihui_suggestion_outcomes_total{outcome="picked",shop="demo"} 1.0' in shown
    assert 'kuaihui_feed_events_total{shop="demo",type="suggestion.created"} 2.0' in shown
    results = dict(re.findall(r'kuaihui_suggestions_total\{result="(\w+)",shop="demo"\} (\S+)', shown))
    assert sum(map(float, results.values())) == 2
    assert float(results["shown"]) >= 1


async def test_a_destination_shows_its_state_and_its_queue(server, tool, outbox):
    """Served; away, with what waits; wanting no more, with what was given up."""

    def at(state: int, waiting: int, dead: int) -> list[str]:
        figures = {"state": state, "waiting": waiting, "dead": dead}
        return [f'kuaihui_destination_{name}{{destination="demo"}} {value}.0' for name, value in figures.items()]

    await server.hear(said("m-1"))
    await sent_out(outbox)
    assert set(at(0, 0, 0)) <= set((await page(server)).splitlines())
    tool.error = Unavailable("away")
    for number in range(6):
        event = said(f"m-1{number}")
        event["data"]["conversation"] = f"c-{number}"
        await server.hear(event)
    await sent_out(outbox)
    assert set(at(1, 6, 0)) <= set((await page(server)).splitlines())
    tool.error = Gone("no more")
    server.clock.move_to(server.clock.now() + 200)
    await sent_out(outbox)
    shown = (await page(server)).splitlines()
    assert at(2, 0, 6)[0] in shown
    assert "kuaihui_destinations_disabled 1.0" in shown


async def test_an_engine_that_stands_shows(server):
    """While nothing rings, the earliest alarm's lateness grows."""
    await server.hear(said("m-1"))
    assert "kuaihui_alarm_overdue_seconds 0.0" in await page(server)
    first = await server.loop.read(lambda store: store.next_alarm())
    server.loop._fire = lambda _engine: 0
    server.clock.move_to(first + 90)
    assert "kuaihui_alarm_overdue_seconds 90.0" in await page(server)
