"""I list the ordinary words that a disguise of a watched word could be taken for, and the commonest pairs of characters.

Run after the lists in replies/policies/terms/ change: `python tools/fold_ordinary.py`. Reads the dictionary of jieba.
"""

from __future__ import annotations

from pathlib import Path

import jieba

from replies import guard_looks, policy
from replies import guard_sound as sound
from replies.guard_disguise import disguises, tight
from replies.lexicon import read_lexicon
from replies.text import WORDS

RARE = 3  # a word counted less often in the dictionary's corpus is left out
FREQUENT = 120  # a pair of characters counted this often is an ordinary word


def dictionary() -> list[tuple[str, int]]:
    """The words of two to four Chinese characters, with their counts."""
    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf8") as lines:
        entries = [line.split(" ") for line in lines]
    return [
        (word, int(count))
        for word, count, *_ in entries
        if 2 <= len(word) <= 4 and all("一" <= c <= "鿿" for c in word)
    ]


def looks(word: str, watched: set[str]) -> bool:
    """Does the word differ from a watched one by a character that looks like the other?"""
    likes = guard_looks.likes()
    return any(
        word[:at] + other + word[at + 1 :] in watched for at, char in enumerate(word) for other in likes.get(char, ())
    )


def ordinary() -> str:
    """What fold_ordinary.txt has to hold for the lists as they are."""
    terms = tuple((path.name, path.read_bytes()) for path in sorted((policy.FOLDER / "terms").glob("*.toml")))
    lexicon = read_lexicon(terms)
    watched = {tight(word) for term in lexicon.terms.values() for word in (*term.words, *term.plain)}
    heard = {spelling for word in watched for spelling in sound.spellings(word)}
    patterns = {
        way for term in lexicon.terms.values() for word in term.words for way, _, _ in disguises(tight(word), term)
    }
    table = sound.sound_table()
    found = [
        word
        for word, count in dictionary()
        if count >= RARE
        and word not in watched
        and (word.translate(table) in heard or word in patterns or looks(word, watched))
    ]
    return "\n".join(sorted(set(found))) + "\n"


def main() -> None:
    """Write fold_ordinary.txt and fold_pairs.txt."""
    (WORDS / "fold_ordinary.txt").write_text(ordinary(), encoding="utf8")
    pairs = [word for word, count in dictionary() if count >= FREQUENT and len(word) == 2]
    (WORDS / "fold_pairs.txt").write_text("\n".join(sorted(set(pairs))) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
