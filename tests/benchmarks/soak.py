"""Does memory stay flat? `python tests/benchmarks/soak.py --seconds 600 --rate 500`: a server hears messages all the time.

Buyers and agents of some hundred conversations write in turn; a listener reads the feed; who waits is asked for every two
seconds. After a warm-up, in which every conversation comes to hold as much as it ever will, the resident memory is
measured once a second, and the slope of the line through it said. Exits 1 if that is steeper than `--steepest`, or if a
message was refused.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import rig

TALKS = 100  # conversations: few, so that each comes to hold the most it ever will (120 messages) while it warms up
HANDS = 64  # connections that write


class Soak:
    """One run."""

    def __init__(self, server: rig.Server, rate: int, seconds: int) -> None:
        """`rate` messages a second for so many `seconds`."""
        self._server, self._rate, self._until = server, rate, seconds
        self.began = time.perf_counter()
        self.statuses: Counter[int] = Counter()
        self.delays: list[float] = []
        self.memory: list[tuple[float, float]] = []
        self.heard, self.asks = 0, True

    def _now(self) -> float:
        return time.perf_counter() - self.began

    async def write(self, hand: int) -> None:
        """One connection's share of the messages, each at its time."""
        connection = await rig.Connection.connect(self._server.port)
        asked = rig.questions(200, seed=hand)
        number = hand
        while (due := number / self._rate) < self._until and self._now() < self._until:
            await asyncio.sleep(max(0.0, due - self._now()))  # noqa: TID251 - a load has its pace
            role, text = ("buyer", asked[number % 199]) if number // TALKS % 2 == 0 else ("agent", f"好的{number}")
            body = rig.message(f"m-{number}", f"c-{number % TALKS}", text, role=role)
            began = time.perf_counter()
            answer = await connection.ask(rig.post("/webhook/shop", body, f"d-{number}"))
            self.delays.append(time.perf_counter() - began)
            self.statuses[answer.status] += 1
            number += HANDS
        connection.close()

    async def watch(self) -> None:
        """Memory once a second; who waits every other time."""
        connection = await rig.Connection.connect(self._server.port)
        head = f"GET /api/shops/shop/conversations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {rig.TOKEN}\r\n\r\n"
        while self._now() < self._until:
            await asyncio.sleep(1.0)  # noqa: TID251 - once a second
            self.memory.append((self._now(), self._server.resident()))
            if self.asks and len(self.memory) % 2:
                self.statuses[(await connection.ask(head.encode())).status] += 1
        connection.close()

    async def listen(self) -> None:
        """The feed, from the start."""
        connection = await rig.Connection.connect(self._server.port)
        head = f"GET /api/shops/shop/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {rig.TOKEN}\r\n\r\n"
        async for line in connection.lines(head.encode()):
            self.heard += line.startswith(b"data:")

    async def run(self) -> None:
        """All of them at once."""
        listening = asyncio.create_task(self.listen())
        await asyncio.gather(self.watch(), *(self.write(hand) for hand in range(HANDS)))
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


def slope(points: list[tuple[float, float]]) -> float:
    """MB a minute of the line through (second, MB), by least squares."""
    middle = sum(at for at, _ in points) / len(points)
    height = sum(size for _, size in points) / len(points)
    spread = sum((at - middle) ** 2 for at, _ in points)
    return 60 * sum((at - middle) * (size - height) for at, size in points) / spread


def main() -> int:
    """Run, and say what was seen."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=int, default=600, help="how long in all")
    asked.add_argument("--rate", type=int, default=500, help="messages a second")
    asked.add_argument("--phrasings", type=int, default=1000, help="of the library")
    asked.add_argument("--steepest", type=float, default=1.0, help="MB a minute that may be")
    asked.add_argument("--quiet", action="store_true", help="do not ask who waits")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = rig.config(Path(folder), given.phrasings, seed=1)
        server = rig.Server(["-m", "bot", "serve", "--config", str(config), "--port", "0", "--ready-json"])
        soak = Soak(server, given.rate, given.seconds)
        before, soak.asks = os.getloadavg()[0], not given.quiet
        asyncio.run(soak.run())
        cpu = server.cpu()
        server.stop()
    warm = soak.memory[len(soak.memory) // 3 :]
    steep, delays = slope(warm), sorted(soak.delays)
    sent = sum(soak.statuses.values())
    print(f"{sent} requests in {given.seconds} s: {dict(soak.statuses)}; {soak.heard} events heard; load {before:.1f}")
    print(
        f"p50 {1000 * delays[len(delays) // 2]:.1f} ms, p99 {1000 * delays[len(delays) * 99 // 100]:.1f} ms; CPU {cpu:.0f} s"
    )
    sizes = [size for _, size in warm]
    print(f"memory after warm-up: {sizes[0]:.1f} MB first, {sizes[-1]:.1f} MB last, {max(sizes):.1f} MB most")
    print(f"slope {steep:+.2f} MB a minute over {warm[-1][0] - warm[0][0]:.0f} s")
    return 0 if steep <= given.steepest and set(soak.statuses) == {200} else 1


if __name__ == "__main__":
    sys.exit(main())
