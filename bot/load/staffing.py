"""I answer how many agents a day needs: the desk played with more and fewer of them, with and without suggestions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot import rates
from bot.history import Line
from bot.load import crowd
from bot.load.desk import Desk
from bot.model import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.deadline import Target
    from bot.load import Profile
    from bot.load.crowd import Question
    from bot.load.desk import Turn, Visit
    from bot.shop import Shop

MOST = 500  # agents
AROUND = 3  # numbers of agents shown on each side of the answer


class Day(msgspec.Struct, frozen=True):
    """One day with one seed. `value`: the target's rate in 0..1, or its mean in seconds; None: nothing was judged.

    `wait_s`, `wait_90_s`: the mean wait of a message and what nine of ten wait at most; `busy`: the share of the agents'
    time that was work.
    """

    seed: int
    buyers: int
    messages: int
    value: float | None
    late: int
    wait_s: float
    wait_90_s: float
    busy: float


class Staffed(msgspec.Struct, frozen=True):
    """A number of agents, with the days of all seeds."""

    agents: int
    days: tuple[Day, ...]

    @property
    def values(self) -> list[float]:
        """Of each seed on which anything was judged."""
        return [day.value for day in self.days if day.value is not None]


class Arm(msgspec.Struct, frozen=True):
    """`helped`: with suggestions. `needed`: the smallest number of agents whose every seed keeps the line, if any does."""

    helped: bool
    needed: int | None
    table: tuple[Staffed, ...]


class Wish(NamedTuple):
    """What is asked for: `line` of the target's rate in 0..1, or of its mean in seconds.

    `agents`: only with these numbers; empty: find the answer. `coverage`: see crowd.pool.
    """

    target: Target
    line: float
    seeds: tuple[int, ...]
    agents: tuple[int, ...] = ()
    coverage: float | None = None


class Answer(msgspec.Struct, frozen=True):
    """Both arms, and of the questions the shares that have a script and that were offered the right one."""

    known: float
    right: float
    arms: tuple[Arm, ...]


class Staffing:
    """One profile on one shop."""

    def __init__(self, profile: Profile, shop: Shop, wish: Wish, *, progress: Callable[[str], None]) -> None:
        """`progress` hears in a sentence what is being played."""
        self._profile, self._shop, self._wish, self._progress = profile, shop, wish, progress
        self._spans = profile.spans(shop.zone)
        noon = (self._spans[0][0] + self._spans[-1][1]) // 2
        self._pools = {
            seed: crowd.pool(shop, profile, seed=seed, at=noon, coverage=wish.coverage) for seed in wish.seeds
        }

    def answer(self) -> Answer:
        """Play all of it."""
        questions: list[Question] = [one for pool in self._pools.values() for one in pool]
        return Answer(
            round(sum(one.known for one in questions) / len(questions), 4),
            round(sum(one.right for one in questions) / len(questions), 4),
            tuple(self._arm(helped=helped) for helped in (False, True)),
        )

    def _arm(self, *, helped: bool) -> Arm:
        crowds = {
            seed: crowd.visits(self._profile, pool, self._spans, seed=seed, helped=helped)
            for seed, pool in self._pools.items()
        }
        played: dict[int, Staffed] = {}

        def at(agents: int) -> Staffed:
            if agents not in played:
                self._progress(f"{'有' if helped else '没有'}建议，{agents} 位客服")
                days = tuple(self._day(visits, seed, agents) for seed, visits in crowds.items())
                played[agents] = Staffed(agents, days)
            return played[agents]

        if self._wish.agents:
            table = tuple(at(number) for number in self._wish.agents)
            return Arm(helped, next((one.agents for one in table if self._keeps(one)), None), table)
        needed = self._smallest(at)
        middle = needed or MOST
        shown = range(max(1, middle - AROUND), min(MOST, middle + AROUND) + 1)
        return Arm(helped, needed, tuple(at(number) for number in shown))

    def _smallest(self, at: Callable[[int], Staffed]) -> int | None:
        """Doubled until it is enough, then halved between: more agents are never worse but by chance."""
        high = 1
        while not self._keeps(at(high)):
            if high == MOST:
                return None
            high = min(2 * high, MOST)
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._keeps(at(middle)) else (middle, high)
        return high

    def _keeps(self, staffed: Staffed) -> bool:
        """A line of a rate is kept from above, one of a mean from below; where nothing is judged, nothing is broken."""
        if self._wish.target.mean is not None:
            return all(value <= self._wish.line for value in staffed.values)
        return all(value >= self._wish.line for value in staffed.values)

    def _day(self, visits: Sequence[Visit], seed: int, agents: int) -> Day:
        desk = Desk(visits, agents=agents, concurrency=self._profile.agents.concurrency)
        turns = desk.run()
        end = int(max((turn.answered for turn in turns), default=self._spans[-1][1]))
        counted = rates.rate(lines(turns), self._wish.target, self._shop.zone, now=end + 86_400)
        waits = sorted(turn.answered - turn.asked for turn in turns)
        open_for = max(end, self._spans[-1][1]) - self._spans[0][0]
        return Day(
            seed,
            len(visits),
            len(turns),
            counted.mean_s if self._wish.target.mean is not None else counted.rate,
            len(counted.late),
            round(sum(waits) / len(waits), 1) if waits else 0.0,
            round(waits[int(0.9 * len(waits))], 1) if waits else 0.0,
            round(desk.worked / (agents * open_for), 4),
        )


def lines(turns: Sequence[Turn]) -> list[Line]:
    """The messages as the rates count them, each buyer a conversation of his own; seconds are cut as everywhere."""
    said: dict[int, list[Message]] = {}
    for number, turn in enumerate(turns):
        messages = said.setdefault(turn.visit, [])
        messages.append(Message(f"b{number}", int(turn.asked), "buyer"))
        messages.append(Message(f"a{number}", int(turn.answered), "agent"))
    return [Line(str(visit), str(visit), tuple(messages)) for visit, messages in sorted(said.items())]
