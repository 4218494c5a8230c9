"""I time requests, for Prometheus: cheaply, for the busiest of them come thousands of times a second."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
_NAMES = [*map(str, BOUNDS), "+Inf"]
ENDLESS = "/api/shops/{shop}/events"  # how long somebody listens says nothing
TIMING: web.AppKey[Timing] = web.AppKey("timing")

Kind = tuple[str, str, str]  # method, route, class of status


class _Times:
    def __init__(self) -> None:
        self.counts = [0] * len(_NAMES)
        self.total = 0.0


class Timing(Collector):
    """How long requests took, by method, route (as a template: no id of anybody) and class of status."""

    def __init__(self) -> None:
        """None yet."""
        self._times: dict[Kind, _Times] = {}

    def note(self, kind: Kind, seconds: float) -> None:
        """One request."""
        times = self._times.get(kind)
        if times is None:
            times = self._times[kind] = _Times()
        times.counts[bisect_left(BOUNDS, seconds)] += 1
        times.total += seconds

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """One family."""
        labels = ["method", "route", "status"]
        family = HistogramMetricFamily("kuaihui_request_seconds", "From a request to its answer", labels=labels)
        for kind, times in sorted(self._times.items()):
            upto, buckets = 0, []
            for name, count in zip(_NAMES, times.counts, strict=True):
                upto += count
                buckets.append((name, float(upto)))
            family.add_metric(list(kind), buckets, times.total)
        yield family


@web.middleware
async def timed(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Note how long the request took. The shortest way (bot/web/quick.py) notes its own."""
    aio = asyncio.get_running_loop()
    began = aio.time()
    answer = await handler(request)
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    if route != ENDLESS:
        method = request.method if resource is not None else "any"  # else everybody may make up a label
        request.app[TIMING].note((method, route, f"{answer.status // 100}xx"), aio.time() - began)
    return answer
