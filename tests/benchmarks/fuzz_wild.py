"""I spoil good requests: JSON with one place changed, bytes that are no JSON, heads that are no HTTP."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import subprocess

    from benchmarks.fuzz_hooks import Signed


class Target(NamedTuple):
    """A server to play with."""

    url: str
    signed: Signed
    token: str
    environment: dict[str, str]
    process: subprocess.Popen[str]
    log: Path

    def problems(self) -> list[str]:
        """That it stopped, or what it logged as an accident."""
        stopped = [] if self.process.poll() is None else [f"the server stopped with {self.process.returncode}"]
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return stopped + [f"log: {line}" for line in lines if " ERROR " in line or line.startswith("Traceback")]


# Good requests: each is spoiled in one place or more.
_SEEDS = json.loads(Path(__file__).with_name("fuzz_seeds.json").read_text(encoding="utf-8"))
_ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    2**63,
    10**40,
    1.5,
    1e308,
    "",
    " ",
    "\x00",
    "x" * 300,
    "\ufeff",
    "９",
    "𝟙",
    "e\u0301",
]
_ODD += [
    "2026-13-45T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    [],
    {},
    [[]],
    [{}],
    {"a": {"b": []}},
]
_BYTES = [
    b"\x00",
    b"\xff",
    b"\\ud800",
    b"\\u0000",
    b"\xed\xa0\x80",
    b"1e999",
    b"-0",
    b"[" * 2000,
    b'{"a":' * 800,
    b"NaN",
    b'"',
    b"}",
]
_HTTP = [
    b"\r\n",
    b"\n",
    b" ",
    b"\x00",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"HTTP/1.0",
    b"%00",
    b"%ff",
]
_HTTP += [
    b"Expect: 100-continue\r\n",
    b"Expect: x\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Connection: Upgrade\r\n",
    b"x" * 9000,
]
_GETS = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/api/shops/demo/scripts?q=fh",
    "/api/shops/demo/conversations",
]
_GETS += [
    "/api/shops/demo/conversations/c-1",
    "/api/shops/demo/rates?day=2026-11-21",
    "/api/shops/demo/events?after=0",
    "/x",
]


def mutated(value: Any, draw: random.Random) -> Any:
    """The same JSON with one place in it replaced, removed, repeated or added."""
    if draw.random() < 0.25 or not isinstance(value, dict | list) or not value:
        return draw.choice(_ODD)
    if isinstance(value, list):
        at = draw.randrange(len(value))
        return [*value[:at], mutated(value[at], draw), *value[at + draw.randrange(2) :]]
    key = draw.choice(list(value))
    match draw.randrange(6):
        case 0:
            return {name: held for name, held in value.items() if name != key}
        case 1:
            return value | {str(draw.choice(_ODD)): draw.choice(_ODD)}
        case _:
            return value | {key: mutated(value[key], draw)}


def spoiled(raw: bytes, draw: random.Random, pieces: list[bytes]) -> bytes:
    """The same bytes with some replaced, removed, repeated or added."""
    for _ in range(draw.randrange(1, 4)):
        at = draw.randrange(len(raw) + 1)
        raw = (
            raw[:at]
            + draw.choice([draw.choice(pieces), draw.randbytes(2), raw[at : at + 9]])
            + raw[at + draw.randrange(3) :]
        )
    return raw


class Raw(NamedTuple):
    """A request as bytes. `whole`: the server must answer it; of a spoiled head it may want more."""

    sent: bytes
    whole: bool


def request(target: Target, draw: random.Random) -> Raw:
    """A request: with JSON that is not what it should be, or bytes that are no JSON, or no HTTP."""
    headers = {"Host": "x", "Connection": "close", "Authorization": f"Bearer {target.token}"}
    if draw.random() < 0.2:
        kind, path, body = "GET", draw.choice(_GETS), b""
        headers |= {"Last-Event-ID": draw.choice(["", "0", "x", "9" * 18])}
    else:
        kind, seed = "POST", draw.choice(_SEEDS)
        path = seed["path"]
        body = json.dumps(mutated(seed["body"], draw), ensure_ascii=draw.random() < 0.5).encode()
        body = spoiled(body, draw, _BYTES)[:65_000] if draw.random() < 0.4 else body
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        headers |= target.signed.webhook(path.rpartition("/")[2], body) if path.startswith("/webhook") else {}
    head = f"{kind} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    raw = head.encode() + b"\r\n" + body
    if draw.random() < 0.25:
        return Raw(spoiled(raw, draw, _HTTP), whole=False)
    return Raw(raw, whole="/events" not in path)


def answered(target: Target, raw: Raw) -> tuple[str, str]:
    """The status that a request got ("none": closed, or more is awaited), and what is wrong with the answer."""
    host, _, port = target.url.removeprefix("http://").rpartition(":")
    got = b""
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.settimeout(10 if raw.whole else 0.2)
        with contextlib.suppress(ConnectionError, TimeoutError):
            line.sendall(raw.sent)
            while chunk := line.recv(65_536):
                got += chunk
    if not got:
        return "none", f"no answer to {raw.sent[:800]!r}" if raw.whole else ""
    head, _, body = got.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    status = head.split()[1].decode()
    if status >= "500":
        return status, f"{status} to {raw.sent[:1500]!r}"
    if status >= "400" and b'{"error":{"code":"' not in body:
        return status, f"{status} without our error shape: {got[:300]!r} to {raw.sent[:800]!r}"
    return status, ""


def wild(target: Target, seconds: float, seed: int) -> tuple[Counter[str], list[str]]:
    """Spoiled requests from four clients at once: how often each status came, and what was wrong."""
    counts: Counter[str] = Counter()
    problems: list[str] = []
    until = time.monotonic() + seconds  # noqa: TID251 - a benchmark

    def play(number: int) -> None:
        draw = random.Random(f"{seed}-{number}")  # noqa: S311 - to be repeated, not to be secret
        while time.monotonic() < until and len(problems) < 20:  # noqa: TID251
            status, wrong = answered(target, request(target, draw))
            counts[status] += 1
            problems.extend([wrong] if wrong else [])

    with ThreadPoolExecutor(4) as clients:
        for done in [clients.submit(play, number) for number in range(4)]:
            done.result()
    return counts, problems
