"""I start a real server in its own process, and speak to it as a chat tool would: signed, over kept connections."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import random
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import bot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(bot.__file__).parents[1]  # the program that is measured is the one that measures
SECRET = b"a key for measuring and nothing else"
TOKEN = "a-token-for-measuring"
SERVER_CORE, CLIENT_CORE = 0, 1


class Clock:
    """`off`: seconds by which the world's clock was set ahead, in trials of that."""

    off = 0.0


class Answer(NamedTuple):
    """Status and body."""

    status: int
    body: bytes


class Server:
    """One process, begun and killed."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Starts it and waits until it says on stdout how it is reached."""
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self.seconds = time.perf_counter() - began
        if not line:
            raise SystemExit(f"the server did not start: {' '.join(arguments)}")
        self.said: dict[str, Any] = json.loads(line)
        self.port = int(self.said["url"].rsplit(":", 1)[1])

    def cpu(self) -> float:
        """Seconds of a core that its threads have used; 0 where the system does not tell."""
        try:
            tasks = list(Path(f"/proc/{self._process.pid}/task").iterdir())
            return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9
        except OSError:
            return 0.0

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def tell(self, what: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(what)

    def resident(self) -> float:
        """MB of memory that it holds; 0 where the system does not tell."""
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1])
        except OSError:
            return 0.0
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def kill(self) -> None:
        """At once, as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._closed()

    def stop(self) -> None:
        """Gracefully."""
        self._process.terminate()
        self._process.wait()
        self._closed()

    def _closed(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.close()


class Connection:
    """One kept HTTP/1.1 connection: as little work for the client as can be, so that the server is what is measured."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """See `connect`."""
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> Connection:
        """To loopback."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> Answer:
        """Send one request and read its answer, which must have a Content-Length. Raises OSError or EOFError."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        return Answer(int(head[9:12]), await self._reader.readexactly(length))

    async def lines(self, request: bytes) -> Any:
        """Send a request whose answer never ends; its lines."""
        self._writer.write(request)
        while line := await self._reader.readline():
            yield line

    def close(self) -> None:
        """Let go of it."""
        self._writer.close()


def post(path: str, body: bytes, identity: str, *, key: bytes = SECRET) -> bytes:
    """A whole signed request, ready to send."""
    stamp = str(int(time.time() + Clock.off))  # noqa: TID251 - what a client signs is the world's time
    signed = hmac.digest(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"webhook-id: {identity}\r\nwebhook-timestamp: {stamp}\r\n"
        f"webhook-signature: v1,{base64.b64encode(signed).decode()}\r\n\r\n"
    )
    return head.encode() + body


def call(path: str, data: Any) -> bytes:
    """A whole request of a shop's program, ready to send."""
    body = json.dumps(data, ensure_ascii=False).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def message(identity: str, conversation: str, text: str, *, role: str = "buyer", at: str = "") -> bytes:
    """The body of a `message.created`."""
    data = {"id": identity, "conversation": conversation, "role": role, "text": text} | ({"at": at} if at else {})
    return json.dumps({"type": "message.created", "data": data}, ensure_ascii=False).encode()


def pin(core: int) -> bool:
    """Stay on one core, and let every process begun from now on stay there; False where that cannot be."""
    try:
        os.sched_setaffinity(0, {core})
    except (AttributeError, OSError):
        return False
    return True


PIECES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))


def questions(count: int, seed: int) -> list[str]:
    """So many different questions; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - for measuring
    found: dict[str, None] = {}
    while len(found) < count:
        who, what, also, how, tail = (chance.choice(PIECES[name]) for name in ("who", "what", "what", "how", "tail"))
        found[who + what + chance.choice(["", also]) + how + tail] = None
    return list(found)


def library(file: Path, phrasings: int, *, seed: int, each: int = 10) -> None:
    """Write a library of so many phrasings, `each` a script, those of one script about the same thing."""
    chance = random.Random(seed)  # noqa: S311 - for measuring
    asked = questions(phrasings, seed)
    asked.sort(key=lambda text: (next(what for what in PIECES["what"] if what in text), chance.random()))
    with file.open("w", encoding="utf-8") as out:
        for number, start in enumerate(range(0, phrasings, each)):
            first, *others = asked[start : start + each]
            answer = f"亲，关于{first[:12]}，这边为您查好了，编号{number}，请放心。"
            script = {"id": f"s{number}", "question": first, "variants": others, "answer": answer}
            out.write(json.dumps(script, ensure_ascii=False) + "\n")


def typed(text: str, chance: random.Random) -> str:
    """A question as a buyer types it: in every third a character is lost, doubled or exchanged."""
    letters = list(text)
    for _ in range(chance.choice([0, 0, 1])):
        place = chance.randrange(len(letters))
        letters[place] = chance.choice(["", letters[place] * 2, chance.choice("的了吗呢啊哦在有")])
    return "".join(letters) or text


def config(folder: Path, phrasings: int, *, seed: int) -> Path:
    """A config with one shop, its library and its secrets."""
    library(folder / "library.jsonl", phrasings, seed=seed)
    (folder / "secret").write_text("whsec_" + base64.b64encode(SECRET).decode(), encoding="utf-8")
    (folder / "token").write_text(TOKEN, encoding="utf-8")
    file = folder / "config.toml"
    file.write_text(
        '[server]\ndata = "data"\n[[shops]]\nid = "shop"\nplatform = "pinduoduo"\nlibrary = ["library.jsonl"]\n'
        'webhook_secrets = ["file:secret"]\ntoken = "file:token"\n',
        encoding="utf-8",
    )
    return file


def chunks(items: Sequence[Any], count: int) -> Iterator[Sequence[Any]]:
    """`items` dealt out to so many hands."""
    for start in range(count):
        yield items[start::count]
