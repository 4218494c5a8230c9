"""I keep the demo shop: what it is, and its secrets, made once and kept in the data folder."""

from __future__ import annotations

import base64
import os
import secrets
from typing import TYPE_CHECKING

import msgspec

from bot import signature
from bot.config import Config, Server
from bot.shopfile import ShopConfig
from replies import DataError
from replies.guard import Allowance

if TYPE_CHECKING:
    from pathlib import Path

FILE = "demo.json"


class Demo(msgspec.Struct, frozen=True):
    """The demo shop's secrets: the only ones that are ever printed."""

    webhook_secret: str
    token: str

    def __repr__(self) -> str:
        """Without secrets."""
        return "Demo()"


def make(data: Path) -> Demo:
    """The secrets; made at the first start, readable by the owner only. Raises DataError."""
    file = data / FILE
    try:
        # Buyers' words are kept here: what is made, is made for the owner alone.
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.exists():
            return read(data)
        made = Demo(
            signature.PREFIX + base64.b64encode(secrets.token_bytes(32)).decode(),
            secrets.token_urlsafe(24),
        )
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(msgspec.json.encode(made))
    except OSError as error:
        raise DataError([f"{file}: {error.strerror}"]) from error
    return made


def read(data: Path) -> Demo:
    """The secrets of a demo that has been started. Raises DataError."""
    file = data / FILE
    try:
        known = msgspec.json.decode(file.read_bytes(), type=Demo)
        signature.secret(known.webhook_secret)
    except FileNotFoundError as error:
        raise DataError([f"{file}: does not exist; start the demo first (`make run`), or name its --data"]) from error
    except OSError as error:
        raise DataError([f"{file}: {error.strerror}"]) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise DataError([f"{file}: {error}; remove it to have new secrets made"]) from error
    return known


def config(server: Server, known: Demo) -> Config:
    """A 拼多多 shop with the library that comes with the program, and no callback."""
    shop = ShopConfig(
        id="demo",
        name="演示店铺",
        platform="pinduoduo",
        library=(),
        callback_url="",
        timezone="Asia/Shanghai",
        stages={},
        targets={},
        bars=None,
        allow=Allowance(),
        keys=(signature.secret(known.webhook_secret),),
        token=known.token,
    )
    return Config(server, (shop,))
