"""I keep what happened, once each, and find it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.model import AnyFact
from bot.store.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_fact = msgspec.json.Decoder(AnyFact)
_encoder = msgspec.json.Encoder()


class FactRows(Statements):
    """The table `fact`. Writes stand inside the store's transaction."""

    def record(self, facts: Sequence[AnyFact]) -> list[bool]:
        """Keep the facts, in their order; for each False if its key was known in this shop."""
        rows = [(fact.shop, fact.key, fact.conversation, fact.at, _encoder.encode(fact).decode()) for fact in facts]
        last = self._one("last_fact") if len(rows) > 1 else None
        if self._many("record", rows) == len(rows):
            return [True] * len(rows)
        new = set(self._rows("facts_since", last or 0)) if len(rows) > 1 else set()
        kept = []
        for fact in facts:
            place = fact.shop, fact.key
            kept.append(place in new)
            new.discard(place)  # what comes twice among them is new once
        return kept

    def conversation_of(self, shop: str, key: str) -> str | None:
        """The conversation of the fact with this key."""
        found: str | None = self._one("conversation_of", shop, key)
        return found

    def any_unplaced(self, shop: str) -> bool:
        """Is there a change whose conversation is not known yet?"""
        return self._one("any_unplaced", shop) is not None

    def unplaced(self, shop: str, start: str, end: str) -> list[AnyFact]:
        """Those with a key from `start` up to, and without, `end`, in the order of arrival."""
        return [_fact.decode(body) for (body,) in self._rows("unplaced", shop, start, end)]

    def place(self, fact: AnyFact) -> None:
        """Keep a recorded fact anew: its conversation is known now."""
        self._do("place", fact.conversation, _encoder.encode(fact).decode(), fact.shop, fact.key)

    def facts_of(self, shop: str, conversation: str) -> Iterator[AnyFact]:
        """All facts of a conversation in the order of arrival."""
        for (body,) in self._rows("facts_of_conversation", shop, conversation):
            yield _fact.decode(body)

    def facts_between(self, shop: str, start: int, end: int) -> Iterator[AnyFact]:
        """Facts of a shop with start <= at < end, conversation by conversation."""
        for (body,) in self._rows("facts_between", shop, start, end):
            yield _fact.decode(body)

    def last_fact(self) -> int:
        """The number of the last fact; 0 when there is none."""
        return int(self._one("last_fact") or 0)

    def first_fact(self, shop: str, start: int, end: int) -> int | None:
        """The lowest number of a shop's facts with start <= at < end."""
        seq: int | None = self._one("first_fact", shop, start, end)
        return seq

    def facts_after(
        self, shop: str, after: int, upto: int, start: int, end: int, limit: int
    ) -> list[tuple[int, AnyFact]]:
        """Facts numbered above `after` and not above `upto`, with start <= at < end, in the order of their numbers."""
        rows = self._rows("facts_after", shop, after, upto, start, end, limit)
        return [(seq, _fact.decode(body)) for seq, body in rows]

    def facts_within(
        self, shop: str, conversation: str, start: int, end: int, upto: int
    ) -> Iterator[tuple[int, AnyFact]]:
        """A conversation's facts numbered not above `upto`, with start <= at < end, in the order of their numbers."""
        for seq, body in self._rows("facts_within", shop, conversation, start, end, upto):
            yield seq, _fact.decode(body)
