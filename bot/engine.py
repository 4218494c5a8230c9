"""I make facts permanent, with all that follows from them: record, decide, save, in one transaction."""

from __future__ import annotations

import logging
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot import alerts, lost, outward, rulings, wire
from bot.decide import decide
from bot.effects import Credit, Effect, HandOver, Hold, Late, Send, Settle, Step, Suggest, Warn
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
    SystemSaid,
)
from bot.ports import Act, Alert, Event, Reply
from bot.relearn import relearn
from bot.store import StoreError
from bot.talk import most_urgent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.model import AnyFact
    from bot.ports import Clock, Store
    from bot.shop import Shop

log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode

ALARMS_AT_ONCE = 500  # alarms that share one commit
REPLACED = {Suggest: "suggestion.created", HandOver: "conversation.handover"}  # a newer one takes the place of these
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

    def __init__(self, store: Store, shops: Mapping[str, Shop], clock: Clock) -> None:
        """`shops` by id."""
        self.store, self.shops, self.clock = store, shops, clock
        for shop in shops.values():
            relearn(shop, store)
        self.told: list[Event] = []
        self.posted = False
        self._held = Held()
        self._fresh: dict[tuple[str, str], Conversation] = {}
        self._telling: list[Event] = []
        self._posting = False
        self._lessons: list[tuple[Shop, Act]] = []
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
                        self.store.set_alarm(fact.shop, fact.conversation, now + AGAIN)
        return len(due)

    def _commit(self, facts: Sequence[AnyFact]) -> list[Outcome]:
        self._fresh, self._telling, self._posting, self._lessons = {}, [], False, []
        try:
            with self.store.transaction():
                outcomes = self._all(facts)
        except BaseException:
            # What is held may be older than what another program wrote, and that be the reason.
            self._fresh, self._telling = {}, []
            self._held.clear()
            raise
        for shop, act in self._lessons:  # only now: what is not kept is not learned either
            shop.learn(act)
        self._held.update(self._fresh)
        self.told += self._telling
        self.posted |= self._posting
        self._fresh, self._telling = {}, []
        return outcomes

    def _all(self, facts: Sequence[AnyFact]) -> list[Outcome]:
        """Facts of which nothing is to be known before they are recorded are so together."""
        outcomes: list[Outcome] = []
        for plain, run in groupby(facts, key=self._plain):
            if plain:
                recorded = list(run)
                new = self.store.record(recorded)
                outcomes += [self._follow(fact, new=known) for fact, known in zip(recorded, new, strict=True)]
            else:
                outcomes += [self._one(fact) for fact in run]
        return outcomes

    def _plain(self, fact: AnyFact) -> bool:
        return fact.shop in self.shops and bool(fact.conversation) and not isinstance(fact, Drafted | AlarmDue)

    def _one(self, fact: AnyFact) -> Outcome:
        shop = self.shops.get(fact.shop)
        if shop is None:  # not served now: its alarms and its outbox are kept for the day it is again
            if isinstance(fact, AlarmDue):
                self.store.set_alarm(fact.shop, fact.conversation, fact.at + AGAIN)
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
            self._note_rulings(effect, step.conversation, fact.at)
            self._write(effect, step.conversation, shop, fact)
        return step.conversation

    def _note_rulings(self, effect: Effect, conversation: Conversation, at: int) -> None:
        rows = rulings.rows(effect, conversation.id, at)
        if rows:
            self.store.note_rulings(conversation.shop, rows)
        if failed := rulings.failure(effect):  # a message is held for it: somebody has to mend the rule
            log.error("the guard failed", extra={"action": "held", "shop": conversation.shop, "reason": failed})
        if isinstance(effect, Send):
            sent = rulings.sent(effect, conversation.id, at)
            self.store.went_out(conversation.shop, sent, [row.rule for row in rows])

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
        return self._fresh.get(place) or self._held.get(place) or self.store.conversation(shop, identity)

    def _save(self, step: Step, before: Conversation, shop: Shop, *, rung: bool) -> None:
        conversation = step.conversation
        urgent = most_urgent(conversation)
        self.store.keep(conversation, due=urgent.due if urgent else None)
        if conversation.alarm != before.alarm or rung:
            self.store.set_alarm(conversation.shop, conversation.id, conversation.alarm)
        self._fresh[conversation.shop, conversation.id] = conversation
        warned = _warned(before)
        if warned and shop.pushes:
            running = _warned(conversation)
            for target, start in warned.items():
                if running.get(target) != start:  # the wait has ended: nobody is warned of it late
                    self._drop(conversation, "deadline.warning", target)

    def _drop(self, conversation: Conversation, kind: str, about: str = "") -> None:
        self.store.drop_pushes(conversation.shop, conversation.id, kind, about)
        self._posting = True

    def _write(self, effect: Effect, conversation: Conversation, shop: Shop, fact: AnyFact) -> None:
        place = (conversation.shop, conversation.id)
        now = int(self.clock.now())
        key, agent = "", ""
        match effect:
            case Suggest() | HandOver() if shop.pushes:
                self._drop(conversation, REPLACED[type(effect)])
            case Send() | Hold():
                state = "queued" if isinstance(effect, Send) else "held"
                key = self._sent_as(place, effect)
                verdict = _encode(outward.judged(effect)).decode()
                reply = Reply(
                    effect.id, state, effect.agent, effect.text, effect.script, effect.override, verdict, "", now
                )
                self.store.set_reply(*place, reply)
            case Settle(id=identity, failed=failed):
                agent = self._agent_of(place, identity)
                if failed:
                    self.store.bury_reply(*place, identity, failed, self.clock.now())
                    self._posting = True
                else:
                    self._drop(conversation, "message.send", identity)
                if not self.store.settle_reply(*place, identity, "failed" if failed else "sent", failed):
                    return  # its delivery and its echo both say that it arrived: it is told once
            case Credit():
                self.store.credit(*place, effect.script, effect.action, effect.agent, effect.asked, fact.at)
                self._lessons.append((shop, Act(effect.asked, effect.script, effect.agent, fact.at, effect.action)))
            case _:
                pass
        shown = outward.event(effect, conversation, shop, now)
        if shown is not None and isinstance(effect, Settle):
            shown.data["agent"] = agent
        seq = self._tell(shown, conversation, shop, now, key)
        if isinstance(effect, Warn | Late):
            wait, stage = effect.wait, effect.stage if isinstance(effect, Warn) else alerts.MISSED
            for robot in alerts.hearing(shop.robots, wait.target, stage):
                self.store.alert(Alert(robot.id, seq, *place, wait.target, stage, wait.start, wait.due))

    def _sent_as(self, place: tuple[str, str], effect: Send | Hold) -> str:
        """Under which id a reply goes out that was given up before: if its words are the same, the tool may know it."""
        prior = self.store.reply(*place, effect.id) if isinstance(effect, Send) else None
        if prior is None or prior.state != "failed":
            return ""
        key = self.store.take_dead_reply(*place, effect.id) or ""
        return key if prior.text == effect.text else ""

    def _agent_of(self, place: tuple[str, str], identity: str) -> str:
        reply = self.store.reply(*place, identity)
        return reply.agent if reply is not None else ""

    def _tell(
        self, shown: outward.Shown | None, conversation: Conversation, shop: Shop, now: int, key: str = ""
    ) -> int:
        if shown is None:
            return 0
        data = _encode({**shown.data, **shop.decided_by(shown.type)}).decode()
        seq = self.store.tell(conversation.shop, conversation.id, shown.type, now, data)
        self._telling.append(Event(seq, conversation.shop, conversation.id, shown.type, now, data))
        destination = shop.destination(conversation.via, shown.type) if shown.push else None
        if destination is not None:
            place = (conversation.shop, conversation.id, shown.type, shown.about)
            self.store.push(seq, *place, self.clock.now(), destination=destination, key=key)
            self._posting = True
        return seq


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
