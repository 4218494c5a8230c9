"""I write what follows from a fact, effect by effect, and remember what is to be told of it once that is durable."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from bot import alerts, outward, rulings
from bot.effects import Credit, Effect, HandOver, Hold, Late, Noted, Send, Settle, Suggest, Violation, Warn
from bot.ports import Act, Alert, Event, Reply

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.model import AnyFact, Conversation
    from bot.ports import Clock, Store
    from bot.shop import Shop

log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode

REPLACED = {Suggest: "suggestion.created", HandOver: "conversation.handover"}  # a newer one takes the place of these


class Writer:
    """Writes inside transactions of the engine, whose `begin` forgets those before.

    After one: `told` holds the feed rows it wrote, `posted` says whether the outbox changed, `lessons` what shops learn.
    """

    def __init__(self, store: Store, clock: Clock, unread: Collection[str] = ()) -> None:
        """Where to, and when it is. Events of the types `unread` are told without their data."""
        self.store, self.clock, self._unread = store, clock, unread
        self.begin()

    def begin(self) -> None:
        """A transaction begins."""
        self.told: list[Event] = []
        self.posted = False
        self.lessons: list[tuple[Shop, Act]] = []

    def _note(self, effect: Effect, conversation: Conversation, at: int) -> None:
        if not isinstance(effect, Send | Hold | Violation | Noted):
            return
        rows = rulings.rows(effect, conversation.id, at)
        if rows:
            self.store.note_rulings(conversation.shop, rows)
        if failed := rulings.failure(effect):  # a message is held for it: somebody has to mend the rule
            log.error("the guard failed", extra={"action": "held", "shop": conversation.shop, "reason": failed})
        if isinstance(effect, Send):
            sent = rulings.sent(effect, conversation.id, at)
            self.store.went_out(conversation.shop, sent, [row.rule for row in rows])

    def drop(self, conversation: Conversation, kind: str, about: str = "") -> None:
        """Nobody needs these pushes any more."""
        self.store.drop_pushes(conversation.shop, conversation.id, kind, about)
        self.posted = True

    def write(self, effect: Effect, conversation: Conversation, shop: Shop, fact: AnyFact) -> None:
        """The rows of one effect."""
        self._note(effect, conversation, fact.at)
        place = (conversation.shop, conversation.id)
        now = int(self.clock.now())
        key, agent = "", ""
        match effect:
            case Suggest() | HandOver() if shop.pushes:
                self.drop(conversation, REPLACED[type(effect)])
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
                    self.posted = True
                else:
                    self.drop(conversation, "message.send", identity)
                state = "undone" if effect.after else "failed" if failed else "sent"
                if not self.store.settle_reply(*place, identity, state, failed):
                    return  # its delivery and its echo both say that it arrived: it is told once
            case Credit():
                self.store.credit(*place, effect.script, effect.action, effect.agent, effect.asked, fact.at)
                self.lessons.append((shop, Act(effect.asked, effect.script, effect.agent, fact.at, effect.action)))
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
        read = shown.type not in self._unread
        data = _encode({**shown.data, **shop.decided_by(shown.type)}).decode() if read else "{}"
        seq = self.store.tell(conversation.shop, conversation.id, shown.type, now, data)
        self.told.append(Event(seq, conversation.shop, conversation.id, shown.type, now, data))
        destination = shop.destination(conversation.via, shown.type) if shown.push else None
        if destination is not None:
            place = (conversation.shop, conversation.id, shown.type, shown.about)
            self.store.push(seq, *place, self.clock.now(), destination=destination, key=key)
            self.posted = True
        return seq
