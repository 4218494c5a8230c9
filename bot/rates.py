"""I say how each platform would count the day: reply rates, from facts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot import deadline
from bot.decide import ECHO_SECONDS
from bot.model import AgentSaid, BuyerSaid, Closed, Delivered, Drafted, Message, Recalled, RobotSaid, Wait

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.model import AnyFact
    from bot.ports import Store
    from bot.shop import Shop


class Line(msgspec.Struct, frozen=True):
    """The messages of one conversation, without texts, in the order of time."""

    conversation: str
    buyer: str
    messages: tuple[Message, ...]


class LateWait(msgspec.Struct, frozen=True):
    """A wait that was not answered in time; `answered` is None when it never was."""

    buyer: str
    conversation: str
    start: int
    due: int
    answered: int | None


class Rate(msgspec.Struct, frozen=True):
    """One target's figures. `population`: units; `met`: of them in time; `waiting`: of them still open and in time.

    `rate` is met / (population - waiting), None while nothing is decided.
    """

    name: str
    population: int
    met: int
    waiting: int
    rate: float | None
    late: tuple[LateWait, ...]


def of_day(store: Store, shop: Shop, day: int, now: int) -> list[Rate]:
    """Every target of the shop on local `day` (a running number; 1970-01-01 is 0), seen at `now`."""
    # Two days around it: zones differ by up to 14 hours, and a wait may have begun the day before.
    held = tuple(lines(store.facts_between(shop.id, (day - 2) * deadline.DAY, (day + 3) * deadline.DAY)))
    return [rate(held, target, shop.zone, now=now, day=day) for target in shop.targets]


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


def _line(facts: list[AnyFact]) -> Line:
    said: list[Message] = []
    drafts: dict[str, str] = {}
    delivered: dict[str, tuple[int, str]] = {}
    recalled: dict[str, int] = {}
    buyer = ""
    for fact in facts:
        match fact:
            case BuyerSaid():
                buyer = fact.buyer or buyer
                said.append(Message(fact.id, fact.at, "buyer"))
            case AgentSaid():
                echo = _echo(fact, drafts, delivered)
                if echo is not None:
                    delivered.pop(echo, None)
                    drafts.pop(echo, None)
                said.append(Message(fact.id, fact.at, "agent", agent=fact.agent))
            case RobotSaid():
                said.append(Message(fact.id, fact.at, "robot"))
            case Closed():
                said.append(Message(fact.key, fact.at, "closed"))
            case Recalled():
                recalled[fact.id] = fact.at
            case Drafted():
                drafts[fact.id] = fact.text
            case Delivered() if fact.id in drafts:
                delivered[fact.id] = (fact.at, drafts[fact.id])
            case _:
                pass
    said += [Message(identity, at, "agent") for identity, (at, _) in delivered.items()]
    said = [
        msgspec.structs.replace(message, recalled_at=max(recalled[message.id], message.at))
        if message.role == "buyer" and message.id in recalled
        else message
        for message in said
    ]
    said.sort(key=deadline.order)
    return Line(facts[0].conversation, buyer or facts[0].conversation, tuple(said))


def _echo(fact: AgentSaid, drafts: dict[str, str], delivered: dict[str, tuple[int, str]]) -> str | None:
    if fact.reply_id:
        return fact.reply_id if fact.reply_id in drafts else None
    for identity, (at, text) in delivered.items():
        if text == fact.text and abs(fact.at - at) <= ECHO_SECONDS:
            return identity
    return None


def rate(
    held: Iterable[Line], target: deadline.Target, zone: deadline.Zone, *, now: int, day: int | None = None
) -> Rate:
    """Count one target over conversations, for waits that began on local `day` (all days when None), seen at `now`.

    "buyer_day": a buyer is met on a day if all his waits of all conversations were in time (拼多多 客服管理规则 3.2–3.5).
    "round": each wait is a unit (淘宝 对话轮次).
    """
    units: dict[tuple[str, int], list[tuple[Line, Wait]]] = {}
    for line in held:
        for wait in deadline.waits(line.messages, target, zone):
            began = zone.local(wait.start)[0]
            if day is not None and began != day:
                continue
            unit = (line.buyer, began) if target.counted == "buyer_day" else (line.conversation, wait.start)
            units.setdefault(unit, []).append((line, wait))
    late: list[LateWait] = []
    met = waiting = 0
    for unit_waits in units.values():
        missed = [(line, wait) for line, wait in unit_waits if _missed(wait, now)]
        late += [LateWait(line.buyer, line.conversation, wait.start, wait.due, wait.answered) for line, wait in missed]
        if missed:
            continue
        if any(wait.answered is None for _, wait in unit_waits):
            waiting += 1
        else:
            met += 1
    decided = len(units) - waiting
    late.sort(key=lambda wait: (wait.start, wait.conversation))
    return Rate(target.name, len(units), met, waiting, round(met / decided, 6) if decided else None, tuple(late))


def _missed(wait: Wait, now: int) -> bool:
    return wait.late or (wait.answered is None and now > wait.due)
