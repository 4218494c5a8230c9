"""I say what a change would have changed: two replays of one log, side by side, and the places where they differ.

Only differences are kept, and of what both have said until now the waits that are still open.
"""

from __future__ import annotations

from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bot import outward
from bot.pile import Pile
from bot.played import Began, Ended, Played, Rang, Rated

if TYPE_CHECKING:
    from collections.abc import Sized

    from bot.blame import CountedWait
    from bot.deadline import Zone
    from bot.figures import Rate
    from bot.played import Record, Told
    from bot.shop import Shop
    from replies.match import Suggestion

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
        sides = [{rate.name: rate for rate in rated.rates} for rated in (was, now)]
        for name in dict.fromkeys((*sides[0], *sides[1])):
            one, other = (side.get(name) for side in sides)
            before, after = (_figures(rate, shop) for rate, shop in zip((one, other), self._shops, strict=True))
            if before != after:
                late = _late(one, other, self._shops[1].zone)
                self._targets.append({"target": name, "before": before, "after": after, **late})


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


def _figures(rate: Rate | None, shop: Shop) -> Told | None:
    """What is compared of a target: figures, and how many were late."""
    if rate is None:
        return None
    shown = outward.rate(msgspec.structs.replace(rate, late=(), near=()), shop)
    figures = {key: shown.get(key) for key in ("label", "population", "met", "waiting", "rate", "mean_s")}
    return {**figures, "late": len(rate.late)}


def _late(was: Rate | None, now: Rate | None, zone: Zone) -> dict[str, Pile[Told]]:
    """The waits that are late in one replay alone; those of each replay stand in the order in which they began."""
    found: dict[str, Pile[Told]] = {"gained": Pile(), "lost": Pile()}
    sides = (
        ((*_place(wait), kind, wait) for wait in rate.late) for kind, rate in (("lost", was), ("gained", now)) if rate
    )
    for _, same in groupby(merge(*sides, key=itemgetter(0, 1)), key=itemgetter(0, 1)):
        there = list(same)
        if len(there) == 1:
            _, _, kind, wait = there[0]
            found[kind].add(outward.counted(wait, zone))
    return found


def _place(wait: CountedWait) -> tuple[int, str]:
    return wait.start, wait.conversation
