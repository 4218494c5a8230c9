"""I am the words of a tool's field map: where each of our fields stands in what the tool sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import msgspec

from bot.adapters.schemes import Signature
from bot.deadline import Zone
from bot.model import Kind

if TYPE_CHECKING:
    from bot.adapters.outmap import OutMap  # noqa: TC004 - a Map is never decoded, and that imports this

Scalar = str | int | float | bool
IGNORED = "ignored"
PULL = "pull"  # no event: something is to be fetched
ROLES = ("buyer", "agent", "robot", "system")
_MESSAGE = {"id", "conversation", "at", "timestamp"}
# The fields of each event that the contract has; buyer_id and buyer_name are the parts of buyer.
FIELDS: dict[str, frozenset[str]] = {
    "message.created": frozenset(
        _MESSAGE
        | {"role", "text", "kind", "buyer", "buyer_id", "buyer_name", "agent", "reply_id", "assisted", "pending"}
        | {"context"}
    ),
    "message.recalled": frozenset(_MESSAGE | {"revision"}),
    "message.failed": frozenset(_MESSAGE | {"reply_id", "sent", "reason"}),
    "message.edited": frozenset(_MESSAGE | {"text", "revision"}),
    "conversation.closed": frozenset(_MESSAGE),
    "conversation.assigned": frozenset(_MESSAGE | {"agent"}),
    "order.updated": frozenset(_MESSAGE | {"context"}),
}
NEEDED = {"message.created": ("conversation", "role"), "message.recalled": ("id",), "message.edited": ("id", "text")}
CHOICES: dict[str, tuple[str, ...]] = {"role": ROLES, "kind": get_args(Kind)}
TIMES = ("at", "timestamp")


class Path(NamedTuple):
    """Where something stands. `root`: "" the message, "$body" the whole payload, "$header", or "$delivery"."""

    root: str
    steps: tuple[str, ...]

    @property
    def name(self) -> str:
        """As it is written."""
        return ".".join(part for part in (self.root, *self.steps) if part)


class Condition(msgspec.Struct, frozen=True):
    """All of it must be true: these equal one of the texts, those equal none, and these are there and not empty."""

    when: tuple[tuple[Path, frozenset[str]], ...] = ()
    unless: tuple[tuple[Path, frozenset[str]], ...] = ()
    has: tuple[Path, ...] = ()


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """One way to find a field's value; see README.md. Exactly one of `path`, `join` and `constant` is given."""

    path: Path | None = None
    where: tuple[tuple[Path, Path], ...] = ()
    pick: Path | None = None
    join: tuple[tuple[Path, ...], ...] = ()
    by: str = ":"
    constant: Scalar | None = None
    values: dict[str, Scalar] | None = None
    other: Scalar | None = None
    unit: str = ""
    condition: Condition = Condition()


Field = tuple[Alternative, ...]


class Pulled(NamedTuple):
    """A payload only says that messages wait: with which adapter's way out they are fetched, whose, and by which ticket."""

    adapter: str
    account: Path
    ticket: Path


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a payload that fits `condition` becomes: an event of `type`, nothing (IGNORED), or a refusal.

    `pull`: it is no refusal where the shop fetches what the payload tells of.
    """

    condition: Condition
    type: str
    refuse: str
    pull: Pulled | None = None
    go_on: bool
    fields: dict[str, Field]
    context: dict[str, Field]


class Handshake(msgspec.Struct, frozen=True):
    """What a tool sends to try the address, and what it wants to hear."""

    condition: Condition
    answer: dict[str, Path]


class Map(msgspec.Struct, frozen=True, kw_only=True):
    """A tool's field map, checked. `zone`: of times without an offset; `out`: how it is told of our events."""

    name: str
    title: str
    encoding: str
    content_types: tuple[str, ...]
    inside: Path | None
    messages: Path | None
    history: bool
    unpack: tuple[Path, ...]
    unused: tuple[str, ...]
    zone: Zone
    signature: Signature
    handshake: Handshake | None
    rules: tuple[Rule, ...]
    out: OutMap | None = None

    def places(self) -> list[str]:
        """Every place of a payload that the map speaks of, entries of lists as "[]"."""
        outer = self.inside.name if self.inside is not None else ""
        inner = _inside(outer, f"{self.messages.name}[]") if self.messages is not None else outer
        told: list[Rule | Handshake | Alternative] = [
            *self.rules,
            *([self.handshake] if self.handshake is not None else []),
        ]
        found = [path for one in told for path in _of(one)]
        return [_inside("" if path.root == "$body" else inner, _plain(path)) for path in found] + [
            _inside(place, name) for name in self.unused for place in dict.fromkeys(("", outer, inner))
        ]


def _inside(outer: str, name: str) -> str:
    return f"{outer}.{name}" if outer else name


def _plain(path: Path) -> str:
    return ".".join("[]" if step.isdecimal() else step for step in path.steps).replace(".[]", "[]")


def _of(one: Rule | Handshake | Alternative) -> list[Path]:
    """The paths of payloads that a part of a map speaks of."""
    condition = one.condition
    pull = one.pull if isinstance(one, Rule) else None
    found = [*condition.has, *(path for path, _ in (*condition.when, *condition.unless))]
    found += [pull.account, pull.ticket] if pull is not None else []
    match one:
        case Handshake():
            found += one.answer.values()
        case Rule():
            fields = (*one.fields.values(), *one.context.values())
            found += [path for field in fields for alternative in field for path in _of(alternative)]
        case Alternative():
            found += [path for part in one.join for path in part] + [right for _, right in one.where]
            found += [] if one.path is None or one.pick is not None else [one.path]
            entry = (one.pick, *(left for left, _ in one.where)) if one.path is not None else ()
            found += [Path(one.path.root, (*one.path.steps, "0", *path.steps)) for path in entry if one.path and path]
    return [path for path in found if path.root in ("", "$body")]


def plain(value: Scalar) -> str:
    """A value as a map's keys and conditions have it: 0, 0.0 and "0" are the same, and so are true and "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def walk(value: Any, steps: tuple[str, ...]) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What stands at the end of the steps: keys of objects, numbers of entries in lists; None where nothing does."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isascii() and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
