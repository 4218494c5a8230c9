"""I am the store's memory of what is fetched from chat tools: from where on, and whether there is something."""

from __future__ import annotations

from bot.ports import Pulling
from bot.store.statements import Statements


class PullRows(Statements):
    """The table `pull`. Writes stand inside the store's transaction."""

    def want_pull(self, shop: str, adapter: str, account: str, ticket: str) -> None:
        """A tool says that messages of an account wait; `ticket` makes fetching them cheaper for it."""
        self._do("want_pull", shop, adapter, account, ticket)

    def pulls(self) -> list[Pulling]:
        """All accounts that a tool ever spoke of."""
        return [Pulling(*row) for row in self._rows("pulls")]

    def pulled(self, one: Pulling, cursor: str, *, heard: int, at: float) -> None:
        """Everything up to `cursor` is kept; `heard`: of so many words of the tool nothing more is to be fetched."""
        self._do("pulled", cursor, heard, at, one.shop, one.adapter, one.account)
