"""I say with which two characters what a pattern finds can begin: it is tried there alone, which takes a quarter of the time."""

from __future__ import annotations

import re
from itertools import starmap
from re import _constants as codes  # type: ignore[attr-defined]  # the parser of `re` says how a pattern begins
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOKED = 2  # characters of a beginning
_REPEATS = frozenset({codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT})
_WIDTHLESS = frozenset({codes.ASSERT, codes.ASSERT_NOT, codes.AT})
_CATEGORIES = {codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_SPACE: r"\s"}
# One by one, so that `re` can leap to them: it does so only where each alternative begins with a character. A folded text
# has no other figures.
_WRITTEN = {r"\d": "0123456789", r"\s": "".join(char for char in map(chr, range(0x3001)) if char.isspace())}
_ANY = r"\s\S"
_BEFORE, _PAST = "", "past"  # nothing came yet; two characters came; else what came first
_FEW = 30  # characters of a range that are written out
Pairs = dict[str, set[str]]
"""What may come first -> what may come second, each as it is written between brackets."""


class Pattern(NamedTuple):
    """A shape compiled; `starts` finds where it may begin, None: anywhere."""

    pattern: re.Pattern[str]
    weight: float = 1.0
    starts: re.Pattern[str] | None = None

    def finds(self, text: str, low: int, high: int) -> Iterator[re.Match[str]]:
        """What `finditer` of the pattern gives between two places."""
        if self.starts is None:
            yield from self.pattern.finditer(text, low, high)
            return
        done = low
        for start in self.starts.finditer(text, low, high):
            at = start.start()
            match = self.pattern.match(text, at, high) if at >= done else None
            if match is not None:
                done = match.end()
                yield match


def compiled(pattern: str, weight: float = 1.0) -> Pattern:
    """The shape of a pattern. Raises re.error."""
    made = re.compile(pattern)
    pairs: Pairs = {}
    after = {_BEFORE} if made.flags & re.IGNORECASE else _walk(parser.parse(pattern), {_BEFORE}, pairs)
    for only in after - {_BEFORE, _PAST}:
        pairs[only].add(_ANY)
    if _BEFORE in after or _ANY in pairs:
        return Pattern(made, weight)
    return Pattern(made, weight, re.compile("|".join(starmap(_start, sorted(pairs.items())))))


def _start(first: str, second: set[str]) -> str:
    """A first character and, looked at only, the second."""
    beside = "" if _ANY in second else f"(?=[{''.join(sorted(second))}])"
    if first in _WRITTEN:
        return "|".join(re.escape(char) + beside for char in _WRITTEN[first])
    return first + beside


def _walk(tree: Any, at: set[str], pairs: Pairs) -> set[str]:  # noqa: ANN401 the parser's own tree
    """Note what a beginning may be: `at` is what may come before a part of the pattern, and what is given back what may come after."""
    for code, value in tree:
        if code in _WIDTHLESS:
            continue
        if code in _REPEATS:
            at = _repeated(value, at, pairs)
        elif code is codes.BRANCH:
            at = set().union(*(_walk(one, at, pairs) for one in value[1]))
        elif code is codes.SUBPATTERN and value[1] & re.IGNORECASE:
            at = _then({_ANY}, at, pairs) | at
        elif code is codes.SUBPATTERN:
            at = _walk(value[-1], at, pairs)
        elif code is codes.ATOMIC_GROUP:
            at = _walk(value, at, pairs)
        else:
            # what is told back may be nothing, too
            at = _then(_said(code, value), at, pairs) | (at if code is codes.GROUPREF else set())
    return at


def _then(said: set[str], at: set[str], pairs: Pairs) -> set[str]:
    """Note that one of some characters may come after what came; what may have come then."""
    after: set[str] = set()
    for before in at:
        if before == _BEFORE:
            for char in said:
                pairs.setdefault(char, set())
            after |= said
        else:
            if before != _PAST:
                pairs[before] |= said
            after.add(_PAST)
    return after


def _repeated(value: Any, at: set[str], pairs: Pairs) -> set[str]:  # noqa: ANN401 the parser's own tree
    least, most, inner = value
    after = set(at) if least == 0 else set()
    for turn in range(1, min(int(most), max(int(least), _LOOKED) + 1) + 1):
        at = _walk(inner, at, pairs)
        if turn >= least:
            after |= at
    return after


def _said(code: Any, value: Any) -> set[str]:  # noqa: ANN401 the parser's own tree
    """What may stand for one part of a pattern, each as it is written between brackets."""
    if code is codes.LITERAL:
        return {re.escape(chr(value))}
    if code is not codes.IN or value[0][0] is codes.NEGATE:
        return {_ANY}
    found = set()
    for kind, what in value:
        if kind is codes.LITERAL:
            found.add(re.escape(chr(what)))
        elif kind is codes.RANGE and what[1] - what[0] < _FEW:
            found.update(re.escape(chr(char)) for char in range(what[0], what[1] + 1))
        else:
            found.add(_CATEGORIES.get(what, _ANY))
    return found
