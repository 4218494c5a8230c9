"""I read the alternatives of a rule: which slots, in what order, how near, how surely."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from replies import guard_slots

if TYPE_CHECKING:
    from replies.guard_words import Search
    from replies.rules import Lexicon, Rule

# How far the weights of a match may fall short of certainty, by the number of its slots.
SHORT = (0.0, 0.28, 0.56, 0.95, 1.2, 1.4)
_slot = re.compile(
    r"(?P<slot>[a-z_]+)|(?P<order>>)|(?P<clause>=)|(?P<masked>!)|@(?P<near>\d+)|%(?P<short>\d+(?:\.\d+)?)|(?P<space>\s+)|(?P<bad>.)"
)


class Way(NamedTuple):
    """One alternative of a rule: slots, whether each must follow the one before, the gap and the doubt allowed, bits,
    whether all must stand in one clause, whether one must be in disguise.
    """

    rule: Rule
    slots: tuple[str, ...]
    ordered: bool
    near: int
    mask: int
    short: float
    clause: bool = False
    masked: bool = False


def read_way(rule: Rule, text: str, bit: dict[str, int]) -> Way:
    """Parse one alternative of `rule.when`. Raises ValueError that names what is wrong."""
    slots: list[str] = []
    signs: set[str | None] = set()
    near, short = rule.near, -1.0
    for part in _slot.finditer(text):
        signs.add(part.lastgroup)
        if part["slot"]:
            if part["slot"] not in bit:
                raise ValueError(f"unknown slot {part['slot']!r}")
            slots.append(part["slot"])
        elif part["near"]:
            near = int(part["near"])
        elif part["short"]:
            short = float(part["short"]) / 100
        elif part["bad"]:
            raise ValueError(f"cannot read {part['bad']!r}")
    if not 1 <= len(slots) < len(SHORT):
        raise ValueError(f"needs 1 to {len(SHORT) - 1} slots")
    mask = 0
    for slot in slots:
        mask |= 1 << bit[slot]
    return Way(
        rule,
        tuple(slots),
        "order" in signs,
        near,
        mask,
        SHORT[len(slots)] if short < 0 else short,
        "clause" in signs,
        "masked" in signs,
    )


def _key(way: Way, search: Search) -> str | None:
    """The slot whose presence makes the alternative worth trying; None if all of its slots are found by code."""
    own = [slot for slot in way.slots if slot not in guard_slots.SLOTS]
    called = [slot for slot in own if not search.frequent_slots.intersection(search.groups.get(slot, (slot,)))]
    return called[0] if called else None


def ways(rule: Rule, search: Search) -> tuple[tuple[str | None, Way], ...]:
    """The alternatives of a rule, each with its key; read once for all the guards that hold the rule."""
    known = search.ways.get(rule.id)
    if known is None or known[0] is not rule:
        ways = [read_way(rule, text, search.bit) for text in rule.when]
        known = search.ways[rule.id] = rule, tuple((_key(way, search), way) for way in ways)
    return known[1]


def callers(lexicon: Lexicon) -> frozenset[str]:
    """Terms that are frequent and yet must be looked for in every text."""
    return frozenset(lexicon.called)
