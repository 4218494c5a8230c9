"""I tell a buyer's conversations of each other: a day that he lost in one is lost in all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.effects import Answered, Late, Warn
from bot.ports import LostDay

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.deadline import Zone
    from bot.decide import Shop
    from bot.effects import Effect
    from bot.model import Conversation, Wait
    from bot.ports import Store


def record(store: Store, before: Conversation, after: Conversation, shop: Shop) -> None:
    """Keep which waits lost their buyer's day, and take back what a late fact corrected. Inside a transaction."""
    if not (_missed(before) or (after.waits is not before.waits and _missed(after))):
        return
    held_from = after.settled.at if after.settled is not None else None
    was = dict(_lost(before, shop))
    now = {lost for lost, _ in _lost(after, shop)}
    for lost in sorted(now - was.keys()):
        store.lose(after.shop, lost)
    for lost, wait in was.items():
        settled = wait.answered is not None and held_from is not None and wait.answered <= held_from
        if lost not in now and not settled:  # what is settled is no longer held, and stays as it was
            store.unlose(after.shop, lost)


def _missed(conversation: Conversation) -> bool:
    return any(wait.missed for wait in conversation.waits)


def seen(store: Store, effects: Iterable[Effect], conversation: Conversation, shop: Shop) -> Iterator[Effect]:
    """The effects, where they tell of a wait with what the buyer's other conversations have lost."""
    for effect in effects:
        if isinstance(effect, Warn | Late | Answered):
            yield msgspec.structs.replace(effect, wait=elsewhere(store, effect.wait, conversation, shop))
        else:
            yield effect


def elsewhere(store: Store, wait: Wait, conversation: Conversation, shop: Shop) -> Wait:
    """The wait, `lost` if its day is lost in another conversation of the buyer."""
    if wait.lost or wait.target not in _by_day(shop):
        return wait
    day = _day(shop.zone, wait)
    lost = store.lost_elsewhere(conversation.shop, conversation.buyer_id, wait.target, day, conversation.id)
    return msgspec.structs.replace(wait, lost=True) if lost else wait


def _lost(conversation: Conversation, shop: Shop) -> Iterator[tuple[LostDay, Wait]]:
    by_day = _by_day(shop)
    for wait in conversation.waits:
        if wait.missed and (wait.answered is None or wait.late) and wait.target in by_day:
            place = conversation.buyer_id, wait.target, _day(shop.zone, wait)
            yield LostDay(*place, conversation.id, wait.start), wait


def _by_day(shop: Shop) -> set[str]:
    """The targets by which a buyer's day is met or lost as a whole."""
    return {target.name for target in shop.targets if target.counted == "buyer_day"}


def _day(zone: Zone, wait: Wait) -> int:
    return zone.local(wait.start)[0]
