"""I say what is wrong with a sentence, where, and what to say instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from replies import guard_detect as detect
from replies import guard_variants as variants
from replies import guard_words as words
from replies.guard_joints import BREAK
from replies.guard_judge import Rulebook, RuleFailed, callers
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


class Explained(msgspec.Struct, frozen=True):
    """Why a rule did or did not speak: `found` holds what was written, what it was taken for, in which view, how surely;
    `excuse` is empty if the rule spoke, else never, unless, refusal, quote or together.
    """

    view: str
    read: str
    rule: str
    when: str
    found: tuple[tuple[str, str, str, float], ...]
    excuse: str


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
        self._watched = frozenset(rule.id for pack in packs for rule in pack.rules if rule.watch)
        phrases = (*allow.addresses, *allow.products, *allow.brands)
        self._allowed = tuple(filter(None, map(normalise, phrases)))

    def check(self, messages: Sequence[str], *, hour: int | None = None, unanswered: int = 0) -> Verdict:
        """The verdict on the last of an agent's `messages` (oldest first). Never raises: what fails, blocks.

        `hour`: 0 to 23 in the shop's time, if the shop writes first and no buyer waits. `unanswered`: the messages in a row
        that the buyer has left without an answer, the last not counted.
        """
        try:
            return self._check(list(messages[-REMEMBERED:]), self._known.states(hour=hour, unanswered=unanswered))
        except Exception as error:  # noqa: BLE001 whatever fails in a rule must hold the message
            what = f"规则 {error.rule} " if isinstance(error, RuleFailed) else ""
            kind = type(error.__cause__ or error).__name__
            return _held("guard.failed", f"{what}检查时出错（{kind}），为稳妥先拦下，请联系管理员。", messages)

    def _check(self, messages: list[str], states: tuple[str, ...]) -> Verdict:
        text = messages[-1] if messages else ""
        problem = unsendable(text)
        if problem:
            return _held(*problem, messages)
        findings = self.findings(text, [said for said in messages[:-1] if not unsendable(said)], states=states)
        if not findings:
            return ALLOWED
        worst: Literal["warn", "block"] = "block" if any(f.action == "block" for f in findings) else "warn"
        return Verdict(worst, rewrite(text, findings, self), tuple(findings))

    def findings(self, text: str, before: Sequence[str] = (), *, states: tuple[str, ...] = ()) -> list[Finding]:
        """All that is wrong with `text`, in order of span; `before` are the earlier messages. Raises RuleFailed."""
        found = [
            self._finding(match, reading, text, 0)
            for reading in self._readings(text, states=states)
            for match in self._matches(reading)
        ]
        if before:
            told = BREAK.join(said.replace(BREAK, " ") for said in before)[-_RECALL:]
            whole = told + BREAK + text.replace(BREAK, " ")
            for reading in self._readings(whole, joined=True):
                for match in self._matches(reading):
                    start, end = reading.span(match.start, match.end)
                    if BREAK in whole[start:end] and start <= len(told) and match.way.rule.across:
                        found.append(self._finding(match, reading, whole, len(told) + 1))
        return _distinct([finding for finding in found if finding.rule not in self._watched])

    def watched(self, text: str) -> list[Finding]:
        """What the rules in watch mode would have said: to be recorded, never to hold a message. Raises RuleFailed."""
        found = [
            self._finding(match, reading, text, 0)
            for reading in self._readings(text)
            for match in self._matches(reading)
        ]
        return _distinct([finding for finding in found if finding.rule in self._watched])

    def explain(self, text: str) -> list[Explained]:
        """How `text` was read, and each alternative of a rule that all its words call, with what excuses it. Raises RuleFailed."""
        return [
            Explained(
                view=reading.how or "plain",
                read=reading.chars,
                rule=match.way.rule.id,
                when=" ".join(match.way.slots),
                found=tuple(
                    (reading.chars[hit.start : hit.end], hit.word, hit.view, round(hit.weight, 2)) for hit in match.hits
                ),
                excuse=excuse,
            )
            for reading in self._readings(text)
            for match, excuse in self._rules.weigh(reading)
        ]

    def _readings(self, text: str, *, joined: bool = False, states: tuple[str, ...] = ()) -> list[Reading]:
        first = Reading(text, self._search, self._known, joined=joined, states=states)
        return [first, *variants.readings(first)]

    def _matches(self, reading: Reading) -> Iterable[Match]:
        found = self._rules.judge(reading)
        return [match for match in found if not self._permitted(reading, match)] if self._allowed else found

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
