"""I rank a log's questions beside: what is offered follows from the log and from what was learned of it before.

The helper plays the log without the guard, and learns from what agents picked; it need not be told any of that. Here
nothing is learned then, only noted: should the two ever differ, which a fact that breaks deciding may bring about, all of
it is learned at once, and the shop goes on by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.aside.helper import Helper, name
from bot.pile import Pile
from bot.ports import Act
from bot.store.fleeting import FleetingStore
from bot.virtual import VirtualDriver
from replies.guard import Verdict
from replies.suggestion import Ranking, Suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from bot.aside.helper import Hand
    from bot.model import AnyFact
    from bot.shop import Shop
    from replies.match import Matcher

Offer = tuple[Suggestion, ...]
_ALLOW = Verdict("allow", None, ())


def begin(shop: Shop, facts: Callable[[], Iterable[AnyFact]]) -> Helper[Offer]:
    """A helper that ranks what buyers ask in `facts`."""
    return Helper(lambda hand: _rank(shop, facts, hand), Offer)


class Ahead:
    """The shop's suggestions, as far as the helper has them."""

    def __init__(self, shop: Shop, helper: Helper[Offer]) -> None:
        """`shop` has learned nothing yet."""
        self._shop, self._helper = shop, helper
        self._acts: Pile[Act] = Pile(Act)
        self._alone = False

    def suggest(
        self,
        turn: Sequence[str],
        context: Mapping[str, str],
        *,
        before: Sequence[str] = (),
        sent: Collection[str] = (),
        at: int,
    ) -> Offer:
        """As the shop's own, see there."""
        if not self._alone:
            found = self._helper.take(_name(turn, context, before, sent, at))
            if found is not None:
                return found
            self.go_on()
        return self._shop.suggest(turn, context, before=before, sent=sent, at=at)

    def learn(self, act: Act) -> None:
        """As the shop's own, see there: for later."""
        if self._alone:
            self._shop.learn(act)
        else:
            self._acts.add(act)

    def rank(self, turn: Sequence[str]) -> Ranking:
        """Of the whole library as it is now: the helper's has learned."""
        if not self._alone:
            found = self._helper.ask(list(turn))
            if found is not None:
                return Ranking(below=found)
            self.go_on()
        return self._shop.matcher.rank(turn)

    def go_on(self) -> None:
        """From here on without the helper."""
        self._alone = True
        for act in self._acts:
            self._shop.learn(act)
        self._acts.close()


class Far:
    """The matcher of a shop whose learning is done beside, as far as a replay asks it."""

    def __init__(self, matcher: Matcher, ahead: Ahead) -> None:
        """`matcher`: as it was before the log."""
        self._matcher, self._ahead = matcher, ahead

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever else the matcher has
        return getattr(self._matcher, attribute)

    def rank(self, turn: Sequence[str]) -> Ranking:
        """The scripts for a turn, those shown and those below alike: who asks here wants the nearest."""
        return self._ahead.rank(turn)


class _Mute:
    """A guard that lets everything pass: no offer hangs on it."""

    watches = False

    def __init__(self, version: str) -> None:
        self.version = version

    def check(self, *_: object, **__: object) -> Verdict:
        return _ALLOW


def _rank(shop: Shop, facts: Callable[[], Iterable[AnyFact]], hand: Hand[Offer]) -> None:
    shop.guard = _Mute(shop.guard.version)  # type: ignore[assignment]  # has what a shop asks of a guard
    suggest = shop.suggest

    def say(
        turn: Sequence[str], context: Mapping[str, str], *, before: Sequence[str], sent: Collection[str], at: int
    ) -> Offer:
        offer = suggest(turn, context, before=before, sent=sent, at=at)
        hand.say(_name(turn, context, before, sent, at), offer)
        return offer

    shop.suggest = say  # type: ignore[method-assign,assignment]  # asked by deciding alone, and in this way
    driver = VirtualDriver({shop.id: shop}, lambda _event: None, store=FleetingStore())
    for fact in facts():
        driver.put(fact)
    for question in hand.questions(list[str]):
        ranking = shop.matcher.rank(question)
        hand.say(b"", (*ranking.shown, *ranking.below))
        hand.over()


def _name(
    turn: Sequence[str], context: Mapping[str, str], before: Sequence[str], sent: Collection[str], at: int
) -> bytes:
    return name(turn, context, before, sorted(sent), at)
