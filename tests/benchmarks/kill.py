"""Kill the server in the middle of its work, again and again; nothing may be lost or doubled.

`python tests/benchmarks/kill.py --kills 100 --events 5000`: a real server on a fast clock, signed webhooks over several
connections, sent again under the same ids until they are acknowledged, agents who reply, a chat tool at the callback that
fails, delays, drops acknowledgements and echoes twice, and SIGKILL at random moments of the seed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rig
from kill_judge import ANSWERED, GRACE, START, Run, Webhook, counts, judge, messages, targets
from receiver import Receiver, config, judge_out, waiting

from bot.channels.ending import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ASKED = ("什么时候发货", "可以退货吗", "有优惠券吗", "怎么还没收到", "在吗")
ANSWERS = ("亲，马上为您查", "好的，已经登记", "请稍等一下")


@dataclass
class Trial(Run):
    """A run that goes on: the server that is up, its chat tool, and the chance that decides when it is killed.

    `asked`: the replies that were acknowledged.
    """

    chance: random.Random = field(default_factory=random.Random)
    server: rig.Server | None = None
    receiver: Receiver = field(default_factory=lambda: Receiver(random.Random(1)))  # noqa: S311 - repeatable
    asked: list[str] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)


def webhooks(count: int, chance: random.Random) -> list[Webhook]:
    """So many messages of a tenth as many conversations; a few requests hold several."""
    made: list[Webhook] = []
    number = 0
    while number < count:
        size = min(chance.choice((1, 1, 1, 1, 3)), count - number)
        events = []
        for each in range(number, number + size):
            agent = chance.random() < 0.2
            data = {
                "id": f"m{each}",
                "conversation": f"c{chance.randrange(max(1, count // 10))}",
                "role": "agent" if agent else "buyer",
                "text": chance.choice(ANSWERS if agent else ASKED),
            }
            events.append({"type": "message.created", "data": data})
        body = json.dumps(events if size > 1 else events[0], ensure_ascii=False).encode()
        made.append(Webhook(f"w{len(made)}", tuple(event["data"]["id"] for event in events), body))
        number += size
    return made


async def begin(run: Trial) -> None:
    """A server on the run's folder, its clock where the shop's is now; and let the clients know."""
    now = run.now() if run.up else START.timestamp()
    at = datetime.fromtimestamp(now, START.tzinfo).isoformat()
    file = config(run.folder, run.receiver.port)
    arguments = ["-m", "bot", "serve", "--config", str(file), "--port", "0", "--ready-json", "--data", str(run.folder)]
    run.server = await asyncio.to_thread(rig.Server, [*arguments, "--clock-start", at, "--clock-rate", str(run.rate)])
    run.seen = (time.perf_counter(), now)  # its clock runs from when it says that it is ready
    run.up.append((now, float("inf"), run.rate))
    run.ready.set()


def end(run: Trial, webhooks: Sequence[Webhook]) -> None:
    """Kill, and look at what is on the disk."""
    assert run.server is not None
    run.ready.clear()
    acked = set(run.acked)
    run.server.kill()
    run.up[-1] = (run.up[-1][0], run.now(), run.rate)
    kept = set(messages(run))
    when = f"after kill {len(run.up)}"
    run.expect(acked <= kept, f"{when}: {len(acked - kept)} acknowledged messages are not in the store")
    torn = [each.identity for each in webhooks if 0 < len(kept.intersection(each.ids)) < len(each.ids)]
    run.expect(not torn, f"{when}: lists were taken in part: {torn[:5]}")


async def client(run: Trial, work: Iterator[Webhook]) -> None:
    """Send one after the other, each again and again until it is acknowledged."""
    line = Line(run)
    for webhook in work:
        await line.say(webhook)
        run.acked.extend(webhook.ids)
    line.close()


class Line:
    """A connection to the server that is up, whichever that is."""

    def __init__(self, run: Trial) -> None:
        self._run, self._connection = run, None

    async def say(self, webhook: Webhook) -> None:
        """A signed webhook, until it is acknowledged."""
        await self.ask(lambda: rig.post("/webhook/demo", webhook.body, webhook.identity))

    async def ask(self, request: Callable[[], bytes]) -> bytes:
        """The body of the answer, once it is 200."""
        run = self._run
        while True:
            await run.ready.wait()
            assert run.server is not None
            try:
                if self._connection is None:
                    self._connection = await rig.Connection.connect(run.server.port)
                async with asyncio.timeout(10):
                    answer = await self._connection.ask(request())
            except (OSError, EOFError, TimeoutError):
                run.retries += 1
                self.close()
                await pause(0.02)
                continue
            if answer.status == 200:
                return answer.body
            run.expect(answer.status == 503, f"a request was answered {answer.status}: {answer.body[:200]!r}")
            await pause(0.02)

    def close(self) -> None:
        """Let go of it."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


async def agents(run: Trial, sent: Sequence[Webhook], count: int) -> None:
    """Replies through us, some in a row, in conversations of their own."""
    line, number = Line(run), 0
    for webhook in sent:
        await line.say(webhook)
        run.acked.extend(webhook.ids)
        path = f"/api/shops/demo/conversations/{ANSWERED}{webhook.identity}/replies"
        for _ in range(min(run.chance.choice((1, 2, 3)), count - number)):
            reply = {"id": f"q{number}", "agent": "a-1", "text": run.chance.choice(ANSWERS)}
            await line.ask(lambda path=path, reply=reply: rig.call(path, reply))
            run.asked.append(reply["id"])
            number += 1
    line.close()


async def echoing(run: Trial) -> None:
    """The chat tool shows what was sent, sometimes twice."""
    line = Line(run)
    while True:
        said = await run.receiver.echoes.get()
        identity = f"echo-{said['reply_id']}"
        run.echoed.add(identity)
        data = {"id": identity, "conversation": said["conversation"], "role": "agent", "text": said["text"]}
        body = json.dumps(
            {"type": "message.created", "data": data | {"reply_id": said["reply_id"]}}, ensure_ascii=False
        )
        await line.say(Webhook(identity, (identity,), body.encode()))
        run.acked.append(identity)
        run.receiver.echoes.task_done()


async def killer(run: Trial, sent: Sequence[Webhook], kills: int) -> None:
    """Kill at random numbers of acknowledged messages, and a moment after."""
    for mark in sorted(run.chance.sample(range(1, sum(len(each.ids) for each in sent)), kills)):
        while len(run.acked) < mark:
            await pause(0.002)
        await pause(run.chance.random() * 0.02)
        end(run, sent)
        await begin(run)


async def pause(seconds: float) -> None:
    """Let the others work."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


async def play(run: Trial, sent: Sequence[Webhook], options: argparse.Namespace) -> None:
    """Everything: send and kill, let the clock run out, send everything again."""
    await run.receiver.start()
    echo = asyncio.create_task(echoing(run))
    await begin(run)
    asked = questions(options.replies)
    killing = asyncio.create_task(killer(run, [*sent, *asked], options.kills))
    await asyncio.gather(send(run, sent, options.connections), agents(run, asked, options.replies))
    await killing
    await drain(run)
    end(run, [*sent, *asked])
    run.seen, run.rate = (time.perf_counter(), run.now()), options.last_rate
    await begin(run)
    limit = max(target.limit for target in targets())
    last = max(fact.at for fact in messages(run).values())
    while run.now() < last + limit + GRACE * run.rate:
        await pause(0.05)
    await drain(run)
    before = counts(run)
    run.acked.clear()
    await send(run, sent, options.connections)
    run.expect(len(run.acked) == sum(len(each.ids) for each in sent), "not all that was sent again was acknowledged")
    run.expect(counts(run) == before, f"what was sent again changed something: {before} became {counts(run)}")
    assert run.server is not None
    run.server.stop()
    run.up[-1] = (run.up[-1][0], run.now(), run.rate)
    echo.cancel()
    await asyncio.gather(echo, return_exceptions=True)
    await run.receiver.stop()


def questions(count: int) -> list[Webhook]:
    """What buyers ask in the conversations in which agents reply."""
    made = []
    for number in range(count // 2 + 1):
        data = {"id": f"b{number}", "conversation": f"{ANSWERED}b{number}", "role": "buyer", "text": ASKED[0]}
        body = json.dumps({"type": "message.created", "data": data}, ensure_ascii=False).encode()
        made.append(Webhook(f"b{number}", (f"b{number}",), body))
    return made


async def drain(run: Trial) -> None:
    """The chat tool is well again: wait until it has everything, two rests at most."""
    run.receiver.faulty = False
    began = time.perf_counter()
    while (waiting(run) or run.receiver.echoes._unfinished_tasks) and time.perf_counter() - began < 2 * LONGEST_WAIT:
        await pause(0.05)
    run.expect(waiting(run) == 0, f"{waiting(run)} pushes still wait")


async def send(run: Trial, sent: Sequence[Webhook], connections: int) -> None:
    """All of it, over so many connections."""
    work = iter(sent)
    await asyncio.gather(*(client(run, work) for _ in range(connections)))


def main() -> None:
    """The command line; exits 1 if anything was lost, doubled or changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--replies", type=int, default=200, help="of agents, through us")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--last-rate", type=float, default=600, help="of the clock, once all is sent")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chance = random.Random(options.seed)  # noqa: S311 - repeatable
        sent = webhooks(options.events, chance)
        run = Trial(Path(folder), chance=chance)
        began = time.perf_counter()
        asyncio.run(play(run, sent, options))
        judge(run, [*sent, *questions(options.replies)])
        judge_out(run, run.receiver, run.asked)
        facts, feed = counts(run)
    print(
        f"{options.events} messages in {len(sent)} webhooks, {options.kills} kills, {run.retries} retries, "
        f"{facts} facts, {feed} feed rows, {len(run.asked)} replies, {len(run.receiver.got)} requests to the chat tool "
        f"({', '.join(f'{name} {count}' for name, count in sorted(run.receiver.faults.items()))}), {time.perf_counter() - began:.1f} s"
    )
    for sentence in run.wrong[:20]:
        print(sentence)
    print("nothing lost, nothing doubled" if not run.wrong else f"{len(run.wrong)} things are wrong")
    sys.exit(1 if run.wrong else 0)


if __name__ == "__main__":
    main()
