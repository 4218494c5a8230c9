"""Fit replies/words/weights.toml: one conditional logit with the choice "no script", and a calibration curve.

python tools/fit_weights.py [--semantic] [--without KIND,...] LIBRARY.jsonl=QUERIES.jsonl[,QUERIES.jsonl] ...

LIBRARY may also be a folder of scripts, and QUERIES a .toml as tests/replies/library_questions.toml.
Queries are lines of {"query","gold":[script ids]}; an empty gold means that no script answers it. Each pair of library
and queries weighs the same. Figures are of five folds over topics: a query is scored by weights that never saw its
topic (a query counts as the topic that any of the sets gives it). The weights printed are fitted on everything: no
query given here is held out from them. A .toml is by the hand that wrote the library, and is marked so: its figures
flatter, whatever the fold. Sets for measuring say `fitting = false` and are refused; tests/benchmarks/library.py asks
those.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from replies import library, match
from replies.evidence import KINDS as EVERY
from replies.evidence import Silence
from replies.reading import read

FOLDS = 5
PULL = 1e-4  # towards zero: keeps a kind that is never seen from running away
POINTS = 10  # of the calibration curve, at most
FIXED = {"same": 3.0}  # a repeated question is too rare in such sets to be fitted
KINDS = [name for name in EVERY if name not in FIXED]


class Rows(NamedTuple):
    """One set: `x` queries by scripts by kinds, `z` queries by kinds of silence, `gold` position or -1 none, -2 missed."""

    name: str
    x: Any
    z: Any
    real: Any
    gold: Any
    fold: Any


def _lines(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".toml":
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        if not file.get("fitting", True):
            sys.exit(f"{path}: is for measuring only (fitting = false)")
        asked = file["questions"]
        return [{"query": each["text"], "gold": [each["script"]] if each["script"] else []} for each in asked]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def gather(pair: str, topics: dict[str, str], meaning: Any) -> Rows:  # noqa: ANN401 - Meaning or None
    """The evidence the matcher sees for each query of a set."""
    name, _, queries = pair.partition("=")
    loaded = library.load([Path(name)])
    matcher = match.Matcher(loaded, meaning)
    numbers = {script.id: number for number, script in enumerate(loaded.scripts)}
    asked = [line for path in queries.split(",") for line in _lines(Path(path))]
    measured = []
    for line in asked:
        reading = read(line["query"])
        silence, evidence = matcher.scales.evidence(reading)
        measured.append((evidence, silence))
    width = max(len(evidence) for evidence, _ in measured)
    x = np.zeros((len(asked), width, len(EVERY)))
    gold = np.full(len(asked), -1)
    for at, (line, (evidence, _)) in enumerate(zip(asked, measured, strict=True)):
        for place, each in enumerate(evidence):
            x[at, place] = each.kinds
        wanted = {numbers[each] for each in line["gold"] if each in numbers}
        places = [place for place, each in enumerate(evidence) if each.script in wanted]
        gold[at] = places[0] if places else -2 if wanted else -1
    real = np.arange(width)[None] < np.array([[len(evidence)] for evidence, _ in measured])
    fold = np.array([zlib.crc32(topics.get(line["query"], line["query"]).encode()) % FOLDS for line in asked])
    z = np.array([(1.0, *silence) for _, silence in measured])
    columns = [EVERY.index(kind) for kind in KINDS]
    return Rows(
        Path(name).stem
        + f" of {Path(name).parent.name}"
        + " +none" * int((gold == -1).any())
        + " (by its author)" * queries.endswith(".toml"),
        x[:, :, columns],
        z,
        real,
        gold,
        fold,
    )


def shares(weights: Any, x: Any, z: Any, real: Any) -> Any:  # noqa: ANN401 - arrays
    """Chances of each script, and in the last column of none."""
    odds = np.where(real, x @ weights[: x.shape[2]], -1e9)
    all_odds = np.c_[odds, z @ weights[x.shape[2] :]]
    exp = np.exp(all_odds - all_odds.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


def _likelihood(sets: list[Rows], hold: int, weights: Any) -> float:  # noqa: ANN401 - arrays
    total = -PULL / 2 * float(weights @ weights)
    for each in sets:
        take = (each.fold != hold) & (each.gold != -2)
        chance = shares(weights, each.x[take], each.z[take], each.real[take])
        total += float(np.log(np.maximum(chance[np.arange(len(chance)), each.gold[take]], 1e-300)).mean())
    return total


def fit(sets: list[Rows], hold: int, used: Any) -> Any:  # noqa: ANN401 - arrays
    """Newton's method on the log likelihood of all folds but `hold`; unused kinds stay at zero."""
    kinds = sets[0].x.shape[2]
    weights = np.zeros(kinds + sets[0].z.shape[1])
    free = np.r_[used, np.ones(sets[0].z.shape[1], bool)]
    for _ in range(40):
        slope, bend = -PULL * weights, -PULL * np.eye(len(weights))
        for each in sets:
            take = (each.fold != hold) & (each.gold != -2)
            chance = shares(weights, each.x[take], each.z[take], each.real[take])
            x = np.concatenate([each.x[take], np.zeros((take.sum(), 1, kinds))], axis=1)
            full = np.concatenate([x, np.zeros((*x.shape[:2], each.z.shape[1]))], axis=2)
            full[:, -1, kinds:] = each.z[take]
            mean = np.einsum("ij,ijk->ik", chance, full)
            right = full[np.arange(len(full)), each.gold[take]]
            slope = slope + (right - mean).mean(axis=0)
            flat = full.reshape(-1, full.shape[2])
            bend = bend - ((flat.T * chance.ravel()) @ flat - mean.T @ mean) / take.sum()
        step = np.zeros(len(weights))
        step[free] = -np.linalg.solve(bend[np.ix_(free, free)], slope[free])
        now, size = _likelihood(sets, hold, weights), 1.0
        while size > 1e-4 and _likelihood(sets, hold, weights + size * step) < now:
            size /= 2
        weights = weights + size * step
        if np.abs(size * step).max() < 1e-4:
            break
    return weights


def curve(score: Any, right: Any, weigh: Any) -> list[tuple[float, float]]:  # noqa: ANN401 - arrays
    """At most POINTS points of [raw, chance] through equal parts of the scores, rising (pool adjacent violators)."""
    order = np.argsort(score, kind="stable")
    parts = np.array_split(order, POINTS)
    pools = [
        [np.average(score[p], weights=weigh[p]), np.average(right[p], weights=weigh[p]), weigh[p].sum()] for p in parts
    ]
    at = 0
    while at + 1 < len(pools):
        if pools[at][1] <= pools[at + 1][1]:
            at += 1
            continue
        one, two = pools[at], pools.pop(at + 1)
        total = one[2] + two[2]
        pools[at] = [(one[i] * one[2] + two[i] * two[2]) / total for i in (0, 1)] + [total]
        at = max(at - 1, 0)
    return [(round(float(raw), 3), round(float(chance), 3)) for raw, chance, _ in pools]


def bend(raw: Any, points: list[tuple[float, float]]) -> Any:  # noqa: ANN401 - arrays
    """Scores through the curve, as the matcher does it."""
    return np.interp(raw, [0, *(p[0] for p in points), 1], [0, *(p[1] for p in points), 1])


def error(score: Any, right: Any) -> float:  # noqa: ANN401 - arrays
    """Mean distance of score and truth over ten bins, weighted by their queries."""
    bins = np.minimum((score * 10).astype(int), 9)
    return float(sum(abs(score[bins == b].sum() - right[bins == b].sum()) for b in range(10)) / len(score))


def auc(yes: Any, no: Any) -> float:  # noqa: ANN401 - arrays
    """The chance that an answerable query scores above one without an answer."""
    return float(((yes[:, None] > no[None]) + 0.5 * (yes[:, None] == no[None])).mean())


def report(sets: list[Rows], used: Any) -> list[tuple[float, float]]:  # noqa: ANN401 - arrays
    """Print the cross-validated figures; returns the curve fitted on all cross-validated scores."""
    by_fold = [fit(sets, hold, used) for hold in range(FOLDS)]
    score, right, weigh, fold, which = [], [], [], [], []
    lines = []
    for number, each in enumerate(sets):
        chance = np.zeros((len(each.gold), each.x.shape[1] + 1))
        for hold in range(FOLDS):
            take = each.fold == hold
            chance[take] = shares(by_fold[hold], each.x[take], each.z[take], each.real[take])
        chance = chance[:, :-1]
        of_gold = np.where(each.gold >= 0, chance[np.arange(len(chance)), np.maximum(each.gold, 0)], -1.0)
        rank = np.where(each.gold >= 0, (chance > of_gold[:, None]).sum(axis=1), 99)
        has, top = each.gold != -1, chance.max(axis=1)
        text = f"{each.name:36} R@1 {(rank[has] < 1).mean():.3f} R@3 {(rank[has] < 3).mean():.3f} R@5 {(rank[has] < 5).mean():.3f}"
        lines.append(text + (f" silence AUC {auc(top[has], top[~has]):.3f}" if not has.all() else ""))
        score.append(top)
        right.append(((rank == 0) & (each.gold >= 0)).astype(float))
        weigh.append(np.full(len(top), len(top) ** -0.5))
        fold.append(each.fold)
        which.append(np.full(len(top), number))
    score, right, weigh, fold, which = map(np.concatenate, (score, right, weigh, fold, which))
    bent = score.copy()
    for hold in range(FOLDS):
        take = fold == hold
        bent[take] = bend(score[take], curve(score[~take], right[~take], weigh[~take]))
    for number, line in enumerate(lines):
        print(line, f"calibration error {error(bent[which == number], right[which == number]):.3f}")
    print(f"all: calibration error {error(score, right):.3f} raw, {error(bent, right):.3f} with the curve")
    return curve(score, right, weigh)


def main() -> None:
    """Print figures and weights."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("sets", nargs="+")
    options.add_argument("--semantic", action="store_true")
    options.add_argument("--without", default="")
    chosen = options.parse_args()
    meaning = None
    if chosen.semantic:
        from replies.vectors import Meaning  # noqa: PLC0415 - an optional part

        meaning = Meaning()
    paths = [Path(path) for pair in chosen.sets for path in pair.partition("=")[2].split(",")]
    topics = {line["query"]: line["gold"][0] for path in paths for line in _lines(path) if line["gold"]}
    sets = [gather(pair, topics, meaning) for pair in chosen.sets]
    for combination in chosen.without.split("/"):
        without = {*combination.split(","), *(() if meaning else ("nearest",))}
        used = np.array([kind not in without for kind in KINDS])
        print("without", combination or "nothing")
        points = report(sets, used)
    weights = fit(sets, -1, used)
    print("fitted on all queries above: none of them is held out from these weights")
    print(f"start = {weights[len(KINDS)]:.3f}\ncurve = {[list(point) for point in points]}")
    script = {**FIXED, **{k: round(float(w), 3) for k, w in zip(KINDS, weights, strict=False) if w}}
    none = {k: round(float(w), 3) for k, w in zip(Silence._fields, weights[len(KINDS) + 1 :], strict=True)}
    for name, table in (("script", script), ("none", none)):
        print(f"{name} = {{{', '.join(f'{k} = {w}' for k, w in table.items())}}}")


if __name__ == "__main__":
    main()
