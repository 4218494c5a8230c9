"""I word a stopped message so that it may be sent, or say that I cannot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replies.guard import Guard
    from replies.guard_findings import Finding

_clause = re.compile(r"[^,，。.!！?？;；\n]+[,，。.!！?？;；\n]*")


def rewrite(text: str, findings: Sequence[Finding], guard: Guard) -> str | None:
    """The message without the clauses that offend, with what each rule offers instead; None if that does not pass too."""
    offered = [finding.rewrite for finding in findings if finding.rewrite]
    if len(offered) < len(findings) or not offered:
        return None
    instead = list(dict.fromkeys(offered))
    kept = "" if any(finding.across for finding in findings) else _without(text, findings)
    for candidate in (_join(kept, instead), _join("", instead)):
        if candidate and guard.passes(candidate):
            return candidate
    return None


def _without(text: str, findings: Sequence[Finding]) -> str:
    kept = []
    for clause in _clause.finditer(text):
        start, end = clause.span()
        if not any(f.span[0] < end and start < f.span[1] for f in findings):
            kept.append(clause.group())
    return "".join(kept).strip()


def _join(kept: str, instead: Sequence[str]) -> str:
    if kept and kept[-1] not in "，。！？；,.!?;~～":
        kept += "，"
    return kept + "".join(instead)
