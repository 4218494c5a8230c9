"""I say what a change would have changed: two replays of one log, side by side, and the places where they differ.

Only differences are kept, and of what both have said until now the waits that are still open.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from bot import outward
from bot.pile import Pile
from bot.played import Began, Ended, Played, Rang, Rated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sized

    from bot.played import Record, Told
    from bot.shop import Shop
    from replies.match import Suggestion

MOST_SHOWN = 20  # places of each kind in the terminal; the JSON has all
_ENDS = ("deadline.missed", "deadline.cleared")


class _Warned(NamedTuple):
    """What one replay said of a wait: the stages it warned of; `over`: nothing more will be said."""

    stages: tuple[int, ...] = ()
    over: bool = False


class Comparison:
    """Two observers, `first` and `second`, of two replays that are played side by side (bot.replay.play)."""

    _shops: tuple[Shop, Shop]

    def __init__(self) -> None:
        """Nothing differs yet."""
        self._waiting: dict[Any, Any] = {}
        self._warned: dict[tuple[str, str, str], tuple[_Warned, _Warned]] = {}
        self._suggest: dict[str, Pile[Told]] = {
            kind: Pile() for kind in ("gained", "lost", "replaced", "reordered", "reworded")
        }
        self._guard: dict[str, Pile[Told]] = {"gained": Pile(), "lost": Pile()}
        self._targets: list[Told] = []
        self._inspection: Pile[Told] = Pile()

    def first(self, record: Record) -> None:
        """Hear the replay of what is there now; its records come before the other's of the same place."""
        match record:
            case Played(number=place) | Ended(conversation=place):
                self._waiting[place] = record
            case Began():
                self._waiting[Began] = record.shop
            case Rated():
                self._waiting[Rated] = record
        self._clock(record, 0)

    def second(self, record: Record) -> None:
        """Hear the replay of what may come."""
        match record:
            case Played():
                self._message(self._waiting.pop(record.number), record)
            case Ended():
                self._ended(self._waiting.pop(record.conversation, None), record)
            case Began():
                self._shops = (self._waiting.pop(Began), record.shop)
            case Rated():
                self._rated(self._waiting.pop(Rated), record)
        self._clock(record, 1)

    def result(self) -> Told:
        """`{"changed", "suggest": {"gained","lost","replaced","reordered","reworded"}, "guard": {"gained","lost"}, "deadline": [...], "targets": [...], "inspection": [...]}`.

        Each entry names the conversation, the message, its text, and what stood there before and after. `deadline`: waits
        of which other stages are warned; `targets`: rates and late waits that differ.
        """
        deadline = [
            {
                "conversation": conversation,
                "id": f"{target} {start}",
                "text": "",
                "before": was.stages,
                "after": now.stages,
            }
            for (conversation, target, start), (was, now) in self._warned.items()
            if was.stages != now.stages
        ]
        kinds: tuple[Sized, ...] = (
            *self._suggest.values(),
            *self._guard.values(),
            deadline,
            self._targets,
            self._inspection,
        )
        return {
            "changed": any(len(kind) for kind in kinds),
            "suggest": self._suggest,
            "guard": self._guard,
            "deadline": deadline,
            "targets": self._targets,
            "inspection": self._inspection,
        }

    def _message(self, was: Played, now: Played) -> None:
        fact = now.fact
        place = {"conversation": fact.conversation, "id": fact.id, "text": fact.text}
        if was.asked or now.asked:
            kind = _difference(was.offered, now.offered)
            if kind:
                before, after = [one.script for one in was.offered], [one.script for one in now.offered]
                self._suggest[kind].add({**place, "before": before, "after": after})
        if was.findings != now.findings:
            before, after = [_rule(one) for one in was.findings], [_rule(one) for one in now.findings]
            if before != after:
                gained = set(after) - set(before)
                self._guard["gained" if gained else "lost"].add({**place, "before": before, "after": after})

    def _clock(self, record: Record, side: int) -> None:
        if isinstance(record, Rang):
            self._said(record.kind, record.told, side)
        elif isinstance(record, Played):
            for kind, told in record.events:
                self._said(kind, told, side)

    def _said(self, kind: str, told: Told, side: int) -> None:
        if kind != "deadline.warning" and kind not in _ENDS:
            return
        place = told["conversation"], told["target"], told["start"]
        if kind in _ENDS and place not in self._warned:  # nobody was warned, or both sides have told the end already
            return
        pair = list(self._warned.get(place, (_Warned(), _Warned())))
        known = pair[side]
        stages = (*known.stages, told["stage"]) if kind == "deadline.warning" else known.stages
        pair[side] = _Warned(stages, known.over or kind in _ENDS)
        self._warned[place] = (pair[0], pair[1])
        if pair[0] == pair[1] and pair[0].over:
            del self._warned[place]

    def _ended(self, was: Ended | None, now: Ended) -> None:
        before, after = (_judged(ended) for ended in (was, now))
        if before != after:
            self._inspection.add({"conversation": now.conversation, "before": before, "after": after})

    def _rated(self, was: Rated, now: Rated) -> None:
        sides = [
            {rate.name: outward.rate(rate, shop) for rate in rated.rates}
            for rated, shop in zip((was, now), self._shops, strict=True)
        ]
        for name in dict.fromkeys((*sides[0], *sides[1])):
            before, after = (_figures(side.get(name)) for side in sides)
            if before != after:
                self._targets.append({"target": name, "before": before, "after": after, **_late(name, *sides)})


def _difference(was: tuple[Suggestion, ...], now: tuple[Suggestion, ...]) -> str:
    before, after = [one.script for one in was], [one.script for one in now]
    if before == after:
        return "reworded" if [one.text for one in was] != [one.text for one in now] else ""
    if not before or not after:
        return "lost" if before else "gained"
    return "reordered" if sorted(before) == sorted(after) else "replaced"


def _rule(finding: Told) -> str:
    return str(finding["rule"])


def _judged(ended: Ended | None) -> Told | None:
    """What is compared of an inspection: the score, and which rules spoke about which message."""
    if ended is None or ended.inspected["score"] is None:
        return None
    found = ended.inspected
    faults = [{"rule": fault["rule"], "name": fault["name"], "message": fault["message"]} for fault in found["faults"]]
    return {"score": found["score"], "level": found["level"], "faults": faults}


def _figures(rate: Told | None) -> Told | None:
    """What is compared of a target: figures, and by the places of its late waits that these are the same."""
    if rate is None:
        return None
    figures = {key: rate.get(key) for key in ("label", "population", "met", "waiting", "rate", "mean_s")}
    return {**figures, "late": len(rate["late"])}


def _late(name: str, was: dict[str, Told], now: dict[str, Told]) -> dict[str, list[Told]]:
    """The waits that are late in one replay alone."""
    before, after = ({_place(wait): wait for wait in side.get(name, {"late": ()})["late"]} for side in (was, now))
    return {
        "gained": [wait for place, wait in after.items() if place not in before],
        "lost": [wait for place, wait in before.items() if place not in after],
    }


def _place(wait: Told) -> tuple[str, str]:
    return wait["conversation"], wait["start"]


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


def _listed(title: str, entries: Pile[Told] | list[Told], said: Callable[[Told], str]) -> Iterator[str]:
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
