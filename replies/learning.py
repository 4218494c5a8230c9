"""I remember what agents picked, and let it change the ranking no faster than it deserves."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from replies.popularity import Popularity, terms
from replies.text import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from replies.match import Matcher

UNNAMED = "(unnamed)"  # an agent that the chat tool does not name: a person all the same, and not the curator
TAUGHT = ("picked", "edited")  # what an agent did with a script that says it was the right one


class Lesson(msgspec.Struct, frozen=True):
    """A question for which `script` was picked: by which agents, how often, and last on which day (a number of days).

    `curated`: True once the curator said yes (a pick without an agent is the curator's), False after a no.
    """

    text: str
    script: str
    agents: tuple[str, ...] = ()
    uses: int = 0
    day: int = 0
    curated: bool | None = None

    @property
    def adopted(self) -> bool:
        """Does it count as a phrasing of the library? Whoever is not named may be one of the named."""
        return self.curated is True or (self.curated is None and self._different() >= terms().agents)

    def _different(self) -> int:
        return len(self.agents) - (UNNAMED in self.agents and len(self.agents) > 1)

    @property
    def code(self) -> str:
        """What the curator calls it by: the same in every run."""
        return hashlib.sha256("\n".join(_key(self.text, self.script)).encode("utf-8", "replace")).hexdigest()[:8]


class Known(NamedTuple):
    """What a shop has learned, to build again from: `popularity` goes on counting."""

    lessons: tuple[Lesson, ...]
    popularity: Popularity


class Lessons:
    """What one shop has learned, applied to its matcher, and how well its scripts served.

    `listed` and `popularity` are all there is to keep: build again from them.
    """

    def __init__(self, matcher: Matcher, kept: Iterable[Lesson] = (), popularity: Popularity | None = None) -> None:
        """`kept`, `popularity`: what is known from before; lessons of scripts that are gone only wait in `away`."""
        self.matcher = matcher
        self._lessons: dict[tuple[str, str], Lesson] = {}
        self._of: dict[str, dict[tuple[str, str], Lesson]] = {}  # the same by script, each in the order of learning
        self.popularity = popularity or Popularity()
        self.away: tuple[Lesson, ...] = ()
        known = {script.id for script in matcher.library.scripts}
        for lesson in kept:
            if lesson.script in known:
                self._keep(lesson)
                self._apply(lesson)
            else:
                self.away += (lesson,)

    def listed(self) -> tuple[Lesson, ...]:
        """All lessons, for review and for keeping, in the order they were learned."""
        return tuple(self._lessons.values())

    def known(self) -> Known:
        """What there is to build from, which no later lesson changes."""
        return Known((*self.listed(), *self.away), self.popularity)

    def catch_up(self, other: Lessons) -> None:
        """Know what `other` knows, of which this was made: what it has learned and forgotten since."""
        known = {script.id for script in self.matcher.library.scripts}
        theirs = {_key(lesson.text, lesson.script): lesson for lesson in (*other.listed(), *other.away)}
        for lesson in [lesson for key, lesson in self._lessons.items() if key not in theirs]:
            self._drop(lesson)
        for key, lesson in theirs.items():
            if lesson.script in known and self._lessons.get(key) != lesson:
                self._put(lesson)
        self.popularity = other.popularity
        self.away = tuple(lesson for lesson in theirs.values() if lesson.script not in known)

    def lean(self, day: int) -> Callable[[str], float]:
        """How far to lean towards each script on `day`: see Popularity."""
        return lambda script: self.popularity.lean(script, day)

    def act(self, action: str, text: str, script: str, *, agent: str = "", day: int = 0) -> None:
        """`agent` (empty: the curator) did this with `script`, offered for `text`: it counts for the script, and what
        was picked or taken back for the question too. Raises KeyError for an unknown script.
        """
        self.learn(action, text, script, agent=agent, day=day)
        self.popularity.note(script, action, day)

    def learn(self, action: str, text: str, script: str, *, agent: str = "", day: int = 0) -> None:
        """`act` for the question alone."""
        if action in TAUGHT:
            self.pick(text, script, agent=agent, day=day)
        elif action == "withdrawn":
            self.withdraw(text, script, agent=agent)

    def withdraw(self, text: str, script: str, *, agent: str = "") -> None:
        """`agent` takes back his pick; the curator (empty) his yes. What nobody stands for any more is forgotten."""
        old = self._lessons.get(_key(text, script))
        if old is None or (agent not in old.agents if agent else old.curated is not True):
            return
        agents = tuple(each for each in old.agents if each != agent)
        curated = old.curated if agent else None
        lesson = msgspec.structs.replace(old, agents=agents, uses=max(old.uses - 1, 0), curated=curated)
        if agents or curated is not None:
            self._put(lesson)
        else:
            self._drop(old)

    def pick(self, text: str, script: str, *, agent: str = "", day: int = 0) -> None:
        """`agent` (empty: the curator) picked `script` for `text` on `day`. Raises KeyError for an unknown script.

        A first agent's pick lifts the script for such questions; a second agent's, or the curator's, makes the
        question a phrasing. What the curator refused stays refused.
        """
        old = self._lessons.get(_key(text, script)) or Lesson(text, script)
        agents = old.agents if not agent or agent in old.agents else (*old.agents, agent)
        curated = True if not agent and old.curated is None else old.curated
        self._put(msgspec.structs.replace(old, agents=agents, uses=old.uses + 1, day=day, curated=curated))

    def judge(self, text: str, script: str, *, yes: bool) -> None:
        """The curator's word on a question: a phrasing of the script, or never. Raises KeyError for an unknown script."""
        old = self._lessons.get(_key(text, script)) or Lesson(text, script)
        self._put(msgspec.structs.replace(old, curated=yes))

    def _put(self, lesson: Lesson) -> None:
        key = _key(lesson.text, lesson.script)
        if not key[0]:
            return
        old = self._lessons.get(key)
        self._apply(lesson, old)
        self._keep(lesson)
        if old is None:
            self._make_room(lesson.script)

    def _keep(self, lesson: Lesson) -> None:
        key = _key(lesson.text, lesson.script)
        self._lessons[key] = self._of.setdefault(lesson.script, {})[key] = lesson

    def _apply(self, lesson: Lesson, old: Lesson | None = None) -> None:
        if old is not None and (old.adopted, old.curated) == (lesson.adopted, lesson.curated):
            return
        if lesson.curated is False or (old is not None and old.adopted and not lesson.adopted):
            self.matcher.forget(lesson.text, lesson.script)
        if lesson.curated is not False:
            self.matcher.learn(lesson.text, lesson.script, sure=lesson.adopted)

    def _make_room(self, script: str) -> None:
        held = [each for each in self._of[script].values() if each.curated is not False]
        if len(held) > terms().questions:
            self._drop(min(held[:-1], key=lambda each: (each.adopted, each.uses, each.day)))

    def _drop(self, lesson: Lesson) -> None:
        self.matcher.forget(lesson.text, lesson.script)
        key = _key(lesson.text, lesson.script)
        del self._lessons[key], self._of[lesson.script][key]


def _key(text: str, script: str) -> tuple[str, str]:
    return normalise(text), script
