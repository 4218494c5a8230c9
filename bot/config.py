"""I accept config.toml whole, or list all that is wrong with it."""

from __future__ import annotations

import os
import re
import tomllib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bot import address, inspecting, passes, platforms, robots, secret, signature, strict, zones
from bot.adapters import entrance
from bot.alerts import Robot
from bot.inspecting.rules import Weights
from bot.limits import Limits
from bot.limits import mistakes as limit_mistakes
from bot.passes import Pass
from replies import DataError
from replies.guard import Allowance
from replies.odds import Bars

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.deadline import Target

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """`[server]`. `inbox`: events that may wait for the engine before 503; `data`: folder of the database.

    `meaning`: compare by sentence vectors too (extra `semantic`): finds more, for 1 to 2 ms a message and 130 MB.
    `reload`: every so many seconds script files, the config and the curator's judgements are looked at; 0 only at a start.
    `log`: how lines of the log are written, on stderr.
    """

    host: str = "127.0.0.1"
    port: int = 8787
    data: str = "data"
    inbox: int = 2000
    allow_private_callbacks: bool = False
    meaning: bool = False
    reload: float = 2.0
    log: Literal["text", "json"] = "text"


class ShopTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[shops]]` as written.

    `targets`: changes of the platform's reply targets. `bars`: scores from which scripts are shown. `robots`: see bot.robots.RobotTable. `adapters`: see
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


class Config(msgspec.Struct, frozen=True):
    """The server and its shops."""

    server: Server
    shops: tuple[ShopConfig, ...]
    limits: Limits = Limits()


def load(file: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read a config file; raises DataError with one sentence for each thing wrong, naming the file and the key."""
    return accept(table_of(file), file, environment)


def table_of(file: Path) -> dict[str, Any]:
    """The file as TOML, not yet looked at. Raises DataError."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError([f"{file}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError([f"{file}: {error}"]) from error


def files_of(table: object, folder: Path) -> list[Path]:
    """The files that a config names, as far as they are there: secrets, rules, maps, libraries of one file."""
    if isinstance(table, dict):
        return [file for each in table.values() for file in files_of(each, folder)]
    if isinstance(table, list):
        return [file for each in table for file in files_of(each, folder)]
    if not isinstance(table, str) or not table:
        return []
    file = folder / table.removeprefix("file:")
    try:
        return [file] if file.is_file() else []
    except (OSError, ValueError):  # no name that a file could have
        return []


def accept(table: dict[str, Any], file: Path, environment: Mapping[str, str]) -> Config:
    """The config that stands in `table`, read from `file`. Raises DataError as `load` does."""
    problems = [f"{key}: unknown key" for key in table if key not in ("server", "limits", "shops")]
    server = _server(table.get("server", {}), problems)
    limits = strict.read(table.get("limits", {}), Limits, "limits", problems) or Limits()
    problems += limit_mistakes(limits)
    shops = _shops(table.get("shops", []), file.parent, environment, problems)
    if problems:
        raise DataError([f"{file}: {problem}" for problem in problems])
    return Config(msgspec.structs.replace(server, data=str(file.parent / server.data)), shops, limits)


def _server(table: object, problems: list[str]) -> Server:
    server = Server(**strict.fields(table, Server, "server", problems))
    if not server.host.strip():
        problems.append("server.host: is empty")
    if not 0 <= server.port <= 65_535:
        problems.append("server.port: must lie between 0 and 65535")
    if not 0 <= server.reload <= 3600:
        problems.append("server.reload: must lie between 0 and 3600 seconds")
    if server.inbox < 1:
        problems.append("server.inbox: must be at least 1")
    return server


def _shops(
    entries: object, folder: Path, environment: Mapping[str, str], problems: list[str]
) -> tuple[ShopConfig, ...]:
    if not isinstance(entries, list) or not entries:
        problems.append("shops: at least one [[shops]] is needed")
        return ()
    shops: list[ShopConfig] = []
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
        heard = robots.read(given.get("robots", ()), f"{path}.robots", _timed(given), read, problems)
        ways = entrance.enable(given.get("adapters", {}), f"{path}.adapters", folder, keys, read, problems)
        if len(problems) == before:
            made = _shop(ShopTable(**given), keys, token, folder, heard, ways)
            shops.append(msgspec.structs.replace(made, tokens=tuple(held for _, held in issued)))
    problems += robots.clashes((shop.id, shop.robots) for shop in shops)
    return tuple(shops)


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
