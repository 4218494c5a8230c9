"""I sum a replay up: what was offered, found and late, as plain data for `--json` and as a few Chinese lines."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from bot import outward
from bot.insight.agreement import Agreement
from bot.insight.coverage import Coverage
from bot.insight.guarded import Guarded
from bot.insight.served import Served
from bot.insight.unanswered import Unanswered
from bot.pile import Pile, Shown
from bot.played import Began, Ended, Played, Rang, Rated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.figures import Rate
    from bot.played import Record, Told
    from bot.shop import Shop

_ALARM = ("conversation", "target", "stage", "at", "due")
_SHOWN = 5  # entries of a list told in the terminal


class Summary:
    """An observer of a replay. `result()`: JSON data (contract) with Piles for what may be long; equal for equal logs."""

    _shop: Shop

    def __init__(self) -> None:
        """Nothing yet."""
        self._timed = False
        self._messages = self._facts = self._failed = self._conversations = 0
        self._alarms: Pile[Told] = Pile()
        self._targets: list[Told] = []
        self._coverage, self._guarded, self._agreement = Coverage(), Guarded(), Agreement()
        self._served, self._unanswered = Served(), Unanswered()
        self._parts = (self._coverage, self._guarded, self._agreement, self._served, self._unanswered)

    def __call__(self, record: Record) -> None:
        """Hear the next record."""
        for part in self._parts:
            part(record)
        match record:
            case Began(shop, timed):
                self._shop, self._timed = shop, timed
            case Played():
                self._messages += 1
                self._facts += not record.duplicate and not record.failed
                self._failed += record.failed
                self._alarms.extend(_alarm(told) for kind, told in record.events if kind == "deadline.warning")
            case Rang("deadline.warning", told=told):
                self._alarms.add(_alarm(told))
            case Ended():
                self._conversations += 1
            case Rated(rates):
                self._targets = [_target(rate, self._shop) for rate in rates]
            case Rang():
                pass

    def result(self) -> Told:
        """What was seen, once the replay is over."""
        return {
            "conversations": self._conversations,
            "messages": self._messages,
            "facts": self._facts,
            "failed": self._failed,
            "library": self._shop.matcher.library.version,
            "rules": self._shop.guard.version,
            "suggest": self._coverage.result(),
            **self._agreement.result(),
            "gaps": self._unanswered.result(),
            "guard": self._guarded.result(),
            "deadline": {"timed": self._timed, "targets": self._targets, "alarms": self._alarms},
            "inspection": self._served.result(),
        }


def _target(rate: Rate, shop: Shop) -> Told:
    """One target's figures; what may be a long list stays where it is."""
    lists = {"late": rate.late, "near": rate.near}
    shown = outward.rate(msgspec.structs.replace(rate, late=(), near=()), shop)
    return shown | {key: Shown(waits, partial(outward.counted, zone=shop.zone)) for key, waits in lists.items()}


def _alarm(told: Told) -> Told:
    return {key: told[key] for key in _ALARM}


def lines(result: dict[str, Any]) -> Iterable[str]:
    """The result in Chinese lines."""
    suggest, guard = result["suggest"], result["guard"]
    yield f"会话 {result['conversations']} 个，消息 {result['messages']} 条"
    asked = suggest["asked"]
    share = f"（{suggest['shown'] / asked:.1%}）" if asked else ""
    yield f"话术：买家提问 {asked} 次，给出建议 {suggest['shown']} 次{share}，静默 {suggest['silent']} 次"
    yield f"检查：客服消息 {guard['checked']} 条，放行 {guard['allow']}，提醒 {guard['warn']}，拦截 {guard['block']}"
    if guard["rules"]:
        yield "命中最多的规则：" + "、".join(f"{one['rule']} {one['messages']} 条" for one in guard["rules"][:_SHOWN])
    if guard["watched"]:
        counts = Counter(found["rule"] for found in guard["watched"])
        yield "只观察的规则：" + "、".join(f"{rule} {count} 次" for rule, count in counts.most_common(_SHOWN))
    yield from _agreed(result["agreement"], result["answering"], result["silence"])
    if result["gaps"]:
        yield "没有话术的提问：" + "、".join(f"{gap['word']} {gap['asked']} 次" for gap in result["gaps"][:_SHOWN])
    yield from _inspected(result["inspection"])
    yield from _clock(result["deadline"])


def _agreed(agreement: Told, answering: Told, silence: Told) -> Iterator[str]:
    if agreement["rate"] is not None:
        yield (
            f"一致：有建议的回复 {agreement['offered']} 次，与建议相同 {agreement['agreed']} 次（{agreement['rate']:.1%}），"
            f"用了库里另一条 {agreement['other_script']} 次，自己写的 {agreement['own_words']} 次"
        )
    if silence["answered"]:
        yield f"静默时客服回复了 {silence['answered']} 次，其中答案库里就有（错过）{silence['missed']} 次"
    real, pick = answering["agreed"], answering["pick"]
    if real["answers"]:
        yield (
            f"用时：发出与建议相同的回复，中位 {real['median_s']} 秒；直接选用约 {pick['median_s']} 秒，"
            f"共可省 {pick['saved_s'] / 60:.0f} 分钟（估算）"
        )


def _inspected(inspection: Told) -> Iterator[str]:
    if inspection["score"] is None:
        return
    levels = "、".join(f"{name} {count}" for name, count in inspection["levels"].items())
    yield f"质检：{inspection['inspected']} 个会话，平均 {inspection['score']:.1f} 分（{levels}）"
    for rule in inspection["rules"][: 2 * _SHOWN]:
        yield f"  {rule['name']}（{rule['level']}，{rule['score']:+g}）{rule['sessions']} 次"
    for agent in inspection["agents"][:_SHOWN]:
        name = agent["agent"] or "未具名客服"
        yield f"  {name}：{agent['score']:.1f} 分（{agent['level']}），接待 {agent['sessions']} 次，扣分 {agent['faults']} 项"


def _clock(deadline: Told) -> Iterator[str]:
    if not deadline["timed"]:
        yield "时限：记录没有时间，不作统计"
        return
    for target in deadline["targets"]:
        if "mean_s" in target:
            mean = "—" if target["mean_s"] is None else f"{target['mean_s']:.1f} 秒"
            yield f"时限：{target['label']} {mean}（{target['population']} 次）"
            continue
        rate = "—" if target["rate"] is None else f"{target['rate']:.2%}"
        near = f"，将到时限才回复 {len(target['near'])} 次" if target["near"] else ""
        counts = f"{target['met']}/{target['population']}"
        yield f"时限：{target['label']} {rate}（{counts}），超时 {len(target['late'])} 次{near}"
        missed = [one for one in target["agents"] if one["missed"]]
        if missed:
            names = "、".join(f"{one['agent'] or '未分配'} {one['missed']} 次" for one in missed[:_SHOWN])
            yield f"  超时在谁手里：{names}"
    yield f"提醒：{len(deadline['alarms'])} 次"
