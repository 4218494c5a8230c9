"""I teach a shop again what its agents have done and its curator has said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Act

if TYPE_CHECKING:
    from bot.ports import Store
    from bot.shop import Shop

LESSONS = 20_000  # picks of a shop that are learned again, the latest ones


def relearn(shop: Shop, store: Store) -> None:
    """Bring a shop that has learned nothing to where the store's shop stood. Raises StoreError."""
    for act in store.picks(shop.id, LESSONS):
        shop.learn_question(act)
    for script, action, at in store.uses(shop.id):
        shop.learn_use(Act("", script, "", at, action))
    for word in store.judgements(shop.id, shop.judged):
        shop.heed(word)
