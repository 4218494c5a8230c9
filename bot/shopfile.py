"""I accept the `[[shops]]` of a config, each whole with its secrets, or list all that is wrong with them."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bot import address, inspecting, passes, platforms, robotfile, secret, signature, strict, zones
from bot.adapters import entrance
from bot.alerts import Robot
from bot.inspecting.rules import Weights
from bot.passes import Pass
from replies import DataError
from replies.guard import Allowance
from replies.odds import Bars

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.deadline import Target

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ShopTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[shops]]` as written.

    `targets`: changes of the platform's reply targets. `bars`: scores from which scripts are shown. `robots`: see bot.robotfile.RobotTable. `adapters`: see
    bot.adapters.entrance.AdapterTable. `allow`: what the guard lets this shop say although a rule would stop it. `rules`:
    files of the owner's own. `allow_override`: rules that block, and whose messages an agent may yet send by saying why.
    `tokens`: of agents, supervisors and tools, see bot.passes.TokenTable. `keep_days`: what is older is deleted; 0 never.
    """

    id: str
    webhook_secrets: list[str]
    token: str
    platform: str = "any"
    name: str = ""
    library: list[str] = msgspec.field(default_factory=list)
    callback_url: str = ""
    timezone: str = "Asia/Shanghai"
    stages: dict[str, list[int | float]] = msgspec.field(default_factory=dict)
    targets: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    tokens: list[Any] = msgspec.field(default_factory=list)
    robots: list[Any] = msgspec.field(default_factory=list)
    adapters: dict[str, Any] = msgspec.field(default_factory=dict)
    bars: Bars | None = None
    allow: Allowance = Allowance()
    rules: list[str] = msgspec.field(default_factory=list)
    allow_override: list[str] = msgspec.field(default_factory=list)
    keep_days: int = 0
    inspection: Weights = Weights()


class ShopConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One shop, secrets read. `library`: files and folders, empty for the one that comes with the program."""

    id: str
    name: str
    platform: str
    library: tuple[Path, ...]
    callback_url: str
    timezone: str
    stages: dict[str, tuple[int | float, ...]]
    targets: dict[str, dict[str, Any]]
    bars: Bars | None
    allow: Allowance
    keys: tuple[bytes, ...]
    token: str
    tokens: tuple[Pass, ...] = ()
    robots: tuple[Robot, ...] = ()
    adapters: dict[str, entrance.Entrance] = msgspec.field(default_factory=dict)
    rules: tuple[Path, ...] = ()
    allow_override: tuple[str, ...] = ()
    keep_days: int = 0
    inspection: Weights = Weights()

    def __repr__(self) -> str:
        """Without secrets."""
        return f"ShopConfig({self.id!r}, platform={self.platform!r})"


def shops(entries: object, folder: Path, environment: Mapping[str, str], problems: list[str]) -> tuple[ShopConfig, ...]:
    """The shops that are right; a sentence for each mistake of the others goes to `problems`."""
    if not isinstance(entries, list) or not entries:
        problems.append("shops: at least one [[shops]] is needed")
        return ()
    made: list[ShopConfig] = []
    ids: dict[str, str] = {}
    tokens: dict[bytes, str] = {}
    for position, entry in enumerate(entries):
        path = f"shops[{position}]"
        before = len(problems)
        given = strict.fields(entry, ShopTable, path, problems)
        token = _token(given, path, folder, environment, problems)
        problems += [f"{path}.id: {given['id']!r} is taken by {ids[given['id']]}"] if given.get("id") in ids else []
        # Whose request it is, is told by the token alone.
        read = partial(secret.read, folder=folder, environment=environment, problems=problems)
        issued = passes.read(given.get("tokens", []), f"{path}.tokens", read, problems)
        _differ([(path, passes.hashed(token))] if token else [], issued, tokens, problems)
        ids.setdefault(given.get("id", ""), path)
        problems += [f"{path}.{problem}" for problem in _mistakes(given, folder)]
        keys = _keys(given, path, folder, environment, problems)
        heard = robotfile.read(given.get("robots", ()), f"{path}.robots", _timed(given), read, problems)
        ways = entrance.enable(given.get("adapters", {}), f"{path}.adapters", folder, keys, read, problems)
        if len(problems) == before:
            shop = _shop(ShopTable(**given), keys, token, folder, heard, ways)
            made.append(msgspec.structs.replace(shop, tokens=tuple(held for _, held in issued)))
    problems += robotfile.clashes((shop.id, shop.robots) for shop in made)
    return tuple(made)


def _differ(
    first: list[tuple[str, bytes]], others: list[tuple[str, Pass]], known: dict[bytes, str], problems: list[str]
) -> None:
    """No token stands twice, in whichever shop; `known`: where each one stands."""
    for path, digest in [*first, *((path, held.digest) for path, held in others)]:
        problems += [f"{path}.token: is also that of {known[digest]}"] if digest in known else []
        known.setdefault(digest, path)


def _shop(
    shop: ShopTable,
    keys: tuple[bytes, ...],
    token: str,
    folder: Path,
    heard: tuple[Robot, ...],
    ways: dict[str, entrance.Entrance],
) -> ShopConfig:
    return ShopConfig(
        id=shop.id,
        name=shop.name or shop.id,
        platform=shop.platform,
        library=tuple(folder / entry for entry in shop.library),
        callback_url=shop.callback_url,
        timezone=shop.timezone,
        stages={name: tuple(stages) for name, stages in shop.stages.items()},
        targets=shop.targets,
        bars=shop.bars,
        allow=shop.allow,
        keys=keys,
        token=token,
        robots=heard,
        adapters=ways,
        rules=tuple(folder / entry for entry in shop.rules),
        allow_override=tuple(shop.allow_override),
        keep_days=shop.keep_days,
        inspection=_placed(shop.inspection, folder),
    )


def _placed(weights: Weights, folder: Path) -> Weights:
    """With its files found from the config's folder."""
    return msgspec.structs.replace(weights, files=tuple(str(folder / name) for name in weights.files))


def _timed(given: dict[str, Any]) -> list[Target] | None:
    """The targets of a shop that have a limit, with the shop's own stages; None if something is wrong with them."""
    try:
        read = platforms.load(given["platform"], given["targets"]).targets
    except (DataError, LookupError, OSError):
        return None
    changes = given.get("stages", {})
    return [
        msgspec.structs.replace(target, stages=platforms.leads(changes.get(target.name, target.stages), target.limit))
        for target in read
        if target.mean is None
    ]


def _mistakes(given: dict[str, Any], folder: Path) -> Iterator[str]:
    """What is wrong with a shop's values, of those that have the right type."""
    identity = given.get("id")
    if identity is not None and not _ID.fullmatch(identity):
        yield "id: 1 to 64 ascii letters, digits, - and _"
    if given.get("keep_days", 0) < 0:
        yield "keep_days: must be 0 (for ever) or a number of days"
    if given.get("webhook_secrets") == []:
        yield "webhook_secrets: at least one is needed"
    yield from _missing(given, folder)
    try:
        inspecting.load(_placed(given.get("inspection", Weights()), folder))
    except DataError as error:
        yield from error.problems
    if "timezone" in given:
        try:
            zones.find(given["timezone"], "timezone")
        except DataError as error:
            yield from error.problems
    if given.get("callback_url"):
        yield from address.mistakes("callback_url", given["callback_url"])
    if "platform" in given:
        yield from _clock(given["platform"], given.get("targets", {}), given.get("stages", {}))


def _missing(given: dict[str, Any], folder: Path) -> Iterator[str]:
    """Files and folders that a shop names and that are not there."""
    for key in ("library", "rules"):
        for entry in given.get(key, ()):
            if not (folder / entry).exists():
                yield f"{key}: {folder / entry} does not exist"


def _clock(platform: str, targets: dict[str, dict[str, Any]], stages: dict[str, list[int | float]]) -> Iterator[str]:
    """What is wrong with the platform, a shop's changes of its targets, and its stages."""
    if platform not in platforms.names():
        yield f"platform: {platform!r} is not one of {', '.join(platforms.names())}"
        return
    try:
        read = platforms.load(platform, targets)
    except DataError as error:
        yield from error.problems
        return
    limits = {target.name: target.limit for target in read.targets if target.mean is None}
    for name, given in stages.items():
        if name not in limits:
            yield f"stages.{name}: {platform} has no such target ({', '.join(limits) or 'none'})"
        else:
            yield from (f"stages.{name}: {problem}" for problem in platforms.stage_mistakes(tuple(given), limits[name]))


def _keys(
    given: dict[str, Any], path: str, folder: Path, environment: Mapping[str, str], problems: list[str]
) -> tuple[bytes, ...]:
    keys: list[bytes] = []
    for position, written in enumerate(given.get("webhook_secrets", ())):
        place = f"{path}.webhook_secrets[{position}]"
        text = secret.read(written, place, folder, environment, problems)
        try:
            keys += [signature.secret(text)] if text is not None else []
        except ValueError as error:
            problems.append(f"{place}: {error}")
    return tuple(keys)


def _token(given: dict[str, Any], path: str, folder: Path, environment: Mapping[str, str], problems: list[str]) -> str:
    if "token" not in given:
        return ""
    token = secret.read(given["token"], f"{path}.token", folder, environment, problems)
    return passes.checked(token, f"{path}.token", problems)
