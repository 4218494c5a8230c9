"""I write a text again without what was put between its characters: fillers, brackets, quotation marks, lines, numbers in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from replies.guard_hits import Variant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FILLS = 8  # different fillers of one text that are left out
LONGEST = 4_000  # characters of a text that is unwrapped
_han = "㐀-鿿"
_noted = re.compile(
    rf"(?<=[{_han}a-z0-9])\s?[(（\[【{{<《〈][^()（）\[\]【】{{}}<>《》〈〉\n]{{1,8}}[)）\]】}}>》〉]\s?(?=[{_han}a-z0-9])"
)
_soft = "啊|呀|哦|嗯|呢|吧|哈|嘛|额|呃|噢|哇|啦|么|呗|喔|诶|唉|那个|这个|就是|然后|嘿嘿|哈哈|呵呵|嘻嘻|亲亲"
_fillers = (
    rf"(?P<soft>{_soft})\s?[{_han}a-z0-9]\s?(?P=soft)",
    rf"(?P<any>[{_han}]{{1,2}})\s?[{_han}a-z0-9]\s?(?P=any)\s?[{_han}a-z0-9]\s?(?P=any)",
    rf"(?<=[{_han}])(?P<letter>[a-z0-9])[{_han}](?P=letter)",
    rf"(?P<sign>[^\w\s，。,.!！?？、；;：:\"'“”()（）])\s?[{_han}a-z]\s?(?P=sign)\s?[{_han}a-z]",
)
_each_filler = tuple(map(re.compile, _fillers))
_filled = re.compile("|".join(_fillers))
_quoted = re.compile(r"[“\"「『‘']([^“”\"「」『』‘’'\n]{1,12})[”\"」』’']")
_lettered = re.compile(rf"([{_han}a-z])字")
_put = re.compile(
    "连起来|连在一起|连着|拼起来|拼在一起|拼一下|拼成|合起来|合在一起|合成|组合|组成|凑|后面加|前面加|加上|接上|再接|接着|凑成|拼|连"
)
_first = re.compile("首字|第一个字|头一个字|每行|每句|开头|竖着|竖读|藏头|行首|句首|打头")
_clauses = re.compile(rf"(?:^|[\n，。,.!！?？;；]\s*)([{_han}a-z0-9])")
_lines = re.compile(rf"(?:^|\n\s*)([{_han}a-z0-9])")
_BREAKS = 2  # line ends of a text with three lines
_broken = re.compile(r"(?<=[a-z0-9_\-])\n(?=[a-z0-9_\-])")
_single = re.compile(r"(?<![a-z0-9])(?:[a-z0-9@.:/_\-+]\s{1,2}){4,60}[a-z0-9@.:/_\-+](?![a-z0-9])")
_leet = str.maketrans("0134@", "oieaa")
_figures = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ling": 0, "yi": 1, "er": 2, "san": 3, "si": 4, "wu": 5, "liu": 6, "qi": 7, "ba": 8, "jiu": 9,
    "oh": 0, "yao": 1, "dong": 0, "guai": 7, "gou": 9,
}  # fmt: skip
_word = re.compile("|".join(sorted(_figures, key=len, reverse=True)))
_among = re.compile(rf"[0-9](?:{_word.pattern})[0-9零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖幺]")
_figure = rf"(?:{_word.pattern}|[0-9零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖幺])"
_spelled = re.compile(rf"(?<![a-z]){_figure}(?:[\s\-.,，、]{{0,2}}{_figure}){{5,40}}(?![a-z])")
_digit = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_unit = {"十": 10, "百": 100, "千": 1_000}
_counted = re.compile(r"[零〇一二两三四五六七八九十百千万亿]{2,24}")


def may_spell(chars: str) -> bool:
    """Do Latin words stand in a text without separators that spell digits, several or one among others?"""
    return _among.search(chars) is not None or len(_word.findall(chars)) > 1


class Edit(NamedTuple):
    """`start:end` of a text is replaced by `new`."""

    start: int
    end: int
    new: str


def edited(text: str, edits: Iterable[Edit]) -> Variant | None:
    """`text` with `edits` (in order, apart) made; None if there are none."""
    pieces: list[str] = []
    back: list[int] = []
    places: list[int] = []
    at = 0
    for start, end, new in edits:
        pieces.append(text[at:start])
        back.extend(range(at, start))
        places.extend(range(len(back), len(back) + max(1, len(new))))
        pieces.append(new)
        back.extend([start] * (len(new) - 1) + [end - 1] * bool(new))
        at = end
    if not at:
        return None
    pieces.append(text[at:])
    back.extend(range(at, len(text) + 1))
    return Variant("".join(pieces), tuple(back), {}, places=tuple(places))


def without_notes(plain: str) -> Variant | None:
    """傻(那个字)逼 becomes 傻逼: what stands in brackets between two characters is left out."""
    return edited(plain, (Edit(note.start(), note.end(), "") for note in _noted.finditer(plain)))


def without_fillers(plain: str) -> Variant | None:
    """私啊下啊转啊账啊 becomes 私下转账: what stands again and again after one character is left out."""
    if not any(filler.search(plain) for filler in _each_filler):  # one by one takes a third of the time of all at once
        return None
    fills = {(found[found.lastgroup or 0], found.lastgroup == "soft") for found in _filled.finditer(plain)}
    edits: list[Edit] = []
    for fill, soft in sorted(fills)[:_FILLS]:
        around = f"[{_han}a-z]" if soft else f"[{_han}]"
        pattern = re.compile(rf"(?<={around})\s?{re.escape(fill)}\s?(?={around})")
        edits.extend(Edit(*found.span(), "") for found in pattern.finditer(plain))
    return edited(plain, _apart(sorted(edits)))


def _apart(edits: list[Edit]) -> Iterator[Edit]:
    done = 0
    for edit in edits:
        if edit.start >= done:
            yield edit
            done = edit.end


def put_together(plain: str) -> Variant | None:
    """“好”加“评” becomes 好评, where the text says to join what it quotes, or one character of 微字 after another."""
    if not _put.search(plain):
        return None
    found = sorted(
        (piece.start(1), piece.end(1)) for pattern in (_quoted, _lettered) for piece in pattern.finditer(plain)
    )
    places = [at for start, end in found for at in range(start, end)]
    return _only(plain, places) if len(found) > 1 else None


def heads(plain: str) -> Variant | None:
    """The first character of each line; of each clause, where the text speaks of first characters."""
    lines = _clauses if _first.search(plain) else _lines
    if lines is _lines and plain.count("\n") < _BREAKS:
        return None
    places = [line.start(1) for line in lines.finditer(plain)]
    return _only(plain, places) if len(places) > 2 else None


def _only(plain: str, places: list[int]) -> Variant:
    """The characters at `places`, and after a break the rest: what is put together is spoken of there."""
    last = places[-1] + 1
    return Variant(
        "".join(plain[at] for at in places) + "，" + plain[last:],
        (*places, *range(last - 1, len(plain) + 1)),
        {},
    )


def unbroken(plain: str) -> Variant | None:
    """A name sent in pieces, a message each, becomes one: yaya, _30, 76."""
    return edited(plain, (Edit(found.start(), found.end(), "") for found in _broken.finditer(plain)))


def closed_up(plain: str) -> Variant | None:
    """Single letters with spaces between them become one word: w e b . c o m."""
    return edited(
        plain,
        (Edit(found.start(), found.end(), _closed(found.group())) for found in _single.finditer(plain)),
    )


def _closed(letters: str) -> str:
    word = re.sub(r"\s", "", letters)
    return word if "." in word or sum(map(str.isalpha, word)) * 2 < len(word) else word.translate(_leet)


def in_figures(plain: str) -> Variant | None:
    """One3five and 一百三十八 become digits."""
    spelled = [
        Edit(run.start(), run.end(), _digits(run.group()))
        for run in _spelled.finditer(plain)
        if _word.search(run.group())
    ]
    counted = [
        Edit(run.start(), run.end(), value) for run in _counted.finditer(plain) if (value := _value(run.group()))
    ]
    return edited(plain, _apart(sorted([*spelled, *counted])))


def _digits(run: str) -> str:
    return re.sub(r"[\s\-.,，、]", "", _word.sub(lambda word: str(_figures[word.group()]), run))


def _value(run: str) -> str:
    """The digits of a number written out, 二十亿九千四百万; "" for plain digits, and for what is no number."""
    if not any(char in "十百千万亿" for char in run):
        return ""
    great = middle = part = digit = 0
    for char in run:
        if char in _digit:
            digit = _digit[char]
        elif char in _unit:
            part += (digit or (1 if char == "十" else 0)) * _unit[char]
            digit = 0
        elif char == "万":
            middle, part, digit = (part + digit) * 10_000, 0, 0
        else:
            great, middle, part, digit = (middle + part + digit) * 100_000_000, 0, 0, 0
    return str(great + middle + part + digit)


_escape = re.compile(r"&#x([0-9a-f]{2,6});?|&#(\d{2,7});?|\\u\{?([0-9a-f]{4,5})\}?|((?:%[0-9a-f]{2}){2,40})")


def unescaped(plain: str) -> Variant | None:
    """&#24494; and %E5%BE%AE are the characters they stand for."""
    return edited(plain, (Edit(*code.span(), said) for code in _escape.finditer(plain) if (said := _said(code))))


def _said(code: re.Match[str]) -> str:
    hexadecimal, decimal, unicode, percent = code.groups()
    if percent:
        return bytes.fromhex(percent.replace("%", "")).decode(errors="ignore")
    value = int(decimal) if decimal else int(hexadecimal or unicode, 16)
    char = chr(value) if value < 0x110000 else ""
    return char if char.isprintable() else ""
