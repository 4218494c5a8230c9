"""Long texts: a disguise in them is seen as in a short one, and nothing is read again that no reading changed."""

import re
import tomllib
from pathlib import Path

from replies import policy
from replies.guard import Guard
from replies.guard_detect import Pattern
from replies.guard_forms import shaped

CASES = Path(__file__).parent / "guard" / "disguises.toml"
PLAIN = "这款外套有三种颜色，洗的时候请用冷水，晾干就好。" * 30


def test_a_disguise_in_a_long_text_is_seen_as_in_a_short_one() -> None:
    """Of disguised lines that are blocked alone, 97 of a hundred are blocked in the middle of a long message."""
    guards = {platform: Guard(policy.packs(platform)) for platform in ("any", "pinduoduo")}
    sets = tomllib.loads(CASES.read_text(encoding="utf8"))["block"]
    lines = [(case.get("platform", "any"), line) for case in sets for line in case.get("lines", ())[::5]]
    alone = [(guards.get(platform, guards["any"]), line) for platform, line in lines]
    alone = [(guard, line) for guard, line in alone if guard.check([line]).verdict == "block"]
    missed = [line for guard, line in alone if guard.check([f"{PLAIN}{line}。{PLAIN}"]).verdict != "block"]
    assert len(alone) > 100
    assert len(missed) <= 0.03 * len(alone), missed


def test_a_long_text_is_read_again_only_around_what_was_changed() -> None:
    """One plus and one word in pieces far apart have a few hundred characters read again, not the whole text."""
    guard = Guard(policy.packs("any"))
    first, *others = guard.readings(f"{PLAIN}+我聊。{PLAIN}亲加我微亻言聊。{PLAIN}")
    assert {reading.how for reading in others} >= {"plus", "parts"}
    assert all(len(reading.text) < len(first.text) / 3 for reading in others)


def test_a_find_in_a_piece_of_a_text_stands_where_it_was_written() -> None:
    """The span of what was found in a piece leads back to the whole message."""
    text = f"{PLAIN}我的微亻言号是 momo_8821{PLAIN}"
    findings = Guard(policy.packs("any")).check([text]).findings
    assert any(finding.excerpt == text[slice(*finding.span)] and "momo_8821" in finding.excerpt for finding in findings)


def test_a_pattern_is_tried_around_each_word_that_calls_it() -> None:
    """Two words that call a pattern, far apart, do not have it tried on all that stands between them."""
    guard = Guard(policy.packs("any"))
    (reading, *_) = guard.readings(f"苹果{PLAIN}苹果{PLAIN}苹果")
    reading.known = reading.known._replace(shapes={"fruit": (Pattern(re.compile("苹果"), 1.0),)})
    size = len(reading.chars)
    assert [hit.start for hit in shaped("fruit", reading, [(0, 2), (size - 2, size)])] == [0, size - 2]
    assert len(shaped("fruit", reading, None)) == 3
