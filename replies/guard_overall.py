"""I let what a message seems to be as a whole weigh against its words, and its words before that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replies import guard_slots
from replies.guard_excuse import excused
from replies.guard_hits import OPENLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replies.guard_judge import Match
    from replies.guard_reading import Reading
    from replies.rules import Action


def words_first(found: Sequence[tuple[Match, Reading]]) -> list[tuple[Match, Reading]]:
    """Without what only the whole message seems to be, where words say the same: they show better where it stands."""
    said = {(match.way.rule.category, match.way.rule.action) for match, _ in found if not match.overall}
    return [
        (match, reading)
        for match, reading in found
        if not match.overall or (match.way.rule.category, match.way.rule.action) not in said
    ]


def softened(match: Match, reading: Reading) -> bool:
    """Does a message that holds forbidden words openly seem harmless as a whole?

    Then what would be blocked is only warned of, and what would be warned of is not.
    """
    if (
        not match.way.rule.overall
        or reading.how
        or reading.joined
        or any(slot in guard_slots.SLOTS for slot in match.way.slots)
    ):
        return False
    if any(hit.view not in OPENLY for hit in match.hits):
        return False
    return reading.overall.offence(match.start, match.end) < reading.known.facts.harmless


def action_of(match: Match, reading: Reading) -> Action:
    """What follows from a match that nothing excuses: what its rule says, or a step less in what seems harmless."""
    action = match.way.rule.action
    return "warn" if action == "block" and softened(match, reading) else action


def excuse_of(match: Match, reading: Reading) -> str:
    """Why a match is no offence: as guard_excuse says, or `harmless` for a warning in what seems so; "" if nothing excuses it."""
    excuse = excused(match, reading)
    return "harmless" if not excuse and match.way.rule.action == "warn" and softened(match, reading) else excuse
