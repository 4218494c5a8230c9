"""I check every data file and a config, and list all that is wrong."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from bot import adapters, buyers, inspecting, load, platforms, robots, roles, shop, weak, wire
from bot import config as configs
from bot.clock import SystemClock
from bot.deadline import Zone
from bot.insight import settings
from bot.logs import heads, mask, words
from replies import DataError, fill, library, policy
from replies import lint as linting
from replies.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


def everything(config: Path | None) -> list[str]:
    """Sentences on what is wrong; empty when all is well."""
    checks: list[Callable[[], object]] = [partial(platforms.load, name) for name in platforms.names()]
    checks += [partial(adapters.load, name) for name in adapters.names()]
    checks += [partial(policy.packs, name, afresh=True) for name in policy.PLATFORMS]
    checks += [partial(library.load, [shop.BUILT_IN]), robots.data, words.words, heads.load, mask.rules]
    checks += [inspecting.load, settings.load, load.every, buyers.manner]
    checks += [roles.roles, weak.rules]
    if config is not None:
        checks.append(lambda: shop.assemble(configs.load(config)))
    found = [problem for check in checks for problem in _problems(check)]
    return list(dict.fromkeys(found))


def risky(config: Path) -> list[str]:
    """Sentences on secrets and entrances of a config in which nothing else is wrong. Raises DataError."""
    return list(weak.warnings(configs.table_of(config), config, configs.load(config).server.host))


def _problems(check: Callable[[], object]) -> Iterator[str]:
    try:
        check()
    except DataError as error:
        yield from error.problems


def lint(path: Path | None, day: str | None) -> list[linting.Problem]:
    """What is wrong with a library, its texts checked by every platform's rules. Raises DataError if it cannot be read."""
    try:
        day = date.fromisoformat(day).isoformat() if day else None
    except ValueError as error:
        raise DataError([f"--day: {day!r} is not a date like 2026-11-21"]) from error
    read = library.load([path or shop.BUILT_IN])
    on = [name for name in policy.PLATFORMS if name != "any"]
    today = day or wire.iso(SystemClock().now(), Zone("Asia/Shanghai"))[:10]
    return linting.problems(read, day=today, forbidden=forbidding(on), platforms=on)


def forbidding(on: Sequence[str]) -> Callable[[str, str], list[str]]:
    """What says in sentences why a text may not be sent on one of the platforms `on`."""
    guards = {name: Guard(policy.packs(name)) for name in on}

    # A script is judged as a buyer would read it: with every variable filled.
    examples = {name: variable.example for name, variable in fill.variables().items()}

    def forbidden(text: str, platform: str) -> list[str]:
        filled, _ = fill.fill(text, examples)
        return [f"{finding.reason}「{finding.excerpt}」" for finding in guards[platform].check([filled]).findings]

    return forbidden
