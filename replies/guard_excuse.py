"""I excuse what only looks like an offence: refusals, warnings of others, the buyer's own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from replies.guard_hits import around

if TYPE_CHECKING:
    from replies.guard_hits import Hit
    from replies.guard_judge import Match
    from replies.guard_reading import Reading


_quotes = re.compile(r"“([^”]{1,200})”|「([^」]{1,200})」|『([^』]{1,200})』|\"([^\"]{1,200})\"|‘([^’]{1,200})’")


def excused(match: Match, reading: Reading) -> str:
    """Why the match is no offence: `never`, `later`, `unless`, `refusal`, `quote`, or "" if nothing excuses it."""
    rule = match.way.rule
    if rule.apart and not _apart(match, reading):
        return "together"
    if any(map(reading.says, rule.never)):
        return "never"
    if rule.later and _spoken_later(match, reading):
        return "later"
    if any(_overlaps(hit, match) for slot in rule.holding for hit in reading.find(slot)):
        return "unless"
    for slot in rule.unless:
        for hit in around(reading.find(slot), match.start - 6, match.end + 6):
            inside = match.start <= hit.start and hit.end <= match.end and not _free(hit, match)
            if not inside and hit.weight > 0.5:
                return "unless"
    return "" if match.hard else _softened(match, reading)


def _softened(match: Match, reading: Reading) -> str:
    """What excuses a match that holds no identifier."""
    rule = match.way.rule
    if any(map(reading.says, rule.mild)):
        return "unless"
    if rule.refusable and (refused(match, reading) or (rule.deniable and _warned_of(match, reading))):
        return "refusal"
    return "quote" if rule.quotable and quoted(match, reading) else ""


def refused(match: Match, reading: Reading) -> bool:
    """Is it said that this may not be, is not, or will not be done?"""
    together = reading.joints.together
    for hit in around(reading.find("negation"), match.start - 8, match.end):
        if hit.view != "exact":
            continue
        if hit.end <= match.start and together(hit.start, match.start) and not _lures(reading, hit.end, match.start):
            return True
        if match.start <= hit.start and hit.end <= match.end and _free(hit, match):
            return True
    if any(
        _denies(hit, match, reading.chars) and together(hit.start, hit.end)
        for hit in around(reading.find("negation_direct"), match.start - 4, match.end)
    ):
        return True
    after = around(reading.find("negation_after"), match.end, match.end + 6)
    asked = reading.joints.asked
    return any(
        hit.view == "exact"
        and hit.start >= match.end
        and (together(match.end - 1, hit.start) or asked(match.end, hit.start))
        for hit in after
    )


def _warned_of(match: Match, reading: Reading) -> bool:
    """Is the buyer warned, in the same sentence, of others who would do this? Warned of something else, he is lured yet."""
    begin, end = reading.joints.sentence(match.start, match.end)
    return any(begin <= hit.start < end for hit in around(reading.find("denial"), begin, end))


def _denies(hit: Hit, match: Match, chars: str) -> bool:
    """Does a negation stand right before a word of the match, and ask nothing: 不返钱, but not 返不返钱?"""
    if hit.view != "exact" or not any(mine.start == hit.end for mine in match.hits):
        return False
    return chars[hit.start - 1 : hit.start] != chars[hit.end]


def _lures(reading: Reading, start: int, end: int) -> bool:
    """Does what stands between a refusal and a match make it an invitation: 这里不能改价，..."""
    return any(start <= hit.start and hit.end <= end for hit in around(reading.find("lure_gap"), start, end))


def _apart(match: Match, reading: Reading) -> bool:
    start, end = reading.span(match.start, match.end)
    return "\n" in reading.text[start:end]


def _spoken_later(match: Match, reading: Reading) -> bool:
    """Does the last message of a match over several speak of something else: 验证码…, then 订单号发我?"""
    since = reading.last
    if not match.start < since:
        return False
    return any(
        since <= hit.start < match.end and hit.view == "exact"
        for slot in match.way.rule.later
        for hit in reading.find(slot)
    )


def _free(hit: Hit, match: Match) -> bool:
    return not any(mine.start < hit.end and hit.start < mine.end for mine in match.hits)


def _overlaps(hit: Hit, match: Match) -> bool:
    return hit.weight > 0.5 and not _free(hit, match)


def _beside(hit: Hit, start: int) -> bool:
    """Is a find one character that leads to a quotation: 骂你“...”?"""
    return hit.end - hit.start == 1 and start - 3 <= hit.start < start


def quoted(match: Match, reading: Reading) -> bool:
    """Does the match stand in what the buyer is quoted to have said?"""
    must = match.way.rule.quoted
    aside = {slot for slot in match.way.slots if must and slot not in must}
    for quote in _quotes.finditer(reading.text):
        place, start, end = quote.start(), reading.at(quote.start()), reading.at(quote.end())
        asked = around(reading.find("asks_meaning"), end, end + 4)
        held = [start <= hit.start and hit.end <= end for hit in match.hits]
        if any(hit.start >= end for hit in asked) and any(held):
            return True
        if not any(held) or not all(
            inside or _beside(hit, start) or slot in aside
            for inside, hit, slot in zip(held, match.hits, match.way.slots, strict=True)
        ):
            continue
        if place <= 1 and end < len(reading.chars):
            return True
        if any(hit.end <= start for hit in around(reading.find("attribution"), start - 14, start)):
            return True
    return False
