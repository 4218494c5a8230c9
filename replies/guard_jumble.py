"""I find the characters of a phrase near each other in any order: 转下账私 for 私下转账."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replies import guard_sound as sound
from replies.guard_hits import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replies.guard_terms import Word
    from replies.guard_words import Bag, Search

_LOOSE = 3  # characters that may stand between those of a phrase
_MOST = 24  # places of one phrase that are tried
_WHOLE, _APART = 0.8, 0.74


def jumbled(chars: str, search: Search) -> Iterator[tuple[Word, Hit]]:
    """Each phrase of `search.bags` whose characters stand together in `chars`, in another order or about one that is none of them."""
    keys = search.bag_keys.findall(chars)
    if not keys:
        return
    for key in sorted(set(keys)):
        for bag in search.bags[key]:
            if bag.second in chars and all(char in chars for char in bag.chars):
                yield from _found(chars, key, bag, search.pairs)


def _found(chars: str, key: str, bag: Bag, pairs: frozenset[str]) -> Iterator[tuple[Word, Hit]]:
    reach = len(bag.chars) + _LOOSE
    at = chars.find(key)
    for _ in range(_MOST):
        if at < 0:
            return
        low, high = max(0, at - reach + 1), at + reach
        window = chars[low:high]
        if bag.chars <= set(window):
            places = sorted(low + _nearest(window, char, at - low) for char in bag.chars)
            start, end = places[0], places[-1] + 1
            straight = "".join(chars[place] for place in places) == bag.word.word
            if end - start <= reach and (not straight or _parted(chars[start:end], bag.chars)):
                foreign = sum(_elsewhere(chars, place, bag.chars, pairs) for place in places)
                apart = end - start > len(places)
                if foreign <= (0 if apart else 1):
                    yield bag.word, Hit(start, end, _APART if apart else _WHOLE, "order", bag.word.word)
                    return
        at = chars.find(key, at + 1)


def _parted(window: str, mine: frozenset[str]) -> bool:
    """Is one character put between those of a phrase, and none that a sentence could have there: 神经一病, but not 好评不返?"""
    put = [char for char in window if char not in mine]
    return len(put) == 1 and put[0] not in sound.particles()


def _nearest(window: str, char: str, to: int) -> int:
    left, right = window.rfind(char, 0, to + 1), window.find(char, to)
    if left < 0 or right < 0:
        return max(left, right)
    return left if to - left <= right - to else right


def _elsewhere(chars: str, place: int, mine: frozenset[str], pairs: frozenset[str]) -> bool:
    """Does the character make an ordinary word with a neighbour that is none of the phrase?"""
    before, after = chars[max(0, place - 1) : place], chars[place + 1 : place + 2]
    return (before not in mine and before + chars[place] in pairs) or (
        after not in mine and chars[place] + after in pairs
    )
