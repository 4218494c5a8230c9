"""I draw the buyers of a day from a seed: when they come, what they ask, and how long it takes to answer them.

What an agent does for a question does not depend on how many agents there are, so two numbers of agents are compared on
the very same day; with and without suggestions differ by the work alone.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from bot.buyers import dressed, manner
from bot.load.desk import Ask, Visit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.load import Profile
    from bot.shop import Shop

POOL = 400  # different questions of a day, each ranked once


class Question(NamedTuple):
    """What is asked; is there a script for it, and is that among those offered? `offered`: is anything?"""

    text: str
    known: bool
    right: bool
    offered: bool


def pool(shop: Shop, profile: Profile, *, seed: int, at: int, coverage: float | None) -> list[Question]:
    """Questions of the library in buyers' words, as the shop's matcher answers them, and others that no script answers.

    `coverage`: the share with a script, if it was measured elsewhere; else the profile says it.
    """
    dice = random.Random(f"{seed}:questions")  # noqa: S311 - a simulation
    known = round(POOL * (1 - profile.questions.outside if coverage is None else coverage))
    asked = [(script.id, text) for script in shop.matcher.library.scripts for text in script.questions()]
    found: list[Question] = []
    for _ in range(known):
        script, text = dice.choice(asked)
        text = dressed(_slipped(text, dice) if dice.random() < profile.questions.slips else text, manner(), dice)
        offered = shop.suggest([text], {}, at=at)
        found.append(Question(text, True, any(one.script == script for one in offered), bool(offered)))  # noqa: FBT003
    lengths = [len(question.text) for question in found] or [10]
    others = (Question("？" * dice.choice(lengths), False, False, False) for _ in range(POOL - known))  # noqa: FBT003
    return [*found, *others]


def _slipped(text: str, dice: random.Random) -> str:
    """One character lost, or two changed places."""
    if len(text) < 3:
        return text
    place = dice.randrange(len(text) - 1)
    if dice.random() < 0.5:
        return text[:place] + text[place + 1 :]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def visits(
    profile: Profile, questions: Sequence[Question], spans: Sequence[tuple[int, int, float]], *, seed: int, helped: bool
) -> list[Visit]:
    """The buyers of a day in the order of time; `helped`: are suggestions shown to the agents?"""
    dice = random.Random(f"{seed}:visits")  # noqa: S311 - a simulation
    found: list[Visit] = []
    for start, end, buyers in spans:
        at = start + (dice.expovariate(buyers / 60) if buyers else float("inf"))
        while at < end:
            asks = [_ask(profile, dice, dice.choice(questions), helped=helped)]
            while dice.random() < profile.buyers.again:
                asks.append(_ask(profile, dice, dice.choice(questions), helped=helped))
            found.append(Visit(at, tuple(asks), dice.expovariate(1 / profile.buyers.patience)))
            at += dice.expovariate(buyers / 60)
    return found


def _ask(profile: Profile, dice: random.Random, question: Question, *, helped: bool) -> Ask:
    """The same chances are drawn whether helped or not, so that both see the same day."""
    agents = profile.agents
    thinks, glances, picks, finds = (dice.expovariate(1.0) for _ in range(4))
    typing = dice.lognormvariate(0.0, 0.4) * profile.questions.typed / agents.types * 60
    phrase = question.known and dice.random() < agents.own_phrases
    pause = dice.expovariate(1 / profile.buyers.reads)
    work = len(question.text) / agents.reads * 60
    if helped and question.right:
        return Ask(work + picks * agents.picks, pause)
    if helped and question.offered:
        work += glances * agents.glances
    if phrase:
        return Ask(work + finds * agents.finds, pause)
    return Ask(work + thinks * agents.thinks + typing, pause)
