"""I say what is wrong with a sentence, where, and what to say instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from replies import guard_detect as detect
from replies import guard_variants as variants
from replies import guard_words as words
from replies.guard_joints import BREAK
from replies.guard_judge import Rulebook, callers
from replies.guard_reading import Reading
from replies.guard_rewrite import rewrite
from replies.text import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from replies.guard_judge import Match
    from replies.rules import Action, Pack, Rule

LONGEST = 100_000  # characters of a message
REMEMBERED = 10  # messages of a conversation that matter, the last included
_RECALL = 2_000  # characters of the earlier messages that are read again


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


class Allowance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a shop may say that would otherwise be stopped: its own numbers, addresses, names and sites."""

    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


ALLOWED = Verdict("allow", None, ())


class Guard:
    """The rules of some packs, ready to check messages. Keeps nothing between two checks."""

    def __init__(self, packs: Sequence[Pack], *, allow: Allowance | None = None) -> None:
        """`packs` as policy.packs gives them. Raises ValueError for a rule that cannot be read."""
        allow = allow or Allowance()
        first = packs[0]
        self.packs = tuple(packs)
        self.version = "+".join(f"{pack.id}@{pack.version[:12]}" for pack in packs)
        lexicon = first.lexicon
        self._search = words.build(lexicon, detect.GROUPS, callers(lexicon))
        own = (*allow.domains, *(domain for pack in packs for domain in pack.domains))
        self._known = detect.known(
            lexicon,
            own=own if len(packs) > 1 else (*own, *first.platforms),
            platforms=first.platforms,
            here=frozenset(term for pack in packs for term in pack.own),
            orders=tuple(order for pack in packs for order in pack.orders),
            allowed=frozenset(re.sub(r"\D", "", phone) for phone in allow.phones),
        )
        self._rules = Rulebook((rule for pack in packs for rule in pack.rules), self._search, self._known.elsewhere)
        phrases = (*allow.addresses, *allow.products, *allow.brands)
        self._allowed = tuple(filter(None, map(normalise, phrases)))

    def check(self, messages: Sequence[str]) -> Verdict:
        """The verdict on the last of an agent's `messages` (oldest first). Never raises: what fails, blocks."""
        try:
            return self._check(list(messages[-REMEMBERED:]))
        except Exception as error:  # noqa: BLE001 whatever fails in a rule must hold the message
            return _held(
                "guard.failed", f"检查时出错（{type(error).__name__}），为稳妥先拦下，请联系管理员。", messages
            )

    def _check(self, messages: list[str]) -> Verdict:
        text = messages[-1] if messages else ""
        problem = unsendable(text)
        if problem:
            return _held(*problem, messages)
        findings = self.findings(text, [said for said in messages[:-1] if not unsendable(said)])
        if not findings:
            return ALLOWED
        worst: Literal["warn", "block"] = "block" if any(f.action == "block" for f in findings) else "warn"
        return Verdict(worst, rewrite(text, findings, self), tuple(findings))

    def findings(self, text: str, before: Sequence[str] = ()) -> list[Finding]:
        """All that is wrong with `text`, in order of span; `before` are the earlier messages."""
        found = [self._finding(match, reading, text, 0) for reading, match in self._matches(text)]
        if before:
            told = BREAK.join(before)[-_RECALL:]
            whole = told + BREAK + text
            for reading, match in self._matches(whole, joined=True):
                start, end = reading.span(match.start, match.end)
                over = BREAK in whole[start:end] and match.way.rule.across
                if over and start <= len(told):
                    found.append(self._finding(match, reading, whole, len(told) + 1))
        return _distinct(found)

    def _matches(self, text: str, *, joined: bool = False) -> Iterable[tuple[Reading, Match]]:
        reading = Reading(text, self._search, self._known, joined=joined)
        readings: list[Reading] = [reading]
        readings.extend(variants.readings(reading))
        for one in readings:
            for match in self._rules.judge(one):
                if not self._allowed or not self._permitted(one, match):
                    yield one, match

    def _permitted(self, reading: Reading, match: Match) -> bool:
        for phrase in self._allowed:
            at = reading.chars.find(phrase)
            while at >= 0:
                if any(at <= hit.start and hit.end <= at + len(phrase) for hit in match.hits):
                    return True
                at = reading.chars.find(phrase, at + 1)
        return False

    def _finding(self, match: Match, reading: Reading, text: str, offset: int) -> Finding:
        rule = match.way.rule
        start, end = reading.span(match.start, match.end)
        across = start < offset
        return Finding(
            rule=rule.id,
            category=rule.category,
            action=rule.action,
            span=(max(0, start - offset), max(end, offset + across) - offset),
            excerpt=text[max(start, offset) : max(end, offset + across)],
            reason=rule.reason,
            source=source(rule),
            rewrite=rule.rewrite or None,
            across=across,
        )


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
    return None


def _shown(text: str) -> bool:
    return any(char.isprintable() and not char.isspace() for char in text)


def _held(rule: str, reason: str, messages: Sequence[str]) -> Verdict:
    text = messages[-1] if messages and isinstance(messages[-1], str) else ""
    action: Action = "block"
    finding = Finding(rule, "unsendable", action, (0, min(len(text), LONGEST)), "", reason, "本程序的安全规定", None)
    return Verdict("block", None, (finding,))


def _distinct(found: list[Finding]) -> list[Finding]:
    """In order of span; of several findings of a category that overlap, the strongest and then the longest."""
    kept: list[Finding] = []
    strength = {"block": 0, "warn": 1}
    for finding in sorted(found, key=lambda f: (strength[f.action], f.across, f.span[0] - f.span[1], f.span, f.rule)):
        if not any(_same(finding, other) for other in kept):
            kept.append(finding)
    return sorted(kept, key=lambda f: (f.span, f.rule))


def _same(one: Finding, other: Finding) -> bool:
    if one.category != other.category:
        return False
    return one.span[0] < other.span[1] and other.span[0] < one.span[1]
