"""I find the reply that a chat tool says it could not bring to the buyer after all, and see that it counts as no answer."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from bot.model import Message, SendFailed
    from bot.ports import Store

LATEST = 50  # replies of the conversation that may be meant


def digest(key: object) -> str:
    """32 hexadecimal digits of an id, for tools that take no longer or other ones."""
    return hashlib.sha256(str(key).encode()).hexdigest()[:32]


def named(store: Store, fact: SendFailed) -> SendFailed:
    """With the id of the reply that went out under `fact.sent`, or its digest; "" where there is none. Raises StoreError."""
    if fact.id or not fact.sent:
        return fact
    for key, reply in store.sent(fact.shop, fact.conversation, LATEST):
        if fact.sent in (key, digest(key)):
            return msgspec.structs.replace(fact, id=reply)
    return fact


def meant(fact: SendFailed, message: Message) -> bool:
    """Is the message the delivery that failed, and has no echo shown since that it arrived?"""
    return message.id == message.reply_id == fact.id != ""
