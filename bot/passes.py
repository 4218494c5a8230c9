"""I read the tokens that a shop's config names beside its first one: who may ask as what."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot import roles, strict, wire
from bot.errors import WireError

if TYPE_CHECKING:
    from collections.abc import Callable

SHORTEST = 16  # characters of a token
LONGEST_NAME = 64


class TokenTable(msgspec.Struct, frozen=True):
    """`[[shops.tokens]]` as written."""

    role: str
    name: str
    token: str


class Pass(NamedTuple):
    """Who asks: a token of a role, and whose it is; "" of the one that stands for the shop. Never the token itself."""

    role: str
    name: str
    digest: bytes


def hashed(token: str) -> bytes:
    """What is kept of a token: SHA-256, which is enough for what nobody can guess."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def read(
    given: object, path: str, secret: Callable[[str, str], str | None], problems: list[str]
) -> list[tuple[str, Pass]]:
    """Each token's place and what is kept of it. `secret` reads one from where it may stand."""
    if not isinstance(given, list):
        problems.append(f"{path}: must be a list of tables, each under [[{path}]]")
        return []
    found: list[tuple[str, Pass]] = []
    for position, entry in enumerate(given):
        place = f"{path}[{position}]"
        table = strict.read(entry, TokenTable, place, problems)
        if table is None:
            continue
        problems += [f"{place}.{problem}" for problem in mistakes(table.role, table.name)]
        token = checked(secret(table.token, f"{place}.token"), f"{place}.token", problems)
        if token:
            found.append((place, Pass(table.role, table.name, hashed(token))))
    return found


def mistakes(role: str, name: str) -> list[str]:
    """What is wrong with a role or the name of whoever has it."""
    known = roles.roles()
    found = [] if role in known else [f"role: {role!r} is not one of {', '.join(known)}"]
    try:
        right = bool(name.strip()) and len(name) <= LONGEST_NAME and wire.named(name, "name") == name
    except WireError:
        right = False
    return found if right and name.isprintable() else [*found, f"name: 1 to {LONGEST_NAME} characters are needed"]


def checked(token: str | None, path: str, problems: list[str]) -> str:
    """The token; "" after a sentence if it cannot be one."""
    if token and not (len(token) >= SHORTEST and token.isascii() and token.isprintable() and " " not in token):
        problems.append(f"{path}: at least {SHORTEST} ascii characters without spaces are needed")
    return token or ""


def owner(token: str) -> Pass:
    """What is kept of the token that every shop has: it may everything that can be asked."""
    return Pass(roles.WHOLE, "", hashed(token))
