"""I seat a shop for a replay: by platform and library, or as a config has it, without its secrets."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot import blind
from bot.shop import build, paths_of, trial
from replies import DataError, library
from replies.match import Matcher

if TYPE_CHECKING:
    from pathlib import Path

    from bot.shop import Shop


class Wanted(NamedTuple):
    """As whom a log is played.

    `config`: a file, and then `only` names one of its shops (None: the first). Without one, `platform` and `timezone`
    hold. `library` takes the place of the shop's own. `targets` False: nothing is said about time.
    """

    config: Path | None
    only: str | None
    platform: str
    library: Path | None
    timezone: str
    targets: bool


def seat(wanted: Wanted) -> Shop:
    """The shop. Raises DataError."""
    if wanted.config is None:
        return trial(
            wanted.platform, [wanted.library] if wanted.library else [], wanted.timezone, targets=wanted.targets
        )
    shops = blind.load(wanted.config).shops
    found = next((shop for shop in shops if wanted.only in (None, shop.id)), None)
    if found is None:
        known = ", ".join(shop.id for shop in shops)
        raise DataError([f"--shop: {wanted.config} has no shop {wanted.only!r} ({known})"])
    if wanted.library is not None:
        found = msgspec.structs.replace(found, library=(wanted.library,))
    shop = build(found, Matcher(library.load(paths_of(found))))
    if not wanted.targets:
        shop.targets, shop.timed = (), False
    return shop


def other(wanted: Wanted, path: Path, shop: Shop) -> Shop:
    """The shop to compare `shop` with: `path` is another library for the same one, with its guard, or a config.

    Raises DataError.
    """
    if _is_config(path):
        return seat(wanted._replace(config=path, library=None))
    found = seat(wanted._replace(library=path))
    found.guard = shop.guard
    return found


def _is_config(path: Path) -> bool:
    try:
        return path.suffix == ".toml" and "shops" in tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):  # whoever reads it next says what is wrong with it
        return False
