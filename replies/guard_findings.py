"""I am what the guard says: findings, a verdict, and why a text cannot be sent at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from replies.text import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replies.rules import Action, Rule

UNSURE = "unsure"  # the category of what is only doubted
LONGEST = 100_000  # characters of a message
_OVERRIDE = "\u202e"  # shows what follows from right to left: nothing that is typed has it


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One offence. `span`: code points of the original last message; `across`: it began in an earlier message."""

    rule: str
    category: str
    action: Literal["warn", "block"]
    span: tuple[int, int]
    excerpt: str
    reason: str
    source: str
    rewrite: str | None
    across: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """The strongest action of `findings`; `rewrite` is a whole message that passes, or None."""

    verdict: Literal["allow", "warn", "block"]
    rewrite: str | None
    findings: tuple[Finding, ...]


class Explained(msgspec.Struct, frozen=True):
    """Why a rule did or did not speak: `found` holds what was written, what it was taken for, in which view, how surely;
    `excuse` is empty if the rule spoke, else never, later, unless, refusal, quote, together, harmless or surer.
    """

    view: str
    read: str
    rule: str
    when: str
    found: tuple[tuple[str, str, str, float], ...]
    excuse: str


ALLOWED = Verdict("allow", None, ())


def source(rule: Rule) -> str:
    """Where a rule comes from, how sure that is, and what breaking it costs."""
    sure = {"rule": "规则原文（转载）", "reported": "第三方转述", "inferred": "由规则推断"}[rule.sure]
    return f"{rule.source}〔{sure}〕" + (f" 处罚：{rule.penalty}" if rule.penalty else "")


def unsendable(text: str) -> tuple[str, str] | None:
    """Why a text cannot be sent at all: rule id and reason; None if it can."""
    if not text.strip() or (not text.isprintable() and not normalise(text) and not _shown(text)):
        return "guard.empty", "消息是空的。"
    if len(text) > LONGEST:
        return "guard.too_long", f"消息超过 {LONGEST} 个字。"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "guard.unreadable", "消息里有无法显示的字符。"
    if _OVERRIDE in text:
        return "guard.unreadable", "消息里有颠倒文字显示顺序的控制字符，买家看到的和检查的不是一回事。"
    return None


def _shown(text: str) -> bool:
    return any(char.isprintable() and not char.isspace() for char in text)


def held(rule: str, reason: str, messages: Sequence[str]) -> Verdict:
    """The verdict on messages that cannot be judged: block, for `reason`."""
    text = messages[-1] if messages and isinstance(messages[-1], str) else ""
    action: Action = "block"
    finding = Finding(rule, "unsendable", action, (0, min(len(text), LONGEST)), "", reason, "本程序的安全规定", None)
    return Verdict("block", None, (finding,))


def distinct(found: list[Finding]) -> list[Finding]:
    """In order of span; of several findings of a category that overlap, the strongest and then the longest; doubts only alone."""
    kept: list[Finding] = []
    strength = {"block": 0, "warn": 1}
    for finding in sorted(found, key=lambda f: (strength[f.action], f.across, f.span[0] - f.span[1], f.span, f.rule)):
        if not any(_same(finding, other) for other in kept):
            kept.append(finding)
    sure = [finding for finding in kept if finding.category != UNSURE]
    return sorted(sure or kept, key=lambda f: (f.span, f.rule))


def _same(one: Finding, other: Finding) -> bool:
    if one.category != other.category:
        return False
    return one.span[0] < other.span[1] and other.span[0] < one.span[1]
