"""I answer single questions: what would we suggest, may this be sent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bot import platforms, zones
from bot.errors import BadPayload, WireError
from bot.lines import BadLine
from replies import DataError, guard, guard_owner, library, match, meaning, policy
from replies.learning import Lessons

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Suggester:
    """Ranks the scripts of one library for lines of `kuaihui suggest`."""

    def __init__(self, path: Path, *, top: int, every: bool, learn: bool) -> None:
        """`every`: also list what stayed below the bar. `learn`: accept picked lines. Raises replies.DataError."""
        self.matcher = match.Matcher(library.load([path]), meaning.load(_cache()))
        self.lessons = Lessons(self.matcher)
        self.top, self.every, self.learn = top, every, learn

    def answer(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """One line of `kuaihui suggest --jsonl` to its answer; None for a picked line. Raises BadLine."""
        if "picked" in asked:
            self._pick(asked["picked"])
            return None
        return self.rank(_turn(asked))

    def rank(self, turn: list[str]) -> dict[str, Any]:
        """`{"silent","suggestions"}` for the buyer's open turn, oldest message first."""
        ranking = self.matcher.rank(turn, top=self.top, lean=self.lessons.lean(0) if self.learn else None)
        found = (*ranking.shown, *ranking.below) if self.every else ranking.shown
        return {"silent": not ranking.shown, "suggestions": msgspec.to_builtins(found[: self.top])}

    def _pick(self, picked: object) -> None:
        if not self.learn:
            raise BadLine("picked lines need --learn")
        match picked:
            case {"text": str() as text, "script": str() as script}:
                try:
                    self.lessons.act("picked", text, script)
                except KeyError as error:
                    raise BadLine(f"picked.script: the library has no script {script!r}") from error
            case _:
                raise BadLine('picked must be {"text": string, "script": string}')


def _cache() -> Path:
    """Where sentence vectors of libraries are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kuaihui"


def _turn(asked: dict[str, Any]) -> list[str]:
    match asked:
        case {"text": str() as text}:
            return [text]
        case {"messages": [*messages]}:
            return _open_turn(messages)
    raise BadLine('give "text" (a string) or "messages" (a list of {"role","text"})')


def _open_turn(messages: list[Any]) -> list[str]:
    """The buyer's messages since the last one of an agent."""
    turn: list[str] = []
    for position, message in enumerate(messages):
        match message:
            case {"role": "buyer", "text": str() as text}:
                turn.append(text)
            case {"role": "agent"}:
                turn.clear()
            case {"role": "robot" | "system"}:
                pass
            case _:
                raise BadLine(f'messages[{position}]: give {{"role": buyer|agent|robot|system, "text": string}}')
    return turn


class Checker:
    """Checks outgoing messages for lines of `kuaihui guard`; packs are read once for each platform."""

    def __init__(self, rules: Iterable[Path] = (), timezone: str = "Asia/Shanghai") -> None:
        """`rules`: files of the owner's own; `timezone` of the shop. Raises DataError. Packs are read when first asked for."""
        self._guards: dict[str, guard.Guard] = {}
        self._owner = guard_owner.read_rules(rules)
        self._zone = zones.find(timezone, "--timezone")

    def guard_on(self, platform: str) -> guard.Guard:
        """The guard of a platform, with the owner's rules. Raises DataError for what cannot be read."""
        if platform not in self._guards:
            packs = policy.packs(platform)
            problems = guard_owner.misfits(self._owner, packs)
            if problems:
                raise DataError(problems)
            self._guards[platform] = guard.Guard(packs, owner=self._owner)
        return self._guards[platform]

    def check(
        self,
        messages: list[str],
        platform: str,
        *,
        hour: int | None = None,
        unanswered: int = 0,
        theirs: Sequence[str] = (),
    ) -> guard.Verdict:
        """The verdict on the last of the agent's `messages`; the rest as Guard.check takes it. Raises DataError."""
        return self.guard_on(platform).check(messages, hour=hour, unanswered=unanswered, theirs=theirs)

    def hour(self, at: object, place: str) -> int | None:
        """The shop's hour at an instant as people write it; None stays None. Raises WireError."""
        if at is None:
            return None
        if not isinstance(at, str):
            raise BadPayload(f"{place}: must be a string such as 2026-11-21T10:00:00+08:00")
        return self._zone.local(zones.instant(at, place, self._zone))[1] // 3600

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """One line of `kuaihui guard --jsonl` to its answer. Raises BadLine."""
        messages, platform = asked.get("messages"), asked.get("platform", "any")
        if not isinstance(messages, list) or not messages or not all(isinstance(text, str) for text in messages):
            raise BadLine("messages must be a list of strings, at least one")
        if platform not in platforms.names():
            raise BadLine(f"platform must be one of {', '.join(platforms.names())}")
        answer = msgspec.to_builtins(self.check(messages, platform, **self._known(asked)))
        return dict(answer)

    def _known(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What a line says beside the messages: when, after how many without an answer, and what is the buyer's."""
        unanswered, theirs = asked.get("unanswered", 0), asked.get("theirs", [])
        if not isinstance(unanswered, int) or isinstance(unanswered, bool) or unanswered < 0:
            raise BadLine("unanswered must be a whole number, 0 or more")
        if not isinstance(theirs, list) or not all(isinstance(text, str) for text in theirs):
            raise BadLine("theirs must be a list of strings")
        try:
            return {"hour": self.hour(asked.get("at"), "at"), "unanswered": unanswered, "theirs": theirs}
        except WireError as error:
            raise BadLine(str(error)) from error
