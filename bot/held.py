"""I hold conversations decoded between their messages, in bounded room: whatever falls out is read again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Conversation

Place = tuple[str, str]  # shop and conversation

REMEMBERED = 20_000  # conversations
MESSAGES = 200_000  # their messages, some 300 bytes each: a busy conversation holds 120 of them, a usual one a dozen


class Held:
    """The conversations that were heard of last, as far as there is room. Not for two threads at a time."""

    def __init__(self, most: int | None = None) -> None:
        """None yet; there is room for `most`, or as many as are usual."""
        self._most = REMEMBERED if most is None else most
        self._kept: OrderedDict[Place, Conversation] = OrderedDict()
        self.messages = 0  # of all that are held

    def __len__(self) -> int:
        """How many conversations are held."""
        return len(self._kept)

    def get(self, place: Place) -> Conversation | None:
        """The conversation, if it is held."""
        return self._kept.get(place)

    def update(self, fresh: Mapping[Place, Conversation]) -> None:
        """Hold these too, each in the place of an older version; those heard of longest ago make room."""
        for place, conversation in fresh.items():
            self.drop(place)
            self._kept[place] = conversation
            self.messages += len(conversation.messages)
        while len(self._kept) > self._most or self.messages > MESSAGES:
            _, oldest = self._kept.popitem(last=False)
            self.messages -= len(oldest.messages)

    def drop(self, place: Place) -> None:
        """Hold it no longer."""
        before = self._kept.pop(place, None)
        if before is not None:
            self.messages -= len(before.messages)

    def clear(self) -> None:
        """Hold nothing."""
        self._kept.clear()
        self.messages = 0
