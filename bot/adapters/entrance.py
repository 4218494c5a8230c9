"""I am a tool's way into one shop: its map, whose signature is believed, and whether unsigned requests are taken."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from bot import adapters, address, strict
from bot.adapters import reader, schemes, wecom
from bot.adapters.fieldmap import Map
from bot.adapters.outmap import Out
from bot.adapters.schemes import Key, Opened, Request
from bot.errors import BadSignature, Forbidden
from bot.wire import LONGEST_ID
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

SAME = 60  # seconds in which the very same body without a delivery's id is the same delivery


class OutTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[shops.adapters.NAME.out]` as written. `values`: what the map needs to know beside its address and a token."""

    token: str
    url: str = ""
    values: dict[str, str] = msgspec.field(default_factory=dict)


class AdapterTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[shops.adapters.NAME]` as written. `map`: a field map of one's own; else NAME is one that comes with us.

    `out`: with it the tool is told of events; without it nothing is sent there.
    """

    secrets: list[str] = msgspec.field(default_factory=list)
    unsigned: bool = False
    map: str = ""
    out: OutTable | None = None


class Entrance(msgspec.Struct, frozen=True):
    """`keys`: of the shop's secrets, any of which may sign. `unsigned`: requests without a signature are taken too.

    `out`: how the tool is told of our events, where the shop's config says so.
    """

    how: Map
    keys: tuple[Key, ...]
    unsigned: bool = False
    out: Out | None = None

    def __repr__(self) -> str:
        """Without secrets."""
        return f"Entrance({self.how.name!r})"

    def open(self, request: Request, now: Iterable[float]) -> Opened:
        """The request, if it may be believed. Raises BadSignature, and Forbidden for an unsigned one of a web page.

        `now`: the instants, in unix seconds, of which any may be the present.
        """
        signature = self.how.signature
        if self.unsigned and not (self.keys and schemes.marked(signature, request)):
            if "origin" in request.headers:  # any page that an agent opens could make her browser send one
                raise Forbidden("an unsigned request is not taken from a web page")
            return schemes.unsigned(signature, request)
        return schemes.verify(signature, request, self.keys, now)

    def greet(self, request: Request, now: Iterable[float]) -> bytes | None:
        """What a tool wants to hear that tries the address with GET; None if it does not. Raises BadSignature."""
        if self.how.signature.scheme != "wecom":
            return None
        if not self.keys:
            raise BadSignature("this shop has no secret for it")
        schemes.timely(request.query.get("timestamp", ""), "timestamp", self.how.signature, now)
        return wecom.greeting(request.query, [one for one in self.keys if isinstance(one, wecom.Key)])

    def read(
        self,
        opened: Opened,
        headers: Mapping[str, str],
        *,
        charset: str,
        at: int,
        pulls: frozenset[str] = frozenset(),
    ) -> tuple[str, reader.Reading]:
        """The delivery's id and its events, `at` being the present. Raises BadPayload or Impossible.

        `pulls`: the adapters through which the shop fetches messages itself.
        """
        delivery = opened.delivery
        if not (delivery and delivery.isprintable() and len(delivery) <= LONGEST_ID):
            # A tool that names no delivery repeats its bytes within seconds; much later they are said anew.
            delivery = f"{hashlib.sha256(opened.body).hexdigest()[:32]}-{at // SAME}"
        return delivery, reader.read(self.how, opened.body, reader.Arrived(headers, delivery, charset, pulls))


def enable(
    tables: Mapping[str, Any],
    path: str,
    folder: Path,
    shared: tuple[bytes, ...],
    secret: Callable[[str, str], str | None],
    problems: list[str],
) -> dict[str, Entrance]:
    """A shop's adapters by name; mistakes go to `problems`, beginning with `path`.

    `shared`: keys of the shop's webhook secrets, which sign as Standard Webhooks where an adapter has none of its own.
    `secret` reads what is written as "env:NAME" or "file:PATH" at a place.
    """
    made: dict[str, Entrance] = {}
    for name, table in tables.items():
        place = f"{path}.{name}"
        written = strict.read(table, AdapterTable, place, problems)
        how = _map(name, written, folder, place, problems) if written is not None else None
        if written is None or how is None:
            continue
        before = len(problems)
        keys = _keys(how, written, place, secret, problems)
        if not keys and how.signature.scheme == "standard" and not written.unsigned:
            keys = shared
        if not keys and not written.unsigned and len(problems) == before:
            problems.append(f"{place}.secrets: at least one is needed; or say unsigned = true, and anybody may write")
        out = _out(how, written.out, f"{place}.out", secret, problems) if written.out is not None else None
        made[name] = Entrance(how, keys, written.unsigned, out)
    return made


def _out(
    how: Map, written: OutTable, place: str, secret: Callable[[str, str], str | None], problems: list[str]
) -> Out | None:
    """The way out to a tool; None after saying what is wrong with it."""
    token = secret(written.token, f"{place}.token")
    if how.out is None:
        problems.append(f"{place}: the map {how.name} has no way out: answers go through callback_url")
        return None
    url = written.url or how.out.url
    problems += [f"{place}.{problem}" for problem in address.mistakes("url", url)]
    needed = frozenset(how.out.needs)
    problems += [f"{place}.values.{name}: is missing" for name in sorted(needed - written.values.keys())]
    problems += [f"{place}.values.{name}: unknown key" for name in sorted(written.values.keys() - needed)]
    return Out(how.out, url.rstrip("/"), {**written.values, "token": token or ""})


def _map(name: str, written: AdapterTable, folder: Path, place: str, problems: list[str]) -> Map | None:
    try:
        if written.map:
            return adapters.read_file(folder / written.map)
        if name in adapters.names():
            return adapters.load(name)
    except DataError as error:
        problems += [f"{place}.map: {problem}" for problem in error.problems]
        return None
    problems.append(f"{place}: no such adapter ({', '.join(adapters.names())}); or name a map of your own: map = FILE")
    return None


def _keys(
    how: Map, written: AdapterTable, place: str, secret: Callable[[str, str], str | None], problems: list[str]
) -> tuple[Key, ...]:
    keys: list[Key] = []
    for position, entry in enumerate(written.secrets):
        at = f"{place}.secrets[{position}]"
        text = secret(entry, at)
        try:
            keys += [schemes.key(how.signature, text)] if text is not None else []
        except ValueError as error:
            problems.append(f"{at}: {error}")
    return tuple(keys)
