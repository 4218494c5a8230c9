"""I tell in the terminal, in Chinese, what two replays of one log say otherwise of it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from bot.played import Told

MOST_SHOWN = 20  # places of each kind; the JSON has all


def lines(found: Told) -> Iterable[str]:
    """The differences for the terminal, in Chinese."""
    if not found["changed"]:
        yield "两次回放没有差别"
        return
    kinds = (
        ("新增建议", found["suggest"]["gained"]),
        ("失去建议", found["suggest"]["lost"]),
        ("建议改变", found["suggest"]["replaced"]),
        ("建议顺序改变", found["suggest"]["reordered"]),
        ("建议文字改变", found["suggest"]["reworded"]),
        ("新增检查命中", found["guard"]["gained"]),
        ("减少检查命中", found["guard"]["lost"]),
        ("提醒改变", found["deadline"]),
    )
    for title, entries in kinds:
        yield from _listed(title, entries, _told)
    yield from _listed("回复率改变", found["targets"], _target)
    yield from _listed("质检改变", found["inspection"], _inspected)


def _listed(title: str, entries: Collection[Told], said: Callable[[Told], str]) -> Iterator[str]:
    if len(entries):
        yield f"{title} {len(entries)} 处"
        for one in islice(entries, MOST_SHOWN):
            yield f"  {said(one)}"
    if len(entries) > MOST_SHOWN:
        yield f"  ……另有 {len(entries) - MOST_SHOWN} 处"


def _told(one: Told) -> str:
    return f"{one['conversation']} {one['id']}：{one['text'][:40]}  {_list(one['before'])} → {_list(one['after'])}"


def _target(one: Told) -> str:
    places = [wait["conversation"] for wait in (*one["gained"], *one["lost"])]
    where = f"（{_list(dict.fromkeys(places))}）" if places else ""
    return f"{one['target']}：{_rate(one['before'])} → {_rate(one['after'])}{where}"


def _rate(figures: Told | None) -> str:
    if figures is None:
        return "不统计"
    if figures["mean_s"] is not None:
        return f"{figures['mean_s']:.1f} 秒"
    return "—" if figures["rate"] is None else f"{figures['rate']:.2%}（{figures['met']}/{figures['population']}）"


def _inspected(one: Told) -> str:
    before, after = one["before"], one["after"]
    scores = " → ".join("—" if side is None else f"{side['score']:g}" for side in (before, after))
    names = [{fault["name"] for fault in side["faults"]} if side else set() for side in (before, after)]
    gained, lost = sorted(names[1] - names[0]), sorted(names[0] - names[1])
    return f"{one['conversation']}：{scores}" + "".join(
        [f"  新增 {_list(gained)}" * bool(gained), f"  减少 {_list(lost)}" * bool(lost)]
    )


def _list(values: Iterable[object]) -> str:
    return "、".join(map(str, values)) or "无"
