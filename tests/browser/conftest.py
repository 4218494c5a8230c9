"""A headless Chromium, where there is one; tests that need it are skipped with the reason where there is none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from running import ROOT

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(os.environ.get("KUAIHUI_AXE", ROOT / ".venv" / "browser" / "node_modules" / "axe-core" / "axe.min.js"))


@pytest.fixture(scope="session")
def browser():
    """The browser, with an empty profile of its own."""
    playing = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
    program = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if program is None:
        pytest.skip("no chromium on this machine")
    with playing.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=program, headless=True, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The program of axe-core, which finds faults of accessibility."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm install --no-save --prefix .venv/browser axe-core")
    return AXE.read_text(encoding="utf-8")


class Seen:
    """A page that is open, and everything it complained of or asked the network for."""

    def __init__(self, page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda asked: self.faults.append(asked.url) if not asked.url.startswith("file:") else None)


@pytest.fixture
def see(browser):
    """Opens a file in a window of its own; nothing may be complained of or fetched until the test is over."""
    opened: list[Seen] = []

    def seeing(file: Path, *, width: int = 1280, dark: bool = False, anchor: str = ""):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
        )
        seen = Seen(context.new_page())
        seen.page.set_default_timeout(5000)
        opened.append(seen)
        seen.page.goto(file.as_uri() + anchor)
        return seen.page

    yield seeing
    for seen in opened:
        seen.page.context.close()
        assert seen.faults == []
