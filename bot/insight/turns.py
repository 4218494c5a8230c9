"""I put together what a buyer asked, what was offered for it, and all that the agent answered, until the buyer goes on."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from bot.model import AgentSaid, BuyerSaid
from bot.played import Ended, Played, Rated

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.model import Message
    from bot.played import Record
    from replies.match import Suggestion


class Answered(NamedTuple):
    """A turn of the buyer's that an agent answered.

    `asked`: its messages, oldest first. `offered`: what stood there when the first answer was sent, at `at`; `answers`: the
    agent's texts until the buyer wrote again; `message`: the id of the first, `agent`: whose it was.
    """

    conversation: str
    asked: tuple[Message, ...]
    offered: tuple[Suggestion, ...]
    answers: tuple[str, ...]
    at: int
    message: str
    agent: str


class Turns:
    """An observer that tells each answered turn once it is whole; holds the last answer of so many conversations."""

    def __init__(self, tell: Callable[[Answered], None], most: int) -> None:
        """`tell` is called with each turn; beyond `most` open ones the oldest is told as it is."""
        self._tell, self._most = tell, most
        self._open: OrderedDict[str, Answered] = OrderedDict()

    def __call__(self, record: Record) -> None:
        """Hear the next record."""
        match record:
            case Played(fact=AgentSaid() as fact) if not record.duplicate:
                self._answer(record, fact)
            case Played(fact=BuyerSaid(conversation=conversation)) if not record.duplicate:
                self._close(conversation)
            case Ended() | Rated():
                while self._open:
                    self._tell(self._open.popitem(last=False)[1])

    def _answer(self, played: Played, fact: AgentSaid) -> None:
        known = self._open.get(fact.conversation)
        if known is not None:
            self._open[fact.conversation] = known._replace(answers=(*known.answers, fact.text))
        elif played.turn:
            turn, stood = played.turn, played.stood
            self._open[fact.conversation] = Answered(
                fact.conversation, turn, stood, (fact.text,), fact.at, fact.id, fact.agent
            )
            if len(self._open) > self._most:
                self._tell(self._open.popitem(last=False)[1])

    def _close(self, conversation: str) -> None:
        turn = self._open.pop(conversation, None)
        if turn is not None:
            self._tell(turn)
