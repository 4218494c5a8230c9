"""I say which group robot hears of a wait, in which words, and when it may speak; I send nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from bot.brief import clip, cut, plain
from bot.decide import SENDING_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from bot.deadline import Zone
    from bot.model import Conversation, Wait
    from bot.ports import Alert

MISSED = 0  # the stage of a miss: no warning is meant for the very end
# Two seconds more than a minute, so that a message that was slow on its way does not meet its successors over there.
MINUTE = 62.0
HALF_HOUR = 1800
NAME, LABEL, WORDS = 16, 20, 30  # characters shown of a buyer's, shop's or target's name, and of what was last said
LOOK = 200  # characters looked at for them


class Robot(msgspec.Struct, frozen=True, kw_only=True):
    """One group robot of one shop. `id` names its address: shops that share a robot share its pace.

    `stages`, `missed`: which stages of which targets it hears of, and misses of which. `words`: may it show what the
    buyer last said? `title` heads its messages.
    """

    id: str
    kind: str
    who: str
    title: str
    url: str
    secret: str
    stages: dict[str, tuple[int, ...]]
    missed: tuple[str, ...]
    mention: tuple[str, ...] = ()
    words: bool = False
    form: Literal["text", "markdown"] = "text"

    def __repr__(self) -> str:
        """Without address and secret."""
        return f"Robot({self.id!r}, kind={self.kind!r}, who={self.who!r})"


def heard(stages: tuple[int, ...], hears: Literal["every", "later", "last"]) -> tuple[int, ...]:
    """Which of a target's stages (seconds before `due`, longest first) one hears; the last one all do."""
    match hears:
        case "every":
            return stages
        case "later":
            return stages[1:] or stages
        case "last":
            return stages[-1:]


def hearing(robots: Iterable[Robot], target: str, stage: int) -> list[Robot]:
    """The robots that an event of `target` goes to: a warning at `stage`, or MISSED."""
    return [
        robot
        for robot in robots
        if (target in robot.missed if stage == MISSED else stage in robot.stages.get(target, ()))
    ]


class Pace(NamedTuple):
    """How often a robot may speak; see bot/channels/robots.toml."""

    per_minute: int
    per_second: int = 0
    avoid: int = 0


def slot(pace: Pace, now: float, *, last: float, quiet_until: float, due: float | None) -> float:
    """The earliest instant from `now` on at which a robot may speak, all in unix seconds of the world.

    Messages keep an even distance, so that no minute holds more than `per_minute` and none waits long for its turn;
    what comes meanwhile is merged. `last`: when it last spoke; `quiet_until`: the other side asked for silence. The
    crowded seconds are left out unless the most urgent wait is `due` by then. A `last` in the future is a clock that
    was set back, and not believed.
    """
    gap = max(MINUTE / pace.per_minute, 1 / pace.per_second if pace.per_second else 0.0)
    at = max(now, last + gap if last <= now else now, quiet_until)
    into = at % HALF_HOUR
    later = at - into + pace.avoid
    return later if into < pace.avoid and (due is None or later < due) else at


def standing(alert: Alert, conversation: Conversation | None, now: int) -> Wait | None:
    """The wait that an alert is of, if it still is as it was told: open, and past the stage or the miss. Else None."""
    for wait in conversation.waits if conversation is not None else ():
        same = wait.target == alert.target and wait.start <= alert.due and alert.start <= wait.due
        if not same or wait.answered is not None:
            continue
        if alert.stage == MISSED:
            return wait if wait.missed else None
        return wait if not wait.missed and wait.due - alert.stage <= now <= wait.due else None
    return None


def meant(alert: Alert) -> int:
    """The instant at which it was to be told: the stage before `due`, or the second after it."""
    return alert.due + 1 if alert.stage == MISSED else alert.due - alert.stage


def on_its_way(conversation: Conversation, now: int) -> bool:
    """Has an agent's reply been taken, and is it being delivered?"""
    return any(now < reply.at + SENDING_SECONDS for reply in conversation.queued)


class Owed(NamedTuple):
    """One wait as people read it. `due`: a unix second; `clock`: its time of day at the shop."""

    missed: bool
    due: int
    start: int
    label: str
    clock: str
    lost: bool


class Style(NamedTuple):
    """What is put around the pieces of an alert ("{text}" stands for each), and between its lines."""

    head: str = "{text}"
    left: str = "{text}"
    missed: str = "{text}"
    line: str = "\n"


PLAIN = Style()
# What would be an order to a reader of markdown, in full-width forms, which are none.
_ORDERS = str.maketrans("*_`[]#~|\\", "＊＿｀［］＃～｜＼")


class Waiting(NamedTuple):
    """One conversation in an alert: its waits, most urgent first."""

    owed: tuple[Owed, ...]
    shop: str
    buyer: str
    words: str

    @property
    def key(self) -> tuple[Owed, str]:
        """Who can still be answered in time comes first, and of those and of the others who has waited longest."""
        return self.owed[0], self.buyer


def waiting(
    conversation: Conversation,
    waits: Iterable[Wait],
    *,
    shop: str,
    labels: Mapping[str, str],
    zone: Zone,
    marks: Mapping[str, str] | None,
) -> Waiting:
    """What an alert shows of a conversation. `marks`: what stands for pictures and the like; None shows no words."""
    owed = {
        wait.target: Owed(
            wait.missed,
            wait.due,
            wait.start,
            clip(plain(labels.get(wait.target, wait.target)), LABEL),
            _clock(zone.local(wait.due)[1]),
            wait.lost,
        )
        for wait in waits
    }
    words = "" if marks is None else clip(plain(_last_words(conversation, marks)), WORDS)
    buyer = clip(plain(conversation.name or conversation.buyer_id), NAME)
    return Waiting(tuple(sorted(owed.values())), clip(plain(shop), NAME), buyer, words)


def compose(
    found: Sequence[Waiting],
    *,
    title: str,
    now: int,
    limit: int,
    lines: int,
    size: Callable[[str], int] | None = None,
    style: Style = PLAIN,
) -> str:
    """One alert for all who wait, most urgent first, with how long each has left; "" for nobody.

    At most `limit` bytes as `size` counts them (UTF-8 by default) and at most `lines` buyers; who does not fit is
    told as a number. No character is cut.
    """
    if not found:
        return ""
    measure = size or _bytes
    ordered = sorted(found if style == PLAIN else map(_harmless, found), key=lambda each: each.key)
    shops = len({each.shop for each in found}) > 1
    head = style.head.replace("{text}", _head(ordered, title=title, shops=shops))
    shown = [
        f"{place}. {_line(each, now=now, shops=shops, style=style)}" for place, each in enumerate(ordered[:lines], 1)
    ]
    for count in range(len(shown), -1, -1):
        text = style.line.join([head, *shown[:count], *_rest(ordered[count:], now)])
        if measure(text) <= limit:
            return text
    return cut(head, limit, measure)


def _head(ordered: Sequence[Waiting], *, title: str, shops: bool) -> str:
    missed = sum(each.owed[0].missed for each in ordered)
    parts = [f"{len(ordered) - missed}位买家在等回复"] if missed < len(ordered) else []
    parts += [f"{missed}位买家已超时仍未回复"] if missed else []
    return f"【{title}】{'' if shops else ordered[0].shop + '：'}{'，'.join(parts)}"


def _harmless(each: Waiting) -> Waiting:
    """Names and words that order nothing where markdown is read."""
    owed = tuple(wait._replace(label=wait.label.translate(_ORDERS)) for wait in each.owed)
    return Waiting(owed, *(text.translate(_ORDERS) for text in each[1:]))


def _line(each: Waiting, *, now: int, shops: bool, style: Style) -> str:
    owed = "；".join(
        wait.label + (style.missed if wait.missed or now > wait.due else style.left).replace("{text}", _left(wait, now))
        for wait in each.owed
    )
    since = min(wait.start for wait in each.owed)
    words = f"「{each.words}」" if each.words else ""
    return f"{each.shop + ' ' if shops else ''}{each.buyer}：{owed}，已等{span(now - since)}{words}"


def _left(owed: Owed, now: int) -> str:
    if owed.missed or now > owed.due:
        return f"已超时{span(now - owed.due)}"
    return f"剩{span(owed.due - now)}（截止{owed.clock}{'，此前已超时过' if owed.lost else ''}）"


def _rest(others: Sequence[Waiting], now: int) -> Iterator[str]:
    if others:
        yield f"……另有{len(others)}位买家在等，其中最急的{others[0].owed[0].label}{_left(others[0].owed[0], now)}"


def span(seconds: int) -> str:
    """A length of time in words, in its two largest units."""
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}天{hours}小时"
    if hours:
        return f"{hours}小时{minutes}分"
    return f"{minutes}分{rest:02d}秒" if minutes else f"{rest}秒"


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def _last_words(conversation: Conversation, marks: Mapping[str, str]) -> str:
    for message in reversed(conversation.messages):
        if message.role == "buyer" and message.recalled_at is None:
            return message.text[:LOOK] if message.text.strip() else marks.get(message.kind, "")
    return ""


def _bytes(text: str) -> int:
    return len(text.encode())
