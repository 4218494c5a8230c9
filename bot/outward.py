"""I am the edge outwards: effects, conversations and rates as the JSON that outsiders read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot import effects, model, wire

if TYPE_CHECKING:
    from bot.blame import CountedWait
    from bot.deadline import Zone
    from bot.rates import Rate
    from bot.shop import Shop
    from replies.guard import Verdict


class Shown(msgspec.Struct, frozen=True):
    """An effect as outsiders read it. `push`: also sent to the shop's callback; `about`: see bot.ports.Push."""

    type: str
    data: dict[str, Any]
    push: bool = True
    about: str = ""


def event(effect: effects.Effect, conversation: model.Conversation, shop: Shop, at: int) -> Shown | None:
    """The event that tells of an effect; None for what only the store keeps."""
    place: dict[str, Any] = {"conversation": conversation.id, "buyer": conversation.buyer_id}
    match effect:
        case effects.Suggest(turn=turn, suggestions=suggestions):
            data = {**place, "turn": turn, "silent": not suggestions, "suggestions": suggestions}
            return Shown("suggestion.created", data)
        case effects.Send():
            return Shown("message.send", {**place, **_draft(effect), "script": effect.script or None}, about=effect.id)
        case effects.Hold():
            return Shown("draft.held", {**place, **_draft(effect), **judged(effect)})
        case effects.Violation():
            said = {"id": effect.id, "role": effect.role, "agent": effect.agent or None, "text": effect.text}
            return Shown("violation.seen", {**place, **said, "findings": effect.findings})
        case effects.Warn() | effects.Late() | effects.Answered():
            kind, data = _clock(effect, shop.zone)
            data = {**place, **_wait(effect.wait, shop), "at": wire.iso(at, shop.zone), **data}
            return Shown(kind, data, about=effect.wait.target if isinstance(effect, effects.Warn) else "")
        case effects.Settle(id=identity, failed=failed):
            data = {**place, "reply_id": identity} | ({"reason": failed} if failed else {})
            return Shown("message.failed" if failed else "message.sent", data, push=False)
        case effects.HandOver():
            return Shown("conversation.handover", place)
        case effects.Credit() | effects.Noted():
            return None


def _draft(effect: effects.Send | effects.Hold) -> dict[str, Any]:
    return {"reply_id": effect.id, "agent": effect.agent, "text": effect.text}


def _clock(effect: effects.Warn | effects.Late | effects.Answered, zone: Zone) -> tuple[str, dict[str, Any]]:
    """The event's type, and what it says beside the wait and the time."""
    match effect:
        case effects.Warn(stage=stage):
            return "deadline.warning", {"stage": stage}
        case effects.Late():
            return "deadline.missed", {}
        case effects.Answered(wait=wait):
            data: dict[str, Any] = {"reason": "recalled" if effect.recalled else "answered"}
            data |= {"answered": wire.iso(wait.answered, zone)} if wait.answered is not None else {}
            return "deadline.cleared", data | ({"corrected": True} if effect.corrected else {})


def delayed(data: str, reason: str) -> Shown:
    """A reply did not go out at its first try, and is tried on; `data` of its `message.send`."""
    sent = msgspec.json.decode(data, type=dict[str, Any])
    told = {key: sent.get(key) for key in ("conversation", "buyer", "reply_id", "agent")}
    return Shown("message.delayed", {**told, "reason": reason}, push=False)


def destination(name: str, shop: str, reason: str | None = None) -> Shown:
    """A destination wants no more, for `reason`; or without one is tried again."""
    told = {"destination": name.removeprefix(f"{shop}/") if name != shop else "callback"}
    if reason is None:
        return Shown("destination.enabled", told, push=False)
    return Shown("destination.disabled", {**told, "reason": reason}, push=False)


def encoded(data: dict[str, Any]) -> str:
    """An event's data as it is kept."""
    return msgspec.json.encode(data).decode()


def verdict(given: Verdict, *, overridable: bool = False) -> dict[str, Any]:
    """A verdict's fields; of what is stopped also `overridable`: may it go all the same when somebody says why?"""
    shown = {"verdict": given.verdict, "rewrite": given.rewrite, "findings": given.findings}
    return shown | ({"overridable": overridable} if given.findings else {})


def judged(effect: effects.Send | effects.Hold) -> dict[str, Any]:
    """The verdict on a reply. What was sent in spite of findings could be overridden."""
    return verdict(effect.verdict, overridable=effect.overridable if isinstance(effect, effects.Hold) else True)


def _wait(wait: model.Wait, shop: Shop) -> dict[str, Any]:
    shown = {"target": wait.target, "label": shop.label(wait.target)}
    shown |= {"start": wire.iso(wait.start, shop.zone), "due": wire.iso(wait.due, shop.zone)}
    return shown | ({"lost": True} if wait.lost else {})


_ROLES: dict[type, str] = {
    model.BuyerSaid: "buyer",
    model.AgentSaid: "agent",
    model.RobotSaid: "robot",
    model.SystemSaid: "system",
}


def who(fact: model.AnyFact) -> dict[str, Any]:
    """Who said it: `role`, and of an agent with a name `agent`, else None."""
    agent = fact.agent if isinstance(fact, model.AgentSaid) else ""
    return {"role": _ROLES[type(fact)], "agent": agent or None}


def messages(facts: list[model.AnyFact], zone: Zone) -> list[dict[str, Any]]:
    """A conversation's messages as they read now, oldest first: edits applied in order of time, recalled ones marked."""
    said: dict[str, dict[str, Any]] = {}
    facts = sorted(facts, key=lambda fact: fact.at)
    for fact in facts:
        if isinstance(fact, model.BuyerSaid | model.AgentSaid | model.RobotSaid | model.SystemSaid):
            line: dict[str, Any] = {
                "id": fact.id,
                "role": _ROLES[type(fact)],
                "text": fact.text,
                "kind": fact.kind,
                "at": wire.iso(fact.at, zone),
            }
            said[fact.id] = line | ({"agent": fact.agent} if isinstance(fact, model.AgentSaid) and fact.agent else {})
    for fact in facts:
        match fact:
            case model.Edited(id=identity, text=text) if identity in said:
                said[identity] |= {"text": text, "edited": True}
            case model.Recalled(id=identity) if identity in said:
                said[identity]["recalled"] = True
            case _:
                pass
    return list(said.values())


def rate(found: Rate, shop: Shop) -> dict[str, Any]:
    """One target's figures with what the platform's file says of it."""
    target = next(target for target in shop.targets if target.name == found.name)
    shown: dict[str, Any] = {
        "name": found.name,
        "label": target.label,
        "platform": shop.platform.id,
        "population": found.population,
        "met": found.met,
        "waiting": found.waiting,
        "rate": found.rate,
        "pass_line": target.pass_line,
        "smallest": target.smallest,
        "consequence": target.consequence,
        "source": target.source,
        "sure": target.sure,
        "late": [counted(wait, shop.zone) for wait in found.late],
        "near": [counted(wait, shop.zone) for wait in found.near],
    }
    if target.mean is not None:
        shown["mean_s"] = found.mean_s
    if found.forecast is not None:
        waiting = [counted(wait, shop.zone) for wait in found.forecast.waiting]
        shown["forecast"] = {**msgspec.to_builtins(found.forecast), "waiting": waiting}
    if found.days:
        shown["days"] = [
            {**msgspec.to_builtins(one), "day": wire.iso(shop.zone.begin(one.day), shop.zone)[:10]}
            for one in found.days
        ]
    shown["agents"] = [{**msgspec.to_builtins(one), "agent": one.agent or None} for one in found.agents]
    return shown


def counted(wait: CountedWait, zone: Zone) -> dict[str, Any]:
    """A wait that a rate speaks of."""
    shown = {
        "buyer": wait.buyer,
        "conversation": wait.conversation,
        "start": wire.iso(wait.start, zone),
        "due": wire.iso(wait.due, zone),
        "answered": wire.iso(wait.answered, zone) if wait.answered is not None else None,
        "agent": wait.agent or None,
    }
    return shown | ({"missed_by": wait.missed_by or None, "why": wait.why} if wait.why else {})
