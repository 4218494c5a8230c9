"""I find the place up to which a conversation is over: nothing that comes in its time changes how that is counted."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from bot.history import Ours, line
from bot.talk import ECHO_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.deadline import Target
    from bot.history import Told
    from bot.model import Message, Wait

TRIED = 64  # places that are looked at
EARLY = 20  # recalls kept of messages that were not told of
_at = attrgetter("at")


class Cut(NamedTuple):
    """All up to `at` is over: `messages`, which end with an agent's. `told`: what must still be known."""

    at: int
    messages: tuple[Message, ...]
    told: tuple[Told, ...]


def cut(
    told: Sequence[Told],
    said: Sequence[Message],
    waits: Sequence[Sequence[Wait]],
    targets: Sequence[Target],
    ours: Ours,
    *,
    kept: int,
) -> Cut | None:
    """The latest place with at least `kept` told after it; None if there is none.

    `told`: in the order of arrival; `said`: their messages in the order of time; `waits`: of each target; `ours`: what
    became of our own replies. An agent's message must have ended every wait, and nothing before it be of a later second
    than anything after it; no reply of ours that its echo may yet replace stands before it.
    """
    if any("agent" not in target.answers for target in targets):
        return None
    for place, at in _places(told, kept):
        number = bisect_right(said, at, key=_at)
        if not number or said[number - 1].role != "agent":
            continue
        if any(sent <= at < sent + ECHO_SECONDS for sent in ours.delivered.values()):
            continue
        if any(w.start <= at and (w.answered is None or w.answered > at) for each in waits for w in each):
            continue
        return Cut(at, tuple(said[:number]), (*_carried(told[:place]), *told[place:]))
    return None


def _places(told: Sequence[Told], kept: int) -> Iterator[tuple[int, int]]:
    """Positions before which all is older than all behind, latest first, each with the last instant before it."""
    before = list(accumulate((one.at for one in told), max))
    after = list(accumulate((one.at for one in reversed(told)), min))[::-1]
    found = 0
    for place in range(len(told) - max(kept, 1), 0, -1):
        if before[place - 1] < after[place]:
            yield place, before[place - 1]
            found += 1
        if found == TRIED:
            return


def _carried(told: Sequence[Told]) -> Iterator[Told]:
    """Of what is over: drafts that may yet be delivered, and recalls of messages that may yet come."""
    ours = Ours()
    heard = {message.id for message in line("", "", told, ours=ours).messages}
    early = [one for one in told if one.what == "recalled" and one.id not in heard][-EARLY:]
    for one in told:
        if one.what == "drafted":
            if ours.drafts.get(one.id) is one and one.id not in ours.delivered:
                yield one
        elif one.what == "recalled" and one in early:
            yield one
