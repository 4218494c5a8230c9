"""I show the curator what is missing from the library and what is never used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import ledger, logs, zones
from bot.clock import SystemClock
from bot.gaps import gather, unanswered, uses
from bot.model import BuyerSaid
from bot.shop import trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from replies.match import Matcher

MOST = 40  # gaps shown
STALE = 60  # days without a pick after which a script is called stale


def gaps_of_logs(files: Iterable[Path], library: Path | None, timezone: str) -> Iterator[str]:
    """Lines on what the buyers of recorded conversations asked in vain. Raises DataError."""
    zone = zones.find(timezone, "--timezone")
    said = logs.read(list(files), zone)
    matcher = trial("any", [library] if library else [], timezone, targets=False).matcher
    yield from _gaps(matcher, [message.text for message in said if message.role == "buyer" and message.kind == "text"])


def gaps_of_server(only: str | None, config: Path | None, data: Path | None) -> Iterator[str]:
    """The same of what a server has heard, shop by shop, judged by today's library. Raises DataError."""
    for shop, store in ledger.opened(only, config, data):
        yield f"{shop.name}（{shop.id}）"
        facts = store.facts_between(shop.id, 0, int(SystemClock().now()) + 1)
        yield from _gaps(
            shop.matcher, [fact.text for fact in facts if isinstance(fact, BuyerSaid) and fact.kind == "text"]
        )


def _gaps(matcher: Matcher, asked: list[str]) -> Iterator[str]:
    missed = unanswered(matcher, asked)
    found = gather(missed)
    yield f"买家消息 {len(asked)} 条，没有合适话术的 {sum(missed.values())} 条，归为 {len(found)} 类"
    for gap in found[:MOST]:
        yield f"  {gap.word} {gap.asked} 次：{' ／ '.join(gap.examples)}"


def stats(only: str | None, config: Path | None, data: Path | None) -> Iterator[str]:
    """Lines on what scripts were used for: picked, edited, ignored, withdrawn, never, and not for long."""
    for shop, store in ledger.opened(only, config, data):
        today = shop.zone.local(int(SystemClock().now()))[0]
        picks = ((script, action, shop.zone.local(at)[0]) for script, action, at in store.uses(shop.id))
        found = uses(shop.matcher.library.scripts, picks)
        used = sorted((use for use in found if use.last is not None), key=lambda use: -(use.picked + use.edited))
        stale = [use for use in used if use.last is not None and today - use.last > STALE]
        never = [use for use in found if use.last is None]
        yield f"{shop.name}（{shop.id}）：话术 {len(found)} 条，用过 {len(used)}，从未用过 {len(never)}，{STALE} 天未用 {len(stale)}"
        yield from (
            f"  {use.script} {use.title}：采用 {use.picked}，改后用 {use.edited}，忽略 {use.ignored}，撤回 {use.withdrawn}"
            for use in used
        )
        yield from (f"  久未使用 {use.script} {use.title}" for use in stale)
        yield from (f"  从未使用 {use.script} {use.title}" for use in never)
