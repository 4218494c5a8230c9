"""Nothing that anybody can type breaks the guard, or makes it take more than its share of time."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from replies import guard, policy
from replies.guard_explain import explain
from replies.text import WORDS

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "guard" / "hostile.toml").read_text(encoding="utf8")
)["cases"]
SHOP = guard.Guard(policy.packs("pinduoduo"))
LONGEST = 99_999
FREE = 0.002  # seconds of CPU that say nothing


def made(case: dict[str, Any], size: int) -> str:
    """The case's text, of `size` characters."""
    piece = case.get("piece") or "".join(map(chr, case.get("codes", ())))
    if "table" in case:
        piece = "".join((WORDS / case["table"]).read_text(encoding="utf8").split())
    before, after = case.get("before", ""), case.get("after", "")
    room = size - len(before) - len(after)
    return before + (piece * (room // len(piece) + 1))[:room] + after


def seconds(text: str) -> float:
    """CPU time of this thread for one check; the better of two, so that other work and collecting garbage count little."""
    taken = []
    for _ in range(2):
        begin = time.thread_time()
        SHOP.check([text])
        taken.append(time.thread_time() - begin)
    return min(taken)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_four_times_the_text_takes_four_times_as_long(case):
    """Not sixteen times, as it would if each character were compared with each."""
    short, long = seconds(made(case, 1_500)), seconds(made(case, 6_000))
    assert long <= 9 * short + FREE, (short, long)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_any_length_gets_a_verdict_that_quotes_the_text(case):
    """Short, long and torn over messages: a verdict as expected, spans inside the text, excerpts as they stand there."""
    for size in (24, 1_000):
        text = made(case, size)
        for messages in ([text], ["加", text], [text[: size // 2], text[size // 2 :]]):
            verdict = SHOP.check(messages)
            assert not any(finding.rule == "guard.failed" for finding in verdict.findings)
            for finding in verdict.findings:
                start, end = finding.span
                assert 0 <= start <= end <= len(messages[-1])
                if finding.category != "unsendable":
                    assert messages[-1][start:end] == finding.excerpt
        assert "verdict" not in case or SHOP.check([text]).verdict == case["verdict"]
    explain(SHOP, made(case, 300))


def test_the_longest_text_of_every_folding():
    """99,999 characters of all that folding knows are judged, in no more than their share of the time for a tenth."""
    tables = [case for case in CASES if "table" in case]
    long = "".join(made(case, LONGEST // len(tables) + 1) for case in tables)[:LONGEST]
    short = seconds("".join(long[at : at + 1_000] for at in range(0, len(long), 10_000)))  # a tenth, from all over it
    begin = time.thread_time()
    verdict = SHOP.check([long])
    assert time.thread_time() - begin <= 22 * short + FREE
    assert not any(finding.rule == "guard.failed" for finding in verdict.findings)


def test_a_sign_between_characters_is_a_sign_and_no_pattern() -> None:
    """A bracket or a star that stands again and again after one character is left out as it stands, and breaks nothing."""
    for sign in "[(*+?.^$|\\":
        verdict = SHOP.check([f"{sign}一{sign}二的的好的好{sign}三{sign}"])
        assert all(finding.rule != "guard.failed" for finding in verdict.findings), sign
        verdict = SHOP.check([f"{sign}一", f"{sign}a", "一"])
        assert all(finding.rule != "guard.failed" for finding in verdict.findings), sign
