"""I read the text that kunkeji's tool keeps: `【type】[time]顾客name: message 【处理结果】： reply`, a line each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.errors import WireError
from bot.logs.said import Said
from bot.logs.times import Times
from bot.logs.words import kind_of, words
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.logs.paper import Paper
    from bot.logs.said import Role

_HEAD = re.compile(r"【(?P<type>[^】]{0,40})】\s*\[(?P<time>[^\]]{1,40})\]\s*顾客(?P<user>[^:：]{1,80})[:：]")
_REPLY = re.compile(r"\s*【处理结果】\s*[:：]")
_LOOKED = 40


def recognises(paper: Paper) -> str | None:
    """A line with a type, a time and a 顾客."""
    if paper.book:
        return None
    for number, line in paper.lines():
        if _HEAD.match(line.strip()):
            return f"第 {number} 行是【类型】[时间]顾客"
        if number >= _LOOKED:
            break
    return None


def read(paper: Paper) -> Iterator[Said]:
    """What the buyer said and what the tool replied; lines without a head belong to the one before."""
    held: tuple[int, re.Match[str], list[str]] | None = None
    times = Times(paper.ways.zone, paper.ways.exported)
    seen = False
    for number, line in paper.lines():
        match = _HEAD.match(line.strip())
        if match is not None:
            if held is not None:
                yield from _both(*held, times, paper)
            held, seen = (number, match, [line.strip()[match.end() :]]), True
        elif held is not None:
            held[2].append(line.rstrip())
        elif line.strip():
            paper.bad(number, f"不是【类型】[时间]顾客…：「{line.strip()[:30]}」")
    if held is not None:
        yield from _both(*held, times, paper)
    if not seen:
        raise DataError([f"{paper.name}: 没有一行是【类型】[时间]顾客…"])


def _both(number: int, match: re.Match[str], lines: list[str], times: Times, paper: Paper) -> Iterator[Said]:
    place = paper.place(number)
    try:
        at = times.instant(match["time"], place)
    except WireError as error:
        paper.bad(number, str(error).removeprefix(f"{place}: "))
        return
    whole = "\n".join(lines)
    end = _REPLY.search(whole)
    asked = (whole[: end.start()] if end else whole).strip()
    reply = whole[end.end() :].strip() if end else ""
    buyer = match["user"].strip().strip("{}")
    both: tuple[tuple[Role, str], ...] = (("buyer", asked), (words().kunkeji.reply, reply))
    for role, text in both:
        if text or role == "buyer":
            yield Said(
                id="",
                conversation=buyer,
                role=role,
                text=text,
                kind=kind_of(text),
                agent="",
                buyer=buyer,
                at=at,
                place=place,
            )
