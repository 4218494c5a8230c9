"""I decide, and touch nothing: given a conversation and a fact, what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec
from rapidfuzz import fuzz

from bot import deadline, talk, telling, unsent
from bot.effects import Credit, Effect, HandOver, Hold, Noted, Send, Settle, Step, Suggest, Violation
from bot.model import (
    AgentSaid,
    AlarmDue,
    AnyFact,
    Assigned,
    BuyerSaid,
    Change,
    Closed,
    ContextChanged,
    Conversation,
    Delivered,
    Drafted,
    Edited,
    Message,
    Picked,
    Queued,
    Recalled,
    RobotSaid,
    Role,
    SendFailed,
    SystemSaid,
)
from bot.recount import Counts
from replies.learning import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from replies.guard import Finding, Verdict
    from replies.match import Suggestion

replace = msgspec.structs.replace

SENDING_SECONDS = 600  # a reply is tried for so long; after that its wait runs on
PICK_LIKENESS = 90  # an agent message at least so much like an offered text (percent) was picked
EARLY = 20  # changes held for messages that have not come yet
_counts = Counts()


class Shop(Protocol):
    """What deciding needs to know of a shop. See bot/shop.py."""

    @property
    def targets(self) -> tuple[deadline.Target, ...]:
        """The reply targets that run on every conversation."""

    @property
    def zone(self) -> deadline.Zone:
        """Where the shop's days begin."""

    def suggest(
        self,
        turn: Sequence[str],
        context: Mapping[str, str],
        *,
        before: Sequence[str],
        sent: Collection[str],
        at: int,
    ) -> tuple[Suggestion, ...]:
        """Scripts for the buyer's open turn; `before`: what he asked earlier; `sent`: what he was just told."""

    def check(self, messages: Sequence[str], circumstances: talk.Circumstances) -> Verdict:
        """The verdict on the last of the shop's messages."""

    def watched(self, text: str) -> tuple[Finding, ...]:
        """What rules in watch mode say about a text."""

    def may_override(self, verdict: Verdict) -> bool:
        """May a stopped message go all the same when somebody says why?"""


def decide(conversation: Conversation, fact: AnyFact, shop: Shop) -> Step:  # noqa: C901, PLR0912 - one case a fact
    """What follows from `fact`. Idempotence is the engine's: a fact reaches here once."""
    match fact:
        case BuyerSaid():
            return _buyer_said(conversation, fact, shop)
        case AgentSaid():
            return _agent_said(conversation, fact, shop)
        case RobotSaid() | SystemSaid():
            return _others_said(conversation, fact, shop)
        case Recalled():
            return _changed(conversation, Change(fact.id, fact.at, None), shop, now=fact.arrived)
        case Edited():
            return _changed(conversation, Change(fact.id, fact.at, fact.text), shop, now=fact.arrived)
        case Closed():
            conversation = talk.insert(conversation, Message(fact.key, fact.at, "closed"), shop)
            return _recount(conversation, shop, now=fact.arrived)
        case Assigned():
            return _unchanged_clock(replace(conversation, agent=fact.agent), shop)
        case ContextChanged():
            return _suggest(replace(conversation, context={**conversation.context, **fact.context}), shop, fact.arrived)
        case Drafted():
            return _drafted(conversation, fact, shop)
        case Delivered():
            return _delivered(conversation, fact, shop)
        case SendFailed():
            return _send_failed(conversation, fact, shop)
        case Picked():
            credit = Credit(fact.script, fact.action, fact.agent, "\n".join(talk.asked(conversation)))
            return _unchanged_clock(conversation, shop, credit)
        case AlarmDue():
            waits, effects = telling.ring(conversation.waits, shop.targets, fact.at, paused_until=_paused(conversation))
            return _unchanged_clock(replace(conversation, waits=waits), shop, *effects)


def _buyer_said(conversation: Conversation, fact: BuyerSaid, shop: Shop) -> Step:
    if fact.buyer or fact.name or fact.context:
        conversation = replace(
            conversation,
            buyer=fact.buyer or conversation.buyer,
            name=fact.name or conversation.name,
            context={**conversation.context, **fact.context},
        )
    conversation = talk.insert(
        conversation, Message(fact.id, fact.at, "buyer", fact.text[: talk.CLIP], fact.kind), shop
    )
    handed = (HandOver(),) if fact.pending else ()
    return _suggest(conversation, shop, fact.arrived, *handed, asked=True)


def _suggest(conversation: Conversation, shop: Shop, now: int, *before: Effect, asked: bool = False) -> Step:
    """Replace what is offered for the turn, then count again. `asked`: the buyer wrote; what is offered is said anew."""
    messages = talk.open_turn(conversation)
    texts = [message.text for message in messages if message.text]
    offered: tuple[Suggestion, ...] = ()
    if texts:
        earlier, sent = talk.told(conversation, len(messages))
        offered = shop.suggest(texts, conversation.context, before=earlier, sent=sent, at=now)
    effects = list(before)
    if offered != conversation.offered or (offered and asked):
        effects.append(Suggest(tuple(message.id for message in messages), offered))
    if offered != conversation.offered:
        conversation = replace(conversation, offered=offered)
    return _recount(conversation, shop, *effects, now=now)


def _agent_said(conversation: Conversation, fact: AgentSaid, shop: Shop) -> Step:
    echo = talk.echo_of(conversation, fact)
    if echo is not None:
        said = Message(fact.id, fact.at, "agent", fact.text[: talk.CLIP], fact.kind, fact.agent, echo)
        ours = tuple(message for message in conversation.messages if message.reply_id != echo)
        queued = tuple(reply for reply in conversation.queued if reply.id != echo)
        # What was approved needs no second look; what reads otherwise by now does.
        seen = _violation(conversation, fact, shop, approved=talk.text_of(conversation, echo))
        conversation = talk.insert(replace(conversation, messages=ours, queued=queued), said, shop)
        return _withdraw(conversation, shop, fact.arrived, Settle(echo), *seen)
    effects = [*_violation(conversation, fact, shop), *_credit(conversation, fact.text, fact.agent)]
    said = Message(fact.id, fact.at, "agent", fact.text[: talk.CLIP], fact.kind, fact.agent)
    return _withdraw(talk.insert(conversation, said, shop), shop, fact.arrived, *effects)


def _withdraw(conversation: Conversation, shop: Shop, now: int, *effects: Effect) -> Step:
    """After an answer: nothing is offered for an empty turn; for one that went on, what fits what is left of it."""
    if talk.open_turn(conversation):
        return _suggest(conversation, shop, now, *effects)
    gone = (Suggest((), ()),) if conversation.offered else ()
    return _recount(replace(conversation, offered=()), shop, *effects, *gone, now=now)


def _others_said(conversation: Conversation, fact: RobotSaid | SystemSaid, shop: Shop) -> Step:
    role: Role = "system"
    effects: list[Effect] = []
    if isinstance(fact, RobotSaid):
        role = "assisted" if fact.assisted else "robot"
        effects = _violation(conversation, fact, shop)
    said = Message(fact.id, fact.at, role, fact.text[: talk.CLIP], fact.kind)
    return _recount(talk.insert(conversation, said, shop), shop, *effects, now=fact.arrived)


def _violation(
    conversation: Conversation, fact: AgentSaid | RobotSaid, shop: Shop, *, approved: str | None = None
) -> list[Effect]:
    """What is wrong with a message seen on the platform, as it was sent and as edits that were quicker made it."""
    role: Role = "agent" if isinstance(fact, AgentSaid) else "robot"
    agent = fact.agent if isinstance(fact, AgentSaid) else ""
    edited = [change.text for change in conversation.early if change.id == fact.id and change.text]
    before = talk.said_before(conversation, fact.at, without=approved)
    circumstances = talk.circumstances(conversation, fact.at, shop.zone)
    effects: list[Effect] = []
    for text in dict.fromkeys((fact.text, *edited)):
        if not text or (approved is not None and text[: talk.CLIP].split() == approved[: talk.CLIP].split()):
            continue
        verdict = shop.check([*before, text], circumstances)
        if verdict.findings:
            effects.append(Violation(fact.id, role, agent, text, verdict.findings))
        effects += _noted(fact.id, agent, text, shop)
    return effects


def _noted(identity: str, agent: str, text: str, shop: Shop) -> list[Effect]:
    findings = shop.watched(text)
    return [Noted(identity, agent, text, findings)] if findings else []


def picked(offered: Iterable[Suggestion], text: str) -> str:
    """Which of the offered scripts an agent's words are, by its id; "" for none. Who writes what was offered has picked it."""
    best, likeness = "", 0.0
    for offer in offered:
        alike = fuzz.ratio(offer.text or "", text, score_cutoff=PICK_LIKENESS)
        if alike > likeness:
            best, likeness = offer.script, alike
    return best


def _credit(conversation: Conversation, text: str, agent: str) -> list[Effect]:
    best = picked(conversation.offered, text)
    return [Credit(best, "picked", agent or UNNAMED, "\n".join(talk.turn(conversation)))] if best else []


def _drafted(conversation: Conversation, fact: Drafted, shop: Shop) -> Step:
    """The one place where a reply is sent: after the guard, which holds on any failure."""
    circumstances = talk.circumstances(conversation, fact.at, shop.zone)
    verdict = shop.check([*talk.said_before(conversation, fact.at), fact.text], circumstances)
    noted = _noted(fact.id, fact.agent, fact.text, shop)
    overridable = shop.may_override(verdict)
    confirmed = overridable and bool(fact.override) and fact.shown
    if verdict.verdict != "allow" and not confirmed:
        hold = Hold(fact.id, fact.agent, fact.text, fact.script, fact.override, verdict, overridable)
        return _unchanged_clock(conversation, shop, hold, *noted)
    send = Send(fact.id, fact.agent, fact.text, fact.script, fact.override, verdict)
    credit = _credit(conversation, fact.text, fact.agent)
    # Without a callback nobody tells us of a failure: what is older than a sending may last is no longer on its way.
    queued = tuple(reply for reply in conversation.queued if fact.at - reply.at <= SENDING_SECONDS)
    queued = (*queued, Queued(fact.id, fact.at, fact.text))
    return _unchanged_clock(replace(conversation, queued=queued), shop, send, *credit, *noted)


def _delivered(conversation: Conversation, fact: Delivered, shop: Shop) -> Step:
    reply = next((reply for reply in conversation.queued if reply.id == fact.id), None)
    if reply is None:  # its echo was quicker than the answer to our request
        return _unchanged_clock(conversation, shop, Settle(fact.id))
    queued = tuple(other for other in conversation.queued if other.id != fact.id)
    said = Message(fact.id, fact.at, "agent", reply.text[: talk.CLIP], reply_id=fact.id)
    return _withdraw(talk.insert(replace(conversation, queued=queued), said, shop), shop, fact.arrived, Settle(fact.id))


def _changed(conversation: Conversation, change: Change, shop: Shop, *, now: int) -> Step:
    held = next((message for message in conversation.messages if message.id == change.id), None)
    if held is None:
        early = (*conversation.early, change)[-EARLY:]
        return _unchanged_clock(replace(conversation, early=early), shop)
    messages = tuple(
        talk.apply(message, change) if message.id == change.id else message for message in conversation.messages
    )
    conversation = replace(conversation, messages=messages)
    effects: list[Effect] = []
    edited = next(message for message in messages if message.id == change.id)
    # Some tools tell of an edit whenever a message was delivered or read: the same words break no rule a second time.
    if change.text is not None and edited.text == held.text:
        return _unchanged_clock(conversation, shop)
    if change.text is not None and edited.role in ("agent", "robot", "assisted"):
        before = talk.said_before(conversation, edited.at, without=edited.text)
        verdict = shop.check([*before, change.text], talk.Circumstances(theirs=talk.theirs(conversation)))
        if verdict.findings:
            role: Role = "agent" if edited.role == "agent" else "robot"
            effects.append(Violation(edited.id, role, edited.agent, change.text, verdict.findings))
        effects += _noted(edited.id, edited.agent, change.text, shop)
    if edited.role == "buyer":
        return _suggest(conversation, shop, now, *effects)
    return _recount(conversation, shop, *effects, now=now)


def _send_failed(conversation: Conversation, fact: SendFailed, shop: Shop) -> Step:
    """The wait runs on, also where the delivery had ended it."""
    left = tuple(reply for reply in conversation.queued if reply.id != fact.id)
    ended = [Settle(fact.id, failed=fact.reason, after=fact.after)] if fact.id else []
    if fact.after and any(unsent.meant(fact, message) for message in conversation.messages):
        kept = tuple(message for message in conversation.messages if not unsent.meant(fact, message))
        return _recount(replace(conversation, queued=left, messages=kept), shop, *ended, now=fact.arrived)
    return _unchanged_clock(replace(conversation, queued=left), shop, *ended)


def _paused(conversation: Conversation) -> int | None:
    return max((reply.at + SENDING_SECONDS for reply in conversation.queued), default=None)


def _recount(conversation: Conversation, shop: Shop, *effects: Effect, now: int) -> Step:
    """Count every target's waits again from the messages held, and tell what became known by it."""
    counted = _counts.waits(conversation, shop.targets, shop.zone)
    held_from = conversation.settled.at if conversation.settled else None
    waits, told = telling.reconcile(conversation.waits, counted, now, held_from=held_from)
    return _unchanged_clock(replace(conversation, waits=waits), shop, *effects, *told)


def _unchanged_clock(conversation: Conversation, shop: Shop, *effects: Effect) -> Step:
    alarm = telling.next_alarm(conversation.waits, shop.targets, paused_until=_paused(conversation))
    return Step(replace(conversation, version=conversation.version + 1, alarm=alarm), effects)
