"""I read from facts who said what when, without the words, and who of the shop had the conversation."""

from __future__ import annotations

from bisect import bisect_right
from hashlib import blake2b
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeGuard

import msgspec

from bot import deadline
from bot.model import (
    AgentSaid,
    Assigned,
    BuyerSaid,
    Closed,
    Delivered,
    Drafted,
    Kind,
    Message,
    Recalled,
    RobotSaid,
    SendFailed,
)
from bot.talk import ECHO_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.model import AnyFact, Role

_at = attrgetter("at")
What = Literal["buyer", "agent", "robot", "assisted", "closed", "recalled", "drafted", "delivered", "failed", "given"]


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What of a fact counts for who waited, and when. `who`: the buyer, or the agent.

    `words`: a digest of what an agent wrote, by which the echo of a reply is known; `reply`: whose echo it says it is.
    """

    what: What
    id: str
    at: int
    who: str = ""
    kind: Kind = "text"
    words: str = ""
    reply: str = ""


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
        position = bisect_right(self.given, at, key=_at)
        if position and (agent := self.given[position - 1].agent):
            return agent
        for place in range(bisect_right(self.messages, at, key=_at) - 1, -1, -1):
            if self.messages[place].role == "agent":
                return self.messages[place].agent
        return ""


def lines(facts: Iterable[AnyFact]) -> Iterator[Line]:
    """One Line a conversation; `facts` come conversation by conversation, each in the order of arrival."""
    conversation, heard, buyer = None, list[Told](), ""
    for fact in facts:
        if fact.conversation != conversation:
            if conversation is not None:
                yield line(conversation, buyer, heard)
            conversation, heard, buyer = fact.conversation, [], ""
        one = told(fact)
        if one is not None:
            heard.append(one)
            buyer = one.who if one.what == "buyer" and one.who else buyer
    if conversation is not None:
        yield line(conversation, buyer, heard)


def told(fact: AnyFact) -> Told | None:
    """What of a fact counts; None if nothing does."""
    match fact:
        case BuyerSaid():
            return Told("buyer", fact.id, fact.at, fact.buyer, fact.kind)
        case AgentSaid():
            return Told("agent", fact.id, fact.at, fact.agent, words=_digest(fact.text), reply=fact.reply_id)
        case RobotSaid():
            return Told("assisted" if fact.assisted else "robot", fact.id, fact.at)
        case Closed():
            return Told("closed", fact.key, fact.at)
        case Recalled():
            return Told("recalled", fact.id, fact.at)
        case Drafted():
            return Told("drafted", fact.id, fact.at, fact.agent, words=_digest(fact.text))
        case Delivered():
            return Told("delivered", fact.id, fact.at)
        case SendFailed() if fact.after:
            return Told("failed", fact.id, fact.at)
        case Assigned():
            return Told("given", "", fact.at, fact.agent)
        case _:
            return None


def _digest(text: str) -> str:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()


class Ours:
    """Replies that went through us: known by their draft, sent when delivered, replaced by the platform's echo."""

    def __init__(self) -> None:
        """None yet."""
        self.drafts: dict[str, Told] = {}
        self.delivered: dict[str, int] = {}

    def echoed(self, said: Told) -> Told | None:
        """The reply whose echo this message is; from now on it is known by the echo alone."""
        found = said.reply if said.reply in self.drafts else None
        if not said.reply:
            same = (
                identity
                for identity, at in self.delivered.items()
                if self.drafts[identity].words == said.words and abs(said.at - at) <= ECHO_SECONDS
            )
            found = next(same, None)
        if found is None:
            return None
        self.delivered.pop(found, None)
        return self.drafts.pop(found)

    def messages(self) -> list[Message]:
        """Those that only their delivery tells of."""
        return [
            Message(identity, at, "agent", agent=self.drafts[identity].who) for identity, at in self.delivered.items()
        ]


def line(
    conversation: str,
    buyer: str,
    heard: Sequence[Told],
    *,
    before: Message | None = None,
    given: Given | None = None,
    ours: Ours | None = None,
) -> Line:
    """What was told of a conversation, in the order of arrival; `buyer` "" where nobody named him.

    `before`, `given`: the agent's message and the assignment that came last before all that. `ours`: learns what became
    of the shop's own replies.
    """
    said: list[Message] = []
    hands: list[Given] = [given] if given is not None else []
    ours = ours if ours is not None else Ours()
    recalled: dict[str, int] = {}
    for one in heard:
        match one.what:
            case "agent":
                draft = ours.echoed(one)
                agent = one.who or (draft.who if draft is not None else "")
                said.append(Message(one.id, one.at, "agent", agent=agent))
            case "recalled":
                recalled[one.id] = one.at
            case "drafted":
                ours.drafts[one.id] = one
            case "delivered":
                if one.id in ours.drafts:
                    ours.delivered[one.id] = one.at
            case "failed":
                ours.delivered.pop(one.id, None)
            case "given":
                hands.append(Given(one.at, one.who))
            case role if _speaks(role):
                said.append(Message(one.id, one.at, role, kind=one.kind))
    said = [_withdrawn(message, recalled) for message in [*said, *ours.messages()]]
    said.sort(key=deadline.order)
    hands.sort(key=_at)
    first = [before] if before is not None else []
    return Line(conversation, buyer or conversation, (*first, *said), tuple(hands))


def _speaks(what: What) -> TypeGuard[Role]:
    return what in ("buyer", "robot", "assisted", "closed")


def _withdrawn(message: Message, recalled: dict[str, int]) -> Message:
    """Recalls of answers reopen nothing; a buyer cannot take back a message before he sent it."""
    if message.role != "buyer" or message.id not in recalled:
        return message
    return msgspec.structs.replace(message, recalled_at=max(recalled[message.id], message.at))
