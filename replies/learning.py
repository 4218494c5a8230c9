"""I remember what agents picked, and let it change the ranking no faster than it deserves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from replies.text import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from replies.match import Matcher

AGENTS = 2  # different agents whose picks make a question a phrasing without the curator
BOUND = 60  # questions remembered of one script: the least used and oldest make room


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
        """Does it count as a phrasing of the library?"""
        return self.curated is True or (self.curated is None and len(self.agents) >= AGENTS)


class Lessons:
    """What one shop has learned, applied to its matcher. `listed` is all there is to keep: build again from it."""

    def __init__(self, matcher: Matcher, kept: Iterable[Lesson] = ()) -> None:
        """`kept`: the lessons of an earlier run; those of scripts that are gone are left out."""
        self._matcher = matcher
        self._lessons: dict[tuple[str, str], Lesson] = {}
        known = {script.id for script in matcher.library.scripts}
        for lesson in kept:
            if lesson.script in known:
                self._lessons[_key(lesson.text, lesson.script)] = lesson
                self._apply(lesson)

    def listed(self) -> tuple[Lesson, ...]:
        """All lessons, for review and for keeping, in the order they were learned."""
        return tuple(self._lessons.values())

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
        self._lessons[key] = lesson
        if old is None:
            self._make_room(lesson.script)

    def _apply(self, lesson: Lesson, old: Lesson | None = None) -> None:
        if old is not None and (old.adopted, old.curated) == (lesson.adopted, lesson.curated):
            return
        if lesson.curated is False:
            self._matcher.forget(lesson.text, lesson.script)
        else:
            self._matcher.learn(lesson.text, lesson.script, sure=lesson.adopted)

    def _make_room(self, script: str) -> None:
        held = [each for each in self._lessons.values() if each.script == script and each.curated is not False]
        if len(held) > BOUND:
            least = min(held[:-1], key=lambda each: (each.adopted, each.uses, each.day))
            self._matcher.forget(least.text, least.script)
            del self._lessons[_key(least.text, least.script)]


def _key(text: str, script: str) -> tuple[str, str]:
    return normalise(text), script
