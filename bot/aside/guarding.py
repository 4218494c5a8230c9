"""I check a log's messages beside: what the guard says of them follows from the log alone, never from what was offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.aside.helper import Helper, name
from bot.store.fleeting import FleetingStore
from bot.virtual import VirtualDriver
from replies.guard import Verdict
from replies.suggestion import Ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.aside.helper import Hand
    from bot.model import AnyFact
    from bot.shop import Shop
    from replies.guard import Guard


def begin(shop: Shop, facts: Callable[[], Iterable[AnyFact]]) -> Helper[Verdict]:
    """A helper that checks what the shop says in `facts`."""
    return Helper(lambda hand: _check(shop, facts, hand), Verdict)


class Ahead:
    """The guard, as far as the helper has not been asked already; whoever asks otherwise than the log asks the guard."""

    def __init__(self, guard: Guard, helper: Helper[Verdict]) -> None:
        """`helper` checks with the same guard."""
        self._guard, self._helper = guard, helper

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever else the guard has
        return getattr(self._guard, attribute)

    def check(
        self, messages: Sequence[str], *, hour: int | None = None, unanswered: int = 0, theirs: Sequence[str] = ()
    ) -> Verdict:
        """As the guard's own, see there."""
        known = self._helper.take(name(messages, hour, unanswered, theirs))
        return known or self._guard.check(messages, hour=hour, unanswered=unanswered, theirs=theirs)


class Twice:
    """A guard that two replays of one log ask side by side: the second has the answer of the first."""

    def __init__(self, guard: Guard) -> None:
        """Nothing asked yet."""
        self._guard = guard
        self._asked: tuple[object, ...] | None = None
        self._said = Verdict("allow", None, ())

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever else the guard has
        return getattr(self._guard, attribute)

    def check(
        self, messages: Sequence[str], *, hour: int | None = None, unanswered: int = 0, theirs: Sequence[str] = ()
    ) -> Verdict:
        """As the guard's own, see there."""
        asked = (tuple(messages), hour, unanswered, tuple(theirs))
        if asked != self._asked:
            self._said = self._guard.check(messages, hour=hour, unanswered=unanswered, theirs=theirs)
            self._asked = asked
        return self._said


class _Noted:
    """The guard of the helper: what it says goes over."""

    def __init__(self, guard: Guard, hand: Hand[Verdict]) -> None:
        self._guard, self._hand = guard, hand

    watches = False  # what is only noted needs no second look

    def check(
        self, messages: Sequence[str], *, hour: int | None = None, unanswered: int = 0, theirs: Sequence[str] = ()
    ) -> Verdict:
        verdict = self._guard.check(messages, hour=hour, unanswered=unanswered, theirs=theirs)
        self._hand.say(name(messages, hour, unanswered, theirs), verdict)
        return verdict

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever else the guard has
        return getattr(self._guard, attribute)


class _Silent:
    """A matcher that offers nothing."""

    def __init__(self, library: object) -> None:
        self.library = library

    def rank(self, *_: object, **__: object) -> Ranking:
        return Ranking()


def _check(shop: Shop, facts: Callable[[], Iterable[AnyFact]], hand: Hand[Verdict]) -> None:
    shop.guard = _Noted(shop.guard, hand)  # type: ignore[assignment]  # has what a shop asks of a guard
    shop.matcher = _Silent(shop.matcher.library)  # type: ignore[assignment]  # has what a shop asks of a matcher
    driver = VirtualDriver({shop.id: shop}, lambda _event: None, store=FleetingStore())
    for fact in facts():
        driver.put(fact)
    hand.over()
