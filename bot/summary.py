"""I sum a replay up: what was offered, found and late, as plain data for `--json` and as a few Chinese lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot import outward
from bot.played import Began, Ended, Played, Rang, Rated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.played import Record
    from bot.shop import Shop


class Summary:
    """An observer of a replay. `result()`: plain JSON data (contract), equal for equal logs."""

    _shop: Shop

    def __init__(self) -> None:
        """Nothing yet."""
        self._timed = False
        self._messages = self._facts = self._conversations = 0
        self._asked = self._shown = self._checked = 0
        self._worst = {"warn": 0, "block": 0}
        self._findings: list[dict[str, Any]] = []
        self._alarms: list[dict[str, Any]] = []
        self._targets: list[dict[str, Any]] = []

    def __call__(self, record: Record) -> None:
        """Hear the next record."""
        match record:
            case Began(shop, timed):
                self._shop, self._timed = shop, timed
            case Played():
                self._played(record)
            case Rang("deadline.warning", told=told):
                self._alarms.append({key: told[key] for key in ("conversation", "target", "stage", "at", "due")})
            case Rang():
                pass
            case Ended():
                self._conversations += 1
            case Rated(rates):
                self._targets = [outward.rate(rate, self._shop) for rate in rates]

    def _played(self, played: Played) -> None:
        self._messages += 1
        if played.duplicate:
            return
        self._facts += 1
        self._asked += played.asked
        self._shown += played.asked and bool(played.offered)
        self._checked += played.checked
        if played.findings:
            self._worst[played.verdict] += 1
            fact = played.fact
            place = {"conversation": fact.conversation, "id": fact.id, **outward.who(fact), "text": fact.text}
            self._findings += [{**place, **finding} for finding in played.findings]
        self._alarms += [
            {key: told[key] for key in ("conversation", "target", "stage", "at", "due")}
            for kind, told in played.events
            if kind == "deadline.warning"
        ]

    def result(self) -> dict[str, Any]:
        """What was seen until now."""
        stopped = sum(self._worst.values())
        return {
            "conversations": self._conversations,
            "messages": self._messages,
            "facts": self._facts,
            "library": self._shop.matcher.library.version,
            "rules": self._shop.guard.version,
            "suggest": {"asked": self._asked, "shown": self._shown, "silent": self._asked - self._shown},
            "guard": {
                "checked": self._checked,
                "allow": self._checked - stopped,
                **self._worst,
                "findings": self._findings,
            },
            "deadline": {"timed": self._timed, "targets": self._targets, "alarms": self._alarms},
        }


def lines(result: dict[str, Any]) -> Iterable[str]:
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
