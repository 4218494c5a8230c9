"""I note of each record what the page says beside it: what was offered, found and used, and how its clocks stood."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from rapidfuzz import fuzz

from bot import outward
from bot.insight import settings
from bot.insight.nearest import bare
from bot.model import AgentSaid, BuyerSaid

if TYPE_CHECKING:
    from bot.deadline import Zone
    from bot.model import Message
    from bot.played import Played, Rang
    from replies.match import Suggestion

CLIP = 2000  # characters of a message that are shown
LIKELY = 0.5  # a suggestion with at least this score is right more often than not
SLOW = (
    30  # seconds: an answer that stood ready and came later was a chance missed (inferred: the shortest reply target)
)


class Marks(NamedTuple):
    """What makes a message, and with it its conversation, worth seeing. `missed`: see SLOW, in seconds or by the score."""

    late: int = 0
    block: int = 0
    warn: int = 0
    missed: float = 0.0


class Heard(NamedTuple):
    """A record as the page keeps it: `line`, plain JSON data.

    `waited`: of an agent's answer, seconds from the buyer's first unanswered message; None where nobody waited or there
    are no times.
    """

    line: dict[str, Any]
    marks: Marks
    waited: int | None = None


def heard(played: Played, zone: Zone, *, timed: bool) -> Heard:
    """A message. Times are local: seconds from 1970 on the wall of the shop's zone."""
    fact = played.fact
    line: dict[str, Any] = {"id": fact.id, **outward.who(fact), "text": clip(fact.text)}
    line = {key: value for key, value in line.items() if value is not None}
    if fact.kind != "text":
        line["kind"] = fact.kind
    if timed:
        line["at"] = wall(fact.at, zone)
        line |= _clocks(played, zone)
    if played.asked:
        line["offered"] = [_offer(one) for one in played.offered]
    if played.findings:
        line["findings"] = [
            {key: one[key] for key in ("rule", "action", "span", "reason", "rewrite") if one.get(key)}
            for one in played.findings
        ]
        line["verdict"] = played.verdict
    late = sum(kind == "deadline.missed" for kind, _ in played.events)
    block, warn = (sum(one["action"] == action for one in played.findings) for action in ("block", "warn"))
    if not isinstance(fact, AgentSaid):
        return Heard(line, Marks(late, block, warn))
    waiting = _waiting(played)
    waited = fact.at - waiting[0].at if waiting and timed else None
    missed = 0.0
    if waiting and played.stood:
        line |= _likest(played.stood, fact.text) | {"stood": len(played.stood)}
        missed = 0.0 if "used" in line else _missed(played.stood, waited, timed=timed)
    if waited is not None:
        line["waited"] = waited
    if missed:
        line["missed"] = True
    return Heard(line, Marks(late, block, warn, missed), waited)


def rang(record: Rang) -> Heard:
    """An alarm between two messages."""
    told = record.told
    line = {"alarm": record.kind.removeprefix("deadline."), "at": read(told["at"]), "target": told["target"]}
    line |= {"stage": told["stage"]} if "stage" in told else {}
    return Heard(line, Marks(late=int(record.kind == "deadline.missed")))


def wall(at: int, zone: Zone) -> int:
    """What the clock on the shop's wall says at an instant, as if it were UTC."""
    day, second = zone.local(at)
    return day * 86_400 + second


def read(told: str) -> int:
    """The same of an instant as outsiders read it."""
    stamp = datetime.fromisoformat(told)
    offset = stamp.utcoffset()
    return int(stamp.timestamp() + (offset.total_seconds() if offset else 0))


def clip(text: str, most: int = CLIP) -> str:
    """The beginning of a long text, of so many characters."""
    return text if len(text) <= most else f"{text[:most]}……"


def _waiting(played: Played) -> list[Message]:
    """The buyer's messages of any kind that this one answers, oldest first."""
    found: list[Message] = []
    for message in reversed(played.before.messages if played.before is not None else ()):
        if message.role == "agent":
            break
        if message.role == "buyer" and message.recalled_at is None:
            found.append(message)
    return found[::-1]


def _likest(stood: tuple[Suggestion, ...], text: str) -> dict[str, Any]:
    """How much the answer is like the likest of what was offered, in percent; which it is, if it says the same."""
    likeness, answer = settings.load().likeness, bare(text)
    if len(answer) < likeness.shortest:
        return {}
    ratio, at = max((fuzz.ratio(bare(one.text or ""), answer), -place) for place, one in enumerate(stood))
    same = {"used": stood[-at].script} if ratio >= likeness.same * 100 else {}
    return {"alike": round(ratio), **same}


def _missed(stood: tuple[Suggestion, ...], waited: int | None, *, timed: bool) -> float:
    best = stood[0].score
    if best < LIKELY:
        return 0.0
    if not timed:
        return best
    return float(waited) if waited is not None and waited > SLOW else 0.0


def _clocks(played: Played, zone: Zone) -> dict[str, Any]:
    """Of a buyer's message when its replies are due; of an answer which waits it ended, and whether in time."""
    fact = played.fact
    if isinstance(fact, BuyerSaid):
        due = [[wait.target, wall(wait.due, zone)] for wait in played.waits if wait.answered is None]
        return {"due": due} if due else {}
    open_before = {
        (wait.target, wait.start)
        for wait in (played.before.waits if played.before is not None else ())
        if wait.answered is None
    }
    ended = [
        [wait.target, wait.answered - wait.start, wait.answered - wait.due]
        for wait in played.waits
        if wait.answered is not None and (wait.target, wait.start) in open_before
    ]
    return {"ended": ended} if ended else {}


def _offer(one: Suggestion) -> list[Any]:
    return [one.script, round(one.score * 100), one.why, one.text]
