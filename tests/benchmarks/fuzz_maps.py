"""Does anything break a map or a parser? `python tests/benchmarks/fuzz_maps.py --seconds 600`: the properties of the tests,
with other examples for as long as wished.

Each property of the modules named is played in turn with fresh seeds: arbitrary JSON, arbitrary bytes and spoiled payloads
through every map of every tool, signatures, encrypted callbacks, the generic webhook. Exits 1 with hypothesis' own report,
and how to play it again, if one does not hold.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, seed, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]
MODULES = (
    "tests.adapters.test_reader",
    "tests.adapters.test_schemes",
    "tests.adapters.test_wecom",
    "tests.bot.test_wire",
)


def properties() -> Iterator[tuple[str, Any]]:
    """The properties that need nothing but examples."""
    for module in MODULES:
        for name, test in vars(importlib.import_module(module)).items():
            inner = getattr(test, "hypothesis", None)
            if name.startswith("test_") and inner is not None and not inspect.signature(test).parameters:
                yield f"{module}.{name}", test


def main() -> int:
    """Play until the time is up."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=int, default=60, help="how long in all")
    asked.add_argument("--examples", type=int, default=500, help="of one property at a time")
    given = asked.parse_args()
    began, played, round_ = time.perf_counter(), Counter[str](), 0
    found = list(properties())
    quiet = settings(max_examples=given.examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    while time.perf_counter() - began < given.seconds:
        round_ += 1
        for name, test in found:
            test._hypothesis_internal_use_settings = quiet  # what the test says of itself is for its own runs
            seed(round_)(test)()
            played[name] += given.examples
            if time.perf_counter() - began >= given.seconds:
                break
    for name, number in sorted(played.items()):
        print(f"{number:>8,} {name}")
    print(
        f"{sum(played.values()):,} examples of {len(played)} properties in {time.perf_counter() - began:.0f} s: all hold"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
