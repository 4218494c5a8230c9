"""The README is true: its walk is run block by block against the real program, and nothing it should name is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sys
import tomllib
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from typing import NamedTuple

import click
import msgspec
import pytest
from running import LONGEST, ROOT, environment

from bot import config, platforms
from bot.cli import main
from replies import policy
from replies.rules import Rule

ENGLISH = ROOT / "README.md"
PAGES = [ENGLISH, ROOT / "README.zh-CN.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of each code block."""
    return BLOCK.findall(text_of(page))


class Step(NamedTuple):
    """A block that is run, and what it is said to print."""

    language: str
    code: str
    shown: str


def steps() -> list[Step]:
    """The blocks of the English page that are run, in order; a `text` block after one shows what it prints."""
    found: list[Step] = []
    for language, code in blocks(ENGLISH):
        if language in ("sh", "python"):
            found.append(Step(language, code, ""))
        elif language == "text":
            assert found[-1].shown == "", "two outputs for one block"
            found[-1] = found[-1]._replace(shown=code)
    return found


def looks_like(shown: str) -> re.Pattern[str]:
    """What is shown, where `...` stands for anything, on a line of its own for any lines."""
    pattern = "".join(
        "(.*\n)*" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + "\n"
        for line in shown.splitlines()
    )
    return re.compile(pattern)


class Reader:
    """One who follows the page: two terminals in a folder like the project's, on a port that is free."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = str(free.getsockname()[1])
        self.folder = folder
        program = folder / ".venv" / "bin" / "kuaihui"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bot "$@"\n')
        program.chmod(0o755)
        for name in ("config.example.toml", "replies"):
            (folder / name).symlink_to(ROOT / name)
        self.server: Popen[bytes] | None = None
        self.shell = self._open("bash")

    def _open(self, *arguments: str) -> Popen[bytes]:
        cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        return Popen(
            arguments, stdin=PIPE, stdout=PIPE, stderr=STDOUT, cwd=self.folder, env=environment(XDG_CACHE_HOME=cache)
        )

    def serve(self, code: str) -> None:
        """Start what is left running, with our port."""
        self.server = self._open("bash", "-c", f"exec {code.strip()} --port {self.port}")
        first = self.server.stdout.readline().decode()
        assert first == f"快回已启动：http://127.0.0.1:{self.port}\n", first

    def type(self, step: Step) -> str:
        """What a block prints in the second terminal; an exit code that is not 0 fails."""
        code = step.code.replace("8787", self.port)
        if step.language == "python":
            (self.folder / "block.py").write_text(code, encoding="utf-8")
            code = f'"{sys.executable}" block.py\n'
        self.shell.stdin.write(f'{code}echo "<<$?>>"\n'.encode())
        self.shell.stdin.flush()
        printed = ""
        while not (end := re.search(r"<<(\d+)>>\n$", printed)):
            line = self.shell.stdout.readline().decode()
            assert line, f"the shell ended after {printed!r}"
            printed += line
        assert end[1] == "0", printed
        printed = printed[: end.start()]
        return printed if printed.endswith("\n") or not printed else printed + "\n"

    def leave(self) -> None:
        """Close both terminals."""
        for process in (self.shell, self.server):
            if process is not None:
                process.send_signal(signal.SIGTERM if process is self.server else signal.SIGKILL)
                process.communicate(timeout=LONGEST)


@pytest.fixture
def reader(tmp_path):
    """In an empty folder."""
    lacking = [tool for tool in ("bash", "curl", "openssl", "base64", "od", "sed") if shutil.which(tool) is None]
    if lacking:
        pytest.skip(f"the walk needs {', '.join(lacking)}")
    reading = Reader(tmp_path)
    yield reading
    reading.leave()


def test_the_walk(reader):
    """Each block of the page does what the page says, one after the other, and the server stands to the end."""
    for number, step in enumerate(steps(), 1):
        if " serve " in step.code:
            reader.serve(step.code)
            continue
        printed = reader.type(step)
        right = not step.shown or looks_like(step.shown).fullmatch(printed)
        assert right, f"block {number} prints\n{printed}\n--- and not ---\n{step.shown}"
    assert json.loads((reader.folder / "result.json").read_text(encoding="utf-8"))["messages"] == 4
    assert reader.server.poll() is None


def test_both_languages_say_the_same():
    """The two pages have the same headings by level, the same code, tables of the same size and the same names."""
    english, chinese = PAGES
    assert blocks(english) == blocks(chinese)
    assert [level for level, _ in HEADING.findall(text_of(english))] == [
        level for level, _ in HEADING.findall(text_of(chinese))
    ]
    rows = [[line.count(" | ") for line in text_of(page).splitlines() if line.startswith("|")] for page in PAGES]
    assert rows[0] == rows[1]
    names = [set(re.findall(r"`([^`\n]+)`", BLOCK.sub("", text_of(page)))) for page in PAGES]
    assert names[0] == names[1]


def commands(group: click.Group, before: str = "") -> dict[str, click.Command]:
    """All commands by their full names."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        found |= commands(command, f"{name} ") if isinstance(command, click.Group) else {before + name: command}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_named(page):
    """The reference has a row for each command with every option and argument, and none that does not exist."""
    rows = {
        row[1].partition(" [")[0]: row[1]
        for row in re.finditer(r"^\| `kuaihui ([^`]+)` \|", text_of(page), re.MULTILINE)
    }
    known = commands(main)
    for name, command in known.items():
        row = next((text for key, text in rows.items() if key == name or key.startswith(f"{name} ")), None)
        assert row is not None, f"kuaihui {name} is not named"
        options = {
            option
            for one in command.params
            if isinstance(one, click.Option)
            for option in one.opts
            if option[:2] == "--"
        }
        assert set(re.findall(r"--[a-z-]+", row)) == options - {"--help"}, name
    assert len(rows) == len(known)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_request_and_event_is_named(page):
    """Every route of the API document and every event type in it is named, and no other route."""
    document = json.loads((ROOT / "bot" / "web" / "openapi.json").read_text(encoding="utf-8"))
    said = text_of(page)
    routes = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "delete") and (method, path) != ("get", "/webhook/{shop}/{adapter}")
    }
    named = {re.sub(r"\?.*", "", route) for route in re.findall(r"`((?:GET|POST) /[^`\s]*)`", said)}
    named = {route for route in named if "SHOP" not in route}
    assert named == routes
    types = set(
        re.findall(
            r'"((?:message|conversation|order|suggestion|draft|violation|deadline)\.[a-z]+)"', json.dumps(document)
        )
    )
    assert types
    for name in types:
        assert f"`{name}`" in said, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_platform_is_told_right(page):
    """Each platform's row names its targets and the hours of its file."""
    rows = {row[1]: row[0] for row in re.finditer(r"^\| [^\s`]+ `(\w+)` \|.*$", text_of(page), re.MULTILINE)}
    assert sorted(rows) == [name for name in platforms.names() if name != "any"]
    for name, row in rows.items():
        targets = platforms.load(name).targets
        assert re.findall(r"`(\w+)`", row)[1:] == [target.name for target in targets]
        for target in targets:
            window = target.window
            assert f"{window.start // 3600:02}:00–{window.end // 3600:02}:00" in row
            assert ("both in" in row or "含两端" in row) == window.end_included
            assert ("session began" in row or "会话开始" in row) == (window.by == "session")


def test_the_short_config_is_one(tmp_path):
    """The least config on the page is accepted."""
    (text,) = (code for language, code in blocks(ENGLISH) if language == "toml" and "[[shops]]" in code)
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    known = {"SHOP_WEBHOOK_SECRET": "whsec_" + "QUJD" * 8, "SHOP_TOKEN": "a-token-long-enough"}
    assert config.load(tmp_path / "config.toml", known).shops[0].id == "my-shop"


def test_the_rule_is_one(tmp_path):
    """The rule on the page, put into the common pack, is accepted with its examples; with others it is refused."""
    (text,) = (code for language, code in blocks(ENGLISH) if language == "toml" and "[[rules]]" in code)
    rule = msgspec.convert(tomllib.loads(text)["rules"][0], Rule)
    folder = shutil.copytree(policy.FOLDER, tmp_path / "policies")
    common = folder / "common.toml"
    common.write_text(f"{text_of(common)}\n{text}", encoding="utf-8")
    assert policy.packs("any", folder)[0].rules[-1] == rule
    common.write_text(text_of(common).replace(rule.warns[0], "您好"), encoding="utf-8")
    with pytest.raises(policy.DataError, match=rule.id):
        policy.packs("any", folder)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_pointed_to_is_there(page):
    """Every file and folder that the page names exists, and every link leads somewhere."""
    said = BLOCK.sub("", text_of(page))
    paths = set(re.findall(r"`((?:bot|replies|tests|\.ci)/[\w./-]*|config\.example\.toml)`", said))
    assert paths
    for name in [*paths, *re.findall(r"\]\(([^)#:]+)\)", said)]:
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_key_of_a_shop_is_told_or_pointed_to(page):
    """The page names the example config, and each kind of file that can be edited."""
    said = text_of(page)
    for name in ("config.example.toml", "replies/scripts/", "replies/policies/", "bot/platforms/", "bot/adapters/"):
        assert f"`{name}`" in said
