"""I tell the curator before the customer does."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec

from replies import fill, odds
from replies.library import build
from replies.match import Matcher
from replies.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from replies.library import Library, Script

ENOUGH = 6  # phrasings: fewer leave most ways of asking unheard
LONGEST = 500  # characters of an answer: chat tools cut or refuse longer ones


class Problem(msgspec.Struct, frozen=True):
    """Something wrong (`error`: the script must not be used) or worth a look (`advice`) in a script's field."""

    level: Literal["error", "advice"]
    place: str
    script: str
    field: str
    message: str

    def __str__(self) -> str:
        """One line for the curator."""
        return f"{self.place}: {self.script}: {self.field}: {self.message}"


def problems(
    library: Library,
    *,
    day: str = "",
    forbidden: Callable[[str, str], Iterable[str]] | None = None,
    platforms: Sequence[str] = (),
) -> list[Problem]:
    """All that is wrong with `library`, in its order.

    `day` (`YYYY-MM-DD`): scripts whose validity ended before it are named. `forbidden(text, platform)` says in
    sentences why a text may not be sent; it is asked for every wording on each of `platforms` the script is offered on.
    """
    shortcuts = Counter(script.shortcut for script in library.scripts if script.shortcut)
    owners = _owners(library)
    found: list[Problem] = []
    for script in library.scripts:
        found += _alone(script, day)
        if script.shortcut and shortcuts[script.shortcut] > 1:
            found.append(
                _error(script, "shortcut", f"快捷编码 {script.shortcut} 有 {shortcuts[script.shortcut]} 条话术在用")
            )
        found += _twins(script, owners)
        if forbidden is not None:
            found += [_error(script, *objection) for objection in objections(script, forbidden, platforms)]
    return found


def twins(library: Library) -> list[Problem]:
    """The phrasings that two scripts of `library` claim, at the later one."""
    owners = _owners(library)
    return [problem for script in library.scripts for problem in _twins(script, owners)]


def _error(script: Script, field: str, message: str) -> Problem:
    return Problem("error", script.source, script.id, field, message)


def _advice(script: Script, field: str, message: str) -> Problem:
    return Problem("advice", script.source, script.id, field, message)


def _wordings(script: Script) -> Iterator[tuple[str, str]]:
    if script.text is not None:
        yield "text", script.text
    yield from ((f"alternatives[{at}]", text) for at, text in enumerate(script.alternatives))


def _alone(script: Script, day: str) -> Iterator[Problem]:
    """What can be seen in the script itself."""
    known = fill.variables()
    for field, text in _wordings(script):
        yield from (
            _error(script, field, f"变量 {{{name}}} 不在变量表里，永远填不上")
            for name in fill.blanks(text)
            if name not in known
        )
        if len(text) > LONGEST:
            yield _advice(script, field, f"有 {len(text)} 个字，超过 {LONGEST} 字，买家难以读完")
    if len(script.phrasings) < ENOUGH:
        yield _advice(script, "phrasings", f"只有 {len(script.phrasings)} 个问法，至少写 {ENOUGH} 个")
    said: dict[str, str] = {}
    for text in script.phrasings:
        folded = read(text).folded
        if folded in said:
            yield _advice(script, "phrasings", f"「{text}」与「{said[folded]}」是同一个问法")
        said.setdefault(folded, text)
    if day and script.valid and expired(script, day):
        yield _advice(script, "valid", f"有效期到 {script.valid.last} 为止，已经过期")


def expired(script: Script, day: str) -> bool:
    """Has its validity ended for good before `day` (`YYYY-MM-DD`)? Yearly spans come again."""
    last = script.valid.last if script.valid else None
    return bool(last and len(last) > 5 and last < day)


def _owners(library: Library) -> dict[str, dict[str, str]]:
    """Each folded phrasing with the scripts that hold it and how they write it."""
    owners: dict[str, dict[str, str]] = {}
    for script in library.scripts:
        for text in script.questions():
            owners.setdefault(read(text).folded, {}).setdefault(script.id, text)
    return owners


def _twins(script: Script, owners: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    """Phrasings that an earlier script claims too: the very same is an error, the same meaning worth a look."""
    told: set[str] = set()
    for text in script.questions():
        folded = read(text).folded
        if folded in told:
            continue
        told.add(folded)
        for other, written in owners[folded].items():
            if other == script.id:
                break
            tell = _error if read(written).plain == read(text).plain else _advice
            yield tell(script, "phrasings", f"「{text}」也是 {other} 的问法（「{written}」）")


def objections(
    script: Script, forbidden: Callable[[str, str], Iterable[str]], platforms: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Why wordings of a script may not be sent: (field, sentence), each reason once, with the platforms it holds on."""
    on = [
        name for name in platforms if name not in script.not_on and (not script.platforms or name in script.platforms)
    ]
    for field, text in _wordings(script):
        reasons: dict[str, list[str]] = {}
        for platform in on:
            for reason in forbidden(text, platform):
                reasons.setdefault(reason, []).append(platform)
        for reason, where in reasons.items():
            yield field, f"不能这样发：{reason}（{'、'.join(dict.fromkeys(where))}）"


def strays(library: Library) -> list[Problem]:
    """Phrasings that would lead an agent to another script, surely, if they did not stand in their own.

    Each is asked of the library without it: about half a millisecond a phrasing.
    """
    found: list[Problem] = []
    for at in range(max((len(script.phrasings) for script in library.scripts), default=0)):
        asked = [script for script in library.scripts if at < len(script.phrasings)]
        matcher = Matcher(build([_without(script, at) for script in library.scripts]))
        for script in asked:
            shown = matcher.rank([script.phrasings[at]]).shown
            if shown and shown[0].script != script.id and shown[0].score >= odds.fitted().bars.strong:
                other = shown[0]
                found.append(
                    _advice(script, "phrasings", f"「{script.phrasings[at]}」会先找到 {other.script}（{other.why}）")
                )
    order = {script.id: number for number, script in enumerate(library.scripts)}
    return sorted(found, key=lambda problem: order[problem.script])


def _without(script: Script, at: int) -> Script:
    phrasings = (*script.phrasings[:at], *script.phrasings[at + 1 :])
    return msgspec.structs.replace(script, phrasings=phrasings)
