"""I list what buyers ask and the library cannot answer, gathered by the words they share, and what scripts are used for."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections import Counter, defaultdict
from functools import cache
from importlib import resources
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from replies.reading import read
from replies.text import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from replies.library import Script
    from replies.match import Matcher, Suggestion
    from replies.odds import Bars

EXAMPLES = 3  # questions shown of a gap
SHORTEST = 2  # characters of a word that may name a gap
COMMON = 0.2  # words in more than this share of the questions tell nothing apart
FEW = 10  # questions among which no word is too common
# Parts of speech, as jieba marks them, that say what a question is about: nouns, verbs and names.
TELLING = ("n", "v", "i", "l", "j", "x")


class Gap(NamedTuple):
    """Questions without an answer that share a word; `asked` counts every time one was asked."""

    word: str
    asked: int
    examples: tuple[str, ...]


class Use(NamedTuple):
    """What agents did with a script. `last`: the day of the latest pick (a running number), None for never."""

    script: str
    title: str
    picked: int
    edited: int
    ignored: int
    withdrawn: int
    last: int | None


def asks(text: str) -> bool:
    """Is there anything in a message that a library could answer? Thanks, greetings and a bare number ask nothing."""
    return len(normalise(text)) > SHORTEST and read(text).asks


def unanswered(matcher: Matcher, asked: Iterable[str], bars: Bars | None = None) -> Counter[str]:
    """Of single messages, those that today's library stays silent on, with how often each was asked.

    `bars`: a shop's own.
    """
    counts: Counter[str] = Counter()
    for text, times in Counter(asked).items():
        if asks(text) and not matcher.rank([text], bars=bars).shown:
            counts[text] += times
    return counts


def nearest(matcher: Matcher, gap: Gap) -> Suggestion | None:
    """The script that comes nearest to what was asked most often of a gap, below the bar as it is."""
    ranking = matcher.rank(gap.examples[:1])
    return next(iter((*ranking.shown, *ranking.below)), None)


def gather(questions: Counter[str]) -> list[Gap]:
    """Gaps, most asked first: see `sort`."""
    return sort(questions)[0]


def sort(questions: Counter[str]) -> tuple[list[Gap], list[str]]:
    """Gaps, most asked first: each question goes to the one of its telling words that was asked of most.

    What was asked once, and of nothing that anybody else asked of, is no gap yet; nor is what has no telling word.
    These come second, most asked first.
    """
    cut = _cutter()
    words = {text: sorted(set(_telling(cut, text))) for text in questions}
    shared = Counter(word for text in questions for word in words[text])
    asked = Counter[str]()
    for text, times in questions.items():
        asked.update(dict.fromkeys(words[text], times))
    limit = max(FEW, COMMON * len(questions))
    groups: dict[str, list[str]] = defaultdict(list)
    for text in sorted(questions):
        candidates = [word for word in words[text] if asked[word] > 1 and shared[word] <= limit]
        if candidates:
            groups[max(candidates, key=lambda word: (asked[word], len(word), word))].append(text)
    found = [
        Gap(
            word,
            sum(questions[text] for text in texts),
            tuple(sorted(texts, key=lambda text: (-questions[text], text))[:EXAMPLES]),
        )
        for word, texts in groups.items()
    ]
    taken = {text for texts in groups.values() for text in texts}
    rest = sorted(questions.keys() - taken, key=lambda text: (-questions[text], text))
    return sorted(found, key=lambda gap: (-gap.asked, gap.word)), rest


@cache
def _cutter() -> Any:  # noqa: ANN401 - jieba has no types
    """A tokenizer of our own with the trade's words; jieba's global one is left alone."""
    import jieba  # noqa: PLC0415 - its dictionary takes half a second: only who lists gaps pays
    import jieba.posseg  # noqa: PLC0415

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = tempfile.gettempdir()
    for word in resources.files("replies").joinpath("words/jieba_words.txt").read_text(encoding="utf-8").split():
        tokenizer.add_word(word, tag="n")

    class Marked(jieba.posseg.POSTokenizer):  # type: ignore[misc]  # jieba has no types
        """As it is, in 45 MB less: words are those that the tokenizer holds already, and there are few marks."""

        def load_word_tag(self, file: IO[bytes]) -> None:
            known = {word: word for word in self.tokenizer.FREQ}
            with file:
                entries = (line.decode().split() for line in file)
                self.word_tag_tab = {known.get(word, word): sys.intern(mark) for word, _, mark in entries}

    return Marked(tokenizer)


def _telling(cut: Any, text: str) -> Iterator[str]:  # noqa: ANN401
    for word, mark in cut.cut(text):
        if len(word) >= SHORTEST and mark[:1] in TELLING:
            yield word


def uses(scripts: Sequence[Script], picks: Iterable[tuple[str, str, int]]) -> list[Use]:
    """Each script's uses, in the library's order; `picks` are (script, action, day)."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    last: dict[str, int] = {}
    for script, action, day in picks:
        counts[script][action] += 1
        if action in ("picked", "edited"):
            last[script] = max(day, last.get(script, day))
    return [
        Use(
            script=script.id,
            title=script.title,
            picked=counts[script.id]["picked"],
            edited=counts[script.id]["edited"],
            ignored=counts[script.id]["ignored"],
            withdrawn=counts[script.id]["withdrawn"],
            last=last.get(script.id),
        )
        for script in scripts
    ]
