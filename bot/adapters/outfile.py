"""I read the outward part of a tool's map from TOML, `[out]`, or list all that is wrong with it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import msgspec

from bot.adapters import conditions
from bot.adapters.outmap import EVENTS, Answer, Login, OutMap, Pull, Request
from bot.unsent import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from jinja2.sandbox import SandboxedEnvironment

# Words that every request may use, beside an event's data and what the shop's config gives.
ALWAYS = frozenset({"token", "access", "key", "type"})
PULLED = frozenset({"account", "cursor", "ticket"})


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    event: list[str] = msgspec.field(default_factory=list)
    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    path: str
    body: dict[str, Any] | None = None
    when: dict[str, Any] = msgspec.field(default_factory=dict)
    unless: dict[str, Any] = msgspec.field(default_factory=dict)
    has: str | list[str] = ""


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    refused: list[int] = msgspec.field(default_factory=list)
    code: str = ""
    text: str = ""
    renew: list[int] = msgspec.field(default_factory=list)
    later: dict[str, float] = msgspec.field(default_factory=dict)
    final: dict[str, str] = msgspec.field(default_factory=dict)


class _Login(msgspec.Struct, frozen=True, kw_only=True):
    method: Literal["GET", "POST"] = "GET"
    path: str
    body: dict[str, Any] | None = None
    key: str
    lasts: str


class _Pull(msgspec.Struct, frozen=True, kw_only=True):
    method: Literal["GET", "POST"] = "POST"
    path: str
    body: dict[str, Any] | None = None
    items: str
    next: str
    more: str
    every: float
    stale: list[int] = msgspec.field(default_factory=list)


class OutFile(msgspec.Struct, frozen=True, kw_only=True):
    """`[out]` as written; README.md beside me tells what it says."""

    url: str = ""
    needs: list[str] = msgspec.field(default_factory=list)
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    unsure: float = 0.0
    requests: tuple[_Request, ...] = ()
    answer: _Answer = _Answer()
    login: _Login | None = None
    pull: _Pull | None = None


def read(written: OutFile, problems: list[str]) -> OutMap:
    """The outward map; mistakes go to `problems`."""
    base = ALWAYS | set(written.needs)
    if not written.requests:
        problems.append("out.requests: at least one [[out.requests]] is needed")
    return OutMap(
        url=written.url,
        needs=tuple(written.needs),
        headers={name: _text(text, f"out.headers.{name}", base, problems) for name, text in written.headers.items()},
        requests=tuple(_request(one, f"out.requests[{at}]", base, problems) for at, one in enumerate(written.requests)),
        answer=_answer(written.answer, problems),
        login=_login(written.login, base, problems) if written.login is not None else None,
        pull=_pull(written.pull, base | PULLED, problems) if written.pull is not None else None,
        unsure=written.unsure,
    )


def _request(written: _Request, place: str, base: Collection[str], problems: list[str]) -> Request:
    problems += [
        f"{place}.event: {kind!r} is none of {', '.join(EVENTS)}" for kind in written.event if kind not in EVENTS
    ]
    if not written.event:
        problems.append(f"{place}.event: names no event")
    told = [EVENTS.get(kind, frozenset()) for kind in written.event]
    known = {*base, *(frozenset.intersection(*told) if told else ())}
    made = _asking(written, place, known, problems)
    return msgspec.structs.replace(
        made, kinds=tuple(written.event), condition=conditions.condition(written, place, problems)
    )


def _asking(written: _Request | _Login | _Pull, place: str, known: Collection[str], problems: list[str]) -> Request:
    """How it is asked, of whatever kind the request is."""
    return Request(
        method=written.method,
        path=_text(written.path, f"{place}.path", known, problems, quoted=True),
        body=_body(written.body, f"{place}.body", known, problems),
    )


def _answer(written: _Answer, problems: list[str]) -> Answer:
    return Answer(
        refused=frozenset(written.refused),
        code=conditions.path(written.code, "out.answer.code", problems) if written.code else None,
        text=conditions.path(written.text, "out.answer.text", problems) if written.text else None,
        renew=frozenset(written.renew),
        later=_by_code(written.later, "out.answer.later", problems),
        final=_by_code(written.final, "out.answer.final", problems),
    )


def _by_code(table: Mapping[str, Any], place: str, problems: list[str]) -> dict[int, Any]:
    wrong = [key for key in table if not key.removeprefix("-").isdecimal()]
    problems += [f"{place}.{key}: must be a number" for key in wrong]
    return {int(key): value for key, value in table.items() if key not in wrong}


def _login(written: _Login, base: Collection[str], problems: list[str]) -> Login:
    return Login(
        request=_asking(written, "out.login", base, problems),
        key=conditions.path(written.key, "out.login.key", problems),
        lasts=conditions.path(written.lasts, "out.login.lasts", problems),
    )


def _pull(written: _Pull, base: Collection[str], problems: list[str]) -> Pull:
    if written.every < 10:
        problems.append("out.pull.every: must be at least 10 seconds")
    return Pull(
        request=_asking(written, "out.pull", base, problems),
        items=conditions.path(written.items, "out.pull.items", problems),
        next=conditions.path(written.next, "out.pull.next", problems),
        more=conditions.path(written.more, "out.pull.more", problems),
        every=written.every,
        stale=frozenset(written.stale),
    )


def _body(value: Any, place: str, known: Collection[str], problems: list[str]) -> Any:  # noqa: ANN401 - as TOML has it
    """The same with its texts as functions of words; None stays None."""
    if isinstance(value, dict):
        return {key: _body(one, f"{place}.{key}", known, problems) for key, one in value.items()}
    if isinstance(value, list):
        return [_body(one, f"{place}[{at}]", known, problems) for at, one in enumerate(value)]
    return _text(value, place, known, problems) if isinstance(value, str) else value


def _text(
    text: str, place: str, known: Collection[str], problems: list[str], *, quoted: bool = False
) -> Callable[[Mapping[str, Any]], str]:
    """A template of jinja2 as a function of its words. `quoted`: each is made fit for an address, slashes too."""
    from jinja2 import TemplateSyntaxError, meta  # noqa: PLC0415 - only maps with a way out need it

    words = environment(quoted=quoted)
    try:
        unknown = sorted(meta.find_undeclared_variables(words.parse(text)) - set(known))
        made = words.from_string(text)
    except TemplateSyntaxError as error:
        problems.append(f"{place}: {error.message}")
        return str
    problems += [f"{place}: there is no {name!r} here" for name in unknown]
    return made.render


@cache
def environment(*, quoted: bool) -> SandboxedEnvironment:
    """Templates that can do nothing but put words together."""
    from jinja2 import StrictUndefined  # noqa: PLC0415 - see _text
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    shown = _quoted if quoted else _plain
    # What is made is JSON or an address, never a page: nothing is to be escaped for one.
    made = SandboxedEnvironment(undefined=StrictUndefined, finalize=shown, autoescape=False)
    made.filters["digest"] = digest
    return made


def _plain(value: object) -> object:
    return "" if value is None else value


def _quoted(value: object) -> str:
    return "" if value is None else quote(str(value), safe="")
