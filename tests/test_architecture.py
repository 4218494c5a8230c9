"""The house stands as it was drawn: who may import whom, what is pure, where a reply is sent, what is data."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "replies").rglob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PURE = {
    "bot.model",
    "bot.effects",
    "bot.deadline",
    "bot.telling",
    "bot.decide",
    "bot.recount",
    "bot.talk",
    "bot.history",
    "bot.blame",
    "bot.figures",
    "bot.tally",
    "bot.sums",
    "bot.rates",
    "bot.unsent",
    "bot.alerts",
    "bot.brief",
    "bot.played",
    "bot.inspecting.rules",
    "bot.inspecting.said",
    "bot.inspecting.talk",
    "bot.inspecting.judge",
}
LONGEST, LONG = 350, 250
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "monotonic"),
    ("time", "perf_counter"),
}


def name_of(file: Path) -> str:
    """The module's dotted name."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path, *, running: bool = False) -> set[str]:
    """Dotted names that the file imports, anywhere in it; `running`: not those that only type checkers see."""
    found: set[str] = set()
    todo: list[ast.AST] = [tree_of(file)]
    while todo:
        node = todo.pop()
        if running and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            todo += node.orelse
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written out"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        todo += ast.iter_child_nodes(node)
    return found


def within(name: str, *packages: str) -> bool:
    """Is the dotted name one of the packages or inside one?"""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def having(*packages: str, running: bool = False) -> set[str]:
    """The modules of the product that import something of these packages."""
    return {name_of(file) for file in PRODUCT if any(within(one, *packages) for one in imports(file, running=running))}


def test_the_walk_sees_the_house():
    """The files walked are the product's, and imports are found in them: a test that sees nothing would pass too."""
    names = {name_of(file) for file in PRODUCT}
    assert {"bot", "bot.web.app", "bot.loop", "replies.guard", *PURE} <= names
    assert "bot.decide" in having("rapidfuzz")
    assert "bot.cli_replay" in having("bot.replay")


def test_replies_knows_nothing_of_the_bot():
    """`replies` imports nothing of `bot`, and neither clock, network, asyncio nor logging."""
    outside = ("bot", "asyncio", "time", "logging", "socket", "urllib.request", "http", "aiohttp", "sqlite3", "random")
    wrong = {name for name in having(*outside) if within(name, "replies")}
    assert wrong == set()


def test_the_core_is_pure():
    """What decides and counts reads no clock, system, log or database, and asks only its like when it runs."""
    outside = ("asyncio", "time", "os", "logging", "sqlite3", "sqlite_utils", "random", "threading", "pathlib")
    assert having(*outside) & PURE == set()
    for file in PRODUCT:
        if name_of(file) in PURE:
            ours = {one for one in imports(file, running=True) if within(one, "bot")}
            assert {one for one in ours if not within(one, *PURE)} == set(), f"{file.name} needs more than its like"


def test_the_network_is_at_the_rim():
    """Only bot/web and bot/channels import aiohttp."""
    assert {name for name in having("aiohttp") if not within(name, "bot.web", "bot.channels")} == set()


def test_async_is_at_the_rim():
    """Async code stands in bot/loop.py, bot/web and bot/channels only; ports.py says what a channel's looks like."""
    rim = ("bot.loop", "bot.web", "bot.channels")
    asynchronous = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    code = {
        name_of(file) for file in PRODUCT if any(isinstance(node, asynchronous) for node in ast.walk(tree_of(file)))
    }
    wrong = {name for name in code | having("asyncio") if not within(name, *rim)}
    assert wrong == {"bot.ports"}


def test_only_clock_reads_the_clock():
    """The time is asked for in bot/clock.py alone."""
    wrong = set()
    for file in PRODUCT:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
                owner = node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id
                wrong |= {name_of(file)} if (owner, node.attr) in CLOCKS else set()
    assert wrong == {"bot.clock"}
    assert having("time") == {"bot.clock"}


def test_nothing_imports_the_command_line():
    """The command line imports all; only its own files and `python -m bot` import it."""
    parts = [name_of(file) for file in PRODUCT if file.stem.startswith("cli")]
    assert len(parts) > 3
    assert having(*parts) - set(parts) == {"bot.__main__"}


def test_a_reply_is_sent_in_one_place():
    """`Send` is built in exactly one place: after the guard, in bot/decide.py."""
    built = [
        name_of(file)
        for file in PRODUCT
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Send"
    ]
    assert built == ["bot.decide"]


def test_only_the_outbox_delivers():
    """Channels are asked to deliver by the outbox alone; the one that knows the others passes it on."""
    asked = {
        name_of(file)
        for file in PRODUCT
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "deliver"
    }
    assert asked == {"bot.channels.outbox", "bot.channels.ways"}


def platform_names() -> set[str]:
    return {file.stem for file in (ROOT / "bot" / "platforms").glob("*.toml")} - {"any"}


def test_no_code_asks_which_platform_it_is():
    """What differs between platforms stands in their files: no comparison, case or table in code names one."""
    names = platform_names()
    assert len(names) >= 7
    wrong = [
        f"{file.relative_to(ROOT)}:{part.lineno} {part.value}"
        for file in PRODUCT
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Compare | ast.MatchValue | ast.Dict | ast.Set)
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and part.value in names
    ]
    assert wrong == []


def test_sql_is_in_files():
    """Statements on the product's tables stand in .sql files."""
    sql = re.compile(r"\b(SELECT .+ FROM|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b")
    wrong = [
        (name_of(file), node.value)
        for file in PRODUCT
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and sql.search(node.value)
    ]
    assert [name for name, _ in wrong] == ["bot.store"]
    assert "INTO migration " in wrong[0][1]


def test_each_module_says_what_it_is():
    """The first line of each file, packages and tests included, is a docstring with a sentence."""
    for file in [*PRODUCT, *TESTS]:
        said = ast.get_docstring(tree_of(file)) or ""
        first = said.partition("\n\n")[0]
        assert re.search(r"[.?!。]$", first.strip()), f"{file.relative_to(ROOT)} does not say what it is"
        assert file.read_text(encoding="utf-8").startswith('"""'), f"{file.relative_to(ROOT)}: not on line 1"


def test_each_test_says_what_is_true():
    """Every test function has a docstring that is a sentence."""
    silent = [
        f"{file.relative_to(ROOT)}: {node.name}"
        for file in TESTS
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not re.search(r"[.?!。]$", (ast.get_docstring(node) or "").strip())
    ]
    assert silent == []


def test_no_package_under_tests():
    """No __init__.py stands under tests: it would shadow the product's packages."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("file", PRODUCT, ids=name_of)
def test_files_stay_short(file, record_property):
    """No file of the product is longer than 350 lines; those over 250 are noted in the report."""
    lines = file.read_text(encoding="utf-8").count("\n")
    if lines > LONG:
        record_property("long", f"{name_of(file)}: {lines} lines")
    assert lines <= LONGEST


def test_tests_do_not_sleep():
    """No test waits for time to pass; benchmarks measure it."""
    wrong = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in TESTS
        if "benchmarks" not in file.parts
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "asyncio.sleep", "sleep")
    ]
    assert wrong == []


def test_no_path_of_a_machine():
    """What is written here holds on every machine: no absolute path of one stands in code, docs or config."""
    wrong = [
        str(file.relative_to(ROOT))
        for file in [*PRODUCT, *TESTS, *ROOT.glob("*.md"), *ROOT.glob("*.toml"), *ROOT.glob("Makefile")]
        if re.search(r"(?<![\w.])/(work|home|root)/", file.read_text(encoding="utf-8"))
    ]
    assert wrong == []
