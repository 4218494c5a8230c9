"""Break what the server stands on, one thing at a time; nothing may be lost or doubled, and it must recover by itself.

`python tests/benchmarks/faults.py disk|clock|hang`: a real server with a chat tool at its callback. `disk`: no room for
another byte (RLIMIT_FSIZE), and then there is again. `clock`: the clock jumps hours back and ahead in the middle.
`hang`: the chat tool takes everything and answers nothing, and then does again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import rig
from kill import ANSWERS, Line, Trial, drain, echoing, pause, questions
from kill_judge import ANSWERED, Webhook, messages, rows, told
from receiver import Receiver, config, judge_out, waiting

from bot.store import DATABASE

HOURS = 3  # by which the clock jumps
SERVE = """
import asyncio, signal, sys
from pathlib import Path
from bot import config
from bot.clock import SystemClock
from bot.web import serve
class Jumping(SystemClock):
    off = 0.0
    def now(self): return super().now() + self.off
    def world(self): return super().world() + self.off
    def jump(self, hours): self.off += hours * 3600.0
clock = Jumping()
signal.signal(signal.SIGUSR1, lambda *_: clock.jump(-%(hours)d))
signal.signal(signal.SIGUSR2, lambda *_: clock.jump(%(hours)d))
ours = config.load(Path(sys.argv[1]))
ready = lambda url: print(serve.ready_line(url, ours, None), flush=True)
asyncio.run(serve.serve(ours, clock, ready=ready))
"""


async def begin(run: Trial) -> None:
    """A server on the time of the world, whose clock jumps when it is told."""
    file = config(run.folder, run.receiver.port)
    text = file.read_text(encoding="utf-8").replace('data = "data"', 'data = "."\nport = 0')
    file.write_text(text, encoding="utf-8")
    run.server = await asyncio.to_thread(rig.Server, ["-c", SERVE % {"hours": HOURS}, str(file)])
    run.ready.set()


def messages_of(count: int, start: int, chance: random.Random) -> list[Webhook]:
    """So many questions and answers, of few conversations."""
    made = []
    for number in range(start, start + count):
        agent = chance.random() < 0.3
        data = {"id": f"m{number}", "conversation": f"c{number % 40}", "role": "agent" if agent else "buyer"}
        data["text"] = ANSWERS[number % 3] if agent else "什么时候发货"
        body = json.dumps({"type": "message.created", "data": data}, ensure_ascii=False).encode()
        made.append(Webhook(f"w{number}", (f"m{number}",), body))
    return made


async def say(run: Trial, sent: list[Webhook]) -> list[float]:
    """Each until it is acknowledged, over four connections; seconds that each took."""
    took: list[float] = []
    work = iter(sent)

    async def one() -> None:
        line = Line(run)
        for webhook in work:
            began = time.perf_counter()
            await line.say(webhook)
            took.append(time.perf_counter() - began)
            run.acked.extend(webhook.ids)
        line.close()

    await asyncio.gather(*(one() for _ in range(4)))
    return took


async def reply(run: Trial, asked: list[Webhook], start: int) -> None:
    """An agent replies once in each of these conversations."""
    line = Line(run)
    for number, webhook in enumerate(asked, start):
        await line.say(webhook)
        run.acked.extend(webhook.ids)
        path = f"/api/shops/demo/conversations/{ANSWERED}{webhook.identity}/replies"
        given = {"id": f"q{number}", "agent": "a-1", "text": ANSWERS[0]}
        await line.ask(lambda path=path, given=given: rig.call(path, given))
        run.asked.append(given["id"])
    line.close()


async def disk(run: Trial, sent: list[Webhook], asked: list[Webhook]) -> None:
    """No room: everything is answered 503, nothing is acknowledged; once there is room it goes on."""
    await say(run, sent[: len(sent) // 2])
    await reply(run, asked[: len(asked) // 2], 0)
    assert run.server is not None
    pid = run.server.pid
    # The database is as large as it may be; what is written beside it first (its WAL) may not grow beyond that either.
    full = ((run.folder / DATABASE).stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    resource.prlimit(pid, resource.RLIMIT_FSIZE, full)
    going_on = asyncio.create_task(say(run, sent[len(sent) // 2 :]))
    replying = asyncio.create_task(reply(run, asked[len(asked) // 2 :], len(asked) // 2))
    stuck = -1
    while stuck != len(run.acked):  # what still fits into the files goes in
        stuck = len(run.acked)
        await pause(1.5)
    kept = set(messages(run))
    run.expect(set(run.acked) <= kept, f"{len(set(run.acked) - kept)} acknowledged messages are not on the full disk")
    run.expect(not going_on.done(), "the disk was never full")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, full[1]))
    await going_on
    await replying


async def clock(run: Trial, sent: list[Webhook], asked: list[Webhook]) -> None:
    """Hours back, hours ahead and back again while retries wait: none waits for hours, and nobody is warned twice."""
    quarter, half = len(sent) // 4, len(asked) // 2
    assert run.server is not None
    for part, jump in enumerate((signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1, None)):
        run.receiver.faulty = True
        await say(run, sent[part * quarter : (part + 1) * quarter])
        if part in (0, 3):
            await reply(run, asked[:half] if part == 0 else asked[half:], 0 if part == 0 else half)
        if jump is not None:
            run.server.tell(jump)
            rig.Clock.off += HOURS * 3600.0 if jump is signal.SIGUSR2 else -HOURS * 3600.0  # it is everybody's clock
        await drain(run)
    await say(run, sent[4 * quarter :])
    await drain(run)


async def hang(run: Trial, sent: list[Webhook], asked: list[Webhook]) -> None:
    """Nobody else waits for a chat tool that answers nothing."""
    half = len(sent) // 2
    await say(run, sent[:half])
    run.receiver.hangs = True
    took = await say(run, sent[half:])
    await reply(run, asked, 0)
    slow = sorted(took)[int(len(took) * 0.99)]
    run.expect(slow < 1.0, f"webhooks waited {slow:.2f} s for a chat tool that hangs")
    run.receiver.relent()


async def play(run: Trial, what: str, options: argparse.Namespace) -> list[Webhook]:
    """One fault, and then everything is well again."""
    sent, asked = messages_of(options.events, 0, run.chance), questions(options.replies)
    await run.receiver.start()
    echo = asyncio.create_task(echoing(run))
    await begin(run)
    await {"disk": disk, "clock": clock, "hang": hang}[what](run, sent, asked)
    await drain(run)
    assert run.server is not None
    run.server.stop()
    echo.cancel()
    await asyncio.gather(echo, return_exceptions=True)
    await run.receiver.stop()
    return [*sent, *asked]


def judge(run: Trial, sent: list[Webhook]) -> None:
    """Every message once; nobody warned twice of one stage of one wait; everything out that had to go out."""
    wanted, kept = {identity for each in sent for identity in each.ids} | run.echoed, set(messages(run))
    run.expect(wanted == kept, f"{len(wanted - kept)} messages are missing, {len(kept - wanted)} unknown")
    run.expect(set(run.acked) == wanted, f"{len(wanted - set(run.acked))} messages were never acknowledged")
    for kind in ("deadline.warning", "deadline.missed", "deadline.cleared"):
        # An end is told again where an answer that came later was found to have been earlier.
        said = Counter(
            (e["conversation"], e["target"], e["start"], e.get("stage"), e.get("answered")) for e in told(run, kind)
        )
        twice = [key for key, count in said.items() if count > 1]
        run.expect(not twice, f"{kind} was told twice: {twice[:5]}")
    judge_out(run, run.receiver, run.asked)
    run.expect(rows(run, "PRAGMA integrity_check") == [("ok",)], "the database is damaged")
    run.expect(waiting(run) == 0, f"{waiting(run)} pushes were left")


def main() -> None:
    """The command line; exits 1 if anything was lost, doubled or stuck."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("disk", "clock", "hang"))
    parser.add_argument("--events", type=int, default=600)
    parser.add_argument("--replies", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chance = random.Random(options.seed)  # noqa: S311 - repeatable
        run = Trial(Path(folder), chance=chance, receiver=Receiver(chance, faulty=options.what != "hang"))
        began = time.perf_counter()
        sent = asyncio.run(play(run, options.what, options))
        judge(run, sent)
    print(
        f"{options.what}: {len(run.acked)} messages, {len(run.asked)} replies, {run.retries} broken connections, "
        f"{len(run.receiver.got)} requests to the chat tool, {time.perf_counter() - began:.1f} s"
    )
    for sentence in run.wrong[:20]:
        print(sentence)
    print("nothing lost, nothing doubled" if not run.wrong else f"{len(run.wrong)} things are wrong")
    sys.exit(1 if run.wrong else 0)


if __name__ == "__main__":
    main()
