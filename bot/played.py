"""I am what a replay tells its observers: a record for each message, alarm, conversation and, last, the reply rates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from bot.model import AgentSaid, BuyerSaid, Conversation, Message, RobotSaid, SystemSaid, Wait
    from bot.rates import Rate
    from bot.shop import Shop
    from replies.match import Suggestion

Told = dict[str, Any]
"""What an event of the feed says, as outsiders read it (see bot.outward.event): plain JSON data, times as ISO 8601."""


class Began(NamedTuple):
    """The first record: what the replay stands on. `timed`: the log has times; else nothing is said about time."""

    shop: Shop
    timed: bool


class Played(NamedTuple):
    """A message of the log was played; in the order of the log.

    `number`: its place in the log, from 0. `fact`: who said what (`at` in unix seconds: of an untimed log, a made-up
    one a second). `duplicate`: it was known already and changed nothing; `failed`: deciding on it broke, nothing was kept.

    `before`, `after`: what the bot remembered of the conversation around it (immutable; bounded in size; None before
    its first message, and None for `before` of a duplicate). From them:

    - `offered`: the suggestions now in front of the agent, best first. `asked`: the message was a question, a buyer's
      text, so that they answer it.
    - `stood`: the suggestions that stood before him when this message was said: of an agent's message, what he could
      have picked. `turn`: the buyer's messages that it answers, oldest first, with their own `at`.
    - `waits`: the clocks of this conversation as they are now, one or more a target (see bot.model.Wait).

    `checked`: the guard looked at it. `findings`: what it found, plain data as in `violation.seen`; `verdict`: the
    strongest action of them, "allow" without any. `events`: the other events that it caused, as (type, data), such as
    `deadline.cleared`; what is told already, `violation.seen` and `suggestion.created`, is not repeated here.
    """

    number: int
    fact: BuyerSaid | AgentSaid | RobotSaid | SystemSaid
    before: Conversation | None
    after: Conversation | None
    turn: tuple[Message, ...] = ()
    findings: tuple[Told, ...] = ()
    events: tuple[tuple[str, Told], ...] = ()
    asked: bool = False
    checked: bool = False
    duplicate: bool = False
    failed: bool = False

    @property
    def offered(self) -> tuple[Suggestion, ...]:
        """What stands before the agent now."""
        return self.after.offered if self.after is not None else ()

    @property
    def stood(self) -> tuple[Suggestion, ...]:
        """What stood before the agent until now."""
        return self.before.offered if self.before is not None else ()

    @property
    def waits(self) -> tuple[Wait, ...]:
        """The clocks of the conversation."""
        return self.after.waits if self.after is not None else ()

    @property
    def verdict(self) -> str:
        """What the guard would have done: allow, warn or block."""
        actions = {finding["action"] for finding in self.findings}
        return "block" if "block" in actions else "warn" if actions else "allow"


class Rang(NamedTuple):
    """An alarm rang between two messages: `deadline.warning` or `deadline.missed`, with what the event says of it."""

    kind: str
    conversation: str
    told: Told


class Ended(NamedTuple):
    """After the last message, each conversation once, in the order of their ids.

    `said`: its messages, oldest first, each once. `inspected`: what an inspection finds in it (see bot.inspecting).
    """

    conversation: str
    buyer: str
    said: tuple[BuyerSaid | AgentSaid | RobotSaid | SystemSaid, ...]
    inspected: Told


class Rated(NamedTuple):
    """The last record: the shop's targets counted over the whole log, in the order of the platform's file."""

    rates: tuple[Rate, ...]


Record = Began | Played | Rang | Ended | Rated
Observer = Callable[[Record], None]
"""Takes each record in its turn; what it makes of them it hands out in its own way once the replay is over."""
