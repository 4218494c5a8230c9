"""I start the real program in a process of its own, and stop it."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen
from subprocess import run as run_program
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LONGEST = 20  # seconds that anything may take


def environment(**more: str) -> dict[str, str]:
    """Ours without what would change the program's words, and with `more`."""
    ours = {
        key: value for key, value in os.environ.items() if not key.startswith(("KUAIHUI", "COLUMNS", "FORCE_COLOR"))
    }
    return {**ours, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **more}


@contextmanager
def started(*arguments: str, **more: str) -> Iterator[Popen[bytes]]:
    """`kuaihui ARGUMENTS` with pipes, unbuffered on our side; killed at the end if it still runs."""
    process = Popen(
        [sys.executable, "-m", "bot", *arguments],
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=environment(**more),
        bufsize=0,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def run(*arguments: str, given: bytes = b"", **more: str) -> CompletedProcess[bytes]:
    """`kuaihui ARGUMENTS` to its end."""
    return run_program(
        [sys.executable, "-m", "bot", *arguments],
        input=given,
        capture_output=True,
        env=environment(**more),
        timeout=LONGEST,
        check=False,
    )


class Server(NamedTuple):
    """A server that is ready. `told`: what it said on its `--ready-json` line."""

    process: Popen[bytes]
    told: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.told["url"])

    @property
    def token(self) -> str:
        return str(self.told["shops"][0]["token"])

    def stop(self, how: signal.Signals = signal.SIGTERM, *, within: float = LONGEST) -> tuple[int, bytes]:
        """Its exit code and what it said on stderr; subprocess.TimeoutExpired if it takes more seconds."""
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=within)
        return self.process.returncode, said


@contextmanager
def serving(*arguments: str, **more: str) -> Iterator[Server]:
    """A server on a free port; killed at the end if it still runs."""
    with started("serve", "--port", "0", "--ready-json", *arguments, **more) as process:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            _, said = process.communicate(timeout=LONGEST)
            raise AssertionError(f"the server did not start: {said.decode()}")
        yield Server(process, json.loads(line))
