"""I say what is wrong with a sentence, where, and what to say instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from replies import guard_detect as detect
from replies import guard_slots
from replies import guard_variants as variants
from replies import guard_words as words
from replies.guard_findings import ALLOWED, Explained, Finding, Verdict, distinct, held, source, unsendable
from replies.guard_joints import BREAK
from replies.guard_judge import Rulebook, RuleFailed
from replies.guard_overall import action_of, words_first
from replies.guard_owner import OwnerBook, version
from replies.guard_reading import Reading
from replies.guard_rewrite import rewrite
from replies.guard_ways import callers
from replies.text import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from replies.guard_detect import Known
    from replies.guard_judge import Match
    from replies.rules import OwnerRule, Pack

__all__ = ["Allowance", "Explained", "Finding", "Guard", "Verdict"]

REMEMBERED = 10  # messages of a conversation that matter, the last included; scraps beyond them do too
_SCRAP, _SCRAPS = 3, 40  # characters of a scrap; messages that are looked at for them
_RECALL = 2_000  # characters of the earlier messages that are read again
_AHEAD = 2_000  # characters of the last one that are read together with them


class Allowance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a shop may say that would otherwise be stopped: its own numbers, addresses, names and sites."""

    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


def recent(messages: Sequence[str]) -> list[str]:
    """The end of `messages` that matters: the last few, and further back as long as a character or three are sent at a time."""
    start, first = max(0, len(messages) - REMEMBERED), max(0, len(messages) - _SCRAPS)
    while start > first and len(messages[start - 1]) <= _SCRAP:
        start -= 1
    return list(messages[start:])


class Guard:
    """The rules of some packs, ready to check messages. Keeps nothing between two checks."""

    def __init__(
        self, packs: Sequence[Pack], *, allow: Allowance | None = None, owner: tuple[OwnerRule, ...] = ()
    ) -> None:
        """`packs` as policy.packs gives them, `owner` as guard_owner.read_rules does. Raises ValueError for an unreadable rule."""
        allow = allow or Allowance()
        first = packs[0]
        self.packs = tuple(packs)
        self.version = "+".join(f"{pack.id}@{pack.version[:12]}" for pack in packs)
        if owner:
            self.version += f"+owner@{version(owner)[:12]}"
        self._owner = OwnerBook(owner) if owner else None
        lexicon = first.lexicon
        self._search = words.build(lexicon, guard_slots.GROUPS, callers(lexicon))
        own = (*allow.domains, *(domain for pack in packs for domain in pack.domains))
        self._known = detect.known(
            lexicon,
            own=own if len(packs) > 1 else (*own, *first.platforms),
            platforms=first.platforms,
            here=frozenset(term for pack in packs for term in pack.own),
            orders=tuple(order for pack in packs for order in pack.orders),
            allowed=frozenset(re.sub(r"\D", "", phone) for phone in allow.phones),
        )
        self.rulebook = Rulebook((rule for pack in packs for rule in pack.rules), self._search, self._known.elsewhere)
        self.rules = (*(rule for pack in packs for rule in pack.rules), *owner)
        self._watched = frozenset(rule.id for pack in packs for rule in pack.rules if rule.watch) | {
            rule.id for rule in owner if rule.watch
        }
        phrases = (*allow.addresses, *allow.products, *allow.brands)
        self._allowed = tuple(filter(None, map(normalise, phrases)))

    def check(
        self, messages: Sequence[str], *, hour: int | None = None, unanswered: int = 0, theirs: Sequence[str] = ()
    ) -> Verdict:
        """The verdict on the last of an agent's `messages` (oldest first). Never raises: what fails, blocks.

        `hour`: 0 to 23 in the shop's time, if the shop writes first and no buyer waits. `unanswered`: the messages in a row
        that the buyer has left without an answer, the last not counted. `theirs`: what the buyer wrote and what is known of
        his order: his own phone number may be read back to him.
        """
        try:
            states = self._known.states(hour=hour, unanswered=unanswered)
            return self._check(recent(messages), states, theirs)
        except Exception as error:  # noqa: BLE001 whatever fails in a rule must hold the message
            what = f"规则 {error.rule} " if isinstance(error, RuleFailed) else ""
            kind = type(error.__cause__ or error).__name__
            return held("guard.failed", f"{what}检查时出错（{kind}），为稳妥先拦下，请联系管理员。", messages)

    def _check(self, messages: list[str], states: tuple[str, ...], theirs: Sequence[str]) -> Verdict:
        text = messages[-1] if messages else ""
        problem = unsendable(text)
        if problem:
            return held(*problem, messages)
        before = [said for said in messages[:-1] if not unsendable(said)]
        findings = self.findings(text, before, states=states, theirs=theirs)
        if not findings:
            return ALLOWED
        worst: Literal["warn", "block"] = "block" if any(f.action == "block" for f in findings) else "warn"
        return Verdict(worst, rewrite(text, findings, self), tuple(findings))

    def findings(
        self, text: str, before: Sequence[str] = (), *, states: tuple[str, ...] = (), theirs: Sequence[str] = ()
    ) -> list[Finding]:
        """All that is wrong with `text`, in order of span; `before` are the earlier messages. Raises RuleFailed."""
        known = detect.knowing(self._known, theirs, text, *before)
        readings = self._readings(text, known, states=states)
        told = [(match, reading) for reading in readings for match in self._matches(reading)]
        found = [self._finding(match, reading, text, 0) for match, reading in (words_first(told) if told else told)]
        if self._owner is not None:
            found.extend(self._owned(text))
        if before:
            found.extend(self._together(before, text, known))
        return distinct([finding for finding in found if finding.rule not in self._watched]) if found else found

    def _together(self, before: Sequence[str], text: str, known: Known) -> Iterator[Finding]:
        """What only earlier messages and `text` together say."""
        told = BREAK.join(said.replace(BREAK, " ") for said in before)[-_RECALL:]
        whole = told + BREAK + text[:_AHEAD].replace(BREAK, " ")
        found = []
        for reading in self._readings(whole, known, joined=True):
            for match in self._matches(reading):
                start, end = reading.span(match.start, match.end)
                if BREAK in whole[start:end] and start <= len(told) and match.way.rule.across:
                    found.append((match, reading))
        for match, reading in words_first(found):
            yield self._finding(match, reading, told + BREAK + text, len(told) + 1)

    def passes(self, text: str) -> bool:
        """Is nothing wrong with a message by itself? Raises RuleFailed."""
        watched = self._watched
        return not any(
            match.way.rule.id not in watched for reading in self._readings(text) for match in self._matches(reading)
        ) and all(finding.rule in watched for finding in self._owned(text))

    def watched(self, text: str) -> list[Finding]:
        """What the rules in watch mode would have said: to be recorded, never to hold a message. Raises RuleFailed."""
        said = [
            self._finding(match, reading, text, 0)
            for reading in self._readings(text)
            for match in self._matches(reading)
        ]
        return distinct([finding for finding in (*said, *self._owned(text)) if finding.rule in self._watched])

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
            for match, excuse in self.rulebook.weigh(reading)
        ]

    def readings(self, text: str, *, hour: int | None = None, unanswered: int = 0) -> list[Reading]:
        """How a text is read, plainly and otherwise; arguments as `check` takes them."""
        return list(self._readings(text, states=self._known.states(hour=hour, unanswered=unanswered)))

    def owned(self, text: str) -> list[tuple[bool, Finding]]:
        """What the owner's own rules find, each with whether it only watches."""
        return [(finding.rule in self._watched, finding) for finding in self._owned(text)]

    @property
    def watches(self) -> bool:
        """Is any rule in watch mode?"""
        return bool(self._watched)

    def _readings(
        self, text: str, known: Known | None = None, *, joined: bool = False, states: tuple[str, ...] = ()
    ) -> Iterator[Reading]:
        first = Reading(text, self._search, known or self._known, joined=joined, states=states)
        yield first
        yield from variants.readings(first)

    def _matches(self, reading: Reading) -> Iterable[Match]:
        found = self.rulebook.judge(reading)
        return [match for match in found if not self.permits(reading, match)] if self._allowed else found

    def _owned(self, text: str) -> Iterable[Finding]:
        """What the owner's own rules say."""
        if self._owner is None:
            return
        for rule, start, end in self._owner.find(Reading(text, self._search, self._known)):
            yield Finding(
                rule=rule.id,
                category=rule.category,
                action=rule.action,
                span=(start, end),
                excerpt=text[start:end],
                reason=rule.reason,
                source=rule.source,
                rewrite=rule.rewrite or None,
            )

    def permits(self, reading: Reading, match: Match) -> bool:
        """Does what the shop may say hold a word of the match, or share a warning of the whole message?"""
        shared = match.overall and match.way.rule.action == "warn"
        for phrase in self._allowed:
            at = reading.chars.find(phrase)
            while at >= 0:
                end = at + len(phrase)
                if any(at <= hit.start and hit.end <= end for hit in match.hits):
                    return True
                if shared and at < match.end and match.start < end:
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
            action=action_of(match, reading),
            span=(max(0, start - offset), max(end, offset + across) - offset),
            excerpt=text[max(start, offset) : max(end, offset + across)],
            reason=rule.reason,
            source=source(rule),
            rewrite=rule.rewrite or None,
            across=across,
        )
