"""I start the real server and throw at it what a hostile world may: `python tests/benchmarks/fuzz.py --seconds 300`.

Half the time schemathesis draws requests from the OpenAPI document and holds the answers against it; half the time
signed webhooks with mutated JSON and mutated bytes of HTTP are sent. A failure is an answer of 500 or above, an error
that has not our shape, an answer the document does not promise, a server that stops or that logs an accident.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from benchmarks.fuzz_hooks import Signed  # noqa: E402 - found beside this file, wherever it is started from
from benchmarks.fuzz_wild import Target, wild  # noqa: E402

_CONFIG = """
[[shops]]
id = "demo"
platform = "pinduoduo"
webhook_secrets = ["env:FUZZ_SECRET"]
token = "env:FUZZ_TOKEN"
[shops.adapters.chatwoot]
secrets = ["env:FUZZ_TOOL_SECRET"]
[shops.adapters.douyin]
secrets = ["env:FUZZ_TOOL_SECRET"]
[shops.adapters.generic]
"""


@contextlib.contextmanager
def server() -> Iterator[Target]:
    """The real program on a database of its own, with one shop and three adapters."""
    known = {
        "FUZZ_SECRET": "whsec_" + secrets.token_hex(32),
        "FUZZ_TOKEN": secrets.token_urlsafe(24),
        "FUZZ_TOOL_SECRET": secrets.token_urlsafe(24),
    }
    environment = {**os.environ, **known}
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w", encoding="utf-8") as log:
        (Path(folder) / "config.toml").write_text(_CONFIG, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "bot",
            "serve",
            "--config",
            f"{folder}/config.toml",
            "--port",
            "0",
            "--ready-json",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                if not line:
                    raise SystemExit((Path(folder) / "log").read_text(encoding="utf-8"))
                signed = Signed(known["FUZZ_TOKEN"], known["FUZZ_SECRET"], known["FUZZ_TOOL_SECRET"])
                url = json.loads(line)["url"]
                yield Target(url, signed, known["FUZZ_TOKEN"], environment, process, Path(folder) / "log")
            finally:
                process.terminate()
                process.wait(20)


def structured(target: Target, seconds: int, seed: int) -> tuple[Counter[str], list[str]]:
    """What schemathesis finds: how many requests it made, and each way in which an answer was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "--config-file",
            str(TESTS / "benchmarks" / "fuzz.toml"),
            "run",
        ]
        command += [f"{target.url}/openapi.json", "--max-time", str(seconds), "--seed", str(seed)]
        command += ["--no-color", "--report", "json", "--report-json-path", str(report)]
        environment = target.environment | {"PYTHONPATH": os.pathsep.join((str(TESTS), str(Path.cwd())))}
        run = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)
        if not report.exists():
            return Counter(), [f"schemathesis did not run: {(run.stdout + run.stderr)[-2000:]}"]
        said = json.loads(report.read_text(encoding="utf-8"))
    problems = [f"{failure['title']}: {', '.join(map(str, failure['operations']))}" for failure in said["failures"]]
    problems += [str(error) for error in said["errors"]]
    if problems:
        problems.append(run.stdout[run.stdout.find("= FAILURES =") :][:6000])
    return Counter({"schemathesis": said["test_cases"]["generated"]}), problems


def main() -> int:
    """Play, and say what came of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=int, default=60, help="how long in all")
    asked.add_argument("--seed", type=int, default=None, help="to play the same again")
    given = asked.parse_args()
    seed = given.seed if given.seed is not None else secrets.randbelow(2**32)
    with server() as target:
        drawn, wrong = structured(target, max(1, given.seconds // 2), seed)
        counts, odd = wild(target, given.seconds / 2, seed)
        problems = [*wrong, *odd, *target.problems()]
    print(f"seed {seed}: {drawn['schemathesis']} requests by schemathesis, {counts.total()} mutated")
    print("  " + ", ".join(f"{status} × {number}" for status, number in sorted(counts.items())))
    print("\n".join(problems) if problems else "nothing found")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
