"""I count a conversation's waits on from where I was: a message more costs what it changes, not all that came before it.

What is given back is what bot.deadline.waits_of gives, whatever I remember: of a conversation that has not just grown by
one message at its end I count everything again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot import deadline

if TYPE_CHECKING:
    from bot.deadline import Course, Target, Zone
    from bot.model import Conversation, Message, Settled, Wait

LONG = 12  # messages from which on it is worth remembering how far one was
REMEMBERED = 1000  # conversations, twice: those of late and those before them

Place = tuple[str, str]  # shop and conversation


class _Known(NamedTuple):
    """How far a conversation is counted, and by what. `last`: the order of its last message, of which none is recalled."""

    messages: tuple[Message, ...]
    settled: Settled | None
    targets: tuple[Target, ...]
    zone: Zone
    courses: list[Course]
    last: tuple[int, int]


class Counts:
    """What was counted of long conversations of late. What it remembers changes how long it takes, nothing else."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._late: dict[Place, _Known] = {}
        self._before: dict[Place, _Known] = {}

    def waits(self, conversation: Conversation, targets: tuple[Target, ...], zone: Zone) -> tuple[Wait, ...]:
        """The waits of a conversation for the targets that are judged one by one."""
        messages, settled = conversation.messages, conversation.settled
        place = conversation.shop, conversation.id
        # Taken out: what is counted on is nobody else's, in no other thread either.
        known = self._late.pop(place, None) or self._before.pop(place, None)
        if known is not None and _grown(known, conversation, targets, zone):
            courses, last = known.courses, deadline.order(messages[-1])
            for course in courses:
                course.run(messages[-1:])
        else:
            said = sorted(messages, key=deadline.order)
            courses = deadline.courses(said, [one for one in targets if one.mean is None], zone, settled)
            if len(messages) < LONG or any(message.recalled_at is not None for message in messages):
                return deadline.found(courses)
            last = deadline.order(said[-1])
        if len(self._late) >= REMEMBERED:
            self._before, self._late = self._late, {}
        self._late[place] = _Known(messages, settled, targets, zone, courses, last)
        return deadline.found(courses)


def _grown(known: _Known, conversation: Conversation, targets: tuple[Target, ...], zone: Zone) -> bool:
    """Is it what is known and one message more, which counts after all of them?"""
    messages = conversation.messages
    return (
        len(messages) == len(known.messages) + 1
        and known.targets is targets
        and known.zone is zone
        and messages[-1].recalled_at is None
        and deadline.order(messages[-1]) >= known.last
        and known.settled == conversation.settled
        and known.messages == messages[:-1]
    )
