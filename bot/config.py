"""I accept config.toml whole, or list all that is wrong with it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from bot import platforms, signature, strict
from replies import DataError
from replies.guard import Allowance

if TYPE_CHECKING:
    from collections.abc import Mapping

SHORTEST_TOKEN = 16


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """`[server]`. `inbox`: events that may wait for the engine before 503; `data`: folder of the database."""

    host: str = "127.0.0.1"
    port: int = 8787
    data: str = "data"
    inbox: int = 2000
    allow_private_callbacks: bool = False


class ShopTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[shops]]` as written. `allow`: what the guard lets this shop say although a rule would stop it."""

    id: str
    webhook_secrets: list[str]
    token: str
    platform: str = "any"
    name: str = ""
    library: list[str] = msgspec.field(default_factory=list)
    callback_url: str = ""
    timezone: str = "Asia/Shanghai"
    stages: dict[str, list[int]] = msgspec.field(default_factory=dict)
    allow: Allowance = Allowance()


class _File(msgspec.Struct, frozen=True):
    shops: tuple[ShopTable, ...]
    server: Server = msgspec.field(default_factory=Server)


class ShopConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One shop, secrets read. `library`: files and folders, empty for the one that comes with the program."""

    id: str
    name: str
    platform: str
    library: tuple[Path, ...]
    callback_url: str
    timezone: str
    stages: dict[str, tuple[int, ...]]
    allow: Allowance
    keys: tuple[bytes, ...]
    token: str

    def __repr__(self) -> str:
        """Without secrets."""
        return f"ShopConfig({self.id!r}, platform={self.platform!r})"


class Config(msgspec.Struct, frozen=True):
    """The server and its shops."""

    server: Server
    shops: tuple[ShopConfig, ...]


def load(file: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read a config file; raises DataError with one sentence for each thing wrong, naming the file and the key."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError([f"{file}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError([f"{file}: {error}"]) from error
    problems: list[str] = []
    read = strict.read(table, _File, "", problems)
    shops: list[ShopConfig] = []
    if read is not None:
        problems += _server(read.server)
        seen: set[str] = set()
        for position, shop in enumerate(read.shops):
            path = f"shops[{position}]"
            if shop.id in seen:
                problems.append(f"{path}.id: {shop.id!r} is taken by an earlier shop")
            seen.add(shop.id)
            shops.append(_shop(shop, path, file.parent, environment, problems))
        if not read.shops:
            problems.append("shops: at least one [[shops]] is needed")
    if problems or read is None:
        raise DataError([f"{file}: {problem}" for problem in problems])
    server = msgspec.structs.replace(read.server, data=str(file.parent / read.server.data))
    return Config(server, tuple(shops))


def _server(server: Server) -> list[str]:
    problems = []
    if not 0 <= server.port <= 65_535:
        problems.append("server.port: must lie between 0 and 65535")
    if server.inbox < 1:
        problems.append("server.inbox: must be at least 1")
    return problems


def _shop(shop: ShopTable, path: str, folder: Path, environment: Mapping[str, str], problems: list[str]) -> ShopConfig:
    if not shop.id.isascii() or not shop.id.replace("-", "").replace("_", "").isalnum() or len(shop.id) > 64:
        problems.append(f"{path}.id: 1 to 64 ascii letters, digits, - and _")
    if not shop.webhook_secrets:
        problems.append(f"{path}.webhook_secrets: at least one is needed")
    keys = tuple(
        key
        for position, given in enumerate(shop.webhook_secrets)
        if (key := _key(given, f"{path}.webhook_secrets[{position}]", folder, environment, problems)) is not None
    )
    token = _secret(shop.token, f"{path}.token", folder, environment, problems) or ""
    if token and len(token) < SHORTEST_TOKEN:
        problems.append(f"{path}.token: at least {SHORTEST_TOKEN} characters are needed")
    problems += [f"{path}.{problem}" for problem in _place(shop)]
    library = tuple(folder / entry for entry in shop.library)
    problems += [f"{path}.library: {entry} does not exist" for entry in library if not entry.exists()]
    return ShopConfig(
        id=shop.id,
        name=shop.name or shop.id,
        platform=shop.platform,
        library=library,
        callback_url=shop.callback_url,
        timezone=shop.timezone,
        stages={name: tuple(stages) for name, stages in shop.stages.items()},
        allow=shop.allow,
        keys=keys,
        token=token,
    )


def _place(shop: ShopTable) -> list[str]:
    """What is wrong with the platform, its stages, the time zone and the callback."""
    problems: list[str] = []
    try:
        ZoneInfo(shop.timezone)
    except (OSError, ValueError):
        problems.append(f"timezone: {shop.timezone!r} is not a time zone name (such as Asia/Shanghai)")
    if shop.callback_url:
        url = urlsplit(shop.callback_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            problems.append("callback_url: must be an http or https address")
        elif url.username or url.password:
            problems.append("callback_url: must not hold a user or password")
    if shop.platform not in platforms.names():
        return [*problems, f"platform: {shop.platform!r} is not one of {', '.join(platforms.names())}"]
    limits = {target.name: target.limit for target in platforms.load(shop.platform).targets}
    for name, stages in shop.stages.items():
        if name not in limits:
            problems.append(f"stages.{name}: {shop.platform} has no such target ({', '.join(limits) or 'none'})")
        else:
            problems += [f"stages.{problem}" for problem in platforms.stage_mistakes(name, tuple(stages), limits[name])]
    return problems


def _key(given: str, path: str, folder: Path, environment: Mapping[str, str], problems: list[str]) -> bytes | None:
    text = _secret(given, path, folder, environment, problems)
    if text is None:
        return None
    try:
        return signature.secret(text)
    except ValueError as error:
        problems.append(f"{path}: {error}")
        return None


def _secret(given: str, path: str, folder: Path, environment: Mapping[str, str], problems: list[str]) -> str | None:
    """The text behind "env:NAME" or "file:PATH"; None after a sentence."""
    source, _, name = given.partition(":")
    if source == "env" and name:
        if environment.get(name):
            return environment[name].strip()
        problems.append(f"{path}: the environment has no {name}")
    elif source == "file" and name:
        try:
            if text := (folder / name).read_text(encoding="utf-8").strip():
                return text
            problems.append(f"{path}: {folder / name} is empty")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path}: {folder / name} cannot be read: {error}")
    else:
        problems.append(f'{path}: secrets are written "env:NAME" or "file:PATH", never here')
    return None
