"""I answer single questions: what would we suggest, may this be sent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from bot import platforms
from bot.lines import BadLine
from replies import guard, library, match, meaning, policy
from replies.learning import Lessons


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

    def __init__(self) -> None:
        """Nothing is read before the first line asks for it."""
        self._guards: dict[str, guard.Guard] = {}

    def check(self, messages: list[str], platform: str) -> guard.Verdict:
        """The verdict on the last of the agent's `messages`. Raises replies.DataError for an unreadable pack."""
        if platform not in self._guards:
            self._guards[platform] = guard.Guard(policy.packs(platform))
        return self._guards[platform].check(messages)

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """One line of `kuaihui guard --jsonl` to its answer. Raises BadLine."""
        messages, platform = asked.get("messages"), asked.get("platform", "any")
        if not isinstance(messages, list) or not messages or not all(isinstance(text, str) for text in messages):
            raise BadLine("messages must be a list of strings, at least one")
        if platform not in platforms.names():
            raise BadLine(f"platform must be one of {', '.join(platforms.names())}")
        answer = msgspec.to_builtins(self.check(messages, platform))
        return dict(answer)
