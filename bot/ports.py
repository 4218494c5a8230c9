"""I am the list of everything outside: a clock, a store, a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from bot.outgoing import Outgoing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from bot.model import AnyFact, Conversation


class Clock(Protocol):
    """Tells the time. Unix seconds, with fractions."""

    def now(self) -> float: ...
    def world(self) -> float:
        """The time that others have: what signatures are stamped with. Differs from `now` in trials only."""

    def seconds_until(self, at: float) -> float:
        """How long to sleep, in seconds of the world, until it is `at`; never negative."""


class Event(NamedTuple):
    """One row of the feed. `data`: JSON object, as outsiders read it."""

    seq: int
    shop: str
    conversation: str
    type: str
    at: int
    data: str


class Push(NamedTuple):
    """A feed row on its way to the shop's chat tool.

    `about`: of a reply (`message.send`) its id, of a warning its target, else empty. `first_at`: when it was written.
    `destination`: the shop (its callback), or "shop/adapter". `key`: the id that it is sent under, "" for its own.
    `reason`: why its last try failed.
    """

    seq: int
    shop: str
    conversation: str
    type: str
    about: str
    tries: int
    first_at: float
    at: int
    data: str
    destination: str = ""
    key: str = ""
    reason: str = ""

    @property
    def id(self) -> str:
        """The id that it is sent under, the same on every try."""
        return self.key or f"evt_{self.shop}_{self.seq}"


class Dead(NamedTuple):
    """A push that was given up. `at`: when the event was; `asked`: somebody wants it to be sent again."""

    seq: int
    shop: str
    destination: str
    conversation: str
    type: str
    about: str
    tries: int
    at: int
    dead_at: float
    reason: str
    asked: int


class Disabled(NamedTuple):
    """A destination that wants no more. `address` stands for the address that said so, without showing it."""

    name: str
    shop: str
    address: str
    at: float
    reason: str


class Pulling(NamedTuple):
    """An account whose messages are fetched. `wanted`: how often its tool said that there are some, since."""

    shop: str
    adapter: str
    account: str
    cursor: str
    ticket: str
    wanted: int
    pulled_at: float


class Reply(NamedTuple):
    """A reply that an agent asked for; `verdict` is JSON."""

    id: str
    state: str
    agent: str
    text: str
    script: str
    override: str
    verdict: str
    reason: str
    at: int


class Alert(NamedTuple):
    """A feed row that a group robot still has to say. `stage` 0 is a miss; `start`, `due` of the wait when told."""

    robot: str
    seq: int
    shop: str
    conversation: str
    target: str
    stage: int
    start: int
    due: int


class LostDay(NamedTuple):
    """The wait that began at `start` lost its buyer's `day` (a running number; 1970-01-01 is 0)."""

    buyer: str
    target: str
    day: int
    conversation: str
    start: int


class Spoke(NamedTuple):
    """When a robot last spoke, and until when it is silent after `tries` failures; instants of the world."""

    robot: str
    last: float = 0.0
    quiet_until: float = 0.0
    tries: int = 0


class Act(NamedTuple):
    """What an agent did with a script that was offered for what was asked."""

    asked: str
    script: str
    agent: str
    at: int
    action: str


class Judgement(NamedTuple):
    """The curator's word on a question that was learned of a script: a phrasing of it (`accepted`), or never."""

    seq: int
    asked: str
    script: str
    accepted: bool
    at: int


class Ruling(NamedTuple):
    """A rule spoke about a reply or a message (`subject`), or something became of that; see bot.rulings.

    `agent`: who sent, confirmed or marked it; `digest`, `excerpt`, `text`: of the words as they were then.
    """

    conversation: str
    subject: str
    event: str
    rule: str
    action: str
    agent: str
    at: int
    reason: str
    digest: str
    excerpt: str
    text: str


class Token(NamedTuple):
    """Who may ask as what. `revoked_at`: since when it opens nothing, None while it opens."""

    number: int
    shop: str
    role: str
    name: str
    made_at: int
    revoked_at: int | None


class Note(NamedTuple):
    """Who did what when, to what. `who` at the command line is the user of the machine; "" is the server itself."""

    at: int
    shop: str
    who: str
    what: str
    about: str


class OldFact(NamedTuple):
    """A fact that may have to go."""

    seq: int
    key: str
    conversation: str
    at: int


class Store(Outgoing, Protocol):
    """Remembers, or raises bot.store.StoreError. All writes stand inside `transaction`."""

    def transaction(self) -> AbstractContextManager[None]: ...
    def record(self, facts: Sequence[AnyFact]) -> list[bool]:
        """Keep the facts, in their order; for each False if its key was known in this shop, and then it is not written."""

    def conversation_of(self, shop: str, key: str) -> str | None: ...
    def any_unplaced(self, shop: str) -> bool: ...
    def unplaced(self, shop: str, start: str, end: str) -> list[AnyFact]: ...
    def place(self, fact: AnyFact) -> None: ...
    def conversation(self, shop: str, identity: str) -> Conversation | None: ...
    def conversations(self, places: Collection[tuple[str, str]]) -> dict[tuple[str, str], Conversation]:
        """Those that are known, by shop and id."""

    def keep(self, conversation: Conversation, *, due: int | None) -> None:
        """Replaces the version before it; the transaction raises StoreError if somebody else has done so already."""

    def set_alarm(self, shop: str, conversation: str, at: int | None) -> None:
        """When the conversation wants to be looked at; None takes the alarm back."""

    def alarms(self, upto: int, limit: int) -> list[tuple[str, str, int]]: ...
    def next_alarm(self) -> int | None: ...
    def tell(self, shop: str, conversation: str, kind: str, at: int, data: str) -> int:
        """Append to the feed; its number."""

    def note_rulings(self, shop: str, rows: Iterable[Ruling]) -> None: ...
    def went_out(self, shop: str, sent: Ruling, still: Sequence[str]) -> None: ...
    def mark(self, shop: str, number: int, *, right: bool, by: str, at: int, why: str) -> bool:
        """False if there is no such row."""

    def rulings(self, shop: str, start: int, end: int) -> list[tuple[int, Ruling]]: ...
    def pick_counts(self, after: int) -> list[tuple[str, str, int, int]]: ...
    def ruling_counts(self) -> list[tuple[str, str, str, int]]: ...
    def lose(self, shop: str, lost: LostDay) -> None: ...
    def unlose(self, shop: str, lost: LostDay) -> None: ...
    def lost_elsewhere(self, shop: str, buyer: str, target: str, day: int, conversation: str) -> bool: ...
    def add_token(self, shop: str, role: str, name: str, digest: bytes, at: int) -> int: ...
    def token_of(self, digest: bytes) -> Token | None:
        """None for one that was never issued, or is revoked."""

    def tokens(self, shop: str | None) -> Sequence[Token]: ...
    def revoke_token(self, number: int, shop: str | None, at: int) -> bool: ...
    def note(self, note: Note) -> None: ...
    def notes(self, shop: str, since: int) -> Sequence[Note]: ...
    def old_facts(self, shop: str, before: int, after: tuple[int, int], limit: int) -> list[OldFact]: ...
    def forget_fact(self, shop: str, fact: OldFact, until: int) -> None: ...
    def any_fact_of(self, shop: str, conversation: str) -> bool: ...
    def forget_conversation(self, shop: str, conversation: str) -> None: ...
    def forget_replies(self, shop: str, conversation: str, before: int) -> None: ...
    def forget_rest(self, shop: str, before: int, limit: int) -> int: ...
    def forget_gone(self, now: int, limit: int) -> int: ...
    def overwrite(self) -> None: ...
    def spoke(self) -> list[Spoke]: ...
    def set_spoke(self, spoke: Spoke) -> None: ...
    def reply(self, shop: str, conversation: str, identity: str) -> Reply | None: ...
    def set_reply(self, shop: str, conversation: str, reply: Reply) -> None: ...
    def settle_reply(self, shop: str, conversation: str, identity: str, state: str, reason: str) -> bool:
        """False if it was not queued."""

    def explain_reply(self, shop: str, conversation: str, identity: str, reason: str) -> None: ...
    def replies(self, shop: str, conversation: str) -> list[Reply]: ...
    def credit(
        self, shop: str, conversation: str, script: str, action: str, agent: str, asked: str, at: int
    ) -> None: ...
    def picks(self, shop: str, limit: int) -> list[Act]: ...
    def uses(self, shop: str) -> Iterator[tuple[str, str, int]]: ...
    def judge(self, shop: str, asked: str, script: str, at: int, *, accepted: bool) -> None: ...
    def judgements(self, shop: str, after: int) -> list[Judgement]: ...
    def feed(self, shop: str, after: int, limit: int) -> list[Event]: ...
    def feed_end(self) -> int: ...
    def waiting(self, shop: str, limit: int) -> list[Conversation]: ...
    def facts_of(self, shop: str, conversation: str) -> Iterator[AnyFact]: ...
    def facts_between(self, shop: str, start: int, end: int) -> Iterator[AnyFact]: ...
    def last_fact(self) -> int: ...
    def first_fact(self, shop: str, start: int, end: int) -> int | None: ...
    def facts_after(
        self, shop: str, after: int, upto: int, start: int, end: int, limit: int
    ) -> list[tuple[int, AnyFact]]: ...
    def facts_within(
        self, shop: str, conversation: str, start: int, end: int, upto: int
    ) -> Iterator[tuple[int, AnyFact]]: ...
    def close(self) -> None: ...


class Channel(Protocol):
    """Delivers one push; raises bot.errors.Refused (final; Gone: for its destination) or Unavailable (try again)."""

    async def deliver(self, push: Push) -> None: ...
    def address(self, destination: str) -> str:
        """What stands for the address of a destination, the same as long as that is; "" for one not served now."""

    async def close(self) -> None: ...
