"""I say where the rules of an inspection hit in a conversation; what they look for is data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz import fuzz

from bot.inspecting import said
from bot.inspecting.rules import Again, Agents, Closing, Left, Opening, Says, Waited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.deadline import Zone
    from bot.inspecting.rules import AnyRule
    from bot.inspecting.said import Finder
    from bot.inspecting.talk import Line, Talk


class Hit(NamedTuple):
    """A rule spoke: in which session, about which line (its place in the talk), whose agent's doing ("" for nobody's).

    `excerpt`: the words it found (folded), or one short Chinese remark.
    """

    session: int
    place: int
    agent: str
    excerpt: str


def hits(rule: AnyRule, talk: Talk, finders: Mapping[str, Finder], zone: Zone) -> Iterator[Hit]:
    """Every place where `rule` hits, in the order of the conversation within each session."""
    match rule:
        case Opening() | Closing():
            yield from _ends(rule, talk, finders)
        case Says():
            yield from _says(rule, talk, finders)
        case Waited():
            if talk.timed:
                yield from _waited(rule, talk, finders, zone)
        case Left():
            yield from _left(rule, talk, finders)
        case Agents():
            yield from _agents(rule, talk)
        case Again():
            yield from _again(rule, talk, finders)


def _ends(rule: Opening | Closing, talk: Talk, finders: Mapping[str, Finder]) -> Iterator[Hit]:
    for session, (start, end) in enumerate(talk.sessions):
        shops = [place for place in range(start, end) if talk.lines[place].by("shop")]
        agents = [place for place in shops if talk.lines[place].role == "agent"]
        if len(agents) < (rule.least if isinstance(rule, Closing) else 1):
            continue
        seen = shops[: rule.messages] if isinstance(rule, Opening) else shops[-rule.messages :]
        place = agents[0] if isinstance(rule, Opening) else agents[-1]
        wanted = rule.without or (rule.says if isinstance(rule, Closing) else "")
        found = next((words for one in reversed(seen) if (words := finders[wanted].find(talk.lines[one].text))), "")
        if bool(found) != bool(rule.without):
            yield Hit(session, place, talk.lines[place].agent, found or _last(talk, place))


def _says(rule: Says, talk: Talk, finders: Mapping[str, Finder]) -> Iterator[Hit]:
    for session, (start, end) in enumerate(talk.sessions):
        found: list[Hit] = []
        turns: set[int] = set()
        for place in range(start, end):
            line = talk.lines[place]
            words = finders[rule.says].find(line.text) if line.by(rule.by) else ""
            if words and not _followed(rule, talk, finders, place, end):
                found.append(Hit(session, place, line.agent or _agent_near(talk, place), words))
                turns.add(line.turn)
        if len(turns) >= rule.times:
            yield from found


def _followed(rule: Says, talk: Talk, finders: Mapping[str, Finder], place: int, end: int) -> bool:
    if not rule.then:
        return False
    after = [line for line in talk.lines[place + 1 : end] if line.by("shop")][: rule.messages]
    # Nobody has said anything to it: that is a matter of the clock, not of the tone.
    return not after or any(finders[rule.then].find(line.text) for line in after)


def _waited(rule: Waited, talk: Talk, finders: Mapping[str, Finder], zone: Zone) -> Iterator[Hit]:
    opened: int | None = None  # the first line of the buyer's that waits
    for place, line in enumerate(talk.lines):
        if line.role == "buyer" and opened is None:
            idle = rule.unless and finders[rule.unless].find(line.text)
            opened = None if idle else place
        if line.role != "agent" or opened is None:
            continue
        start, opened = opened, None
        asked, answered = talk.lines[start].at or 0, line.at or 0
        hour = zone.local(asked)[1] // 3600
        late = answered - asked > rule.seconds and rule.hours[0] <= hour < rule.hours[1]
        after = [one for one in talk.lines[place:] if one.role == "agent"][: rule.messages]
        if late and not any(finders[rule.then].find(one.text) for one in after):
            yield Hit(talk.session(start), place, line.agent, f"等了 {answered - asked} 秒")


def _left(rule: Left, talk: Talk, finders: Mapping[str, Finder]) -> Iterator[Hit]:
    promised: tuple[int, str] | None = None
    for place, line in enumerate(talk.lines):
        if line.role != "agent":
            continue
        words = finders[rule.says].find(line.text)
        if words and rule.unless and finders[rule.unless].find(line.text):
            words = ""
        if promised is not None and talk.timed and (line.at or 0) - (talk.lines[promised[0]].at or 0) > rule.seconds:
            yield _broken(talk, *promised)
        promised = (place, words) if words else None
    if promised is not None:
        yield _broken(talk, *promised)


def _broken(talk: Talk, place: int, words: str) -> Hit:
    return Hit(talk.session(place), place, talk.lines[place].agent, words)


def _agents(rule: Agents, talk: Talk) -> Iterator[Hit]:
    for session, (start, end) in enumerate(talk.sessions):
        agents: dict[str, int] = {}
        for place in range(start, end):
            line = talk.lines[place]
            if line.role == "agent" and line.agent:
                agents.setdefault(line.agent, place)
        if len(agents) >= rule.times:
            yield Hit(session, list(agents.values())[-1], "", "、".join(agents))


def _again(rule: Again, talk: Talk, finders: Mapping[str, Finder]) -> Iterator[Hit]:
    for session, (start, end) in enumerate(talk.sessions):
        before: list[tuple[int, str]] = []
        for place in range(start, end):
            line = talk.lines[place]
            bare = said.read(line.text)[1] if line.role == rule.by else ""
            if len(bare) < rule.shortest or (rule.unless and finders[rule.unless].find(line.text)):
                continue
            known = next((one for one, text in before if _alike(text, bare, rule.likeness)), None)
            if known is None:
                before.append((place, bare))
            elif any(other.role != line.role for other in talk.lines[known:place]):
                yield Hit(session, place, line.agent or _agent_near(talk, place), line.text)


def _alike(one: str, other: str, likeness: float) -> bool:
    return one == other or fuzz.ratio(one, other, score_cutoff=likeness * 100) > 0


def _agent_near(talk: Talk, place: int) -> str:
    """Who had last answered before a line of the buyer's; else who answered next."""
    before = (line.agent for line in reversed(talk.lines[:place]) if line.role == "agent")
    after = (line.agent for line in talk.lines[place:] if line.role == "agent")
    return next(before, "") or next(after, "")


def _last(talk: Talk, place: int) -> str:
    line: Line = talk.lines[place]
    return line.text
