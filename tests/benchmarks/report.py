"""What the report of a replay costs beside the replay itself: time, memory, and the size of the page.

python tests/benchmarks/report.py [--messages 1000000] [--words 18] [--talks 125000]
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.blame import CountedWait
from bot.model import AgentSaid, BuyerSaid, Conversation, Message, Wait
from bot.played import Began, Ended, Played, Rang, Rated
from bot.rates import Rate
from bot.report import Report
from bot.shop import trial
from bot.summary import Summary

START = 1_795_222_800
TOLD = {"at": "2026-11-21T10:00:00+08:00", "target": "human_reply_3min"}
FOUND = {
    "rule": "contact.account",
    "category": "contact",
    "action": "block",
    "span": [0, 4],
    "excerpt": "加我微信",
    "reason": "站外联系",
    "source": "",
    "rewrite": None,
}
CHARACTERS = "买家想问一下这个东西多久能到还有没有货颜色尺码"
OPEN = 5000  # conversations with an open question at a time


def say(report: Report, offers: tuple, wanted: argparse.Namespace) -> list[CountedWait]:
    """Tell a question and an answer in turns, each of some conversation; the waits that were late."""
    chance, late = random.Random(1), []  # noqa: S311 - a trial
    waiting: dict[str, Conversation] = {}
    for number in range(wanted.messages):
        name, at = f"talk-{chance.randrange(wanted.talks)}", START + 2 * number
        said = "".join(chance.choices(CHARACTERS, k=wanted.words))
        base = {"shop": "demo", "key": f"k{number}", "conversation": name, "at": at, "arrived": at, "id": f"m{number}"}
        before = waiting.pop(name, None)
        if number % 2:
            fact = AgentSaid(**base, text=said, agent=f"a{number % 40}")
            played = Played(number, fact, before, Conversation("demo", name), checked=True)
            report(played._replace(findings=(FOUND,) if number % 51 == 0 else ()))
        else:
            held = (Message(f"m{number}", at, "buyer", said),)
            wait = (Wait("human_reply_3min", at, at + 180),)
            after = waiting[name] = Conversation("demo", name, messages=held, offered=offers, waits=wait)
            report(Played(number, BuyerSaid(**base, text=said, buyer=name), before, after, asked=True))
        if number % 20 == 7:
            report(Rang("deadline.missed", name, TOLD))
            late.append(CountedWait(name, name, at - 200, at - 20, at, "a1", "a1", "晚了20秒才回复"))
        if len(waiting) > OPEN:
            waiting.pop(next(iter(waiting)))
    return late


def main() -> None:
    """Print processor seconds, peak memory and the size of the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("messages", 1_000_000), ("words", 18), ("talks", 125_000)):
        asked.add_argument(f"--{name}", type=int, default=usual)
    wanted = asked.parse_args()
    shop = trial("pinduoduo", [], "Asia/Shanghai")
    offers = shop.matcher.rank(["什么时候发货"]).shown
    summary = Summary()
    with Report() as report, tempfile.TemporaryDirectory() as folder:
        for observer in (summary, report):
            observer(Began(shop, timed=True))
        print(f"before: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        began = time.process_time()
        late = say(report, offers, wanted)
        for number in range(wanted.talks):
            report(Ended(f"talk-{number}", f"talk-{number}", (), {}))
        report(Rated((Rate("human_reply_3min", wanted.talks, 0, 0, 0.0, tuple(late)),)))
        summary(Rated(()))
        page = Path(folder) / "report.html"
        report.write(page, summary.result())
        print(f"{time.process_time() - began:.1f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        print(f"page: {page.stat().st_size / 1e6:.1f} MB")


main()
