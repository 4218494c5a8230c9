"""I read runs of digits, however they are written, and say what each can be."""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from replies import guard_sound as sound
from replies.guard_starts import Pattern, compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replies.guard_detect import Known
    from replies.rules import Facts


class Thing(NamedTuple):
    """Something found by its form at `start:end` of the text that was read."""

    slot: str
    start: int
    end: int
    value: str
    how: str = "exact"
    weight: float = 1.0


class Forms(NamedTuple):
    """The patterns made from the facts, once."""

    digit: dict[str, str]
    weak: dict[str, str]
    run: re.Pattern[str]
    soft: re.Pattern[str]
    money: Pattern
    not_money: re.Pattern[str]
    labels: re.Pattern[str]
    hotline: re.Pattern[str]
    unit: re.Pattern[str]


_leads = re.compile(r"[\s:：是为号码#（(【\[“\"a-z一_\-]{0,6}")
_mobile = re.compile(r"(?:0?0?86)?(1[3-9]\d{9})")
_mobile_anywhere = re.compile(r"(?=(1[3-9]\d{9}))")
_land = re.compile(r"0(?:10|2\d|[3-9]\d{2})\d{7,8}")
_letters = re.compile(
    r"(?<![a-z0-9])(?:[0-9oliszbq|!]{7,13}+|\d(?:[ \-]?\d|(?<=\d)[oliszbq](?=\d)){6,12}+)(?![a-z0-9])"
)
_looks = str.maketrans("olisz|!bq", "011521189"[:9])


def _any(words: tuple[str, ...]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


@lru_cache(maxsize=4)
def forms(facts: Facts) -> Forms:
    """Compile `facts`; the same facts are compiled once."""
    digit = {char: value for value, chars in facts.numerals.items() for char in chars}
    digit.update({value: value for value in "0123456789"})
    by_sound = {syllable: value for value, syllables in facts.sounds.items() for syllable in syllables}
    weak = {
        char: by_sound[syllable]
        for char, syllable in sound.syllables().items()
        if syllable in by_sound and char not in digit and char in sound.common()
    }
    strong = "".join(digit)
    separator = r"[^\w]|_"
    # Bounded: nobody writes a sum of more figures, and a page full of digits would be read again from each of them.
    number = r"(?:\d{1,12}+(?:\.\d{1,12}+)?|[零一二两俩三叁仨四肆五伍六陆七柒八捌九玖十拾百几半贰壹]{1,12}+)"
    return Forms(
        digit,
        weak,
        re.compile(rf"[{strong}](?:(?:{separator}){{0,3}}[{strong}]){{4,}}+"),
        re.compile(rf"[{strong}{''.join(weak)}]{{7,}}+"),
        compiled(rf"[¥$]\s?{number}|{number}\s?(?:{_any(facts.money)})(?![a-z])(?:{number}(?:毛|角)?|整|钱)?"),
        re.compile(_any(facts.not_money)),
        re.compile(rf"({_any(facts.unlabels)})|({_any(facts.labels)})"),
        re.compile("|".join(facts.hotlines)),
        re.compile(rf"\s?(?:{_any(facts.units)})(?![a-z])"),
    )


def may_be(facts: Facts) -> re.Pattern[str]:
    """What every long number has somewhere in its text without separators."""
    made = forms(facts)
    strong, weak = "".join(made.digit), "".join(made.weak)
    return re.compile(f"[{strong}]{{5}}|[{strong}olizsb{weak}]{{7}}")


def find(text: str, known: Known) -> Iterator[Thing]:
    """Every number worth a name: phones, accounts, cards, identities, orders, amounts of money."""
    made = forms(known.facts)
    for match in made.money.finds(text, 0, len(text)):
        tail = made.not_money.match(text, match.end() - 1)
        if tail is None:
            yield Thing("amount", match.start(), match.end(), match.group())
    covered: list[tuple[int, int]] = []
    for match in made.run.finditer(text):
        covered.append(match.span())
        yield from _run(text, match.start(), match.end(), made=made, known=known)
    for match in made.soft.finditer(text):
        digits, start = _soft(match.group(), made)
        if digits and not _within(match.start() + start, match.end(), covered):
            at = match.start() + start
            yield Thing("phone" if len(digits) == 11 else "qq_number", at, at + len(digits), digits, "sound", 0.9)
    for match in _letters.finditer(text):
        written = re.sub(r"[ \-]", "", match.group())
        if sum(char.isdigit() for char in written) >= 3 and not written.isdigit():
            value = written.translate(_looks)
            slot = "phone" if _mobile.fullmatch(value) else "qq_number"
            yield Thing(slot, match.start(), match.end(), value, "leet", 0.9)


def _within(start: int, end: int, runs: list[tuple[int, int]]) -> bool:
    place = bisect_right(runs, (start, end))
    return any(a <= start and end <= b for a, b in runs[max(0, place - 1) : place])


def _soft(run: str, made: Forms) -> tuple[str, int]:
    """Digits of a run in which some characters only sound like one, and where they begin; "" if it is plain text."""
    digits = "".join(made.digit.get(char) or made.weak[char] for char in run)
    strong = sum(char in made.digit for char in run)
    if strong * 2 < len(run):
        return "", 0
    for match in _mobile_anywhere.finditer(digits):
        start, end = match.span(1)
        beside = run[max(0, start - 1) : start] + run[end : end + 1]
        if any(char in made.digit for char in beside):  # the tail of an order's number is no phone
            continue
        if sum(char in made.digit for char in run[start:end]) >= 6:
            return match.group(1), start
    first = next(at for at, char in enumerate(run) if char in made.digit)
    last = len(run) - next(at for at, char in enumerate(reversed(run)) if char in made.digit)
    inner = run[first:last]
    if 7 <= len(inner) <= 10 and sum(char in made.digit for char in inner) >= len(inner) - 2:
        return digits[first:last], first
    return "", 0


def _run(text: str, start: int, end: int, *, made: Forms, known: Known) -> Iterator[Thing]:
    for first, last in _pieces(text, start, end, made=made):
        digits = "".join(made.digit.get(char, "") for char in text[first:last])
        slot = _name(text, first, last, digits=digits, made=made, known=known)
        if slot == "phone" and _odd(text[first:last]):
            yield Thing("odd_phone", first, last, digits, "digits")
        if slot:
            yield Thing(slot, first, last, digits, "exact" if text[first:last] == digits else "digits")


def _odd(written: str) -> bool:
    """Is a number written as nobody does who has nothing to hide: a sign after each digit, or figures of several kinds?"""
    return len(re.findall(r"[^\w\s]|_", written)) > 6 or _mixed(written)


def _mixed(written: str) -> bool:
    """Do figures and numerals take turns?"""
    return len(re.findall(r"\d+|[^\W\d_]+", written)) > 3


def _pieces(text: str, start: int, end: int, *, made: Forms) -> list[tuple[int, int]]:
    """The whole run if it makes one number; else what stands between spaces and line ends."""
    digits = "".join(made.digit.get(char, "") for char in text[start:end])
    whole = _mobile.fullmatch(digits) or _land.fullmatch(digits) or made.hotline.fullmatch(digits)
    if whole or 15 <= len(digits) <= 22 or not re.search(r"[\s,，、;；]", text[start:end]):
        return [(start, end)]
    parts = [(start + m.start(), start + m.end()) for m in re.finditer(r"[^\s,，、;；]+", text[start:end])]
    return parts if any(b - a > 6 for a, b in parts) else [(start, end), *parts]


def _name(text: str, start: int, end: int, *, digits: str, made: Forms, known: Known) -> str:
    """What a number is, or "" if it is nothing the guard minds."""
    written = text[start:end]
    glued = (start and text[start - 1] in "abcdefghijklmnopqrstuvwxyz") or (
        text[end : end + 1].isascii() and text[end : end + 1].isalpha()
    )
    label = _label(text, start, made)
    if digits in known.numbers:
        return "order_number"
    if known.orders.fullmatch(written) or label == "other":
        # an order number may look like a card: where a bank is named beside it, it is one
        return (
            "card_like" if label != "other" and digits.startswith("62") and 16 <= len(digits) <= 19 else "order_number"
        )
    if _mobile.fullmatch(digits) and not glued and _phone_like(written):
        return "phone"
    if glued and known.parcels.fullmatch(_whole_token(text, start, end)):
        return "order_number"
    if made.hotline.fullmatch(digits) and not glued:
        return "hotline"
    if _land.fullmatch(digits) and not glued and len(digits) <= 12:
        return "landline"
    if (len(digits) == 18 and identity(digits)) or (
        len(digits) == 17 and text[end : end + 1] == "x" and identity(digits + "x")
    ):
        return "identity"
    if 15 <= len(digits) <= 19 and not glued:
        return _card(written, digits, label)
    sized = made.unit.match(text, end) or _measure(written)
    account = (5 <= len(digits) <= 11 and not sized) or (6 < len(digits) < 15 and _mixed(written))
    return "qq_number" if account else "some_number"


def _phone_like(written: str) -> bool:
    return not re.search(r"\d:\d|\d\.\d{1,2}(?:\D|$)|\d[*x×]\d{2,}", written) or written.count(".") > 2


def _measure(written: str) -> bool:
    """Sizes, prices, times and dates have their own separators."""
    if len(re.findall(r"\D", written)) > 3:
        return False  # one digit at a time
    if re.fullmatch(r"\d{5,6}\D\d{5,6}", written):
        return False  # no size has so many figures
    return bool(
        re.search(r"\d(?:[:*x×~～/:])\d|\d\.\d{1,2}$|^\d{4}[-./]\d{1,2}[-./]\d{1,2}|^\d{1,3}(?:[-~]\d{1,3})$", written)
    )


def _whole_token(text: str, start: int, end: int) -> str:
    while start and text[start - 1].isascii() and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isascii() and text[end].isalnum():
        end += 1
    return text[start:end]


def _label(text: str, start: int, made: Forms) -> str:
    """The word right before a number that says what it is: `contact`, `other`, or ""."""
    last = None
    for match in made.labels.finditer(text, max(0, start - 12), start):
        last = match
    if last is None or not _leads.fullmatch(text, last.end(), start):
        return ""
    return "contact" if last.group(1) else "other"


def _card(written: str, digits: str, label: str) -> str:
    if len(digits) > 19 or label == "other":
        return "order_number"
    issuer = digits.startswith(
        ("62", "60", "55", "51", "52", "53", "54", "40", "41", "42", "43", "45", "49", "35", "37", "95", "6")
    )
    grouped = bool(re.fullmatch(r"\S{4}\D\S{4}\D\S{4}\D.*", written)) or written != digits
    if (digits.startswith("62") and len(digits) >= 16) or (
        issuer and (grouped or (luhn(digits) and len(digits) != 18))
    ):
        return "card"
    return "card_like"


def luhn(digits: str) -> bool:
    """Does the check digit of a card number hold?"""
    total = sum(int(d) for d in digits[-1::-2]) + sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return total % 10 == 0


def identity(number: str) -> bool:
    """Is this an identity card number: province, date of birth and checksum (GB 11643)?"""
    if not (11 <= int(number[:2]) <= 82):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10x98765432"[sum(int(d) * w for d, w in zip(number[:17], weights, strict=True)) % 11]
    return 1900 <= born.year < 2030 and check == number[17]
