"""I say how each platform would count the day: reply rates, from facts alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from bot import deadline
from bot.model import AgentSaid, Assigned, BuyerSaid, Closed, Delivered, Drafted, Message, Recalled, RobotSaid, Wait
from bot.talk import ECHO_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.model import AnyFact
    from bot.ports import Store
    from bot.shop import Shop


class Line(msgspec.Struct, frozen=True):
    """The messages of one conversation, without texts, in the order of time. `agent`: whom it was given to last."""

    conversation: str
    buyer: str
    messages: tuple[Message, ...]
    agent: str = ""


class LateWait(msgspec.Struct, frozen=True):
    """A wait that was not answered in time. `answered` is None when it never was; `agent`: who answered, or had it."""

    buyer: str
    conversation: str
    start: int
    due: int
    answered: int | None
    agent: str


class Forecast(msgspec.Struct, frozen=True):
    """What the day may still bring, with the units counted so far.

    `may_miss`: units that may still be missed before the pass line breaks (negative: so many too many already);
    `deciding`: do those who wait now decide it? `best`, `worst`: the rate if all or none of them are met.
    """

    may_miss: int
    deciding: bool
    best: float
    worst: float


class Rate(msgspec.Struct, frozen=True):
    """One target's figures. `population`: units; `met`: of them in time; `waiting`: of them still open and in time.

    `rate` is met / (population - waiting), None while nothing is decided. Of a mean only `mean_s` (seconds) is counted,
    over `population` answering times. `near`: waits that were answered in the last tenth of the limit.
    """

    name: str
    population: int
    met: int | None
    waiting: int
    rate: float | None
    late: tuple[LateWait, ...] = ()
    mean_s: float | None = None
    near: tuple[LateWait, ...] = ()
    forecast: Forecast | None = None


def of_day(store: Store, shop: Shop, day: int, now: int) -> list[Rate]:
    """Every target of the shop on local `day` (a running number; 1970-01-01 is 0), seen at `now`."""
    # From the day before, for waits and sessions that were open at midnight; to the day after, for late answers.
    start, end = shop.zone.begin(day - 1), shop.zone.begin(day + 2)
    held = tuple(lines(store.facts_between(shop.id, start, end)))
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


def _line(facts: list[AnyFact]) -> Line:  # noqa: C901 - one case a fact
    said: list[Message] = []
    drafts: dict[str, str] = {}
    delivered: dict[str, tuple[int, str]] = {}
    recalled: dict[str, int] = {}
    buyer = agent = ""
    for fact in facts:
        match fact:
            case BuyerSaid():
                buyer = fact.buyer or buyer
                said.append(Message(fact.id, fact.at, "buyer", kind=fact.kind))
            case AgentSaid():
                echo = _echo(fact, drafts, delivered)
                if echo is not None:
                    delivered.pop(echo, None)
                    drafts.pop(echo, None)
                said.append(Message(fact.id, fact.at, "agent", agent=fact.agent))
            case RobotSaid():
                said.append(Message(fact.id, fact.at, "assisted" if fact.assisted else "robot"))
            case Closed():
                said.append(Message(fact.key, fact.at, "closed"))
            case Recalled():
                recalled[fact.id] = fact.at
            case Drafted():
                drafts[fact.id] = fact.text
            case Assigned():
                agent = fact.agent
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
    return Line(facts[0].conversation, buyer or facts[0].conversation, tuple(said), agent)


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
    "session": a session is met if all its waits were in time, or if so judged their mean. "round": each wait is a unit
    (淘宝 对话轮次).
    """
    units: dict[tuple[str, int], list[tuple[Line, Wait]]] = {}
    for line in held:
        for wait in deadline.waits(line.messages, target, zone):
            began = zone.local(wait.start)[0]
            if day is None or began == day:
                units.setdefault(_unit(line, wait, target, began), []).append((line, wait))
    if target.mean is not None:
        return _mean(target, target.mean, zone, [wait for pairs in units.values() for _, wait in pairs], now)
    late: list[LateWait] = []
    near: list[LateWait] = []
    met = waiting = 0
    for pairs in units.values():
        late += [_late(line, wait) for line, wait in pairs if _missed(wait, now)]
        near += [_late(line, wait) for line, wait in pairs if _near(wait, target)]
        state = _judge([wait for _, wait in pairs], target, now)
        met += state == "met"
        waiting += state == "waiting"
    decided = len(units) - waiting
    return Rate(
        target.name,
        len(units),
        met,
        waiting,
        round(met / decided, 6) if decided else None,
        tuple(sorted(late, key=_by_start)),
        near=tuple(sorted(near, key=_by_start)),
        forecast=_forecast(target, len(units), met, waiting),
    )


def _unit(line: Line, wait: Wait, target: deadline.Target, day: int) -> tuple[str, int]:
    match target.counted:
        case "buyer_day":
            return line.buyer, day
        case "session":
            return line.conversation, wait.session
        case "round":
            return line.conversation, wait.start


def _judge(held: list[Wait], target: deadline.Target, now: int) -> Literal["met", "missed", "waiting"]:
    """One unit. By the mean, a wait without an answer counts as long as it has lasted."""
    if target.judged == "mean":
        times = [(wait.answered if wait.answered is not None else now) - wait.start for wait in held]
        if sum(times) > target.limit * len(times):
            return "missed"
    elif any(_missed(wait, now) for wait in held):
        return "missed"
    return "waiting" if any(wait.answered is None for wait in held) else "met"


def _mean(target: deadline.Target, mean: deadline.Mean, zone: deadline.Zone, held: list[Wait], now: int) -> Rate:
    """The average answering time in seconds; an answer on a later day is none (淘宝: 当日未回复按600秒)."""
    times: list[int] = []
    waiting = 0
    for wait in held:
        answered = wait.answered
        if answered is not None and zone.local(answered)[0] == zone.local(wait.start)[0]:
            times.append(min(answered - wait.start, mean.cap))
        elif answered is None and now - wait.start <= mean.cap:
            waiting += 1
        elif mean.unanswered == "cap":
            times.append(mean.cap)
    mean_s = round(sum(times) / len(times), 3) if times else None
    return Rate(target.name, len(times) + waiting, None, waiting, None, mean_s=mean_s)


def _forecast(target: deadline.Target, population: int, met: int, waiting: int) -> Forecast | None:
    """With today's buyers; a pass line of 0.5 and 100 buyers lets 50 be missed."""
    if target.pass_line is None or not population:
        return None
    missed = population - met - waiting
    # Rounded first: a product of floats may lie a hair above the whole number that it means.
    allowed = population - math.ceil(round(population * target.pass_line, 9))
    return Forecast(
        may_miss=allowed - missed,
        deciding=population >= target.smallest and 0 <= allowed - missed < waiting,
        best=round((met + waiting) / population, 6),
        worst=round(met / population, 6),
    )


def _late(line: Line, wait: Wait) -> LateWait:
    said = next((m for m in line.messages if m.role == "agent" and m.at == wait.answered), None)
    agent = said.agent if said is not None else line.agent
    return LateWait(line.buyer, line.conversation, wait.start, wait.due, wait.answered, agent)


def _by_start(wait: LateWait) -> tuple[int, str]:
    return wait.start, wait.conversation


def _missed(wait: Wait, now: int) -> bool:
    return wait.late or (wait.answered is None and now > wait.due)


def _near(wait: Wait, target: deadline.Target) -> bool:
    return wait.answered is not None and 0 <= wait.due - wait.answered < target.limit / 10
