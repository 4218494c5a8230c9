"""The official JavaScript package of Standard Webhooks signs for us, and verifies what we send."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bot import signature
from bot.channels.callback import payload
from bot.clock import SystemClock
from bot.ports import Push

SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
PACKAGE = "standardwebhooks@1"
PUSH = Push(7, "demo", "c1", "message.send", "r1", 0, 0, 0, '{"reply_id":"r1","text":"亲，在的 🙂"}')


@pytest.fixture(scope="session")
def package():
    """The folder in which node finds the package: installed once, kept between runs."""
    lacking = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if lacking:
        pytest.skip(f"needs {' and '.join(lacking)}")
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "kuaihui" / "node"
    modules = folder / "node_modules"
    if not (modules / "standardwebhooks").exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
        try:
            subprocess.run(install, check=True, capture_output=True, timeout=60)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"npm cannot install {PACKAGE}: {error}")
    return modules


def asked(modules: Path, *questions: dict) -> list[dict]:
    """What the package says to each."""
    script = Path(__file__).with_name("standardwebhooks.cjs")
    given = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in questions)
    environment = {**os.environ, "NODE_PATH": str(modules)}
    done = subprocess.run(
        ["node", str(script)], input=given.encode(), capture_output=True, timeout=30, check=True, env=environment
    )
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_the_javascript_package_and_we_understand_each_other(package, shop):
    """Both sign a Chinese body alike; it verifies our push, refuses a changed one, and we believe what it signs."""
    stamp = int(SystemClock().now())
    body = payload(PUSH, shop).decode()
    key = signature.secret(SECRET)
    ours = signature.sign(key, "evt_demo_7", stamp, body.encode())
    right = {"secret": SECRET, "id": "evt_demo_7", "timestamp": stamp, "body": body, "signature": ours}
    good, changed, stale = asked(
        package, right, right | {"body": body.replace("r1", "r2")}, right | {"timestamp": stamp - 301}
    )
    assert good["signature"] == ours
    assert good["verified"] == json.loads(body)
    assert "refused" in changed
    assert "refused" in stale
    headers = {"webhook-id": "evt_demo_7", "webhook-timestamp": str(stamp), "webhook-signature": good["signature"]}
    assert signature.verify(headers, body.encode(), [key], [stamp]) == "evt_demo_7"


async def test_what_it_signs_is_taken(package, server):
    """A webhook that a JavaScript chat tool signs is answered like any other."""
    body = json.dumps({"type": "message.created", "data": {"conversation": "c-1", "role": "buyer", "text": "在吗"}})
    stamp = int(server.clock.now())
    (told,) = asked(package, {"secret": SECRET, "id": "d-1", "timestamp": stamp, "body": body, "signature": "v1,x"})
    headers = {"webhook-id": "d-1", "webhook-timestamp": str(stamp), "webhook-signature": told["signature"]}
    answer = await server.ask(
        "POST", "/webhook/demo", data=body.encode(), headers=headers | {"Content-Type": "application/json"}
    )
    assert (answer.status, answer.json["accepted"]) == (200, 1)
