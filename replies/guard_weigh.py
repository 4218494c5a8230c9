"""I say how surely a find was meant: what parts its characters, what stands beside it, whether it only sounds so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replies import guard_sound as sound
from replies.guard_hits import FLOOR, Hit
from replies.guard_joints import edges, runs_on

if TYPE_CHECKING:
    from replies.guard_reading import Reading
    from replies.guard_terms import Word

_SHORT = 200  # characters of a text that is searched through for each find
_HEARD, _ALONE = 0.4, 0.75
_TRIPLE = 3  # characters of a sound that an ordinary pair in it makes doubtful
_ASIDE = 1  # characters beside a word that is still a message of its own
_new = tuple.__new__  # a hit without the detour of its named parts: there are thousands in a long text


def weighed(word: Word, last: int, reading: Reading) -> Hit | None:
    """The find of `word` whose last character is at `last` of the tight view; None if that is chance."""
    start, end = last + 1 - word.length, last + 1
    kind, weight = word.kind, word.weight
    if kind == "sound":
        weight = _heard(word, start, end, reading)
    # what stands in the text as it is needs no look at what might part its characters
    elif not word.bare and (kind != "exact" or word.latin or not _stands(word, reading)):
        if word.latin and runs_on(word, reading.joints, start, leet=reading.how == "leet"):
            return None
        if kind == "order":
            if reading.how == "reversed":
                return None
            if reading.chars[start:end] in reading.search.ordinary:
                weight *= 0.7
        if kind != "exact":
            weight *= edges(reading.chars, reading.search.pairs, start, end)
        if end - start > 1 and not reading.whole:
            weight *= reading.joints.weight(start, end)
    return _new(Hit, (start, end, weight, kind, word.word)) if weight >= FLOOR else None


def _stands(word: Word, reading: Reading) -> bool:
    return reading.whole or (len(reading.text) <= _SHORT and word.word in reading.text)


def _heard(word: Word, start: int, end: int, reading: Reading) -> float:
    chars, pairs = reading.chars, reading.search.pairs
    surface = chars[start:end]
    weight = sound.likeness(surface, word.word) * edges(chars, pairs, start, end)
    if (
        end - start == _TRIPLE
        and not set(surface) & set(word.word)
        and not pairs.isdisjoint((surface[:2], surface[1:]))
    ):
        weight *= 0.6  # 机身码 is the code of a machine before it is 急什么
    if weight >= FLOOR and not reading.whole:
        weight *= reading.joints.weight(start, end)
    if weight > _HEARD and end - start == len(chars):
        return max(weight, _ALONE)  # a word alone in a message was meant
    return weight


def edged(hit: Hit, reading: Reading) -> Hit:
    """The find of a word that weighs less where a neighbour makes an ordinary word with its edge."""
    if hit.view != "exact" or hit.end - hit.start > _TRIPLE or hit.word.isascii():
        return hit
    return hit._replace(weight=hit.weight * edges(reading.chars, reading.search.pairs, hit.start, hit.end))


def meek(hit: Hit, reading: Reading) -> Hit:
    """The find of a word that may be the name of a thing, unless it was disguised or stands alone."""
    first, last = reading.tight.span(hit.start, hit.end)
    alone = hit.end - hit.start >= len(reading.chars) - _ASIDE
    plain = hit.view == "exact" and last - first == hit.end - hit.start
    return hit._replace(weight=hit.weight / 2) if plain and not alone else hit


def doubted(hit: Hit, reading: Reading) -> Hit:
    """A find with changed characters in it: less sure, and found by looks."""
    start, end = reading.tight.span(hit.start, hit.end)
    doubt = max((doubt for at, doubt in reading.doubts.items() if start <= at < end), default=0.0)
    long = hit.end - hit.start > 2
    return hit._replace(weight=hit.weight * (1 - doubt * (0.6 if long else 1.0)), view="look") if doubt else hit
