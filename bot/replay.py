"""I ask: what would we have done? Recorded conversations through the same engine, on a clock that only they move.

What happens is told to observers, plain functions that are called with each record in its turn:

    Began                    once: the shop, and whether the log has times
    Played | Rang  ...       each message of the log, and each alarm, in the order of time
    Ended  ...               each conversation once, by id: its messages and their inspection (质检)
    Rated                    once: the reply rates

The fields of the records stand in bot/played.py: of a message what was offered for it and what stood there before, what
the guard found (held or warned), the clocks of its conversation, the events it caused. A replay remembers none of them:
what an observer wants to keep it keeps itself. The summary (bot/summary.py) is one, the comparison of two replays
(bot/compare.py) another.
"""

from __future__ import annotations

from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Any, Self

import msgspec

from bot import history, inspecting, talk, wire
from bot.logrates import LogRates
from bot.model import AgentSaid, BuyerSaid, RobotSaid, SystemSaid
from bot.played import Began, Ended, Played, Rang, Rated
from bot.store.fleeting import FleetingStore
from bot.virtual import VirtualDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bot.logs import Said
    from bot.model import AnyFact
    from bot.played import Observer, Record, Told
    from bot.ports import Event
    from bot.shop import Shop

    SaidFact = BuyerSaid | AgentSaid | RobotSaid | SystemSaid

# A log without times is played one message a second from here; nothing is then said about time.
UNTIMED_START = wire.EARLIEST
_EVERY = 512  # messages between two words about progress
_RINGS = ("deadline.warning", "deadline.missed")
_UNREAD = frozenset({"suggestion.created"})  # what is offered stands in the conversation
_HELD = 500  # conversations that the engine holds decoded; its store here holds more of them as they are


class Replay:
    """One run over one log, told to observers; a context manager that lets go of the store, which is in a temporary file."""

    def __init__(self, shop: Shop, observers: Sequence[Observer], *, timed: bool) -> None:
        """Without times (`timed` False) the shop must have no targets."""
        self.shop, self._observers = shop, observers
        self._driver = VirtualDriver({shop.id: shop}, self._hear, store=FleetingStore(), held=_HELD, unread=_UNREAD)
        self._heard: list[tuple[str, Told]] | None = None  # what the message now applied causes
        self._number = 0
        self._inspector = inspecting.Inspector(inspecting.load(shop.inspection), shop.zone, timed=timed)
        self._tell(Began(shop, timed))

    def put(self, said: Said) -> None:
        """Play the next message; logs are played in the order of time."""
        fact = _fact(self.shop.id, said, UNTIMED_START + self._number)
        self._driver.move_to(fact.arrived, including=False)
        before = self._driver.engine.conversation(self.shop.id, fact.conversation)
        self._heard = []
        outcome = self._driver.apply(fact)
        heard, self._heard = self._heard, None
        played = Played(self._number, fact, before, outcome.conversation)
        self._number += 1
        if outcome.duplicate or outcome.failed:
            self._tell(played._replace(before=None, duplicate=outcome.duplicate, failed=outcome.failed))
            return
        ours = isinstance(fact, AgentSaid | RobotSaid)
        self._tell(
            played._replace(
                turn=tuple(talk.open_turn(before)) if before is not None and isinstance(fact, AgentSaid) else (),
                findings=tuple(
                    finding for kind, told in heard if kind == "violation.seen" for finding in told["findings"]
                ),
                events=tuple(one for one in heard if one[0] != "violation.seen"),
                asked=isinstance(fact, BuyerSaid) and fact.kind == "text" and bool(fact.text.strip()),
                checked=ours and bool(fact.text),
            )
        )

    def finish(self) -> Iterator[None]:
        """After the last message: run the clock on until no alarm is armed, then tell how all ended.

        Yields after each conversation, so that several replays can be finished side by side.
        """
        self._driver.finish()
        rates = LogRates(self.shop.targets, self.shop.zone)
        facts = self._driver.engine.store.facts_between(self.shop.id, 0, 1 << 60)
        for conversation, happened in groupby(facts, key=_conversation):
            held = list(happened)
            for line in history.lines(held):
                rates.hear(line)
            self._tell(self._ended(conversation, held))
            yield
        self._tell(Rated(tuple(rates.rates(int(self._driver.clock.now())))))

    def close(self) -> None:
        """Let go of the store."""
        self._driver.close()

    def __enter__(self) -> Self:
        """The replay itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the store."""
        self.close()

    def _tell(self, record: Record) -> None:
        for observer in self._observers:
            observer(record)

    def _hear(self, event: Event) -> None:
        if event.type in _UNREAD:
            return
        if self._heard is not None:
            self._heard.append((event.type, msgspec.json.decode(event.data)))
        elif event.type in _RINGS:
            self._tell(Rang(event.type, event.conversation, msgspec.json.decode(event.data)))

    def _ended(self, conversation: str, facts: Iterable[AnyFact]) -> Ended:
        said = [fact for fact in facts if isinstance(fact, BuyerSaid | AgentSaid | RobotSaid | SystemSaid)]
        said.sort(key=lambda fact: fact.at)
        buyer = next((fact.buyer for fact in said if isinstance(fact, BuyerSaid) and fact.buyer), conversation)
        return Ended(conversation, buyer, tuple(said), self._inspector.inspect(said))


def play(said: Iterable[Said], runs: Sequence[Replay], *, progress: Callable[[int], None]) -> None:
    """Play the messages through one replay or, side by side, through several; `progress` hears how many are done."""
    position = -1
    for position, message in enumerate(said):
        for run in runs:
            run.put(message)
        if position % _EVERY == 0:
            progress(position)
    for _ in zip_longest(*(run.finish() for run in runs)):
        pass
    progress(position + 1)


def facts(shop: str, said: Iterable[Said]) -> Iterator[AnyFact]:
    """The messages as a replay plays them."""
    return (_fact(shop, one, UNTIMED_START + number) for number, one in enumerate(said))


def _fact(shop: str, said: Said, position: int) -> SaidFact:
    at = position if said.at is None else said.at
    base: dict[str, Any] = {
        "shop": shop,
        "key": f"message.created:{said.id}",
        "conversation": said.conversation,
        "at": at,
        "arrived": at,
        "id": said.id,
        "text": said.text,
        "kind": said.kind,
    }
    match said.role:
        case "buyer":
            return BuyerSaid(**base, buyer=said.buyer, context=said.context)
        case "agent":
            return AgentSaid(**base, agent=said.agent)
        case "robot":
            return RobotSaid(**base)
        case "system":
            return SystemSaid(**base)


def _conversation(fact: AnyFact) -> str:
    return fact.conversation
