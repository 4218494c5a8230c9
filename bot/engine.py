"""I make facts permanent, with all that follows from them: record, decide, save, in one transaction."""

from __future__ import annotations

import logging
import math
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot import lost, unsent, wire
from bot.decide import decide
from bot.held import Held
from bot.model import (
    AgentSaid,
    AlarmDue,
    BuyerSaid,
    Conversation,
    Drafted,
    Edited,
    Recalled,
    RobotSaid,
    SendFailed,
    SystemSaid,
)
from bot.relearn import relearn
from bot.store import StoreError
from bot.talk import most_urgent
from bot.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bot.effects import Step
    from bot.model import AnyFact
    from bot.ports import Clock, Event, Reply, Store
    from bot.shop import Shop

log = logging.getLogger(__name__)

ALARMS_AT_ONCE = 500  # alarms that share one commit
AGAIN = 60  # seconds after which an alarm is looked at again that could not be decided, or whose shop is not served now


class Outcome(NamedTuple):
    """What became of a fact. `failed`: deciding broke; nothing of it was kept, and it may be tried again."""

    duplicate: bool = False
    conversation: Conversation | None = None
    reply: Reply | None = None
    conflict: str = ""
    failed: bool = False


class Engine:
    """Owns the store; used by one thread.

    After each call of `apply` and `fire`: `told` holds the feed rows it wrote, `posted` says whether the outbox changed.
    """

    def __init__(
        self,
        store: Store,
        shops: Mapping[str, Shop],
        clock: Clock,
        *,
        held: int | None = None,
        unread: Collection[str] = (),
    ) -> None:
        """`shops` by id. `held`: conversations held decoded; `unread`: events of which nobody reads more than the type."""
        self.store, self.shops, self.clock = store, shops, clock
        for shop in shops.values():
            relearn(shop, store)
        self.told: list[Event] = []
        self.posted = False
        self._held = Held(held)
        self._fresh: dict[tuple[str, str], Conversation] = {}
        self._read: dict[tuple[str, str], Conversation | None] = {}  # in this transaction; None is not known
        self._soonest: float | None = None  # no alarm is earlier; None: nobody has looked
        self._writer = Writer(store, clock, unread)
        # Shops that may have changes of messages not seen yet. Never emptied: it only saves the others a question.
        self._unplaced = {shop for shop in shops if store.any_unplaced(shop)}

    def apply(self, facts: Sequence[AnyFact]) -> list[Outcome]:
        """Make the facts durable, all in one commit. Raises StoreError, and then none was.

        If deciding on one of them breaks, the others are taken one by one and that one is `failed`.
        """
        self.told, self.posted = [], False
        try:
            return self._commit(facts)
        except StoreError:
            raise
        except Exception as error:  # one fact that breaks deciding must not stop the others
            log.exception("a fact could not be decided", extra={"action": "failed", "kind": type(error).__name__})
        return [Outcome(failed=True)] if len(facts) == 1 else [self._alone(fact) for fact in facts]

    def _alone(self, fact: AnyFact) -> Outcome:
        """One of many facts in a commit of its own: what became of the others is not undone by it, nor forgotten."""
        try:
            (outcome,) = self._commit([fact])
        except Exception as error:
            log.exception("a fact was not kept", extra={"action": "failed", "kind": type(error).__name__})
            return Outcome(failed=True)
        return outcome

    def next_alarm(self) -> int | None:
        """The earliest alarm. Raises StoreError."""
        at = self.store.next_alarm()
        self._soonest = math.inf if at is None else at
        return at

    def due(self, now: float) -> int | None:
        """The earliest alarm if it is due; asks the store only where it may be. Raises StoreError."""
        if self._soonest is not None and now < self._soonest:
            return None
        at = self.next_alarm()
        return at if at is not None and at <= now else None

    def _arm(self, shop: str, conversation: str, at: int | None) -> None:
        if at is not None and self._soonest is not None and at < self._soonest:
            self._soonest = at
        self.store.set_alarm(shop, conversation, at)

    def fire(self) -> int:
        """Ring every alarm that is due, a bounded number in one commit; how many it were. Raises StoreError.

        One that breaks deciding is put off, so that the others ring.
        """
        self.told, self.posted = [], False
        now = int(self.clock.now())
        due = self.store.alarms(now, ALARMS_AT_ONCE)
        if due:
            facts = [AlarmDue(shop=s, key="", conversation=c, at=now, arrived=now) for s, c, _ in due]
            failed = [fact for fact, outcome in zip(facts, self.apply(facts), strict=True) if outcome.failed]
            if failed:
                with self.store.transaction():
                    for fact in failed:
                        self._arm(fact.shop, fact.conversation, now + AGAIN)
        return len(due)

    def _commit(self, facts: Sequence[AnyFact]) -> list[Outcome]:
        self._fresh, self._read = {}, {}
        self._writer.begin()
        try:
            with self.store.transaction():
                outcomes = self._all(facts)
        except BaseException:
            # What is held may be older than what another program wrote, and that be the reason.
            self._fresh, self._read = {}, {}
            self._held.clear()
            raise
        for shop, act in self._writer.lessons:  # only now: what is not kept is not learned either
            shop.learn(act)
        self._held.update(self._fresh)
        self.told += self._writer.told
        self.posted |= self._writer.posted
        self._fresh, self._read = {}, {}
        return outcomes

    def _all(self, facts: Sequence[AnyFact]) -> list[Outcome]:
        """Facts of which nothing is to be known before they are recorded are so together."""
        outcomes: list[Outcome] = []
        self._look_up(facts)
        for plain, run in groupby(facts, key=self._plain):
            if plain:
                recorded = list(run)
                new = self.store.record(recorded)
                outcomes += [self._follow(fact, new=known) for fact, known in zip(recorded, new, strict=True)]
            else:
                outcomes += [self._one(fact) for fact in run]
        return outcomes

    def _look_up(self, facts: Sequence[AnyFact]) -> None:
        """Read the conversations of many facts at once."""
        places = {(fact.shop, fact.conversation) for fact in facts}
        unknown = [place for place in places if place not in self._fresh and self._held.get(place) is None]
        if len(unknown) > 1:
            self._read.update(dict.fromkeys(unknown))
            self._read.update(self.store.conversations(unknown))

    def _plain(self, fact: AnyFact) -> bool:
        return (
            fact.shop in self.shops
            and bool(fact.conversation)
            and not isinstance(fact, Drafted | SendFailed | AlarmDue)
        )

    def _one(self, fact: AnyFact) -> Outcome:
        shop = self.shops.get(fact.shop)
        if shop is None:  # not served now: its alarms and its outbox are kept for the day it is again
            if isinstance(fact, AlarmDue):
                self._arm(fact.shop, fact.conversation, fact.at + AGAIN)
            return Outcome(failed=not isinstance(fact, AlarmDue))
        if isinstance(fact, AlarmDue):
            return Outcome(conversation=self._decided(fact, shop))
        if isinstance(fact, Drafted):
            prior = self.store.reply(fact.shop, fact.conversation, fact.id)
            settled = _settled(fact, prior)
            if settled is not None:
                return settled
            fact = msgspec.structs.replace(fact, shown=prior is not None and prior.text == fact.text)
        if isinstance(fact, Recalled | Edited) and not fact.conversation:
            found = self.store.conversation_of(fact.shop, wire.key_of_message(fact.id))
            fact = msgspec.structs.replace(fact, conversation=found or "")
        if isinstance(fact, SendFailed):
            fact = unsent.named(self.store, fact)
        (new,) = self.store.record([fact])
        return self._follow(fact, new=new)

    def _follow(self, fact: AnyFact, *, new: bool) -> Outcome:
        """What follows from a recorded fact."""
        if not new:
            return Outcome(duplicate=True, conversation=self.conversation(fact.shop, fact.conversation))
        if not fact.conversation:  # it came before its message, and waits for it
            self._unplaced.add(fact.shop)
            return Outcome()
        shop = self.shops[fact.shop]
        conversation = self._decided(fact, shop)
        for change in self._waiting(fact):
            self.store.place(change)
            conversation = self._decided(change, shop)
        reply = self.store.reply(fact.shop, fact.conversation, fact.id) if isinstance(fact, Drafted) else None
        return Outcome(conversation=conversation, reply=reply)

    def _decided(self, fact: AnyFact, shop: Shop) -> Conversation:
        """The conversation after the fact; what follows from it is written."""
        before = self.conversation(fact.shop, fact.conversation) or Conversation(fact.shop, fact.conversation)
        if fact.via and fact.via != before.via:
            before = msgspec.structs.replace(before, via=fact.via)
        step = decide(before, fact, shop)
        self._save(step, before, shop, rung=isinstance(fact, AlarmDue))
        lost.record(self.store, before, step.conversation, shop)
        for effect in lost.seen(self.store, step.effects, step.conversation, shop):
            self._writer.write(effect, step.conversation, shop, fact)
        return step.conversation

    def _waiting(self, fact: AnyFact) -> list[AnyFact]:
        """Recalls and edits that named this message before it came, and no conversation; placed in its own."""
        if fact.shop not in self._unplaced or not isinstance(fact, BuyerSaid | AgentSaid | RobotSaid | SystemSaid):
            return []
        return [
            msgspec.structs.replace(change, conversation=fact.conversation, arrived=max(change.arrived, fact.arrived))
            for start, end in wire.keys_of_changes(fact.id)
            for change in self.store.unplaced(fact.shop, start, end)
            if isinstance(change, Recalled | Edited) and change.id == fact.id
        ]

    def let_go(self, shop: str, identity: str) -> None:
        """Hold the conversation no longer: it was changed in the store."""
        self._held.drop((shop, identity))

    def conversation(self, shop: str, identity: str) -> Conversation | None:
        """What is remembered of a conversation."""
        place = (shop, identity)
        held = self._fresh.get(place) or self._held.get(place)
        if held is None:
            held = self._read[place] if place in self._read else self.store.conversation(shop, identity)
        return held

    def _save(self, step: Step, before: Conversation, shop: Shop, *, rung: bool) -> None:
        conversation = step.conversation
        urgent = most_urgent(conversation)
        self.store.keep(conversation, due=urgent.due if urgent else None)
        if conversation.alarm != before.alarm or rung:
            self._arm(conversation.shop, conversation.id, conversation.alarm)
        self._fresh[conversation.shop, conversation.id] = conversation
        warned = _warned(before)
        if warned and shop.pushes:
            running = _warned(conversation)
            for target, start in warned.items():
                if running.get(target) != start:  # the wait has ended: nobody is warned of it late
                    self._writer.drop(conversation, "deadline.warning", target)


def _warned(conversation: Conversation) -> dict[str, int]:
    """The running waits that were warned of: target to start."""
    return {
        wait.target: wait.start
        for wait in conversation.waits
        if wait.given and wait.answered is None and not wait.missed
    }


def _settled(fact: Drafted, prior: Reply | None) -> Outcome | None:
    """The answer to a reply asked for before, where nothing is to be decided anew."""
    if prior is None or prior.state == "failed":
        return None
    same = prior.text == fact.text
    if prior.state == "held":
        return Outcome(duplicate=True, reply=prior) if same and prior.override == fact.override else None
    if same:
        return Outcome(duplicate=True, reply=prior)
    return Outcome(conflict=f"reply {fact.id!r} was already sent with another text", reply=prior)
