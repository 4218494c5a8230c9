"""I read the Latin letters of a text: abbreviations as words, pinyin as the sounds it spells."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from replies import guard_sound as sound
from replies.guard_hits import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replies.guard_terms import Part, Word

latin = re.compile(r"[a-z]+")
Piece = tuple[str, int, int]
_AROUND = 40  # characters on either side of pinyin that a word with some of it can reach


def tokens(chars: str, gaps: list[int]) -> list[tuple[int, int]]:
    """Latin words of a tight view with `gaps` (in order); letters that each stand alone are one word too."""
    found: list[tuple[int, int]] = []
    for run in latin.finditer(chars):
        inner = gaps[bisect_right(gaps, run.start()) : bisect_left(gaps, run.end())]
        words = list(pairwise([run.start(), *inner, run.end()]))
        if len(words) > 1 and all(end - start == 1 for start, end in words):
            words.append(run.span())
        found.extend(words)
    return found


def beside(chars: str, reach: int) -> Iterator[tuple[int, int]]:
    """The stretches of a tight view that hold whatever has Latin letters and at most `reach` characters."""
    if len(chars) < _AROUND:
        yield 0, len(chars)
        return
    begun = done = -1
    for run in latin.finditer(chars):
        if run.start() - reach > done:
            if done >= 0:
                yield begun, done
            begun = max(0, run.start() - reach)
        done = min(len(chars), run.end() + reach)
    if done >= 0:
        yield begun, done


def spelled(chars: str, words: list[tuple[int, int]], part: Part) -> Iterator[tuple[Word, Hit]]:
    """What the Latin words at `words` stand for."""
    for start, end in words:
        for word in part.latin.tokens.get(chars[start:end], ()):
            yield word, Hit(start, end, word.weight, "initials", word.word)
    for pieces in _sounds(chars, words):
        for last, meant in part.heard.iter("".join(code for code, _, _ in pieces)):
            for word in meant:
                mine = pieces[last + 1 - word.length : last + 1]
                start, end = mine[0][1], mine[-1][2]
                if end - start == word.length:
                    continue  # no Latin in it: heard before
                surface = "".join(chars[a] if b - a == 1 else "a" for _, a, b in mine)
                yield word, Hit(start, end, sound.likeness(surface, word.word), "pinyin", word.word)


def _sounds(chars: str, words: list[tuple[int, int]]) -> Iterator[list[Piece]]:
    """The text around its pinyin as codes of sounds, each with its place, pinyin read; nothing if there is no pinyin."""
    codes, table = sound.codes(), sound.sound_table()
    pieces: list[Piece] = []
    done = -1

    def said(start: int, end: int) -> None:
        pieces.extend((table.get(ord(chars[at]), chars[at]), at, at + 1) for at in range(start, end))

    for start, end in words:
        cut = sound.cut(chars[start:end]) if end - start > 1 and start >= done else None
        if cut is None:
            continue
        if not pieces or start - done > 2 * _AROUND:
            if pieces:
                said(done, done + _AROUND)
                yield pieces
            pieces, done = [], max(0, done, start - _AROUND)
        said(done, start)
        at = start
        for syllable in cut:
            pieces.append((codes[syllable], at, at + len(syllable)))
            at += len(syllable)
        done = end
    if pieces:
        said(done, min(len(chars), done + _AROUND))
        yield pieces
