"""I delete what a shop keeps no longer than `keep_days`, a little at a time, so that nothing else has to wait.

Gone are facts, messages, events, pushes, dead letters, replies and the guard's record. What stays: waits that are still
open, with what belongs to them; phrasings that were learned; tokens and the audit log, which hold no buyer's words. A
message that comes again within `REFUSED` seconds of its deletion is a duplicate still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot.ports import Note

if TYPE_CHECKING:
    from bot.engine import Engine
    from bot.model import Conversation
    from bot.ports import OldFact, Store

DAY = 86_400
REFUSED = 7 * DAY
STEP = 200  # facts of one transaction, and rows of each other kind

_replace = msgspec.structs.replace


class Progress(NamedTuple):
    """How far a sweep of one shop has come. `after`: the last fact looked at; `deleted`: rows so far."""

    after: tuple[int, int] = (-(1 << 62), 0)
    deleted: int = 0
    done: bool = False


def step(engine: Engine, shop: str, before: int, progress: Progress) -> Progress:
    """Delete some of what is from before an instant, in one transaction. Raises StoreError."""
    store, now = engine.store, int(engine.clock.now())
    with store.transaction():
        facts = store.old_facts(shop, before, progress.after, STEP)
        deleted = _facts(engine, shop, before, facts)
        rest = store.forget_rest(shop, before, STEP)
        allowed = store.forget_gone(now, STEP)
        done = len(facts) < STEP and rest + allowed == 0
        if done and progress.deleted + deleted + rest:
            store.note(Note(now, shop, "", "store.forget", str(progress.deleted + deleted + rest)))
    after = (facts[-1].at, facts[-1].seq) if facts else progress.after
    return Progress(after, progress.deleted + deleted + rest, done)


def _facts(engine: Engine, shop: str, before: int, facts: list[OldFact]) -> int:
    store, now = engine.store, int(engine.clock.now())
    rooms: dict[str, tuple[Conversation | None, int]] = {}
    deleted = 0
    for fact in facts:
        if fact.conversation not in rooms:
            held = engine.conversation(shop, fact.conversation)
            rooms[fact.conversation] = held, _until(held, before)
        if fact.at < rooms[fact.conversation][1]:
            store.forget_fact(shop, fact, now + REFUSED)
            deleted += 1
    for name, (held, until) in rooms.items():
        _conversation(store, shop, name, held, until)
        engine.let_go(shop, name)
    return deleted


def _until(held: Conversation | None, before: int) -> int:
    """What of a conversation goes: what is from before this; an open wait that is not yet long lost stays whole."""
    open_waits = [wait.start for wait in held.waits if wait.answered is None and wait.due >= before] if held else []
    return min([before, *open_waits])


def _conversation(store: Store, shop: str, name: str, held: Conversation | None, until: int) -> None:
    store.forget_replies(shop, name, until)
    if held is None:
        return
    if not store.any_fact_of(shop, name):
        store.forget_conversation(shop, name)
        return
    changed = _replace(
        held,
        # Their words go; their instants stay as long as the conversation does, for its waits are counted from them.
        messages=tuple(_replace(one, text="") if one.at < until else one for one in held.messages),
        early=tuple(one for one in held.early if one.at >= until),
        queued=tuple(one for one in held.queued if one.at >= until),
    )
    if changed != held:
        urgent = [wait.due for wait in held.waits if wait.answered is None and not wait.missed]
        lost = [wait.due for wait in held.waits if wait.answered is None]
        store.keep(_replace(changed, version=held.version + 1), due=min(urgent or lost, default=None))
