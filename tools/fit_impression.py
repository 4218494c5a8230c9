r"""Fit replies/words/guard_impression.npz, the table of replies/guard_impression.py, on judged lines.

python tools/fit_impression.py [--out FILE] [--apart STEM,...]

Lines are those of tools/impressions/*.tsv (kind, TAB, message, messages of one agent parted by \n), of the adversaries' sets in
tests/replies/guard, the examples of the rules, and the scripts, which are harmless. Kinds and what they are called elsewhere
stand in tools/impressions/kinds.toml. `--apart` leaves out the lines of some files (by stem) and prints how those are judged:
what has been seen says nothing. Needs scikit-learn (extra `bench`).
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

sys.path.insert(0, str(Path(__file__).parents[1]))

from replies import fill, library
from replies import guard_impression as impression
from replies.guard_disguise import tight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Whole = NDArray[Any]

ROOT = Path(__file__).parents[1]
LINES = ROOT / "tools" / "impressions"
SETS = ROOT / "tests" / "replies" / "guard"
HIDDEN, ROUNDS, PACE, PULL, BATCH = 24, 3, 5e-3, 1e-5, 64
HELD = 15  # every so manieth line is kept apart to see how true the chances are
FEWEST = 2  # messages a group must stand in
OUTLIERS = 99.9  # percent of the numbers that the scale holds whole
LEAST = 0.8  # chance of an offence from which the gate should let a message through
SHARP = 20.0  # by what the gate is multiplied before it is rounded
LOST = 0.04  # of those, the share it may stop


class Line(NamedTuple):
    """A judged message: `kind`, and the file it comes from."""

    text: str
    kind: str
    source: str


class Kinds(NamedTuple):
    """All kinds, the harmless first, then `grave` grave ones; by action and category."""

    names: tuple[str, ...]
    grave: int
    named: dict[tuple[str, str], str]


def kinds() -> Kinds:
    """What tools/impressions/kinds.toml says."""
    told = tomllib.loads((LINES / "kinds.toml").read_text(encoding="utf8"))
    named = {("block", category): kind for kind, meant in told["grave"].items() for category in meant}
    named |= {("warn", category): kind for kind, meant in told["minor"].items() for category in meant}
    return Kinds((told["harmless"], *told["grave"], *told["minor"]), len(told["grave"]), named)


def lines(known: Kinds) -> list[Line]:
    """Every judged line; those of a category without a kind are left out."""
    found = [
        Line(text.replace("\\n", ""), kind, path.stem)
        for path in sorted(LINES.glob("*.tsv"))
        for kind, _, text in (line.partition("\t") for line in path.read_text(encoding="utf8").split("\n") if line)
    ]
    examples = {name: variable.example for name, variable in fill.variables().items()}
    scripts = library.load([ROOT / "replies" / "scripts"]).scripts
    found += [Line(fill.fill(each.text, examples)[0], known.names[0], "scripts") for each in scripts if each.text]
    for said, action, category, source in (*_sets(), *_examples()):
        kind = known.names[0] if action == "allow" else known.named.get((action, category))
        if kind is not None:
            found.append(Line(said, kind, source))
    return list({(line.text, line.kind): line for line in found}.values())


def _sets() -> list[tuple[str, str, str, str]]:
    """The lines of the tests: text, action, category, file; of the lists without categories what must pass."""
    apart = set(tomllib.loads((LINES / "kinds.toml").read_text(encoding="utf8"))["apart"])
    cases: list[tuple[str, dict[str, Any]]] = []
    for path in sorted(path for path in SETS.glob("adversary_*.jsonl") if path.stem not in apart):
        cases += [(path.stem, json.loads(line)) for line in path.read_text(encoding="utf8").split("\n") if line]
    passing = []
    for path in sorted(SETS.glob("*.toml")):
        listed = tomllib.loads(path.read_text(encoding="utf8"))
        cases += [(path.stem, case) for case in listed.get("cases", []) if "messages" in case]
        passing += [
            (text, "allow", "", path.stem) for part in listed.get("allow", []) for text in part.get("lines", [])
        ]
    told = [("".join(case["messages"]), case["expect"], case.get("category", ""), source) for source, case in cases]
    return [*told, *passing]


def _examples() -> list[tuple[str, str, str, str]]:
    """The examples of all rules."""
    rules = [
        rule
        for path in sorted((ROOT / "replies" / "policies").glob("*.toml"))
        for rule in tomllib.loads(path.read_text(encoding="utf8")).get("rules", [])
    ]
    return [
        (said if isinstance(said, str) else "".join(said), action, rule["category"], "examples")
        for rule in rules
        for key, action in (("blocks", "block"), ("warns", "warn"), ("passes", "allow"))
        for said in rule.get(key, [])
    ]


def fitted(found: list[Line], known: Kinds) -> dict[str, Whole]:
    """The arrays of a table, as guard_impression reads them."""
    texts = [impression.prepared(tight(line.text)) for line in found]
    meant = np.array([known.names.index(line.kind) for line in found])
    counter = CountVectorizer(analyzer="char", ngram_range=(1, 3), min_df=FEWEST, lowercase=False, dtype=np.float32)
    counts = counter.fit_transform(texts)
    calm = _calm(counts, meant)
    net = _net().fit(counts, meant)
    rows, out = net.coefs_
    scale = (impression.MIDDLE - 1) / np.percentile(np.abs(rows), OUTLIERS)
    packed = np.clip(np.round(rows * scale) + impression.MIDDLE, 0, 2 * impression.MIDDLE - 1).astype(np.uint8)
    offence = 1.0 - net.predict_proba(counts)[:, 0]
    return {
        "kinds": _text(known.names),
        "grave": np.array(known.grave),
        "groups": _text(counter.get_feature_names_out()),
        "rows": packed,
        "scale": np.array(scale, np.float32),
        "hidden": net.intercepts_[0].astype(np.float32),
        "out": (out / calm).astype(np.float32),
        "start": (net.intercepts_[1] / calm).astype(np.float32),
        **_gate([tight(line.text) for line in found], meant > 0, offence),
    }


def _net() -> MLPClassifier:
    return MLPClassifier(
        (HIDDEN,), alpha=PULL, learning_rate_init=PACE, max_iter=ROUNDS, batch_size=BATCH, random_state=1
    )


def _halves(size: int) -> tuple[Whole, Whole]:
    """What is fitted, and what is kept apart."""
    apart = np.random.default_rng(1).random(size) < 1 / HELD
    return np.flatnonzero(~apart), np.flatnonzero(apart)


def _calm(counts: csr_matrix, meant: Whole) -> float:
    """By what the logits must be divided so that chances are true of lines that were not seen (Guo et al., 2017)."""
    seen, apart = _halves(len(meant))
    said = np.log(np.clip(_net().fit(counts[seen], meant[seen]).predict_proba(counts[apart]), 1e-12, 1.0))

    def surprise(calm: float) -> float:
        raised = np.exp(said / calm)
        chances = raised[np.arange(len(apart)), meant[apart]] / raised.sum(axis=1)
        return float(-np.log(np.clip(chances, 1e-12, 1.0)).mean())

    best = min(np.arange(1.0, 4.01, 0.1), key=surprise)
    print(
        f"logits divided by {best:.1f}: surprise {surprise(1.0):.3f} -> {surprise(best):.3f} on {len(apart)} lines apart"
    )
    return float(best)


def _gate(texts: list[str], wrong: Whole, offence: Whole) -> dict[str, Whole]:
    """What characters, and they with pairs of them, say for an offence, and the sums that a message needs for a closer look."""
    found = (impression.numbers(text) for text in texts)
    numbers = [np.concatenate((chars.astype(np.int32), pairs + np.int32(impression.NUMBERS))) for chars, pairs in found]
    ends = np.cumsum([0, *map(len, numbers)])
    every = (np.ones(ends[-1], np.float32), np.concatenate(numbers), ends)
    counts = csr_matrix(every, (len(texts), 2 * impression.NUMBERS))
    counts.sum_duplicates()
    glance, least = _line(counts[:, : impression.NUMBERS].tocsr(), wrong, offence)
    says, bar = _line(counts, wrong, offence)
    seen = [code for code in np.flatnonzero(glance).tolist() if not 0xD800 <= code < 0xE000]
    return {
        "seen": np.frombuffer("".join(map(chr, seen)).encode(), np.uint8),
        "glance": glance[seen],
        "least": np.array(least),
        "chars": says[: impression.NUMBERS],
        "pairs": says[impression.NUMBERS :],
        "bar": np.array(bar),
    }


def _line(counts: csr_matrix, wrong: Whole, offence: Whole) -> tuple[Whole, int]:
    """What each column says for an offence, and the sum under which few of them lie."""

    def fit(rows: Whole) -> Whole:
        weights = {True: 3.0, False: 1.0}
        return LogisticRegression(C=0.5, max_iter=500, class_weight=weights).fit(counts[rows], wrong[rows]).coef_[0]

    seen, apart = _halves(len(wrong))
    sums = np.sort((counts[apart] @ fit(seen))[wrong[apart] & (offence[apart] > LEAST)]) * SHARP
    bar = int(sums[int(len(sums) * LOST)])
    says = np.clip(np.round(fit(np.arange(counts.shape[0])) * SHARP), -127, 127).astype(np.int8)
    print(f"gate: {(counts @ says >= bar)[~wrong].mean():.3f} of the harmless lines come through")
    return says, bar


def _text(names: Iterable[str]) -> Whole:
    return np.frombuffer("\n".join(names).encode(), np.uint8)


def judged(table: impression.Table, known: Kinds, apart: list[Line]) -> None:
    """Print how lines that were not fitted are judged."""
    rows: Counter[tuple[str, str]] = Counter()
    for line in apart:
        chances = impression.chances(tight(line.text)[: impression.LONGEST], table)
        harmless, grave = chances[known.names[0]], sum(chances[kind] for kind in known.names[1 : 1 + known.grave])
        what = (
            "harmless"
            if line.kind == known.names[0]
            else "grave"
            if known.names.index(line.kind) <= known.grave
            else "minor"
        )
        rows[what, "lines"] += 1
        rows[what, "offence"] += harmless < 0.5
        rows[what, "surely an offence"] += harmless < 0.05
        rows[what, "surely grave"] += grave > 0.95
    for what in ("harmless", "minor", "grave"):
        if rows[what, "lines"]:
            shares = ", ".join(
                f"{name} {rows[what, name] / rows[what, 'lines']:.3f}"
                for name in ("offence", "surely an offence", "surely grave")
            )
            print(f"{what}: {rows[what, 'lines']} lines, taken for: {shares}")


def main() -> None:
    """Fit, write, and tell."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=ROOT / "replies" / "words" / "guard_impression.npz")
    options.add_argument(
        "--apart", default="", help="stems of files to be left out and judged; nothing is written then"
    )
    asked = options.parse_args()
    known, left = kinds(), set(filter(None, asked.apart.split(",")))
    found = lines(known)
    data = fitted([line for line in found if line.source not in left], known)
    print(f"{len(found)} lines, {len(data['rows'])} groups")
    if left:
        judged(impression.read_table(data), known, [line for line in found if line.source in left])
    else:
        np.savez(asked.out, **data)


if __name__ == "__main__":
    main()
