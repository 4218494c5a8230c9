"""Read a log of a million messages in and out of order, as each form that can be long, and tell the memory it took.

    python tests/benchmarks/logs.py [--messages 1000000]

Each reading is a process of its own, so that its peak of memory is its own. Beside it stands a peer that does what any
reader must: decode each line as JSON and keep nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FORMS = ("jsonl", "jsonl, out of order", "jsonl, masked", "csv")
BEGIN = 1_795_226_400


def make(file: Path, form: str, messages: int) -> None:
    """A log with twelve messages a conversation, from a seed."""
    draw, at = random.Random(5), BEGIN  # noqa: S311 - a seed, so that runs can be compared
    with file.open("w", encoding="utf-8") as out:
        if form == "csv":
            out.write("会话,角色,内容,时间,买家\n")
        for number in range(messages):
            at += draw.random() < 0.4
            when = at + draw.randrange(100_000) if "order" in form else at
            talk, buyer = number // 12, number % 2
            text = f"这款什么时候可以发货呢{number % 97}"
            if form == "csv":
                out.write(f"c{talk},{'买家' if buyer else '客服'},{text},{when},b{talk}\n")
                continue
            line = {"conversation": f"c{talk}", "role": "buyer" if buyer else "agent", "text": text, "at": when}
            out.write(json.dumps({"id": f"m{number}", **line, "buyer": f"b{talk}"}, ensure_ascii=False) + "\n")


def read(file: Path, form: str) -> None:
    """Read the log, walk it once, and print what it cost."""
    from bot import logs
    from bot.deadline import Zone

    begun, last, count = time.process_time(), 0, 0
    with logs.read([file], Zone("Asia/Shanghai"), mask="masked" in form) as log:
        parsed = time.process_time()
        for said in log:
            assert said.at >= last
            last, count = said.at, count + 1
    done = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"count": count, "read": parsed - begun, "walk": done - parsed, "peak": peak}))


def peer(file: Path) -> float:
    """CPU seconds to decode each line."""
    begun = time.process_time()
    with file.open("rb") as lines:
        for line in lines:
            json.loads(line)
    return time.process_time() - begun


def main() -> None:
    """Every form once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--read", nargs=2, metavar=("FILE", "FORM"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        read(Path(given.read[0]), given.read[1])
        return
    for form in FORMS:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"log.{form.partition(',')[0]}"
            make(file, form, given.messages)
            beside = peer(file) if "jsonl" in form else None
            told = subprocess.run(
                [sys.executable, __file__, "--read", file, form], capture_output=True, check=True, text=True
            )
            cost = json.loads(told.stdout)
            size = file.stat().st_size >> 20
        share = "" if beside is None else f", json.loads alone {beside:.1f} s"
        print(
            f"{form}: {cost['count']} messages, {size} MB; read {cost['read']:.1f} s of a core, walked in "
            f"{cost['walk']:.1f} s, peak {cost['peak']} MB{share}"
        )


if __name__ == "__main__":
    main()
