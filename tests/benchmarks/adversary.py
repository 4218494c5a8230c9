"""The guard against its adversary's cases: caught and blocked by technique and category, false alarms, and each miss.

python tests/benchmarks/adversary.py [--cases FILE]... [--list N]

A case is right when its verdict is the one it expects; a case to be stopped is caught by a warning or a block. The cases
were invented before their authors had read a rule: `adversary.toml`, `adversary_second.jsonl` and so on.
Without `--cases` each is told by itself.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from replies import guard, policy

FOLDER = Path(__file__).parents[1] / "replies" / "guard"
CASES = [
    FOLDER / "adversary.toml",
    *(FOLDER / f"adversary_{name}.jsonl" for name in ("second", "third", "fourth", "fifth")),
]


@cache
def guarding(platform: str) -> guard.Guard:
    """The guard of a platform, made once."""
    return guard.Guard(policy.packs(platform))


def told(expect: str, verdicts: list[str]) -> str:
    """One row of the tables: how many of `verdicts` are caught and blocked, or are false alarms."""
    count = len(verdicts)
    blocked, warned = verdicts.count("block"), verdicts.count("warn")
    if expect == "allow":
        return f"n={count:4d} blocked {blocked:3d} ({blocked / count:.1%}) warned {warned:3d} ({warned / count:.1%})"
    return f"n={count:4d} caught {blocked + warned:3d} ({(blocked + warned) / count:.3f}) blocked {blocked:3d} ({blocked / count:.3f})"


def wrong(expect: str, verdict: str) -> bool:
    """Whether `verdict` is weaker than the case needs, or an alarm over a case that must pass."""
    order = ("allow", "warn", "block")
    return verdict != "allow" if expect == "allow" else order.index(verdict) < order.index(expect)


def read(path: Path) -> list[dict[str, Any]]:
    """The cases of a `.toml` file, or of a `.jsonl` file with one a line."""
    text = path.read_text(encoding="utf8")
    if path.suffix == ".toml":
        return list(tomllib.loads(text)["cases"])
    return [{"id": f"line {at}", **json.loads(line)} for at, line in enumerate(text.splitlines(), 1)]


def judge(path: Path, *, listed: int) -> None:
    """Judge every case of a file and print its tables."""
    cases = read(path)
    tables: dict[tuple[str, str], list[str]] = defaultdict(list)
    misses = []
    for case in cases:
        seen = guarding(case["platform"]).check(case["messages"])
        kinds = ("all", case.get("category", ""), "~" + case["technique"])
        if case["technique"] not in {"hint_only", "paraphrase"}:
            kinds = (*kinds, "all but hint_only, paraphrase")
        for kind in filter(None, kinds):
            tables[case["expect"], kind].append(seen.verdict)
        if wrong(case["expect"], seen.verdict):
            found = ", ".join(f"{finding.rule}[{finding.excerpt}]" for finding in seen.findings)
            misses.append(
                f"  {case['id']} {case['technique']}: {seen.verdict} for {case['expect']}: {' / '.join(case['messages'])}  {found}"
            )
    print(path.name)
    for (expect, kind), verdicts in sorted(tables.items()):
        print(f"{expect:6s} {kind:30s} {told(expect, verdicts)}")
    print(f"{len(misses)} of {len(cases)} wrong")
    print("\n".join(misses[:listed]))


def main() -> None:
    """Judge the files asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=Path, action="append")
    options.add_argument("--list", type=int, default=500)
    asked = options.parse_args()
    for path in asked.cases or CASES:
        judge(path, listed=asked.list)


if __name__ == "__main__":
    main()
