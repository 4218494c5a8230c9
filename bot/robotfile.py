"""I read a shop's group robots from its config, or say what is wrong with them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec

from bot import platforms, strict
from bot.alerts import Robot, heard
from bot.robots import EVERYONE, MOBILE, data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from urllib.parse import SplitResult

    from bot.deadline import Target
    from bot.robots import Kind, Who

_PERSON = re.compile(r"[A-Za-z0-9_.@-]{1,64}")


class RobotTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[shops.robots]]` as written.

    `stages`: which warnings it hears, for all targets or for some by name, as in `[shops.stages]`. `missed`: does it hear misses, or of which
    targets? `mention`: "all", user ids and mobile numbers. `words`: may it show what the buyer last said?
    `form`: markdown only where the kind has it.
    """

    kind: str
    url: str
    who: str
    secret: str = ""
    stages: dict[str, list[int | float]] | list[int | float] | None = None
    missed: bool | list[str] | None = None
    mention: list[str] = msgspec.field(default_factory=list)
    words: bool = False
    form: Literal["text", "markdown"] = "text"


def read(
    entries: Sequence[object],
    path: str,
    targets: Sequence[Target] | None,
    secret: Callable[[str, str], str | None],
    problems: list[str],
) -> tuple[Robot, ...]:
    """A shop's robots; mistakes go to `problems`, each with its path.

    `targets`: those of the shop that have a limit, None if they could not be read; `secret` gives the text behind "env:NAME" or
    "file:PATH" at a path, or None after a sentence.
    """
    robots: list[Robot] = []
    seen: dict[str, str] = {}
    for position, entry in enumerate(entries):
        place = f"{path}[{position}]"
        before = len(problems)
        given = strict.fields(entry, RobotTable, place, problems)
        url = secret(given["url"], f"{place}.url") if "url" in given else None
        signed = secret(given["secret"], f"{place}.secret") if given.get("secret") else ""
        problems += [f"{place}.{problem}" for problem in _mistakes(given, url)]
        problems += [f"{place}.{problem}" for problem in _unheard(given, targets)] if targets is not None else []
        if len(problems) > before or url is None or targets is None:
            continue
        robot = _robot(RobotTable(**given), url, signed or "", targets)
        problems += [f"{place}.url: is the robot of {seen[robot.id]}"] if robot.id in seen else []
        seen.setdefault(robot.id, place)
        robots.append(robot)
    return tuple(robots)


def _robot(table: RobotTable, url: str, secret: str, targets: Sequence[Target]) -> Robot:
    who = data().who[table.who]
    missed = who.missed if table.missed is None else table.missed
    warned = tuple(target.name for target in targets if target.stages)
    return Robot(
        id=hashlib.sha256(url.encode()).hexdigest()[:16],
        kind=table.kind,
        who=table.who,
        title=who.title,
        url=url,
        secret=secret,
        stages={target.name: _hears(table.stages, target, who) for target in targets},
        missed=tuple(missed) if isinstance(missed, list) else warned if missed else (),
        mention=tuple(table.mention),
        words=table.words,
        form=table.form,
    )


def _hears(given: Mapping[str, Sequence[float]] | Sequence[float] | None, target: Target, who: Who) -> tuple[int, ...]:
    """The stages of a target that are heard, in seconds before `due`."""
    if isinstance(given, list):
        asked = platforms.leads(given, target.limit)
        return tuple(stage for stage in target.stages if stage in asked)
    if isinstance(given, dict) and target.name in given:
        return platforms.leads(given[target.name], target.limit)
    return heard(target.stages, who.hears)


def _mistakes(given: Mapping[str, Any], url: str | None) -> Iterator[str]:
    """What is wrong with the values that have the right type."""
    known = data()
    if "who" in given and given["who"] not in known.who:
        yield f"who: {given['who']!r} is not one of {', '.join(known.who)}"
    if "kind" not in given:
        return
    kind = known.kinds.get(given["kind"])
    if kind is None:
        yield f"kind: {given['kind']!r} is not one of {', '.join(known.kinds)}"
        return
    if given.get("form") == "markdown" and kind.markdown is None:
        yield f"form: {kind.name} takes text"
    kind = kind.spoken(given.get("form", "text"))
    if given.get("secret") and not kind.sign:
        yield f"secret: {kind.name} is not signed; leave it out"
    if url is not None:
        yield from _address(url, kind)
    yield from _uncalled(given.get("mention", ()), kind)


def _uncalled(mention: Iterable[str], kind: Kind) -> Iterator[str]:
    """Whom the kind cannot call."""
    for one in mention:
        if not _PERSON.fullmatch(one):
            yield f'mention: {one!r} is neither "all", a user id nor a mobile number'
        elif MOBILE.fullmatch(one) and not kind.mobiles:
            yield f"mention: {kind.name} can call user ids, no mobile numbers"
        elif one == EVERYONE and not kind.calls_all:
            yield f"mention: {kind.name} cannot call all in markdown"


def _address(url: str, kind: Kind) -> Iterator[str]:
    """What is wrong with the address; never says the address, which is a secret."""
    parts = _split(url)
    if parts is None:
        yield "url: must be an http or https address"
        return
    other = next(
        (each for each in data().kinds.values() if parts.hostname in each.hosts and each.name != kind.name), None
    )
    if other is not None:
        yield f"url: is the address of another kind: {other.name}"
    elif parts.hostname in kind.hosts:
        given = parse_qs(parts.query)
        if (
            parts.scheme != "https"
            or not parts.path.startswith(kind.path)
            or any(key not in given for key in kind.needs)
        ):
            needed = "".join(f"?{key}=..." for key in kind.needs)
            yield f"url: {kind.name} has addresses like https://{kind.hosts[0]}{kind.path}{needed}"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or an address in brackets that is none
        return None
    return parts if plain and url.isascii() and url.isprintable() and not (parts.username or parts.password) else None


def _unheard(given: Mapping[str, Any], targets: Sequence[Target]) -> Iterator[str]:
    """Stages and targets that the shop has not, so that nothing would ever be heard of them."""
    asked, missed = given.get("stages"), given.get("missed")
    known = {target.name: target for target in targets}
    for stage in asked if isinstance(asked, list) else ():
        if not any(_warns(target, stage) for target in targets):
            yield f"stages: no target of the shop warns at {_said(stage)}"
    for name, wanted in asked.items() if isinstance(asked, dict) else ():
        if name not in known:
            yield f"stages.{name}: the shop has no such target ({', '.join(known) or 'none'})"
            continue
        warned = ", ".join(map(str, known[name].stages)) or "never"
        for stage in wanted:
            if not _warns(known[name], stage):
                yield f"stages.{name}: {stage} is no stage of the shop's ({warned})"
    for name in missed if isinstance(missed, list) else ():
        if name not in known:
            yield f"missed: the shop has no target {name!r} ({', '.join(known) or 'none'})"


def _warns(target: Target, stage: float) -> bool:
    return platforms.leads([stage], target.limit)[0] in target.stages


def _said(stage: float) -> str:
    return f"{stage} seconds" if isinstance(stage, int) else f"{stage} of its limit"


def clashes(shops: Iterable[tuple[str, Sequence[Robot]]]) -> Iterator[str]:
    """Robots that several shops (path, robots) share, but describe differently: to the group they are one."""
    known: dict[str, tuple[str, Robot]] = {}
    for path, robots in shops:
        for robot in robots:
            place, first = known.setdefault(robot.id, (path, robot))
            if (first.kind, first.secret) != (robot.kind, robot.secret):
                yield f"{path}.robots: shares a robot with {place}, but with another kind or secret"
