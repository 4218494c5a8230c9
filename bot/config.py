"""I accept config.toml whole, or list all that is wrong with it."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bot import shopfile, strict
from bot.limits import Limits
from bot.limits import mistakes as limit_mistakes
from bot.shopfile import ShopConfig
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
    shops = shopfile.shops(table.get("shops", []), file.parent, environment, problems)
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
