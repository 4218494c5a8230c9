"""I count how often something was offered: by group of scripts, by stage of the order, by hour."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bot.played import Began, Played
from replies.stages import stage

if TYPE_CHECKING:
    from bot.played import Record
    from bot.shop import Shop


class Coverage:
    """An observer. `result()`: fields of the summary's `suggest`."""

    _shop: Shop

    def __init__(self) -> None:
        """Nothing counted."""
        self._timed = False
        self._asked = self._shown = 0
        self._groups: Counter[str] = Counter()
        self._stages: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._hours: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
        self._group_of: dict[str, str] = {}

    def __call__(self, record: Record) -> None:
        """Hear the next record."""
        match record:
            case Began(shop, timed):
                self._shop, self._timed = shop, timed
                self._group_of = {script.id: script.group for script in shop.matcher.library.scripts}
            case Played(asked=True, after=conversation) if conversation is not None:
                offered = record.offered
                self._asked += 1
                self._shown += bool(offered)
                if offered:
                    self._groups[self._group_of.get(offered[0].script, "")] += 1
                known = stage(conversation.context)
                self._stages[0][known] += 1
                self._stages[1][known] += bool(offered)
                if self._timed:
                    hour = self._shop.zone.local(record.fact.at)[1] // 3600
                    self._hours[0][hour] += 1
                    self._hours[1][hour] += bool(offered)

    def result(self) -> dict[str, Any]:
        """`asked`, `shown`, `silent`; `groups`: what the best script offered belongs to; `stages`, `hours`: asked and shown.

        The stage is what the conversation's context tells ("" where it tells nothing); hours are the shop's, 0 to 23.
        """
        groups = sorted(self._groups.items(), key=lambda one: (-one[1], one[0]))
        return {
            "asked": self._asked,
            "shown": self._shown,
            "silent": self._asked - self._shown,
            "groups": [{"group": group, "shown": shown} for group, shown in groups],
            "stages": [
                {"stage": key, "asked": n, "shown": self._stages[1][key]} for key, n in sorted(self._stages[0].items())
            ],
            "hours": [
                {"hour": key, "asked": n, "shown": self._hours[1][key]} for key, n in sorted(self._hours[0].items())
            ],
        }
