"""I keep what is remembered of a conversation in order, and let go of what is settled."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from bot import deadline
from replies.guard import recent

if TYPE_CHECKING:
    from bot.model import AgentSaid, Change, Conversation, Message, Wait

_replace = msgspec.structs.replace

GUARD_SECONDS = 600  # how far back the guard looks, and no more messages than it wants (contract: webhook events)
ECHO_SECONDS = 600  # the same text within this time is the echo of our own reply
HELD, HELD_AFTER_CUT = 48, 24  # messages held of a conversation
CLIP = 2000  # characters held of one message: enough for the guard's look back and for matching
EARLIER = 3  # questions before the open turn that a follow-up may lean on
LIVE = 1800  # seconds of silence after which a shop that writes again writes first: a session is over then


class Judged(Protocol):
    """By what a conversation's waits are counted: part of bot.decide.Shop."""

    @property
    def targets(self) -> tuple[deadline.Target, ...]:
        """The reply targets that run on it."""

    @property
    def zone(self) -> deadline.Zone:
        """Where the days begin."""


def turn(conversation: Conversation) -> list[str]:
    """The buyer's open turn: the texts of every message since the last agent message, oldest first."""
    return [message.text for message in open_turn(conversation) if message.text]


def open_turn(conversation: Conversation) -> list[Message]:
    """The messages of the buyer's open turn that have words."""
    found: list[Message] = []
    for message in reversed(conversation.messages):
        if message.role == "agent":
            break
        if message.role == "buyer" and message.recalled_at is None and message.kind == "text":
            found.append(message)
    return found[::-1]


def asked(conversation: Conversation) -> list[str]:
    """The buyer's open turn; where an agent has just answered, the one that was answered."""
    messages = [said for said in conversation.messages if said.role in ("agent", "buyer")]
    while messages and messages[-1].role == "agent":
        messages.pop()
    return turn(_replace(conversation, messages=tuple(messages)))


def told(conversation: Conversation, in_turn: int) -> tuple[list[str], frozenset[str]]:
    """What the buyer asked before his open turn (of so many messages), and what the agent has told him."""
    asked = [said.text for said in conversation.messages if said.role == "buyer" and said.text and not said.recalled_at]
    before = asked[: len(asked) - in_turn][-EARLIER:]
    return before, frozenset(said.text for said in conversation.messages if said.role == "agent" and said.text)


def echo_of(conversation: Conversation, fact: AgentSaid) -> str | None:
    """The reply of ours that this message is, by its id or by the same text within ten minutes."""
    ours = [(reply.id, reply.at, reply.text[:CLIP]) for reply in conversation.queued]
    ours += [(said.reply_id, said.at, said.text) for said in conversation.messages if _is_delivery(said)]
    for identity, at, text in ours:
        if fact.reply_id == identity:
            return identity
        if not fact.reply_id and text == fact.text[:CLIP] and abs(fact.at - at) <= ECHO_SECONDS:
            return identity
    return None


def _is_delivery(said: Message) -> bool:
    """A reply that the chat tool took, whose echo has not come yet."""
    return bool(said.reply_id) and said.id == said.reply_id


def text_of(conversation: Conversation, reply: str) -> str:
    """What was approved under a reply's id, as far as it is held; "" if it is not known any more."""
    ours = [one.text for one in conversation.queued if one.id == reply]
    ours += [said.text for said in conversation.messages if said.reply_id == reply]
    return ours[0] if ours else ""


def said_before(conversation: Conversation, at: int, *, without: str | None = None) -> list[str]:
    """What the shop's side said in the minutes before, oldest first: what a message may continue.

    `without`: the words of the message itself, where it is held already.
    """
    said = [
        message.text
        for message in conversation.messages
        if message.role in ("agent", "robot", "assisted") and message.text and at - GUARD_SECONDS <= message.at <= at
    ]
    said += [reply.text[:CLIP] for reply in conversation.queued if at - GUARD_SECONDS <= reply.at <= at]
    said = [text for text in said if without is None or text != without[:CLIP]]
    return recent([*said, ""])[:-1]


class Circumstances(NamedTuple):
    """What the guard is told beside the words; see replies.guard.Guard.check."""

    hour: int | None = None
    unanswered: int = 0
    theirs: tuple[str, ...] = ()


def circumstances(conversation: Conversation, at: int, zone: deadline.Zone) -> Circumstances:
    """Under which a message of the shop's side is sent at an instant.

    It writes first when no buyer waits and none has been written to for half an hour; what goes on with an answer does not.
    """
    said = [one for one in conversation.messages if one.at <= at and one.role in ("buyer", "agent", "assisted")]
    asked = max((one.at for one in said if one.role == "buyer" and one.recalled_at is None), default=None)
    since = -1 if asked is None else asked
    pushes = [one.at for one in said if one.role != "buyer" and one.at >= since]
    pushes += [reply.at for reply in conversation.queued if since <= reply.at <= at]
    pushes.sort()
    waits = asked is not None and not pushes
    goes_on = asked is not None and all(later - earlier <= LIVE for earlier, later in pairwise((*pushes, at)))
    hour = None if waits or goes_on else zone.local(at)[1] // 3600
    return Circumstances(hour, len(pushes), theirs(conversation))


def theirs(conversation: Conversation) -> tuple[str, ...]:
    """What the buyer wrote, as far as it is remembered, and what is known of his order."""
    wrote = (one.text for one in conversation.messages if one.role == "buyer" and one.text)
    return (*wrote, *conversation.context.values())


def apply(message: Message, change: Change) -> Message:
    """The message after a recall or an edit."""
    if change.text is None:
        # A buyer cannot take back a message before he sent it; recalls of answers reopen nothing, so they keep none.
        return _replace(message, recalled_at=max(change.at, message.at)) if message.role == "buyer" else message
    if message.edited_at is not None and change.at < message.edited_at:
        return message  # an edit that was overtaken on its way by a later one
    return _replace(message, text=change.text[:CLIP], edited_at=change.at)


def insert(conversation: Conversation, message: Message, shop: Judged) -> Conversation:
    """The conversation with one message more, in the order of time; the oldest settled ones make room."""
    early = conversation.early
    if early:
        for change in early:
            if change.id == message.id:
                message = apply(message, change)
        early = tuple(change for change in early if change.id != message.id)
    # What an agent's message settled ends with it: it answers all of its own second, too.
    if conversation.settled is not None and message.at <= (conversation.settled.at or 0):
        return _replace(conversation, early=early)
    messages = list(conversation.messages)
    messages.insert(bisect_right(messages, message.at, key=_at), message)
    conversation = _replace(conversation, messages=tuple(messages), early=early)
    # Not at each message more: what a cut has to look through, it has looked through a moment ago.
    return _cut(conversation, shop) if len(messages) > HELD and len(messages) % _step() == 0 else conversation


def _step() -> int:
    return max(1, HELD // 8)


def _at(message: Message) -> int:
    return message.at


def _cut(conversation: Conversation, shop: Judged) -> Conversation:
    """Let go of messages that an agent has answered; of a very long unanswered turn, of its middle."""
    messages = conversation.messages
    last = len(messages) - HELD_AFTER_CUT
    while last < len(messages) and messages[last].at >= messages[-1].at - GUARD_SECONDS and last > 0:
        last -= 1
    answered = next((place for place in range(last, -1, -1) if messages[place].role == "agent"), None)
    if answered is not None:
        end = bisect_right(messages, messages[answered].at, key=_at)  # it answers all of its own second
        settled = deadline.settle(messages[:end], shop.targets, shop.zone, conversation.settled)
        return _replace(conversation, messages=messages[end:], settled=settled)
    if len(messages) <= 2 * HELD:
        return conversation
    starts = {wait.start for wait in conversation.waits}
    middle = messages[HELD // 2 : -HELD]
    idle = {"buyer", "robot", "system"}.difference(*(target.answers for target in shop.targets))
    kept = [said for said in middle if said.at in starts or said.role not in idle][_step() - HELD :]
    return _replace(conversation, messages=(*messages[: HELD // 2], *kept, *messages[-HELD:]))


def most_urgent(conversation: Conversation) -> Wait | None:
    """The open wait with the earliest `due`; waits not yet missed come first."""
    waiting = [wait for wait in conversation.waits if wait.answered is None]
    return min(waiting, key=lambda wait: (wait.missed, wait.due), default=None)
