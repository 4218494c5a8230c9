"""I take webhooks: verify the bytes, turn them into facts, and answer once they are durable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot import signature, wire
from bot.errors import BadSignature, Busy, Missing
from bot.web.app import LOOP, METRICS, SHOPS, answer, body_of

if TYPE_CHECKING:
    from aiohttp import web

    from bot.engine import Outcome
    from bot.model import AnyFact


async def webhook(request: web.Request) -> web.Response:
    """`POST /webhook/{shop}`: one event or a list, all or nothing."""
    loop, metrics = request.app[LOOP], request.app[METRICS]
    shop = request.app[SHOPS].get(request.match_info["shop"])
    if shop is None:
        raise Missing("no such shop")
    body = await body_of(request)
    try:
        delivery = signature.verify(request.headers, body, shop.keys, (loop.clock.world(), loop.clock.now()))
    except BadSignature:
        metrics.refused.labels("signature").inc()
        raise
    facts = wire.facts(wire.decode(body), wire.Arrival(shop.id, delivery, int(loop.clock.now())))
    known = [fact for fact in facts if fact is not None]
    outcomes = iter(await loop.submit(known) if known else [])
    results = [_result(fact, next(outcomes) if fact is not None else None) for fact in facts]
    if any(result is None for result in results):
        raise Busy("an event could not be decided; send it again")
    duplicates = sum("duplicate" in result for result in results if result)
    ignored = len(facts) - len(known)
    metrics.events.inc(len(known) - duplicates)
    metrics.duplicates.inc(duplicates)
    said = {"accepted": len(known) - duplicates, "duplicates": duplicates, "results": results}
    return answer(said | ({"ignored": ignored} if ignored else {}))


def _result(fact: AnyFact | None, outcome: Outcome | None) -> dict[str, Any] | None:
    if fact is None or outcome is None:
        return {"id": None, "ignored": True, "suggestions": []}
    if outcome.failed:
        return None
    offered = outcome.conversation.offered if outcome.conversation else ()
    result = {"id": getattr(fact, "id", None), "suggestions": offered}
    return result | ({"duplicate": True} if outcome.duplicate else {})
