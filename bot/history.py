"""I read from facts who said what when, without the words, and who of the shop had the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot import deadline
from bot.model import AgentSaid, Assigned, BuyerSaid, Closed, Delivered, Drafted, Message, Recalled, RobotSaid
from bot.talk import ECHO_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.model import AnyFact


class Given(NamedTuple):
    """The conversation was assigned, or handed over, to `agent`."""

    at: int
    agent: str


class Line(msgspec.Struct, frozen=True):
    """The messages of one conversation, without texts, and its assignments, both in the order of time."""

    conversation: str
    buyer: str
    messages: tuple[Message, ...]
    given: tuple[Given, ...] = ()

    def holder(self, at: int) -> str:
        """Who had it at an instant: the latest assignment says so, without one who wrote last; "" for nobody."""
        given = next((given.agent for given in reversed(self.given) if given.at <= at), "")
        wrote = (said.agent for said in reversed(self.messages) if said.role == "agent" and said.at <= at)
        return given or next(wrote, "")


def lines(facts: Iterable[AnyFact]) -> Iterator[Line]:
    """One Line a conversation; `facts` come conversation by conversation, each in the order of arrival."""
    held: list[AnyFact] = []
    for fact in facts:
        if held and held[0].conversation != fact.conversation:
            yield _line(held)
            held = []
        held.append(fact)
    if held:
        yield _line(held)


class _Ours:
    """Replies that went through us: known by their draft, sent when delivered, replaced by the platform's echo."""

    def __init__(self) -> None:
        self.drafts: dict[str, Drafted] = {}
        self.delivered: dict[str, int] = {}

    def echoed(self, fact: AgentSaid) -> Drafted | None:
        """The reply whose echo this message is; from now on it is known by the echo alone."""
        found = fact.reply_id if fact.reply_id in self.drafts else None
        if not fact.reply_id:
            same = (
                identity
                for identity, at in self.delivered.items()
                if self.drafts[identity].text == fact.text and abs(fact.at - at) <= ECHO_SECONDS
            )
            found = next(same, None)
        if found is None:
            return None
        self.delivered.pop(found, None)
        return self.drafts.pop(found)

    def messages(self) -> list[Message]:
        """Those that only their delivery tells of."""
        return [
            Message(identity, at, "agent", agent=self.drafts[identity].agent) for identity, at in self.delivered.items()
        ]


def _line(facts: list[AnyFact]) -> Line:
    said: list[Message] = []
    given: list[Given] = []
    ours = _Ours()
    recalled: dict[str, int] = {}
    buyer = ""
    for fact in facts:
        match fact:
            case BuyerSaid():
                buyer = fact.buyer or buyer
                said.append(Message(fact.id, fact.at, "buyer", kind=fact.kind))
            case AgentSaid():
                draft = ours.echoed(fact)
                agent = fact.agent or (draft.agent if draft is not None else "")
                said.append(Message(fact.id, fact.at, "agent", agent=agent))
            case RobotSaid():
                said.append(Message(fact.id, fact.at, "assisted" if fact.assisted else "robot"))
            case Closed():
                said.append(Message(fact.key, fact.at, "closed"))
            case Recalled():
                recalled[fact.id] = fact.at
            case Drafted():
                ours.drafts[fact.id] = fact
            case Assigned():
                given.append(Given(fact.at, fact.agent))
            case Delivered() if fact.id in ours.drafts:
                ours.delivered[fact.id] = fact.at
            case _:
                pass
    said = [_withdrawn(message, recalled) for message in [*said, *ours.messages()]]
    said.sort(key=deadline.order)
    given.sort(key=_at)
    return Line(facts[0].conversation, buyer or facts[0].conversation, tuple(said), tuple(given))


def _withdrawn(message: Message, recalled: dict[str, int]) -> Message:
    """Recalls of answers reopen nothing; a buyer cannot take back a message before he sent it."""
    if message.role != "buyer" or message.id not in recalled:
        return message
    return msgspec.structs.replace(message, recalled_at=max(recalled[message.id], message.at))


def _at(given: Given) -> int:
    return given.at
