"""Ask the shipped library questions it has never seen: how often the right script comes up, and how often nothing does.

python tests/benchmarks/library.py [--library replies/scripts] [--misses] [QUESTIONS.toml ...]

Without files both sets are asked: `library_questions`, written by the hand that wrote the scripts and since used to
fit the weights, so it flatters; and `library_questions_fresh`, written by a second hand and for measuring only.
R@1, R@3: share of answerable questions whose script is first, or among the first three, whatever the bar; `shown`:
the same of what an agent would see. `silent`: share of lines without an answer that show nothing, then of `chatter`
and of real `questions` apart, where the file tells them apart. `error`: mean distance of the best score and the truth over ten bins, weighted by their lines; the
truth of a line without an answer is 0. `answered` counts answerable lines alone. `--misses` lists what failed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from replies import library, match, meaning  # noqa: E402 - found through the line above

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
    asked = []
    for line in tomllib.loads(path.read_text(encoding="utf-8"))["questions"]:
        ranking = matcher.rank(line["text"].split("\n"))
        ids = tuple(each.script for each in (*ranking.shown, *ranking.below))
        place = ids.index(line["script"]) if line["script"] in ids else LEFT
        seen = place if place < len(ranking.shown) else LEFT
        best = (*ranking.shown, *ranking.below)[:1]
        kind = "script" if line["script"] else line.get("kind", "chatter")
        score = best[0].score if best else 0.0
        asked.append(Asked(line["text"], line["script"], kind, place, seen, bool(ranking.shown), score, ids))
    return asked


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
    chosen = options.parse_args()
    heads = ["scripts", "R@1", "R@3", "shown R@1", "shown R@3", "silent", "chatter", "questions", "error", "answered"]
    print(" " * 34 + "".join(head.rjust(11) for head in heads))
    read = library.load([chosen.library])
    with tempfile.TemporaryDirectory() as folder:
        vectors = meaning.load(Path(folder))
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
