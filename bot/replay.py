"""I ask: what would we have done? Recorded conversations through the same engine, on a clock that only they move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot import history, outward, rates, wire
from bot.compare import Trace
from bot.model import AgentSaid, BuyerSaid, RobotSaid, SystemSaid
from bot.virtual import VirtualDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.logs import Said
    from bot.ports import Event
    from bot.shop import Shop

# A log without times is played one message a second from here; nothing is then said about time.
UNTIMED_START = wire.EARLIEST


class Replay:
    """One run over one log. `result()` is plain JSON data, equal for equal logs."""

    def __init__(self, shop: Shop, *, timed: bool) -> None:
        """Without times (`timed` False) the shop must have no targets."""
        self.shop, self.timed = shop, timed
        self._driver = VirtualDriver({shop.id: shop}, self._hear)
        self._asked = self._shown = 0
        self._messages = self._facts = self._checked = 0
        self._conversations: set[str] = set()
        self._findings: list[dict[str, Any]] = []
        self._worst: dict[str, int] = {"warn": 0, "block": 0}
        self._alarms: list[dict[str, Any]] = []
        self.trace = Trace({}, {}, {}, {})

    def run(self, said: Iterable[Said], *, progress: Callable[[int], None]) -> dict[str, Any]:
        """Play the messages; `progress` is called with how many are done. The store is in memory and closed after."""
        try:
            position = -1
            for position, message in enumerate(said):
                self._put(_fact(self.shop.id, message, UNTIMED_START + position))
                if position % 512 == 0:
                    progress(position)
            self._driver.finish()
            progress(position + 1)
            return self._result()
        finally:
            self._driver.close()

    def _put(self, fact: BuyerSaid | AgentSaid | RobotSaid | SystemSaid) -> None:
        self._messages += 1
        outcome = self._driver.put(fact)
        if outcome.duplicate:
            return
        self._facts += 1
        self._conversations.add(fact.conversation)
        if isinstance(fact, BuyerSaid) and fact.kind == "text" and fact.text.strip() and outcome.conversation:
            self._asked += 1
            offered = outcome.conversation.offered
            self._shown += bool(offered)
            self.trace.offered[fact.conversation, fact.id] = tuple(found.script for found in offered)
        self.trace.texts[fact.conversation, fact.id] = fact.text
        self._checked += isinstance(fact, AgentSaid | RobotSaid) and bool(fact.text)

    def _hear(self, event: Event) -> None:
        if event.type == "violation.seen":
            data = msgspec.json.decode(event.data)
            actions = {finding["action"] for finding in data["findings"]}
            self._worst["block" if "block" in actions else "warn"] += 1
            place = {key: data[key] for key in ("conversation", "id", "role", "agent", "text")}
            self._findings += [{**place, **finding} for finding in data["findings"]]
            rules = tuple(finding["rule"] for finding in data["findings"])
            self.trace.findings[data["conversation"], data["id"]] = rules
        elif event.type == "deadline.warning":
            data = msgspec.json.decode(event.data)
            self._alarms.append({key: data[key] for key in ("conversation", "target", "stage", "at", "due")})
            wait = data["conversation"], f"{data['target']} {data['start']}"
            self.trace.warned[wait] = (*self.trace.warned.get(wait, ()), data["stage"])

    def _result(self) -> dict[str, Any]:
        stopped = sum(self._worst.values())
        return {
            "conversations": len(self._conversations),
            "messages": self._messages,
            "facts": self._facts,
            "library": self.shop.matcher.library.version,
            "rules": self.shop.guard.version,
            "suggest": {"asked": self._asked, "shown": self._shown, "silent": self._asked - self._shown},
            "guard": {
                "checked": self._checked,
                "allow": self._checked - stopped,
                **self._worst,
                "findings": self._findings,
            },
            "deadline": {"timed": self.timed, "targets": self._targets(), "alarms": self._alarms},
        }

    def _targets(self) -> list[dict[str, Any]]:
        if not self.shop.targets:
            return []
        store = self._driver.engine.store
        lines = tuple(history.lines(store.facts_between(self.shop.id, 0, 1 << 60)))
        now = int(self._driver.clock.now())
        return [
            outward.rate(rates.rate(lines, target, self.shop.zone, now=now), self.shop) for target in self.shop.targets
        ]


def _fact(shop: str, said: Said, position: int) -> BuyerSaid | AgentSaid | RobotSaid | SystemSaid:
    at = position if said.at is None else said.at
    base: dict[str, Any] = {
        "shop": shop,
        "key": f"message.created:{said.id}",
        "conversation": said.conversation,
        "at": at,
        "arrived": at,
        "id": said.id,
        "text": said.text,
        "kind": said.kind,
    }
    match said.role:
        case "buyer":
            return BuyerSaid(**base, buyer=said.buyer, context=said.context)
        case "agent":
            return AgentSaid(**base, agent=said.agent)
        case "robot":
            return RobotSaid(**base)
        case "system":
            return SystemSaid(**base)


def summary(result: dict[str, Any]) -> Iterable[str]:
    """The result in a few Chinese lines."""
    suggest, guard, deadline = result["suggest"], result["guard"], result["deadline"]
    yield f"会话 {result['conversations']} 个，消息 {result['messages']} 条"
    asked = suggest["asked"]
    share = f"（{suggest['shown'] / asked:.1%}）" if asked else ""
    yield f"话术：买家提问 {asked} 次，给出建议 {suggest['shown']} 次{share}，静默 {suggest['silent']} 次"
    yield f"检查：客服消息 {guard['checked']} 条，放行 {guard['allow']}，提醒 {guard['warn']}，拦截 {guard['block']}"
    if not deadline["timed"]:
        yield "时限：记录没有时间，不作统计"
        return
    for target in deadline["targets"]:
        if "mean_s" in target:
            mean = "—" if target["mean_s"] is None else f"{target['mean_s']:.1f} 秒"
            yield f"时限：{target['label']} {mean}（{target['population']} 次）"
            continue
        rate = "—" if target["rate"] is None else f"{target['rate']:.2%}"
        yield f"时限：{target['label']} {rate}（{target['met']}/{target['population']}），超时 {len(target['late'])} 次"
    yield f"提醒：{len(deadline['alarms'])} 次"
