"""I am the store's record of the days that buyers have lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.store.statements import Statements

if TYPE_CHECKING:
    from bot.ports import LostDay


class LostRows(Statements):
    """The table `lost_day`. Writes stand inside the store's transaction."""

    def lose(self, shop: str, lost: LostDay) -> None:
        """This wait has lost its buyer's day; twice is once."""
        self._do("lose", shop, *lost)

    def unlose(self, shop: str, lost: LostDay) -> None:
        """It had not after all."""
        self._do("unlose", shop, *lost)

    def lost_elsewhere(self, shop: str, buyer: str, target: str, day: int, conversation: str) -> bool:
        """Has the buyer lost that day of that target in another conversation?"""
        return self._row("lost_elsewhere", shop, buyer, target, day, conversation) is not None
