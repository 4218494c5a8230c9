"""I make a log of a few conversations, friendly and hostile, and the report on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from bot.cli import main

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = """
group = "发货"
[[scripts]]
id = "ship"
title = "什么时候发货"
phrasings = ["什么时候发货", "多久发货", "几天发货"]
text = "您好，付款后四十八小时内按顺序发出。"
[[scripts]]
id = "post"
title = "是否包邮"
phrasings = ["包邮吗", "要运费吗"]
text = "您好，除偏远地区外都包邮。"
"""
HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    '<img src="x" onerror="window.pwned = 1">',
    "<!--<script>",
    "\u2028window.pwned = 1\u2029//",
    "]]>&lt;b&gt;&amp;\u0000'\"`${window.pwned=1}",
    "javascript:window.pwned=1",
    "\u202e反过来\u202c {title} {{ title }}",
)


def lines() -> list[dict[str, object]]:
    """Two days: answered in time and late, with findings, pictures, a robot, an answer as offered, and hostile words."""
    made: list[dict[str, object]] = []

    def say(day: int, clock: str, conversation: str, role: str, text: str, **more: object) -> None:
        at = f"2026-11-{day:02}T{clock}+08:00"
        made.append({"conversation": conversation, "role": role, "text": text, "at": at, **more})

    for number in range(40):
        day, hour, place, buyer = 20 + number % 2, 8 + number % 12, f"talk-{number:02}", f"买家{number:02}"
        agent = f"客服{number % 3}"
        say(day, f"{hour:02}:00:00", place, "buyer", "什么时候发货", buyer=buyer)
        say(day, f"{hour:02}:00:01", place, "robot", "您好，请稍等")
        answer = "您好，付款后四十八小时内按顺序发出。" if number % 3 else "加我微信 abc88990 发您图"
        say(day, f"{hour:02}:{1 + number % 7:02}:30", place, "agent", answer, agent=agent)
        say(day, f"{hour:02}:20:00", place, "buyer", f"第{number}个水壶的盖子拧得紧不紧", buyer=buyer)
        if number % 5:
            say(day, f"{hour:02}:20:20", place, "agent", "亲，拧得紧的，放心用", agent=agent)
        else:
            say(day, f"{hour:02}:20:30", place, "buyer", "", kind="image", buyer=buyer)
    for number, words in enumerate(HOSTILE):
        say(21, f"21:0{number}:00", words, "buyer", words, buyer=words)
        say(21, f"21:0{number}:20", words, "agent", f"{words} 加我微信 abc88990", agent=words)
    return sorted(made, key=lambda line: str(line["at"]))


def other_library(folder: Path) -> Path:
    """A library that says otherwise when parcels leave, and nothing of what postage costs."""
    other = folder / "other.toml"
    other.write_text(LIBRARY.replace("四十八", "七十二").replace("包邮吗", "能开发票吗"), encoding="utf-8")
    return other


def report(folder: Path, said: list[dict[str, object]], *options: str) -> Path:
    """The page on a log, played with 拼多多's rules and a small library."""
    (folder / "library.toml").write_text(LIBRARY, encoding="utf-8")
    log, page = folder / "log.jsonl", folder / "report.html"
    log.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in said), encoding="utf-8")
    given = ["replay", str(log), "--library", str(folder / "library.toml"), "--platform", "pinduoduo"]
    done = CliRunner().invoke(main, [*given, "--report", str(page), *options])
    assert done.exit_code == int("--compare" in options), done.output
    return page
