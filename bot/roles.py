"""I say which role may make which request."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from bot import strict
from replies import DataError

FILE = "bot/roles.toml"
WHOLE = "owner"  # the role of the token that every shop's config names


class Role(msgspec.Struct, frozen=True):
    """What somebody with such a token may ask. `own_name`: he speaks in the token's name alone."""

    title: str
    own_name: bool
    may: list[str]


@cache
def roles() -> dict[str, Role]:
    """All roles by name. Raises DataError with every mistake."""
    text = resources.files("bot").joinpath("roles.toml").read_text(encoding="utf-8")
    try:
        return read(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise DataError([f"{FILE}: {error}"]) from error


def read(table: dict[str, Any]) -> dict[str, Role]:
    """The roles of a table. Raises DataError with every mistake."""
    problems = [f"{key}: unknown key" for key in table if key != "roles"]
    given = table.get("roles")
    if not isinstance(given, dict) or WHOLE not in given:
        raise DataError([f"{FILE}: {problem}" for problem in (*problems, f"roles.{WHOLE}: is missing")])
    found = {name: strict.read(entry, Role, f"roles.{name}", problems) for name, entry in given.items()}
    whole = found[WHOLE]
    for name, role in found.items():
        if role is not None and whole is not None:
            unknown = [request for request in role.may if request not in whole.may]
            problems += [f"roles.{name}.may: {request!r} is nothing that {WHOLE} may" for request in unknown]
    if problems:
        raise DataError([f"{FILE}: {problem}" for problem in problems])
    return {name: role for name, role in found.items() if role is not None}


def may(role: str, request: str) -> bool:
    """May somebody with a token of this role ask that? A role that is not in the file may nothing."""
    known = roles().get(role)
    return known is not None and request in known.may
