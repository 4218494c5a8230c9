"""I am the words of a tool's outward map: which requests tell it of our events, and how it says what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot.adapters.fieldmap import Condition, Path, plain, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

# What the data of each event holds that a tool may be told of.
_PLACE = frozenset({"type", "conversation", "buyer"})
_DRAFT = _PLACE | {"reply_id", "agent", "text"}
_WAIT = _PLACE | {"target", "label", "start", "due", "at", "lost"}
EVENTS: dict[str, frozenset[str]] = {
    "suggestion.created": _PLACE | {"turn", "silent", "suggestions", "library"},
    "message.send": _DRAFT | {"script", "rules"},
    "draft.held": _DRAFT | {"verdict", "rewrite", "findings", "rules"},
    "violation.seen": _PLACE | {"id", "role", "agent", "text", "findings", "rules"},
    "conversation.handover": _PLACE,
    "deadline.warning": _WAIT | {"stage"},
    "deadline.missed": _WAIT,
    "deadline.cleared": _WAIT | {"reason", "answered", "corrected"},
}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `kinds`: the events it tells of; `path` and `body` are put together from the event's data and more.

    `path` makes text of words; `body` is JSON with such functions in it, None for a request without one.
    """

    kinds: tuple[str, ...] = ()
    condition: Condition = Condition()
    method: str = "POST"
    path: Any
    body: Any = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How a tool says what became of a request, beside a status of 2xx.

    `refused`: statuses of which it will never be taken. `code`: 0 or absent is success. `renew`: codes of a login that has run out; `later`: those after so many seconds it
    may be tried again; `final`: those of which it will never be taken, and why. All others are final too.
    """

    refused: frozenset[int] = frozenset()
    code: Path | None = None
    text: Path | None = None
    renew: frozenset[int] = frozenset()
    later: dict[int, float] = msgspec.field(default_factory=dict)
    final: dict[int, str] = msgspec.field(default_factory=dict)


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """How a key is got that other requests bear as {{ access }}: `key` stands there, for `lasts` seconds."""

    request: Request
    key: Path
    lasts: Path


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """How messages are fetched from a tool that only says that there are some.

    `items`, `next`, `more`: where the messages, the place to go on from, and whether there are more stand in an answer.
    `every`: seconds after which it is asked although it said nothing. `stale`: codes by which {{ ticket }} is too old.
    """

    request: Request
    items: Path
    next: Path
    more: Path
    every: float
    stale: frozenset[int] = frozenset()


class OutMap(msgspec.Struct, frozen=True, kw_only=True):
    """A tool's outward map, checked. `needs`: words that a shop's config must give. `url`: where there is but one.

    `unsure`: seconds to wait after a try of which nobody knows whether it arrived: its echo may come first.
    """

    url: str
    needs: tuple[str, ...]
    headers: dict[str, Any]
    requests: tuple[Request, ...]
    answer: Answer = Answer()
    login: Login | None = None
    pull: Pull | None = None
    unsure: float = 0.0

    @property
    def kinds(self) -> frozenset[str]:
        """The events that the tool is told of."""
        return frozenset(kind for request in self.requests for kind in request.kinds)


class Out(msgspec.Struct, frozen=True):
    """A shop's way out to a tool. `words`: what its config gives, the token among them."""

    how: OutMap
    url: str
    words: dict[str, str]

    def __repr__(self) -> str:
        """Without secrets."""
        return f"Out({self.url!r})"


def fits(condition: Condition, data: Mapping[str, Any]) -> bool:
    """Is an event's data one of which a request tells?"""

    def one_of(path: Path, texts: frozenset[str]) -> bool:
        value = walk(data, path.steps)
        return isinstance(value, str | int | float) and plain(value) in texts

    return (
        all(one_of(path, texts) for path, texts in condition.when)
        and not any(one_of(path, texts) for path, texts in condition.unless)
        and all(walk(data, path.steps) not in (None, "", [], {}) for path in condition.has)
    )


def rendered(body: Any, words: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A body with its functions called."""
    if isinstance(body, dict):
        return {key: rendered(one, words) for key, one in body.items()}
    if isinstance(body, list):
        return [rendered(one, words) for one in body]
    return body(words) if callable(body) else body
