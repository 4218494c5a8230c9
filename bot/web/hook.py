"""I take webhooks: verify the bytes, turn them into facts, and answer once they are durable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import signature, wire
from bot.adapters.fieldmap import PULL
from bot.adapters.schemes import Request
from bot.errors import BadSignature, Busy, Missing
from bot.web.app import HEADERS, LOOP, METRICS, SHOPS, WANTED, answer, body_of, limit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.adapters.entrance import Entrance
    from bot.engine import Outcome
    from bot.model import AnyFact
    from bot.ports import Store
    from bot.shop import Shop


async def webhook(request: web.Request) -> web.Response:
    """`POST /webhook/{shop}`: one event or a list, all or nothing. Most go a shorter way, see bot/web/quick.py."""
    shop, body = _shop(request), await body_of(request)
    return await _take(request, heard(request.app, shop, request.headers, body))


def heard(app: web.Application, shop: Shop, headers: Mapping[str, str], body: bytes) -> list[AnyFact | None]:
    """The facts of a delivery to a shop, None for an event that is none of ours. Raises WireError."""
    try:
        delivery = signature.verify(headers, body, shop.keys, _now(app))
    except BadSignature:
        app[METRICS].refused.labels("signature").inc()
        raise
    limit(app, "webhooks", shop.id)  # only now: who cannot sign uses nothing up
    arrival = wire.Arrival(shop.id, delivery, int(app[LOOP].clock.now()))
    return wire.facts(wire.decode(body), arrival)


async def adapted(request: web.Request) -> web.Response:
    """`POST /webhook/{shop}/{adapter}`: the same in a tool's own shape, signed as that tool signs."""
    shop = _shop(request)
    entrance, via = _entrance(request, shop), request.match_info["adapter"]
    body = await body_of(request, entrance.how.content_types)
    asked = _asked(request, body)
    try:
        opened = entrance.open(asked, _now(request.app))
    except BadSignature:
        request.app[METRICS].refused.labels("signature").inc()
        raise
    limit(request.app, "webhooks", shop.id)
    at = int(request.app[LOOP].clock.now())
    delivery, reading = entrance.read(opened, asked.headers, charset=request.charset or "", at=at, pulls=shop.pulls)
    if reading.answer is not None:
        return answer(reading.answer)
    if any(event["type"] == PULL for event in reading.events):
        return await _fetch(request, shop, reading.events)
    return await _take(
        request, wire.facts(reading.events, wire.Arrival(shop.id, delivery, at, placeless=True, via=via))
    )


async def _fetch(request: web.Request, shop: Shop, events: list[dict[str, Any]]) -> web.Response:
    """A tool says that messages wait: answered once that is durable; what fetches them comes by itself."""
    told = [event["data"] for event in events if event["type"] == PULL]

    def write(store: Store) -> None:
        for one in told:
            store.want_pull(shop.id, one["adapter"], one["account"], one["ticket"])

    await request.app[LOOP].write(write)
    request.app[WANTED].set()
    return answer({"accepted": len(told), "duplicates": 0, "results": []})


async def greeted(request: web.Request) -> web.Response:
    """`GET /webhook/{shop}/{adapter}`: a tool tries the address before it uses it."""
    entrance = _entrance(request, _shop(request))
    said = entrance.greet(_asked(request, b""), _now(request.app))
    if said is None:
        raise web.HTTPMethodNotAllowed("GET", ["POST"])
    return web.Response(body=said, headers=HEADERS, content_type="text/plain", charset="utf-8")


def _shop(request: web.Request) -> Shop:
    shop = request.app[SHOPS].get(request.match_info["shop"])
    if shop is None:
        raise Missing("no such shop")
    return shop


def _entrance(request: web.Request, shop: Shop) -> Entrance:
    entrance = shop.adapters.get(request.match_info["adapter"])
    if entrance is None:
        raise Missing("no such adapter, or the shop's config does not name it under [shops.adapters]")
    return entrance


def _asked(request: web.Request, body: bytes) -> Request:
    return Request(_first(request.headers, str.lower), _first(request.query, str), body)


def _first(pairs: Mapping[str, str], name: Any) -> dict[str, str]:  # noqa: ANN401 - str.lower or str
    """Of names that stand there twice, the first."""
    return {name(key): value for key, value in reversed(list(pairs.items()))}


def _now(app: web.Application) -> tuple[float, float]:
    clock = app[LOOP].clock
    return clock.world(), clock.now()


async def _take(request: web.Request, facts: list[AnyFact | None]) -> web.Response:
    known = [fact for fact in facts if fact is not None]
    outcomes = await request.app[LOOP].submit(known) if known else []
    return answer(told(request.app, facts, outcomes))


def told(app: web.Application, facts: Sequence[AnyFact | None], outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """What is answered to a delivery, of which the known facts had these outcomes. Raises Busy."""
    of = iter(outcomes)
    results = [_result(fact, next(of) if fact is not None else None) for fact in facts]
    if None in results:
        raise Busy("an event could not be decided; send it again")
    duplicates = sum("duplicate" in result for result in results if result)
    ignored = sum(fact is None for fact in facts)
    accepted = len(facts) - ignored - duplicates
    metrics = app[METRICS]
    metrics.events.inc(accepted)
    if duplicates:
        metrics.duplicates.inc(duplicates)
    said = {"accepted": accepted, "duplicates": duplicates, "results": results}
    return said | ({"ignored": ignored} if ignored else {})


def _result(fact: AnyFact | None, outcome: Outcome | None) -> dict[str, Any] | None:
    if fact is None or outcome is None:
        return {"id": None, "ignored": True, "suggestions": []}
    if outcome.failed:
        return None
    offered = outcome.conversation.offered if outcome.conversation else ()
    result = {"id": getattr(fact, "id", None), "suggestions": offered}
    if outcome.duplicate:
        result["duplicate"] = True
    return result
