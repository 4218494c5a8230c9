"""I keep the guard's record: which rule spoke about which message, what became of it, and so how often it was right.

One hit is one rule and one reply (or message), however many wordings were tried. It was **wrong** if somebody sent the
words all the same and said why, or if the curator says so; **right** if the reply then went out with other words that the
rule has nothing against, if nothing had gone out under its id a day later, or if the curator says so. The curator's word
counts most, his last one. What is neither is **open**: held today, seen on the platform, watched, or sent with the same
words once the rule (of the hour, of the messages before) had nothing against them any more.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bot.effects import Hold, Noted, Send, Violation
from bot.ports import Ruling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.effects import Effect

GIVEN_UP = 86_400  # seconds after which a reply that was held and never sent was rightly held
LONGEST = 80  # characters kept of a message and of what a rule found in it
HITS = ("held", "seen", "watched", "overridden")  # what says that a rule spoke


class Count(NamedTuple):
    """How often a rule spoke, and how often it was right and wrong to."""

    rule: str
    hits: int
    right: int
    wrong: int

    @property
    def open(self) -> int:
        """Those of which nobody knows yet."""
        return self.hits - self.right - self.wrong

    @property
    def precision(self) -> float | None:
        """The share of the right ones among those that are known."""
        known = self.right + self.wrong
        return self.right / known if known else None


def rows(effect: Effect, conversation: str, at: int) -> list[Ruling]:
    """What an effect adds to the record: a row for each finding."""
    match effect:
        case Hold(verdict=verdict):
            event, findings, reason = "held", verdict.findings, ""
        case Send(verdict=verdict):
            event, findings, reason = "overridden", verdict.findings, effect.override
        case Violation(findings=findings):
            event, reason = "seen", ""
        case Noted(findings=findings):
            event, reason = "watched", ""
        case _:
            return []
    text, digest = effect.text, digest_of(effect.text)
    return [
        Ruling(
            conversation=conversation,
            subject=effect.id,
            event=event,
            rule=finding.rule,
            action=finding.action,
            agent=effect.agent,
            at=at,
            reason=reason,
            digest=digest,
            excerpt=_short(finding.excerpt),
            text=_short(text),
        )
        for finding in findings
    ]


def failure(effect: Effect) -> str:
    """What broke in the guard when it judged this; "" if nothing did."""
    if not isinstance(effect, Hold | Violation):
        return ""
    findings = effect.verdict.findings if isinstance(effect, Hold) else effect.findings
    return next((finding.reason for finding in findings if finding.rule == "guard.failed"), "")


def sent(effect: Send, conversation: str, at: int) -> Ruling:
    """Which reply went out, by whom and with which words: for what held it before."""
    empty = Ruling(conversation, effect.id, "sent", "", "", effect.agent, at, effect.override, "", "", "")
    return empty._replace(digest=digest_of(effect.text), text=_short(effect.text))


def digest_of(text: str) -> str:
    """By which two texts are known to be the same: the first 16 hexadecimal digits of their SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _short(text: str) -> str:
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return cut.encode("utf-8", "replace").decode()


def count(found: Iterable[Ruling], now: int) -> list[Count]:
    """The hits of each rule among `found` (oldest first), most hits first."""
    hits: dict[tuple[str, str, str], list[Ruling]] = defaultdict(list)
    for row in found:
        hits[row.conversation, row.subject, row.rule].append(row)
    tallies: dict[str, list[bool | None]] = defaultdict(list)
    for (_, _, rule), of_hit in hits.items():
        tallies[rule].append(_right(of_hit, now))
    counts = [Count(rule, len(of), of.count(True), of.count(False)) for rule, of in tallies.items()]
    return sorted(counts, key=lambda one: (-one.hits, one.rule))


def _right(of_hit: list[Ruling], now: int) -> bool | None:
    """Was the rule right? None if nobody knows."""
    marks = [row.event for row in of_hit if row.event in ("right", "wrong")]
    events = {row.event for row in of_hit}
    if marks:
        return marks[-1] == "right"
    if "overridden" in events:
        return False
    if "rewritten" in events:
        return True
    if "passed" in events or "held" not in events:
        return None
    return True if now - max(row.at for row in of_hit) >= GIVEN_UP else None
