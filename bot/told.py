"""I tell people what happened: an event of the feed as lines for the terminal."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.text import Text

from bot import platforms
from replies import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import RenderableType

COLOURS = {
    "deadline.warning": "yellow",
    "deadline.missed": "bold red",
    "deadline.cleared": "green",
    "draft.held": "red",
    "violation.seen": "red",
    "message.send": "cyan",
}


def labels() -> dict[str, str]:
    """What people call each reply target, by name. Raises replies.DataError for an unreadable platform file."""
    return {target.name: target.label for name in platforms.names() for target in platforms.load(name).targets}


def told(kind: str, data: dict[str, Any], stamp: str, named: Mapping[str, str]) -> Iterator[Text]:
    """One event as lines. `stamp`: the time of day before them; `named`: labels of reply targets."""
    for line in _told(kind, data, stamp, named):
        line.plain = harmless(line.plain)
        yield line


def harmless(text: str) -> str:
    """What a stranger wrote, on one line of a terminal, which it must not steer: as many characters as before."""
    return "".join(char if char.isprintable() else " " for char in text)


def _told(kind: str, data: dict[str, Any], stamp: str, named: Mapping[str, str]) -> Iterator[Text]:
    colour = COLOURS.get(kind, "white")

    def headed(words: str) -> Text:
        return Text.assemble((f"{stamp} ", "dim"), (words, colour))

    match kind, data:
        case "suggestion.created", {"suggestions": [_, *_] as suggestions, "buyer": buyer}:
            yield headed(f"给买家 {buyer} 的话术：")
            yield from _offered(suggestions)
        case "deadline.warning", {"stage": stage, "due": str() as due, "target": _, "buyer": buyer}:
            yield headed(f"⏰ 买家 {buyer} 在等回复：{called(data, named)} 还剩 {left(stage)}（截止 {due[11:19]}）")
        case "deadline.missed", {"target": _, "buyer": buyer}:
            yield headed(f"✗ 买家 {buyer} 等待超时：{called(data, named)}")
        case "deadline.cleared", {"target": _, "buyer": buyer}:
            yield headed(f"✓ 买家 {buyer} {_ending(data)}：{called(data, named)}")
        case (("draft.held" | "violation.seen"), {"findings": [*findings], "text": text}):
            yield headed(f"⛔ {'未发送' if kind == 'draft.held' else '平台上已发出违规内容'}：{text}")
            yield from _why(findings, data.get("rewrite"), colour)
        case "message.send", {"text": text}:
            yield headed(f"→ 发送：{text}")
        case "message.failed", {"reason": reason}:
            yield Text.assemble((f"{stamp} ", "dim"), (f"✗ 发送失败：{reason}", "bold red"))


def called(data: Mapping[str, Any], named: Mapping[str, str]) -> str:
    """What people call the reply target of an event or of who waits; older events say only its name."""
    label: str = data.get("label") or named.get(data["target"], data["target"])
    return label


def _offered(suggestions: Iterable[dict[str, Any]]) -> Iterator[Text]:
    for number, found in enumerate(suggestions, 1):
        line = Text.assemble((f"  {number} ", "bold blue"), (found["title"], "bold"), f" {found['text'] or ''}")
        if found["missing"]:
            line.append(f" 待填写：{'、'.join(map(label, found['missing']))}", style="yellow")
        yield line.append(f" （{found['score']:.0%} {found['why']}）", style="dim")


def _ending(data: dict[str, Any]) -> str:
    if data["reason"] == "recalled":
        return "已撤回消息"
    if data.get("corrected"):
        return "已回复，其实没有超时"
    late = datetime.fromisoformat(data["answered"]) > datetime.fromisoformat(data["due"])
    return "已回复，但超时了" if late else "已回复"


def _why(findings: Iterable[dict[str, Any]], rewrite: str | None, colour: str) -> Iterator[Text]:
    for finding in findings:
        word = "拦截" if finding["action"] == "block" else "提醒"
        what = f"「{finding['excerpt']}」" if finding["excerpt"] else ""
        yield Text.assemble(
            "    ", (f"{word}{what} {finding['reason']}", colour), (f" 依据：{finding['source']}", "dim")
        )
    if rewrite:
        yield Text(f"    建议改为：{rewrite}", style="green")


def hung(line: Text) -> RenderableType:
    """The line for a terminal: what does not fit on one row goes on under its beginning."""
    indent = len(line.plain) - len(line.plain.lstrip())
    return Padding(line[indent:], (0, 0, 0, indent), expand=False) if indent else line


def label(variable: str) -> str:
    """What people call a variable of a script."""
    known = fill.variables().get(variable)
    return known.label if known else variable


def left(seconds: int) -> str:
    """A time left, as people say it."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{number} {unit}" for number, unit in ((hours, "小时"), (minutes, "分"), (rest, "秒")) if number]
    return " ".join(parts) or "0 秒"
