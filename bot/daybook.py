"""I keep the counts of a day as its facts come, so that a reading costs what is new and what is open, not the whole day.

What is known of a conversation stands packed: what its older waits add up to, and what was told since. A fact that comes
late, or says more of what was added up already, has that conversation counted anew from the store.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from bot import deadline, history
from bot.cutting import Cut, cut
from bot.history import Given, Told
from bot.model import Message, Recalled, Settled
from bot.rates import window
from bot.sums import Sum
from bot.tally import Tally, closed, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.figures import Rate
    from bot.history import Line
    from bot.model import AnyFact, Wait
    from bot.ports import Store
    from bot.shop import Shop

SLICE = 5000  # facts that one step reads: some 50 ms
LONG, KEPT = 48, 16  # of what was told of a conversation so much makes it worth adding up, and so much stays
UNPLACED = 10_000  # recalls remembered that named a message nobody knows yet
DAYS = 2  # books of a shop that are kept open: today's, and one that somebody looks at

_replace = msgspec.structs.replace


class _Page(msgspec.Struct, frozen=True, array_like=True):
    """What is known of one conversation, up to the fact numbered `upto`.

    `cut`: the instant up to which waits are added up (`done`, one tally a target) and no longer told of; `before`,
    `given`, `settled`: see bot.history.line and bot.deadline. `since`: what the answered waits after it add up to.
    """

    upto: int = 0
    buyer: str = ""
    told: tuple[Told, ...] = ()
    cut: int | None = None
    before: Message | None = None
    given: Given | None = None
    settled: tuple[Settled | None, ...] = ()
    done: tuple[Tally, ...] = ()
    since: tuple[Tally, ...] = ()

    def with_more(self, more: Sequence[tuple[int, Told]]) -> _Page | None:
        """The page with what was told more, by number; None if the conversation must be counted anew for that."""
        buyer = self.buyer
        for _, one in more:
            buyer = one.who if one.what == "buyer" and one.who else buyer
            if self.cut is not None and not (one.at > self.cut and buyer == self.buyer and self._knows(one)):
                return None
        return _replace(self, upto=more[-1][0], buyer=buyer, told=(*self.told, *(one for _, one in more)))

    def _knows(self, one: Told) -> bool:
        """Can it be counted beside what is added up?"""
        match one.what:
            case "agent" | "delivered" | "failed":  # of a reply whose draft is no longer told of
                named = one.reply if one.what == "agent" else one.id
                return not named or any(each.what == "drafted" and each.id == named for each in self.told)
            case "given":  # the first one says of the waits before it that nobody had them
                heard = self.given is not None or any(each.what == "given" for each in self.told)
                return heard or not any(did.missed for done in self.done for did in done.did.values())
        return True


_EMPTY = _Page()
_decode = msgspec.msgpack.Decoder(_Page).decode
_encode = msgspec.msgpack.Encoder().encode


class Daybook:
    """The counts of one shop's day. Used by one thread at a time."""

    def __init__(self, shop: Shop, day: int) -> None:
        """`day`: local, a running number; 1970-01-01 is 0."""
        self.day, self.targets, self.zone = day, shop.targets, shop.zone
        self._shop, self._window = shop.id, window(shop.zone, day)
        self._sums = [Sum(target, shop.zone) for target in shop.targets]
        self._pages: dict[str, bytes] = {}
        self._unplaced: OrderedDict[str, None] = OrderedDict()
        self._upto: int | None = None

    def advance(self, store: Store) -> bool:
        """Count some of what was recorded since; True when that was all. Raises StoreError, and then it may be asked again."""
        end = store.last_fact()
        if self._upto is None:
            first = store.first_fact(self._shop, *self._window)
            self._upto = end if first is None else first - 1
        rows = store.facts_after(self._shop, self._upto, end, *self._window, SLICE)
        heard: dict[str, list[tuple[int, AnyFact]]] = {}
        for seq, fact in rows:
            if fact.conversation:
                heard.setdefault(fact.conversation, []).append((seq, fact))
            elif isinstance(fact, Recalled):
                self._unplaced[fact.id] = None
        while len(self._unplaced) > UNPLACED:
            self._unplaced.popitem(last=False)
        for conversation, facts in heard.items():
            self._hear(store, conversation, facts, end)
        self._upto = end if len(rows) < SLICE else rows[-1][0]
        return len(rows) < SLICE

    def rates(self, now: int) -> list[Rate]:
        """Every target of the shop on that day, seen at `now`; as bot.rates.of_day says of the facts counted so far."""
        return [one.rate(now) for one in self._sums]

    def _hear(self, store: Store, conversation: str, facts: Iterable[tuple[int, AnyFact]], end: int) -> None:
        packed = self._pages.get(conversation)
        page = _decode(packed) if packed is not None else _EMPTY
        more = [(seq, one) for seq, fact in facts if seq > page.upto and (one := history.told(fact)) is not None]
        if not more:
            return
        # A recall that came before its message is told of this conversation now, further up.
        placed = [one.id for _, one in more if one.what == "buyer" and one.id in self._unplaced]
        for identity in placed:
            del self._unplaced[identity]
        after = page.with_more(more) if not placed else None
        if after is None:
            every = store.facts_within(self._shop, conversation, *self._window, end)
            after = _EMPTY.with_more([(seq, one) for seq, fact in every if (one := history.told(fact)) is not None])
        if after is not None:
            self._put(conversation, page, after)

    def _put(self, conversation: str, before: _Page, page: _Page) -> None:
        """Count the page in the place of the one before."""
        ours = history.Ours()
        line = history.line(conversation, page.buyer, page.told, before=page.before, given=page.given, ours=ours)
        said = line.messages[page.before is not None :]
        settled = page.settled or (None,) * len(self.targets)
        waits = [deadline.waits(said, *each) for each in self._each(settled)]
        done = page.done or (Tally(),) * len(self.targets)
        if len(page.told) > LONG and (found := cut(page.told, said, waits, self.targets, ours, kept=KEPT)) is not None:
            page, done = self._folded(page, line, waits, done, found)
        recent = [[wait for wait in each if page.cut is None or wait.start > page.cut] for each in waits]
        since = tuple(self._tally(each, line, target) for each, target in zip(recent, self.targets, strict=True))
        page = _replace(page, done=done, since=since)
        for number, one in enumerate(self._sums):
            for old in (*before.done[number : number + 1], *before.since[number : number + 1]):
                one.add(conversation, before.buyer or conversation, old, -1)
            one.add(conversation, line.buyer, done[number])
            one.add(conversation, line.buyer, since[number])
            one.wait(line, (wait for wait in recent[number] if wait.answered is None and self._began(wait)))
        self._pages[conversation] = _encode(page)

    def _each(
        self, settled: Sequence[Settled | None]
    ) -> Iterable[tuple[deadline.Target, deadline.Zone, Settled | None]]:
        return ((target, self.zone, known) for target, known in zip(self.targets, settled, strict=True))

    def _folded(
        self, page: _Page, line: Line, waits: Sequence[Sequence[Wait]], done: Sequence[Tally], found: Cut
    ) -> tuple[_Page, tuple[Tally, ...]]:
        """The page without what is over, and what that adds up to."""
        old = found.messages
        settled = tuple(
            deadline.settle(old, (target,), zone, known)
            for target, zone, known in self._each(page.settled or (None,) * len(self.targets))
        )
        totals = []
        for target, each, before, known in zip(self.targets, waits, done, settled, strict=True):
            over = self._tally([wait for wait in each if wait.start <= found.at], line, target)
            totals.append(closed(before.plus(over), target, but=known.session))
        given = [one for one in line.given if one.at <= found.at]
        last = given[-1] if given else None
        return _replace(page, told=found.told, cut=found.at, before=old[-1], given=last, settled=settled), tuple(totals)

    def _tally(self, waits: Iterable[Wait], line: Line, target: deadline.Target) -> Tally:
        answered = (wait for wait in waits if wait.answered is not None and self._began(wait))
        return tally(answered, line, target, self.zone)

    def _began(self, wait: Wait) -> bool:
        return self.zone.local(wait.start)[0] == self.day


class Daybooks:
    """The books that are kept open."""

    def __init__(self) -> None:
        """None yet."""
        self._open: OrderedDict[tuple[str, int], Daybook] = OrderedDict()

    def of(self, shop: Shop, day: int) -> Daybook:
        """The book of a shop's day: one that is known, or a new one in the place of that which was not asked for longest."""
        place = shop.id, day
        book = self._open.pop(place, None)
        if book is None or book.targets is not shop.targets or book.zone is not shop.zone:
            book = Daybook(shop, day)
        self._open[place] = book
        others = [each for each in self._open if each[0] == shop.id]
        for each in others[:-DAYS]:
            del self._open[each]
        return book

    def close(self, shop: str) -> None:
        """What a shop's books count has changed in the store otherwise than by new facts."""
        for place in [place for place in self._open if place[0] == shop]:
            del self._open[place]
