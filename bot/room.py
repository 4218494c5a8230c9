"""I am the room in which somebody chats: time runs, buyers come, facts go in, and what follows from them is told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from rich.text import Text

from bot import model, wire
from bot.talk import most_urgent
from bot.told import labels, left, told
from bot.virtual import VirtualDriver

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.buyers import Buyers, Coming
    from bot.engine import Outcome
    from bot.ports import Clock, Event
    from bot.recorder import Recorder
    from bot.shop import Shop

TALK = "c-1"
# What the closing line counts: its word, by the type of event.
COUNTED = {
    "message.sent": "发出回复",
    "draft.held": "拦下或提醒",
    "deadline.warning": "超时预警",
    "deadline.missed": "超时",
}


class Room:
    """Conversations with their store in memory. Time runs with `clock`, and on by what is skipped.

    `prefill`: what the next line typed is to begin with, for who types to change it.
    """

    def __init__(
        self,
        shop: Shop,
        clock: Clock,
        say: Callable[[Text], None],
        *,
        buyers: Buyers | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """`say` is given every line for the terminal. Everything happens on the thread that makes it.

        `buyers` come by themselves; `recorder` is told everything that is done and what came of it.
        """
        self.shop, self._clock, self._say = shop, clock, say
        self._named = labels()
        self._driver = VirtualDriver({shop.id: shop}, self._hear)
        self._buyers, self._recorder = buyers, recorder
        self._count = self._skipped = 0
        self._talks = {TALK: "小买"} if buyers is None else {}
        self._here = TALK
        self._held: dict[str, tuple[model.Drafted, str]] = {}  # of each conversation, with the better wording
        self._heard: list[Event] = []
        self._counts: Counter[str] = Counter()
        self.prefill = ""

    def close(self) -> None:
        """Let what is recorded be finished, and forget all of it."""
        if self._recorder is not None:
            self._say = lambda _line: None  # nobody was there when the rest rang
            self._driver.finish()
            self._recorder.finish(self._driver)
        self._driver.close()

    def tick(self) -> None:
        """Let buyers come whose time it is, and what has become due ring, each at its own time."""
        now = self._now()
        while self._buyers is not None and (at := self._buyers.next()) is not None and at <= now:
            self._comes(self._buyers.take())
        self._driver.move_to(now)
        if heard := self._taken():
            self._tell_recorder(now, None, None, heard)

    def prompt(self) -> str:
        """The time, which conversation, and how long the buyer's most urgent wait has left."""
        now = self._now()
        stamp = wire.iso(now, self.shop.zone)[11:19]
        place = list(self._talks).index(self._here) + 1 if self._here in self._talks else 0
        where = f"{place}/{len(self._talks)} {self._talks[self._here]} " if len(self._talks) > 1 and place else ""
        return f"{stamp} {where}{self._countdown(self._here, now)}› "

    def mood(self) -> str:
        """How the prompt looks: "late" after the most urgent wait of this buyer, "soon" after a stage, "calm"."""
        held = self._conversation(self._here)
        urgent = most_urgent(held) if held else None
        if urgent is None:
            return "calm"
        if self._now() > urgent.due:
            return "late"
        return "soon" if urgent.given or urgent.due - self._now() <= 30 else "calm"

    def summary(self) -> str:
        """What there was, in a line."""
        counts = [f"{word} {self._counts[kind]} 次" for kind, word in COUNTED.items() if self._counts[kind]]
        offered = f"给出话术 {self._counts['offered']} 次，采用 {self._counts['picked']} 次"
        return "，".join([f"本场：会话 {len(self._talks)} 个，买家消息 {self._counts['asked']} 条", offered, *counts])

    def _hint(self, words: str) -> None:
        self._say(Text(words, style="dim"))

    def _now(self) -> int:
        return int(self._clock.now()) + self._skipped

    def _conversation(self, identity: str) -> model.Conversation | None:
        return self._driver.engine.conversation(self.shop.id, identity)

    def _countdown(self, identity: str, now: int) -> str:
        held = self._conversation(identity)
        urgent = most_urgent(held) if held else None
        if urgent is None:
            return ""
        label = self._named.get(urgent.target, urgent.target)
        return f"〔{label} {'已超时' if now > urgent.due else '剩 ' + left(urgent.due - now)}〕"

    def _fact(self, *, at: int | None = None, talk: str = "") -> dict[str, Any]:
        self._count += 1
        now = self._now() if at is None else at
        place = {"conversation": talk or self._here, "at": now, "arrived": now}
        return {"shop": self.shop.id, "key": f"typed:{self._count}", **place}

    def _put(self, fact: model.AnyFact) -> Outcome:
        outcome = self._driver.put(fact)
        self._tell_recorder(fact.at, fact, outcome, self._taken())
        return outcome

    def _taken(self) -> list[Event]:
        heard, self._heard = self._heard, []
        return heard

    def _tell_recorder(self, at: int, fact: model.AnyFact | None, outcome: Outcome | None, heard: list[Event]) -> None:
        if self._recorder is not None:
            self._recorder.step(at, fact, outcome, heard)

    def _comes(self, coming: Coming) -> None:
        """A buyer who comes by himself writes."""
        if not self._talks:
            self._here = coming.conversation
        self._talks.setdefault(coming.conversation, coming.buyer)
        stamp, place = wire.iso(coming.at, self.shop.zone)[11:19], list(self._talks).index(coming.conversation) + 1
        words = coming.text or f"［{coming.kind}］"
        self._say(Text.assemble((f"{stamp} ", "dim"), (f"［{place}］{coming.buyer}：", "bold magenta"), words))
        fact = self._fact(at=coming.at, talk=coming.conversation)
        self._counts["asked"] += 1
        outcome = self._put(
            model.BuyerSaid(**fact, id=f"m{self._count}", text=coming.text, kind=coming.kind, buyer=coming.buyer)
        )
        if coming.conversation != self._here and outcome.conversation and outcome.conversation.offered:
            self._hint(f"  有 {len(outcome.conversation.offered)} 条话术，/c {place} 切过去看")

    def _hear(self, event: Event) -> None:
        self._heard.append(event)
        data = msgspec.json.decode(event.data)
        offer = event.type == "suggestion.created"
        self._counts["offered" if offer else event.type] += not offer or bool(data["suggestions"])
        if not offer or event.conversation == self._here:
            self._show(event.type, data, event.at)

    def _show(self, kind: str, data: dict[str, Any], at: int) -> None:
        for line in told(kind, data, wire.iso(at, self.shop.zone)[11:19], self._named):
            self._say(line)
