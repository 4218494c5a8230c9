"""Make a long log from a seed by the simulator, replay it, and say how fast and how large that is.

python tests/benchmarks/replay.py [--messages 1000000] [--phrasings 10000] [--seed 1] [--jobs 1] [--profile]

The log is that of days like 11.11 one after the other (bot/load/1111.toml), some buyers asking what is in the library,
mistyped, others what is not; agents answer by a script or in words of their own, now and then with words that the rules
forbid. Each message of a buyer is ranked against a library of so many phrasings, each of an agent is guarded. Messages a
second are of processor time, which other work on the machine does not lengthen; peak memory is of the whole process.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import multiprocessing
import pstats
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import matching  # noqa: E402 - the project is found through the line above
import msgspec  # noqa: E402

from bot import load  # noqa: E402
from bot.deadline import Zone  # noqa: E402
from bot.load import crowd  # noqa: E402
from bot.load.desk import Desk  # noqa: E402

ZONE = Zone("Asia/Shanghai")
DAY = 86_400
WORDS = [
    "亲",
    "您好",
    "稍等",
    "我看一下",
    "已经为您登记",
    "今天能发",
    "这款有货",
    "明天到",
    "请放心",
    "可以的",
    "没有问题",
    "给您备注了",
]
FORBIDDEN = ["加我微信 abc88990", "好评返现5元", "全网最低价"]
OWN = [
    "我的订单怎么还没到",
    "上次说的那个事情怎么样了",
    "颜色和图片不一样",
    "在吗",
    "好的谢谢",
    "能不能快一点",
    "地址写错了",
]


def library(file: Path, phrasings: int, seed: int) -> list[tuple[str, str]]:
    """Write a library of so many phrasings; (phrasing, answer) of each."""
    texts, owners = matching.phrasings(phrasings, random.Random(seed))  # noqa: S311 - a trial
    listed: dict[int, list[str]] = {}
    for text, owner in zip(texts, owners, strict=True):
        listed.setdefault(owner, []).append(text)
    found = []
    with file.open("w", encoding="utf-8") as out:
        for owner, each in listed.items():
            answer = f"您好，关于{each[0]}，您可以在商品页看到说明，第 {owner} 条。"
            line = {"id": f"s{owner}", "question": each[0], "variants": each[1:], "answer": answer}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            found += [(text, answer) for text in each]
    return found


def log(file: Path, asked: list[tuple[str, str]], messages: int, seed: int) -> None:
    """Write so many messages, in the order of time."""
    dice = random.Random(seed)  # noqa: S311 - a trial
    profile = load.load("1111")
    pool = [crowd.Question("", True, True, True)]  # noqa: FBT003 - the words are drawn below
    written = day = 0
    with file.open("w", encoding="utf-8") as out:
        while written < messages:
            spans = [(start + day * DAY, end + day * DAY, buyers) for start, end, buyers in profile.spans(ZONE)]
            visits = crowd.visits(profile, pool, spans, seed=seed + day, helped=dice.random() < 0.5)
            said = []
            for turn in Desk(visits, agents=12, concurrency=profile.agents.concurrency).run():
                known = dice.random() < 0.6
                text, answer = dice.choice(asked) if known else (dice.choice(OWN), "")
                question = matching.ask(text, dice)
                own = "，".join(dice.sample(WORDS, 3)) + f"，单号尾数 {dice.randrange(10_000):04}"
                reply = (
                    dice.choice(FORBIDDEN)
                    if dice.random() < 0.01
                    else answer
                    if dice.random() < 0.5 and answer
                    else own
                )
                said += [(turn.asked, turn.visit, "buyer", question), (turn.answered, turn.visit, "agent", reply)]
            for at, visit, role, words in sorted(said)[: messages - written]:
                line = {"id": f"m{written}", "conversation": f"d{day}v{visit}", "role": role, "text": words}
                agent = {"agent": f"a{visit % 12}"} if role == "agent" else {"buyer": f"b{visit % 4000}"}
                out.write(json.dumps({**line, "at": stamp(int(at)), **agent}, ensure_ascii=False) + "\n")
                written += 1
            day += 1


def stamp(at: int) -> str:
    """Unix seconds as the log has them."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def replay(said: Path, scripts: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Replay it in this process (or with --jobs in several); the figures."""
    from click.testing import CliRunner

    from bot.cli import main

    out = said.with_suffix(".out.json")
    given = ["replay", str(said), "--platform", "pinduoduo", "--library", str(scripts), "--json", str(out)]
    given += ["--jobs", str(options.jobs)] if options.jobs > 1 else []
    profiler = cProfile.Profile()
    began, wall = used(), time.perf_counter()
    if options.profile:
        profiler.enable()
    done = CliRunner().invoke(main, given)
    profiler.disable()
    figures = {"cpu_s": used() - began, "wall_s": time.perf_counter() - wall, "peak": peaks()}  # reading it takes more
    assert done.exit_code == 0, (done.output, done.exception)
    if options.profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
    result = msgspec.json.decode(out.read_bytes())
    asked, shown = result["suggest"]["asked"], result["suggest"]["shown"]
    stopped = result["guard"]["warn"] + result["guard"]["block"]
    return {**figures, "asked": asked, "shown": shown, "stopped": stopped, "lines": done.stdout}


def peaks() -> tuple[int, int]:
    """The most memory that this process held, and the largest of its children that have ended, in MB."""
    own, children = (
        resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own, children


def used() -> float:
    """Processor seconds of this process and of its children that have ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def child(said: Path, scripts: Path, options: argparse.Namespace) -> None:
    """In a process of its own, whose memory is the replay's alone."""
    figures = replay(said, scripts, options)
    number = options.messages
    cpu, wall, (own, children) = (figures[key] for key in ("cpu_s", "wall_s", "peak"))
    print(f"{number} messages, {options.phrasings} phrasings, {options.jobs} processes, seed {options.seed}")
    print(
        f"{number / cpu:,.0f} messages/s of processor time ({cpu:.1f} s), {number / wall:,.0f}/s of the clock ({wall:.1f} s)"
    )
    print(f"peak memory {own} MB" + (f", of the largest helper {children} MB" if options.jobs > 1 else ""))
    print(f"asked {figures['asked']}, shown {figures['shown']}, stopped {figures['stopped']}")


def main() -> None:
    """Make, replay, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--phrasings", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--keep", type=Path, help="Leave log, library and result in this folder.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = options.keep or Path(folder)
        place.mkdir(exist_ok=True)
        said, scripts = place / "log.jsonl", place / "library.jsonl"
        if not said.exists():
            log(said, library(scripts, options.phrasings, options.seed), options.messages, options.seed)
        process = multiprocessing.get_context("spawn").Process(target=child, args=(said, scripts, options))
        process.start()
        process.join()
        sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
