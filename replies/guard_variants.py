"""I read a text again where something in it asks for it: put together, decoded, turned round, or with odd characters replaced."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from replies import guard_unwrap as unwrap
from replies.guard_hits import Variant
from replies.guard_looks import looked, may_look
from replies.guard_pieces import pieces
from replies.guard_reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_TURNS = 2  # turned words, the long ones twice, that ask for a text to be read backwards
_WHOLE = 800  # characters of a text that is turned whole, though only words of it say so
_sized = re.compile(r"\d{2,}[a-z]{1,3}|\d(?:kg|g|ml|l|mm|cm|m|gb|tb|mb|hz|xl|pcs)")
_leet = re.compile(r"(?<![a-z0-9@$!|])(?=[a-z0-9@$!|]{0,24}[a-z@])(?=[a-z0-9@$!|]{0,24}[0-9@$!|])[a-z0-9@$!|]{2,24}+")
_mixed = re.compile(r"[0-9@$!|](?:(?=[a-z@])|(?<=[a-z@].))")  # what all such words have, found sooner
_plain = str.maketrans("013457@$!|", "oieastasil")
_backwards = re.compile(
    r"(?:moc|nc|ten|pot|pohs|piv|zyx|gro|cc|erots)\.[a-z0-9\-]{2,}|[a-z0-9]\.www(?![a-z0-9])|//:s?ptth"
)
_plus = re.compile(r"(?<![a-z0-9.+])\+(?=\s?[我个下微薇威维扣企鹅绿群]|\s?(?:v|w|q|vx|wx|qq)(?![0-9.+]))")
_BRACKETS = re.compile(r"[(（\[【{<《〈].{1,8}[)）\]】}>》〉]")
# Plain words alone, so that the search can leap to their first characters.
_CALLS = re.compile("连|拼|合|凑|组|后面加|加上|接|首字|个字|每|开头|竖|藏头|行首|句首|打头|\n")
_ASKS = re.compile(r"[+＋&\\%(（\[【{<《〈\n连拼合凑组后加接首个每开竖藏行句打十百千万亿]")
_ESCAPES = re.compile(r"&#|\\u|%[0-9a-fA-F]{2}%")
_FILLS = re.compile(r"([㐀-鿿]{1,2})[㐀-鿿a-z0-9]\1|(?<=[㐀-鿿])([a-z0-9])[㐀-鿿]\2")
_AGAIN = re.compile(r"(.)..?\1")  # what every filler does, found sooner
_BROKEN = re.compile(r"[a-z]\n[a-z0-9_\-]|[a-z0-9_\-]\n[a-z]", re.IGNORECASE)
_SPACED = re.compile(r"[a-z0-9]\s[a-z0-9]\s[a-z0-9]\s[a-z0-9]", re.IGNORECASE)
_NUMBERED = re.compile(r"[十百千万亿][零〇一二两三四五六七八九十百千万亿]")


def readings(first: Reading) -> Iterator[Reading]:
    """The further readings of `first`'s text, each with its way back; none for ordinary text."""
    if first.latin or first.turns or first.parts or _ASKS.search(first.text):
        ways = _WAYS if _is_wrapped(first) else _OPEN
    else:
        ways = _ALWAYS
    for how, wanted, make in ways:
        made = make(first) if wanted(first) else None
        if made is not None:
            made = made._replace(how=how)
            # of messages read together, the breaks between them are needed
            for piece in (made._replace(places=()),) if first.joined else pieces(made):
                yield Reading(piece.text, first.search, first.known, joined=first.joined, variant=piece, first=first)


def _has_parts(first: Reading) -> bool:
    return bool(first.parts)


def _put_together(first: Reading) -> Variant | None:
    """亻言 becomes 信: pieces side by side become the watched character they make."""
    chars, parts, origin = first.chars, first.search.parts, first.tight.origin
    text: list[str] = []
    back: list[int] = []
    places: list[int] = []
    done = at = 0
    for start, end in sorted(first.parts, key=lambda place: (place[0], -place[1])):
        if start >= done:
            text.append(first.text[at : origin[start]])
            back.extend(range(at, origin[start]))
            places.append(len(back))
            text.append(parts[chars[start:end]])
            back.append(origin[start])
            done, at = end, origin[end - 1] + 1
    text.append(first.text[at:])
    return Variant("".join(text), (*back, *range(at, len(first.text) + 1)), {}, places=tuple(places))


def _has_plus(first: Reading) -> bool:
    return ("+" in first.text or "＋" in first.text) and _plus.search(first.folded) is not None


def _add(first: Reading) -> Variant | None:
    """+我 becomes 加我: a plus before a person or a letter is the word."""
    places = tuple(plus.start() for plus in _plus.finditer(first.folded))
    text = _plus.sub("加", first.folded)
    return Variant(text, (*first.plain.origin, len(first.text)), {}, places=places)


def _has_code(first: Reading) -> bool:
    return first.latin and _mixed.search(first.folded) is not None and _leet.search(first.folded) is not None


def _coded(word: str) -> bool:
    """Is it a number with a few letters: a parcel, a model, a size?"""
    return 3 * sum("a" <= char <= "z" for char in word) < len(word) or _sized.fullmatch(word) is not None


def _decode(first: Reading) -> Variant | None:
    """v3ix!n becomes veixin: digits and signs inside Latin words as the letters they look like."""
    words = [word for word in _leet.finditer(first.folded) if not _coded(word.group())]
    if not words:
        return None
    own = [first.tight.span(hit.start, hit.end) for hit in first.find("url_own")]
    ours = [(bisect_left(first.plain.origin, start), bisect_left(first.plain.origin, end)) for start, end in own]
    chars = list(first.folded)
    places: list[int] = []
    for word in words:
        if not any(start <= word.start() < end for start, end in ours):
            chars[slice(*word.span())] = word.group().translate(_plain)
            places.extend(range(*word.span()))
    text = "".join(chars)
    if text == first.folded:
        return None
    return Variant(text, (*first.plain.origin, len(first.text)), {}, places=tuple(places))


def _is_turned(first: Reading) -> bool:
    return first.turns >= _TURNS or _is_hinted(first)


def _is_hinted(first: Reading) -> bool:
    """Does the text say that it must be turned, or hold an address that begins with its end?"""
    return (
        first.holds("backwards")
        or first.holds("turned_hint")
        or (first.latin and _backwards.search(first.folded) is not None)
    )


def _turn(first: Reading) -> Variant | None:
    """The text from its end to its beginning; of a long one without a hint, what is near turned words."""
    size = len(first.text)
    places: tuple[int, ...] = ()
    if size > _WHOLE and not _is_hinted(first):
        places = tuple(size - 1 - first.tight.origin[at] for at in reversed(first.turned))
    return Variant(first.text[::-1], tuple(range(size - 1, -1, -1)), {}, places=places)


def _unwrap(make: Callable[[str], Variant | None]) -> Callable[[Reading], Variant | None]:
    """`make` for the folded text, its way back led on to the text that was written."""

    def made(first: Reading) -> Variant | None:
        variant = make(first.folded) if len(first.text) <= unwrap.LONGEST else None
        if variant is None:
            return None
        origin = (*first.plain.origin, len(first.text))
        return variant._replace(back=tuple(origin[at] for at in variant.back))

    return made


def _is_wrapped(first: Reading) -> bool:
    """Do brackets stand in the text, or words that say how to put it together?"""
    return first.how == "" and (_CALLS.search(first.text) or _BRACKETS.search(first.text)) is not None


def _is_alone(first: Reading) -> bool:
    return not first.joined


def _is_noted(_: Reading) -> bool:
    return True


def _is_filled(first: Reading) -> bool:
    return _AGAIN.search(first.chars) is not None and _FILLS.search(first.chars) is not None


def _is_spaced(first: Reading) -> bool:
    return first.latin and _SPACED.search(first.text) is not None


def _is_broken(first: Reading) -> bool:
    return first.joined and first.latin and _BROKEN.search(first.text) is not None


def _is_escaped(first: Reading) -> bool:
    return _ESCAPES.search(first.text) is not None


def _is_counted(first: Reading) -> bool:
    return (first.latin and unwrap.may_spell(first.chars)) or _NUMBERED.search(first.chars) is not None


_WAYS: tuple[tuple[str, Callable[[Reading], bool], Callable[[Reading], Variant | None]], ...] = (
    ("parts", _has_parts, _put_together),
    ("plus", _has_plus, _add),
    ("leet", _has_code, _decode),
    ("reversed", _is_turned, _turn),
    ("escapes", _is_escaped, _unwrap(unwrap.unescaped)),
    ("unbroken", _is_broken, _unwrap(unwrap.unbroken)),
    ("closed", _is_spaced, _unwrap(unwrap.closed_up)),
    ("notes", _is_noted, _unwrap(unwrap.without_notes)),
    ("fillers", _is_filled, _unwrap(unwrap.without_fillers)),
    ("joined", _is_alone, _unwrap(unwrap.put_together)),
    ("heads", _is_alone, _unwrap(unwrap.heads)),
    ("figures", _is_counted, _unwrap(unwrap.in_figures)),
    ("look", may_look, looked),
)
_OPEN = tuple(way for way in _WAYS if way[0] not in {"notes", "joined", "heads"})
# What a text without Latin letters and signs may still be asked for.
_ALWAYS = tuple(way for way in _WAYS if way[0] in {"fillers", "reversed", "look"})
