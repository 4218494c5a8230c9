"""I read chats copied out of 千牛: a line with a name and a time, and under it what was said."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from bot.errors import WireError
from bot.logs import sides
from bot.logs.said import Said
from bot.logs.times import Times, time_pattern
from bot.logs.words import kind_of, system_line, words
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.logs.paper import Paper
    from bot.logs.said import Role

_HEAD = 160  # characters of a line in which a name and a time stand
_LOOKED = 40  # lines in which a format's first name line is looked for


class Block(NamedTuple):
    """A name line and all that stands under it up to the next; `days` are lines before it that name a day."""

    number: int
    head: re.Match[str]
    days: list[tuple[int, str]]
    lines: list[str]
    system: list[tuple[int, str]]

    @property
    def name(self) -> str:
        """Who speaks."""
        return sides.plain(self.head["name"])


def _marks() -> str:
    return "|".join(sorted(map(re.escape, words().marks.read), key=len, reverse=True))


@cache
def shapes() -> tuple[re.Pattern[str], ...]:
    """The shapes of a name line: the time in brackets behind the name, behind it as it is, before it."""
    time, marks = time_pattern(), rf"(?:\s*[\[(（【]?(?:{_marks()})[\])）】]?)?"
    return tuple(
        re.compile(shape, re.IGNORECASE)
        for shape in (
            rf"(?P<name>\S.{{0,60}}?)\s*[(（\[【]\s*{time}\s*[)）\]】]{marks}(?:\s*[:：]\s*(?P<rest>.*)|\s*)",
            rf"(?P<name>\S.{{0,60}}?)\s+{time}{marks}\s*(?P<rest>[:：]?)\s*",
            rf"[(（\[【]?{time}[)）\]】]?\s+(?P<name>\S.{{0,60}}?)(?:(?:[:：]\s+|：|[:：]$)(?P<rest>.*)|{marks}\s*)",
        )
    )


@cache
def _mark_at_end() -> re.Pattern[str]:
    return re.compile(rf"(?:^|\s+|(?=[\[(（【]))[\[(（【]?(?:{_marks()})[\])）】]?\s*$")


def _named(match: re.Match[str]) -> bool:
    """Is what stands for a name one?"""
    name = match["name"]
    return any(character.isalnum() for character in name) and name[0] not in '{[<"'


def _full(match: re.Match[str]) -> bool:
    """Does the time have a day or seconds? One without could stand in any sentence."""
    return any(match[part] for part in ("month", "ago", "week", "second"))


def _shape_of(line: str) -> re.Pattern[str] | None:
    if len(line) > _HEAD:
        return None
    return next((shape for shape in shapes() if (match := shape.fullmatch(line)) and _named(match)), None)


def _stripped(line: str) -> str:
    return line.strip("\ufeff\u200b \t")


def recognises(paper: Paper) -> str | None:
    """One of the first lines names somebody and a time."""
    for number, raw in paper.lines():
        shape = _shape_of(line := _stripped(raw))
        if shape is not None and (match := shape.fullmatch(line)) is not None and (_full(match) or number == 1):
            return f"第 {number} 行是名字和时间"
        if number >= _LOOKED:
            break
    return None


def read(paper: Paper) -> Iterator[Said]:
    """The messages of one chat. DataError where it has no name line, or does not tell who the shop is."""
    said = list(_blocks(paper))
    if not said:
        raise DataError([f"{paper.name}: 没有一行是名字和时间"])
    roles = sides.tell((one.name for one in said), paper.ways.shop, paper.name)
    buyer = sides.only_buyer(roles, paper.name)
    times = Times(paper.ways.zone, paper.ways.exported)
    for one in said:
        place = paper.place(one.number)
        try:
            for number, day in one.days:
                times.day(day, paper.place(number))
            at = times.matched(one.head, place)
        except WireError as error:
            paper.bad(one.number, str(error).removeprefix(f"{place}: "))
            continue
        role = roles[one.name]
        yield _made(role, _text(one, role), buyer or paper.name, at, place, agent="" if role == "buyer" else one.name)
        for number, line in one.system:
            yield _made("system", line, buyer or paper.name, at, paper.place(number), agent="")


def _text(one: Block, role: Role) -> str:
    lines = [one.head["rest"] or "", *one.lines]
    while lines and not lines[-1].strip():
        lines.pop()
    if role != "buyer" and lines:
        lines[-1] = _mark_at_end().sub("", lines[-1])
    return "\n".join(lines).strip(" \t\n:：")


def _made(role: Role, text: str, buyer: str, at: int, place: str, *, agent: str) -> Said:
    kind = "text" if role == "system" else kind_of(text)
    return Said(
        id="",
        conversation=buyer,
        role=role,
        text=text,
        kind=kind,
        agent=agent,
        buyer=buyer,
        at=at,
        place=place,
    )


def _blocks(paper: Paper) -> Iterator[Block]:
    """Name lines with what stands under them."""
    heads = _heads(paper)
    dated = any(match["month"] for match in heads.values())
    held: Block | None = None
    days: list[tuple[int, str]] = []
    for number, raw in paper.lines():
        line = _stripped(raw)
        if number in heads:
            if held is not None:
                yield held
            held, days = Block(number, heads[number], days, [], []), []
        elif not dated and _names_a_day(line):
            days.append((number, line))
        elif held is None:
            if line and not system_line().fullmatch(line):
                paper.bad(number, f"前面没有名字和时间的行：「{line[:30]}」")
        elif system_line().fullmatch(line):
            held.system.append((number, line))
        else:
            held.lines.append(raw.rstrip())
    if held is not None:
        yield held


def _names_a_day(line: str) -> bool:
    """A day with its year, or between dashes: 今天 or 3.5 alone may be what somebody said."""
    if not line or not (line[:4].isdigit() or line[0] in "-—=─━"):
        return False
    try:
        return Times.is_day(line)
    except WireError:
        return False


def _heads(paper: Paper) -> dict[int, re.Match[str]]:
    """The name lines, by number: all in the shape of the first.

    Minutes alone are taken for a time only where the file begins so, and of a name that speaks twice or is an account.
    A line that goes back in time, of a name that stands nowhere else, is quoted: a parcel's track, an earlier chat.
    """
    shape: re.Pattern[str] | None = None
    weak = first = False
    found: dict[int, re.Match[str]] = {}
    for number, raw in paper.lines():
        line = _stripped(raw)
        if not line or _names_a_day(line):
            continue
        tried = shape or _shape_of(line)
        match = tried.fullmatch(line) if tried is not None and len(line) <= _HEAD else None
        if match is not None and _named(match) and (_full(match) or weak or not first):
            weak = weak or (not first and not _full(match))
            shape, found[number] = tried, match
        first = True
    counts = Counter(sides.plain(match["name"]) for match in found.values())
    return _unquoted(found, counts, paper)


def _unquoted(found: dict[int, re.Match[str]], counts: Counter[str], paper: Paper) -> dict[int, re.Match[str]]:
    kept: dict[int, re.Match[str]] = {}
    times, last = Times(paper.ways.zone, paper.ways.exported), 0
    for number, match in found.items():
        name = sides.plain(match["name"])
        alone = counts[name] == 1 and sides.of(name, paper.ways.shop) is None
        try:
            at = times.matched(match, "")
        except WireError:
            at = last
        if alone and kept and (at < last or not _full(match)):
            continue
        kept[number], last = match, at
    return kept
