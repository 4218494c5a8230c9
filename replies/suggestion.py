"""I am what a ranking is asked with and answers with."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from replies.library import Script

NOTHING: Mapping[str, str] = MappingProxyType({})


class Scope(msgspec.Struct, frozen=True):
    """Where a suggestion is wanted: empty fields exclude nothing. `day` is `YYYY-MM-DD` in the shop's own time."""

    platform: str = ""
    stage: str = ""
    day: str = ""

    def allows(self, script: Script) -> bool:
        """May `script` be offered here, at this stage, on this day?"""
        if self.platform and (
            self.platform in script.not_on or (script.platforms and self.platform not in script.platforms)
        ):
            return False
        if self.stage and script.stage and self.stage not in script.stage:
            return False
        return not (self.day and script.valid and not script.valid.covers(self.day))


ANYWHERE = Scope()


def limited(script: Script) -> bool:
    """Is there a scope that keeps the script out?"""
    return bool(script.not_on or script.platforms or script.stage or script.valid)


class Suggestion(msgspec.Struct, frozen=True, gc=False):
    """A script offered for a message. `score` is the chance that it is right; `missing` names blanks left in `text`.

    `text` is None where the library holds questions only.
    """

    script: str
    title: str
    text: str | None
    score: float
    phrasing: str
    why: str
    missing: tuple[str, ...] = ()


class Ranking(msgspec.Struct, frozen=True):
    """What to show, best first, and what stayed below the bar; `strong`: the best is right more often than not."""

    shown: tuple[Suggestion, ...] = ()
    below: tuple[Suggestion, ...] = ()
    strong: bool = False
