"""I say who must be answered next: who costs the shop most if he is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.deadline import Target
    from bot.model import Conversation, Wait
    from bot.rates import Rate

# The lower, the more a wait costs. Whoever waits for a unit that is lost already still wants an answer, but later.
DECIDING, SAVEABLE, LOST = 0, 1, 2


class Urgent(NamedTuple):
    """A waiting conversation and the wait that makes it urgent; `why` is one short Chinese line."""

    conversation: Conversation
    wait: Wait
    missed: bool
    lost: bool
    why: str


def rank(held: Iterable[Conversation], targets: Sequence[Target], today: Sequence[Rate], now: int) -> list[Urgent]:
    """Conversations with an open wait, most urgent first.

    First those whose unit (buyer and day, session, round) can still be met, and of them first those of a target whose
    pass line today's waiting buyers decide (`today`: each target's rate of the day); then by `due`. Then those that
    are lost already, by `due`.
    """
    labels = {target.name: target for target in targets}
    rates = {rate.name: rate for rate in today}
    lost = {(rate.name, wait.buyer) for rate in today for wait in rate.late}
    found: list[tuple[tuple[int, int, str], Urgent]] = []
    for conversation in held:
        choices = [
            _choice(conversation, wait, labels[wait.target], rates.get(wait.target), lost, now)
            for wait in conversation.waits
            if wait.answered is None and wait.target in labels
        ]
        if choices:
            found.append(min(choices, key=_key))
    return [urgent for _, urgent in sorted(found, key=_key)]


def _key(pair: tuple[tuple[int, int, str], Urgent]) -> tuple[int, int, str]:
    return pair[0]


def _choice(
    conversation: Conversation, wait: Wait, target: Target, rate: Rate | None, lost: set[tuple[str, str]], now: int
) -> tuple[tuple[int, int, str], Urgent]:
    missed = wait.missed or now > wait.due  # a clock that is set back takes no miss back
    day_lost = target.counted == "buyer_day" and (target.name, conversation.buyer_id) in lost
    gone = missed or wait.lost or day_lost
    forecast = rate.forecast if rate is not None else None
    tier = LOST if gone else DECIDING if forecast is not None and forecast.deciding else SAVEABLE
    urgent = Urgent(conversation, wait, missed, wait.lost or day_lost, _why(target, wait, rate, tier, now))
    return (tier, wait.due, conversation.id), urgent


def _why(target: Target, wait: Wait, rate: Rate | None, tier: int, now: int) -> str:
    if wait.missed or now > wait.due:
        return f"{target.label}已超时"
    left = wait.due - now
    shown = f"{left // 60}分{left % 60:02d}秒" if left >= 60 else f"{left}秒"
    if tier == LOST:
        return f"{target.label}今日已失，仍在等待（剩{shown}）"
    if tier == DECIDING and rate is not None and rate.forecast is not None and target.pass_line is not None:
        return f"{target.label}剩{shown}；今日再失{rate.forecast.may_miss + 1}个将跌破{target.pass_line:.0%}"
    return f"{target.label}剩{shown}"
