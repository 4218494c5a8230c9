"""I am the buyers who come by themselves into a chat: those of a scene file, or invented ones with a seed."""

from __future__ import annotations

import heapq
import random
import tomllib
from functools import cache
from importlib import resources
from itertools import count
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from bot import wire, zones
from bot.scenefile import instant
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.model import Kind
    from bot.scenefile import Scene


class Coming(NamedTuple):
    """A buyer's message that comes at an instant."""

    at: int
    conversation: str
    buyer: str
    text: str
    kind: Kind = "text"


class Buyers(Protocol):
    """Who comes by himself."""

    def next(self) -> int | None:
        """When the next message comes; None: nobody will write unless he is answered."""

    def take(self) -> Coming:
        """That message; it does not come again."""

    def answered(self, conversation: str, at: int) -> None:
        """The agent has written to one of them."""


class Played:
    """The buyers of a scene, each message as long after `start` as in the scene after its beginning."""

    def __init__(self, scene: Scene, start: int) -> None:
        """`start`: unix seconds."""
        zone = zones.find(scene.timezone, "timezone")
        begin = wire.instant(scene.start, "start", zone)
        said = [
            Coming(
                start + instant(step.at, begin, zone) - begin,
                step.conversation,
                step.who or step.conversation,
                step.buyer,
                step.kind,
            )
            for step in scene.steps
            if step.buyer is not None
        ]
        self._said = sorted(said, key=lambda coming: -coming.at)

    def next(self) -> int | None:
        """When the next message comes."""
        return self._said[-1].at if self._said else None

    def take(self) -> Coming:
        """That message."""
        return self._said.pop()

    def answered(self, conversation: str, at: int) -> None:
        """They say what is written, whatever they are told."""


class Manner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How invented buyers behave. Seconds are means of exponential times; `again`: the chance of one question more.

    `openings` and `tails` stand around some questions (each with the chance `dressed`), `nudges` come when nobody
    answers for `patience`, `thanks` at the end.
    """

    again: float
    reading: float
    patience: float
    dressed: float
    openings: tuple[str, ...]
    tails: tuple[str, ...]
    nudges: tuple[str, ...]
    thanks: tuple[str, ...]


@cache
def manner() -> Manner:
    """What bot/load/manner.toml says. Raises DataError with what is wrong with it."""
    raw = resources.files("bot.load").joinpath("manner.toml").read_text(encoding="utf-8")
    try:
        return msgspec.convert(tomllib.loads(raw), Manner)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise DataError([f"manner.toml: {error}"]) from error


class Invented:
    """Buyers who come at random, ask questions of the library in words of their own, and go on when answered."""

    def __init__(self, questions: Sequence[str], *, number: int, rate: float, seed: int, start: int) -> None:
        """`number` buyers from `start` on, `rate` of them a minute on average (a Poisson stream)."""
        self._questions, self._manner = questions, manner()
        self._dice = random.Random(seed)  # noqa: S311 - a simulation
        self._coming: list[tuple[int, int, str, str]] = []  # (at, order, conversation, text)
        self._order = count()
        self._waiting: set[str] = set()  # conversations in which somebody waits for an answer
        self._done: set[str] = set()  # those that have said thanks
        at = float(start)
        for who in range(1, number + 1):
            at += self._dice.expovariate(rate / 60)
            self._put(int(at), f"i-{who}", self._question())

    def next(self) -> int | None:
        """When the next message comes."""
        return self._coming[0][0] if self._coming else None

    def take(self) -> Coming:
        """That message; who is not answered after it asks once whether anybody is there."""
        at, _, conversation, text = heapq.heappop(self._coming)
        if conversation not in self._waiting and conversation not in self._done:
            self._waiting.add(conversation)
            self._put(at + self._after(self._manner.patience), conversation, self._dice.choice(self._manner.nudges))
        return Coming(at, conversation, f"买家{conversation[2:]}", text)

    def answered(self, conversation: str, at: int) -> None:
        """He reads, and asks on or says thanks; what he would have said unanswered he does not say."""
        if conversation not in self._waiting:
            return  # one who has said thanks, or goes on already
        self._waiting.remove(conversation)
        self._coming = [one for one in self._coming if one[2] != conversation]
        heapq.heapify(self._coming)
        more = self._dice.random() < self._manner.again
        text = self._question() if more else self._dice.choice(self._manner.thanks)
        if not more:
            self._done.add(conversation)
        self._put(at + self._after(self._manner.reading), conversation, text)

    def _put(self, at: int, conversation: str, text: str) -> None:
        heapq.heappush(self._coming, (at, next(self._order), conversation, text))

    def _after(self, mean: float) -> int:
        return 1 + int(self._dice.expovariate(1 / mean))

    def _question(self) -> str:
        return dressed(self._dice.choice(self._questions), self._manner, self._dice)


def dressed(question: str, known: Manner, dice: random.Random) -> str:
    """The question as a buyer may put it: with a word before or after it."""
    before = dice.choice(known.openings) if dice.random() < known.dressed else ""
    after = dice.choice(known.tails) if dice.random() < known.dressed else ""
    return f"{before}{question}{after}"
