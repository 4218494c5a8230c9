"""A second process changes how long a replay takes, and nothing else."""

from __future__ import annotations

import json

import pytest
from running import run

from bot import aside
from replies.guard import Verdict

TALKS = [
    ("buyer", "什么时候发货"),
    ("agent", "加我微信 abc88990"),
    ("buyer", "我的手机号是 13800138000"),
    ("agent", "您的手机号是 13800138000 对吗"),
    ("agent", "好评返现5元"),
    ("robot", "您好，请稍等"),
]


def log(number: int) -> str:
    """So many conversations, more than is handed over at once."""
    lines = [
        {
            "conversation": f"c{talk}",
            "role": role,
            "text": text,
            "at": f"2026-11-21T{10 + place}:{talk % 60:02}:00+08:00",
        }
        for place, (role, text) in enumerate(TALKS)
        for talk in range(number)
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


@pytest.mark.skipif(not aside.can(), reason="this system makes no process that knows what this one has read")
def test_two_processes_say_what_one_says(tmp_path):
    """Findings, offers and rates of a log are the same to the byte with one process and with two."""
    (tmp_path / "log.jsonl").write_text(log(70), encoding="utf-8")
    results = []
    for jobs in ("1", "2"):
        out = tmp_path / f"{jobs}.json"
        done = run("replay", str(tmp_path / "log.jsonl"), "--platform", "pinduoduo", "--jobs", jobs, "--json", str(out))
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
        results.append(out.read_bytes())
    assert results[0] == results[1]
    assert json.loads(results[0])["guard"]["block"] >= 140


class Pipe:
    """What the other process hands over."""

    def __init__(self, *said: aside.Checked) -> None:
        self.parts = [aside._encode(list(said))]

    def recv_bytes(self) -> bytes:
        """The next part, and then the end."""
        if not self.parts:
            raise EOFError
        return self.parts.pop()


def test_what_was_not_asked_is_asked_of_the_guard(shop):
    """A verdict on something else than what is asked is not taken; after the last, and after an end, the guard speaks."""
    strange = Verdict("block", "不是这一句的", ())
    asked = aside._name(["您好"], None, 0, ())
    guard = aside._Ahead(shop.guard, Pipe(aside.Checked(b"other", strange), aside.Checked(asked, strange)))
    assert guard.check(["您好"]).verdict == "allow"
    assert guard.check(["您好"]) == strange
    assert guard.check(["您好"]).verdict == "allow"
    assert guard.version == shop.guard.version
