"""Ask the shipped library questions it has never seen: how often the right script comes up, and how often nothing does.

python tests/benchmarks/library.py [--library replies/scripts] [--misses] [--left-out] [QUESTIONS.toml ...]

Without files both sets are asked: `library_questions`, written by the hand that wrote the scripts and since used to
fit the weights, so it flatters; and `library_questions_fresh`, written by a second hand and for measuring only.
R@1, R@3: share of answerable questions whose script is first, or among the first three, whatever the bar; `shown`:
the same of what an agent would see. `silent`: share of lines without an answer that show nothing, then of `chatter`
and of real `questions` apart, where the file tells them apart. `error`: mean distance of the best score and the truth over ten bins, weighted by their lines; the
truth of a line without an answer is 0. `answered` counts answerable lines alone. `--misses` lists what failed.

`--left-out` asks every phrasing of the library without itself instead: low figures, since phrasings are chosen to differ;
what it is for is the list of scripts that take each other's phrasings, most often first.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from msgspec.structs import replace  # noqa: E402 - the project is found through the line above

from replies import library, match, meaning  # noqa: E402

SETS = [ROOT / "tests" / "replies" / f"{name}.toml" for name in ("library_questions", "library_questions_fresh")]
LEFT = 99  # the place of a script that did not come up


class Asked(NamedTuple):
    """A line and what came of it: the place of its script in the ranking and in what is shown, from 0; the best score."""

    text: str
    script: str
    kind: str
    place: int
    seen: int
    shown: bool
    score: float
    found: tuple[str, ...]


def ask(matcher: match.Matcher, path: Path) -> list[Asked]:
    """Every line of a question file; a line break parts the messages of one turn."""
    lines = tomllib.loads(path.read_text(encoding="utf-8"))["questions"]
    kinds = ["script" if line["script"] else line.get("kind", "chatter") for line in lines]
    return [placed(matcher, line["text"], line["script"], kind) for line, kind in zip(lines, kinds, strict=True)]


def placed(matcher: match.Matcher, text: str, script: str, kind: str) -> Asked:
    """What comes of asking `text`, which `script` answers."""
    ranking = matcher.rank(text.split("\n"))
    best = (*ranking.shown, *ranking.below)
    ids = tuple(each.script for each in best)
    place = ids.index(script) if script in ids else LEFT
    seen = place if place < len(ranking.shown) else LEFT
    return Asked(text, script, kind, place, seen, bool(ranking.shown), best[0].score if best else 0.0, ids)


def left_out(read: library.Library, vectors: meaning.Meaning | None) -> list[Asked]:
    """Every phrasing of `read`, asked of the library without it."""
    asked = []
    for at in range(max(len(script.phrasings) for script in read.scripts)):
        rest = [replace(each, phrasings=each.phrasings[:at] + each.phrasings[at + 1 :]) for each in read.scripts]
        matcher = match.Matcher(library.build(rest), vectors)
        holders = [script for script in read.scripts if at < len(script.phrasings)]
        asked += [placed(matcher, script.phrasings[at], script.id, "script") for script in holders]
    return asked


def rivals(asked: list[Asked]) -> Iterable[str]:
    """Pairs of scripts of which one came first for the other's phrasings, those that did so most often first."""
    pairs = Counter(tuple(sorted((each.script, each.found[0]))) for each in asked if each.found and each.place)
    return (f"  {count} {one} {other}" for (one, other), count in pairs.most_common(40))


def share(hits: Iterable[bool]) -> str:
    """A share of one, or a dash of nothing."""
    counted = list(hits)
    return f"{sum(counted) / len(counted):.3f}" if counted else "-"


def error(asked: list[Asked]) -> float:
    """Mean distance of score and truth over ten bins."""
    bins: dict[int, list[Asked]] = {}
    for each in asked:
        bins.setdefault(min(int(each.score * 10), 9), []).append(each)
    return sum(abs(sum(e.score - (e.place == 0) for e in inside)) for inside in bins.values()) / len(asked)


def report(name: str, asked: list[Asked]) -> str:
    """The figures of one question file, one line."""
    scripts = [each for each in asked if each.script]
    cells = [
        name,
        str(len(scripts)),
        *(share(each.place < top for each in scripts) for top in (1, 3)),
        *(share(each.seen < top for each in scripts) for top in (1, 3)),
        share(not each.shown for each in asked if not each.script),
        *(share(not each.shown for each in asked if each.kind == kind) for kind in ("chatter", "unanswered")),
        f"{error(asked):.3f}",
        f"{error(scripts):.3f}",
    ]
    return "".join(cell.ljust(34) if at == 0 else cell.rjust(11) for at, cell in enumerate(cells))


def missed(asked: list[Asked]) -> Iterable[str]:
    """What a reader of the misses wants to see: the line, its script, and what came instead."""
    for each in asked:
        if each.place > 0 if each.script else each.shown:
            at = "-" if each.place == LEFT else str(each.place + 1)
            yield f"  {each.text!r}: {each.script or 'nothing'} at {at}; {each.score:.2f} {' '.join(each.found)}"


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("sets", nargs="*", type=Path, default=SETS)
    options.add_argument("--library", type=Path, default=ROOT / "replies" / "scripts")
    options.add_argument("--misses", action="store_true")
    options.add_argument("--left-out", action="store_true")
    chosen = options.parse_args()
    heads = ["scripts", "R@1", "R@3", "shown R@1", "shown R@3", "silent", "chatter", "questions", "error", "answered"]
    print(" " * 34 + "".join(head.rjust(11) for head in heads))
    read = library.load([chosen.library])
    with tempfile.TemporaryDirectory() as folder:
        vectors = meaning.load(Path(folder))
        if chosen.left_out:
            asked = left_out(read, vectors)
            print(report("left out", asked), *rivals(asked), *(missed(asked) if chosen.misses else ()), sep="\n")
            return
        ways = {"letters": match.Matcher(read)} | ({"vectors": match.Matcher(read, vectors)} if vectors else {})
        for path in chosen.sets:
            for way, matcher in ways.items():
                asked = ask(matcher, path)
                print(report(f"{path.stem} {way}", asked))
                print("\n".join(missed(asked)) if chosen.misses else "", end="\n" * chosen.misses)
    if vectors is None:
        print("without sentence vectors: the extra `semantic` is not installed")


if __name__ == "__main__":
    main()
