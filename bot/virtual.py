"""I let time pass without waiting: the engine on a clock that moves only from fact to fact and alarm to alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.clock import VirtualClock
from bot.engine import Engine, Outcome
from bot.store import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from bot.model import AnyFact
    from bot.ports import Event, Store
    from bot.shop import Shop


class VirtualDriver:
    """Facts go in with their own times; every feed row comes out through `tell`, in order."""

    def __init__(
        self,
        shops: Mapping[str, Shop],
        tell: Callable[[Event], None],
        *,
        file: Path | None = None,
        store: Store | None = None,
        held: int | None = None,
        unread: Collection[str] = (),
    ) -> None:
        """`store`, or one in `file`, or without either in memory; `close` closes it. Raises bot.store.StoreError.

        `held`, `unread`: see bot.engine.Engine.
        """
        self.clock = VirtualClock()
        self.engine = Engine(store or SQLiteStore(file), shops, self.clock, held=held, unread=unread)
        self._tell, self._shops = tell, shops

    def put(self, fact: AnyFact) -> Outcome:
        """Ring every alarm due before the fact's arrival, then apply it: facts of an instant come before its alarms."""
        self.move_to(fact.arrived, including=False)
        return self.apply(fact)

    def apply(self, fact: AnyFact) -> Outcome:
        """Apply a fact for which the clock has been moved already."""
        (outcome,) = self.engine.apply([fact])
        self._pass_on()
        return outcome

    def move_to(self, at: int, *, including: bool = True) -> None:
        """Let the time pass until `at`, ringing what is due before it, or `including` it."""
        while (alarm := self.engine.store.next_alarm()) is not None and (alarm <= at if including else alarm < at):
            self.clock.move_to(alarm)
            self.engine.fire()
            self._pass_on()
        self.clock.move_to(at)

    def jump(self, at: int) -> None:
        """The clock says `at` at once: it was set, or we slept; what is due by then rings now."""
        self.clock.jump(at)
        while self.engine.fire():
            self._pass_on()

    def restart(self) -> None:
        """As after a kill: what the store does not know is forgotten."""
        self.engine = Engine(self.engine.store, self._shops, self.clock)

    def finish(self) -> None:
        """Run on until no alarm is armed."""
        while (alarm := self.engine.store.next_alarm()) is not None:
            self.move_to(alarm)

    def close(self) -> None:
        """Let go of the store."""
        self.engine.store.close()

    def _pass_on(self) -> None:
        for event in self.engine.told:
            self._tell(event)
        self.engine.told = []
