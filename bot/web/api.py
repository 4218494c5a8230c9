"""I answer a shop's own programs: check, reply, feedback, scripts, conversations, rates."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import msgspec

from bot import outward, urgency, wire
from bot.errors import BadPayload, Busy, Conflict, Impossible, Missing
from bot.model import Action, Conversation, Drafted, Picked
from bot.talk import Circumstances, said_before
from bot.talk import circumstances as circumstances_of
from bot.web.access import named_by, shop_of
from bot.web.app import BOOKS, LOOP, METRICS, answer, body_of, path_id

if TYPE_CHECKING:
    from aiohttp import web

    from bot.figures import Rate
    from bot.model import AnyFact
    from bot.ports import Reply, Store
    from bot.shop import Shop

T = TypeVar("T")
MOST_WAITING = 500
MOST_MESSAGES = 500  # of a conversation in one answer
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
DAY_ZERO = date(1970, 1, 1).toordinal()


class _Check(msgspec.Struct):
    text: str
    conversation: str | int | None = None


class _Override(msgspec.Struct):
    reason: str


class _Reply(msgspec.Struct):
    id: str | int
    text: str
    agent: str | int | None = None
    script: str | None = None
    override: _Override | None = None


class _Feedback(msgspec.Struct):
    script: str
    action: Action
    agent: str | int | None = None


async def _read(request: web.Request, shape: type[T]) -> T:
    body = await body_of(request)
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise wire.refusal(error, "the body") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadPayload(f"the body: {error}") from error


async def check(request: web.Request) -> web.Response:
    """`POST .../check`: the guard's verdict on a text, after what the agent said before in the conversation."""
    shop, loop = shop_of(request), request.app[LOOP]
    asked = await _read(request, _Check)
    now = int(loop.clock.now())
    before, circumstances = [], Circumstances()
    if asked.conversation is not None:
        identity = str(asked.conversation)
        known = await loop.read(lambda store: store.conversation(shop.id, identity))
        if known:
            before, circumstances = said_before(known, now), circumstances_of(known, now, shop.zone)
    # Beside the event loop: a very long text must not make everybody wait.
    given = await asyncio.to_thread(shop.check, [*before, asked.text], circumstances)
    return answer(outward.verdict(given, overridable=shop.may_override(given)))


async def reply(request: web.Request) -> web.Response:
    """`POST .../replies`: guard a reply, and send or hold it."""
    shop, loop = shop_of(request), request.app[LOOP]
    asked = await _read(request, _Reply)
    identity, agent = wire.identity_of(asked.id, "id"), named_by(request, wire.named(asked.agent, "agent"))
    if asked.override is not None and not wire.visible(asked.override.reason):
        raise Impossible("override.reason: say why")
    now = int(loop.clock.now())
    fact = Drafted(
        shop=shop.id,
        key=f"draft:{uuid4().hex}",  # the reply's own row makes the same request harmless twice
        conversation=await _known(request, shop),
        at=now,
        arrived=now,
        id=identity,
        agent=agent,
        text=asked.text,
        script=asked.script or "",
        override=asked.override.reason.strip() if asked.override else "",
    )
    (outcome,) = await loop.submit([fact])
    if outcome.conflict:
        raise Conflict(outcome.conflict)
    if outcome.failed or outcome.reply is None:
        raise Busy("the reply could not be decided; nothing was sent")
    verdict = msgspec.json.decode(outcome.reply.verdict)
    request.app[METRICS].verdicts.labels(verdict["verdict"]).inc()
    state = "held" if outcome.reply.state == "held" else "queued"
    return answer({"state": state, **verdict})


async def _known(request: web.Request, shop: Shop) -> str:
    """The conversation in the path; 404 if no message of it was ever seen."""
    identity = path_id(request, "conversation")
    if await request.app[LOOP].read(lambda store: store.conversation(shop.id, identity)) is None:
        raise Missing("no such conversation")
    return identity


async def feedback(request: web.Request) -> web.Response:
    """`POST .../feedback`: what an agent did with a suggestion."""
    shop, loop = shop_of(request), request.app[LOOP]
    asked = await _read(request, _Feedback)
    if not shop.knows(asked.script):
        raise Impossible(f"script: the library has no {asked.script[:60]!r}")
    now = int(loop.clock.now())
    fact: AnyFact = Picked(
        shop=shop.id,
        key=f"picked:{uuid4().hex}",
        conversation=await _known(request, shop),
        at=now,
        arrived=now,
        script=asked.script,
        action=asked.action,
        agent=named_by(request, wire.named(asked.agent, "agent")),
    )
    (outcome,) = await loop.submit([fact])
    if outcome.failed:
        raise Busy("the feedback could not be kept; send it again")
    return answer({"recorded": True})


async def scripts(request: web.Request) -> web.Response:
    """`GET .../scripts?q=`: search the library."""
    shop = shop_of(request)
    query = request.query.get("q", "")
    if len(query) > 200:
        raise Impossible("q: at most 200 characters")
    found = await request.app[LOOP].think(lambda: shop.matcher.search(query))
    library = {"version": shop.matcher.library.version, "problems": shop.broken}
    return answer({"scripts": found, "library": library})


async def conversations(request: web.Request) -> web.Response:
    """`GET .../conversations`: who waits, most urgent first."""
    shop, loop = shop_of(request), request.app[LOOP]

    def ask(store: Store) -> list[Conversation]:
        return store.waiting(shop.id, MOST_WAITING)

    now = int(loop.clock.now())
    today = await _counted(request, shop, shop.zone.local(now)[0], now)
    ranked = urgency.rank(await loop.read(ask), shop.targets, today, now)
    return answer({"conversations": [_listed(urgent, shop, now) for urgent in ranked]})


async def _counted(request: web.Request, shop: Shop, day: int, now: int) -> list[Rate]:
    """The rates of a day; slice by slice, so that what else is asked of the store goes in between."""
    loop, book = request.app[LOOP], request.app[BOOKS].of(shop, day)
    while not await loop.read(book.advance):
        pass
    return await loop.read(lambda _: book.rates(now))


def _listed(urgent: urgency.Urgent, shop: Shop, now: int) -> dict[str, Any]:
    held, wait = urgent.conversation, urgent.wait
    last = next((message for message in reversed(held.messages) if message.role == "buyer"), None)
    return {
        "id": held.id,
        "buyer": {"id": held.buyer_id, "name": held.name or None},
        "agent": held.agent or None,
        "start": wire.iso(wait.start, shop.zone),
        "due": wire.iso(wait.due, shop.zone),
        "left_s": wait.due - now,
        "target": wait.target,
        "label": shop.label(wait.target),
        "missed": urgent.missed,
        "lost": urgent.lost,
        "why": urgent.why,
        "last": last.text if last else "",
        "waits": _waits(held, shop),
    }


def _waits(held: Conversation, shop: Shop) -> list[dict[str, Any]]:
    return [
        {
            "target": wait.target,
            "label": shop.label(wait.target),
            "start": wire.iso(wait.start, shop.zone),
            "due": wire.iso(wait.due, shop.zone),
            "missed": wait.missed,
            "lost": wait.lost,
            "warned": wait.given,
        }
        for wait in held.waits
        if wait.answered is None
    ]


async def conversation(request: web.Request) -> web.Response:
    """`GET .../conversations/{id}?limit=N&before=MESSAGE`: its latest messages or those before one, suggestions, context."""
    shop, loop = shop_of(request), request.app[LOOP]
    identity, limit = path_id(request, "conversation"), _limit(request)

    def ask(store: Store) -> tuple[Conversation | None, list[AnyFact], list[Reply]]:
        held = store.conversation(shop.id, identity)
        return held, list(store.facts_of(shop.id, identity)) if held else [], store.replies(shop.id, identity)

    held, facts, replies = await loop.read(ask)
    if held is None:
        raise Missing("no such conversation")
    return answer(
        {
            "id": held.id,
            "buyer": {"id": held.buyer_id, "name": held.name or None},
            "agent": held.agent or None,
            "context": held.context,
            **_page(outward.messages(facts, shop.zone), limit, request.query.get("before")),
            "suggestions": held.offered,
            "waits": _waits(held, shop),
            "replies": [_asked(one, shop) for one in replies],
        }
    )


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", str(MOST_MESSAGES))
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise BadPayload("limit: must be a number")
    if not 1 <= int(text) <= MOST_MESSAGES:
        raise Impossible(f"limit: must lie between 1 and {MOST_MESSAGES}")
    return int(text)


def _page(found: list[dict[str, Any]], limit: int, before: str | None) -> dict[str, Any]:
    """The last so many messages before one, or of all; `earlier` names that before which the others stand."""
    if before is not None:
        ids = [str(one["id"]) for one in found]
        if before not in ids:
            raise Missing("before: the conversation has no such message")
        found = found[: ids.index(before)]
    shown = found[-limit:]
    return {"messages": shown, "earlier": shown[0]["id"] if len(found) > limit else None}


def _asked(given: Reply, shop: Shop) -> dict[str, Any]:
    return {
        "id": given.id,
        "state": given.state,
        "agent": given.agent or None,
        "text": given.text,
        "at": wire.iso(given.at, shop.zone),
        "reason": given.reason or None,
        **msgspec.json.decode(given.verdict),
    }


async def rates(request: web.Request) -> web.Response:
    """`GET .../rates?day=YYYY-MM-DD`: today without a day."""
    shop, now = shop_of(request), int(request.app[LOOP].clock.now())
    day = shop.zone.local(now)[0]
    if (text := request.query.get("day")) is not None:
        if not _DAY.fullmatch(text):
            raise BadPayload("day: must be a date like 2026-11-21")
        try:
            day = date.fromisoformat(text).toordinal() - DAY_ZERO
        except ValueError as error:
            raise Impossible("day: there is no such day") from error
    found = await _counted(request, shop, day, now)
    return answer(
        {"day": date.fromordinal(day + DAY_ZERO).isoformat(), "targets": [outward.rate(one, shop) for one in found]}
    )
