"""I write what an import plans, all of it or nothing, and tell people what it is."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from replies import DataError
from replies import library as libraries
from replies.exchange import own_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from replies.exchange.merge import Change, Plan
    from replies.library import Library, Script

_HEAD = re.compile(r"\s*\[\[\s*scripts\s*\]\]")
_READ = (".toml", ".jsonl")  # what a library's folder is read from
_SHOWN = 20  # entries of a kind; a library of hundreds would scroll the problems away


def read_bytes(path: Path) -> bytes:
    """The file's bytes; DataError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError([f"{path}: 读不了：{error.strerror}"]) from error


def held(folder: Path | None) -> Library:
    """The library in `folder`; an empty one where there is no file yet. DataError if it is broken."""
    if (
        folder is None
        or not folder.exists()
        or (folder.is_dir() and not any(path.suffix in _READ for path in folder.rglob("*")))
    ):
        return libraries.build([])
    if not folder.is_dir():
        raise DataError([f"{folder}: 要一个文件夹"])
    return libraries.load([folder])


def writes(plan: Plan, folder: Path, name: str) -> dict[Path, str]:
    """The files that have to be written for `plan`, with their text: new scripts in a file of their own.

    A changed script is replaced where it stands; the rest of its file stays as it is, comments too. DataError where
    that cannot be done safely.
    """
    out: dict[Path, str] = {}
    for change in plan.changed:
        path, line = _stands(change.old)
        text = out.get(path) or path.read_bytes().decode("utf-8-sig")
        out[path] = _replaced(text, change, path, line)
    if plan.new:
        out[_fresh(folder, name)] = own_toml.write(plan.new, f"由 kuaihui library import 从 {name} 导入。")
    _proved(out, plan)
    return out


def _stands(script: Script) -> tuple[Path, int]:
    path, _, line = script.source.rpartition(":")
    if not line.isdigit() or not path.endswith(".toml"):
        raise DataError([f"{script.source}: {script.id} 不是以 [[scripts]] 开头写的，改不了；请手工改"])
    return Path(path), int(line)


def _replaced(text: str, change: Change, path: Path, line: int) -> str:
    """`text` with the block of the changed script written anew. Earlier replacements keep the number of blocks."""
    lines = text.split("\n")
    before = path.read_bytes().decode("utf-8-sig").splitlines()
    nth = sum(1 for each in before[: line - 1] if _HEAD.match(each))
    heads = [at for at, each in enumerate(lines) if _HEAD.match(each)]
    begin, end = heads[nth], [*heads, len(lines)][nth + 1]
    while end > begin + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    block = own_toml.block(change.new, tomllib.loads(text)["group"]).rstrip("\n")
    return "\n".join([*lines[:begin], block, *lines[end:]])


def _fresh(folder: Path, name: str) -> Path:
    """A name no file has: nothing is ever overwritten by what is new."""
    stem = "import-" + (re.sub(r"[^\w-]+", "-", Path(name).stem).strip("-") or "scripts")
    numbered = (f"{stem}{'' if number == 1 else f'-{number}'}.toml" for number in range(1, 10_000))
    return next(path for path in (folder / each for each in numbered) if not path.exists())


def _proved(out: dict[Path, str], plan: Plan) -> None:
    """What is about to be written reads as planned; DataError otherwise."""
    problems: list[str] = []
    read = {
        script.id: msgspec.structs.replace(script, source="")
        for path, text in out.items()
        for script in libraries.read_toml(text, str(path), problems)
    }
    problems += [
        f"{script.source}: {script.id} 写出来读不回来，请手工改"
        for script in (*plan.new, *(change.new for change in plan.changed))
        if read.get(script.id) != msgspec.structs.replace(script, source="")
    ]
    if problems:
        raise DataError(problems)


def write_all(out: Mapping[Path, str | bytes]) -> None:
    """Write all files or none: each is written beside its place first, and put back if a later one fails.

    DataError says why nothing was written.
    """
    staged: list[tuple[Path, Path, bytes | None]] = []
    done: list[tuple[Path, bytes | None]] = []
    try:
        for path, text in out.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            staged.append(
                (
                    path,
                    _beside(path, text.encode() if isinstance(text, str) else text),
                    path.read_bytes() if path.exists() else None,
                )
            )
        for path, waiting, before in staged:
            waiting.replace(path)
            done.append((path, before))
    except OSError as error:
        for path, before in reversed(done):
            _put_back(path, before)
        raise DataError([f"{error.filename}: 写不了：{error.strerror}；话术库没有变"]) from error
    finally:
        for _, waiting, _ in staged:
            waiting.unlink(missing_ok=True)


def _beside(path: Path, data: bytes) -> Path:
    """A temporary file in the same folder that holds `data`, on the disk."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        Path(name).chmod(mode)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _put_back(path: Path, before: bytes | None) -> None:
    if before is None:
        path.unlink(missing_ok=True)
        return
    with contextlib.suppress(OSError):  # what failed is told already; the other files are still put back
        _beside(path, before).replace(path)


def lines(plan: Plan) -> Iterator[str]:
    """The plan for people: what is new, what changes and how, what is worth a look, what cannot come in."""
    yield f"新增 {len(plan.new)} 条"
    yield from _some([f"  + {script.id}  {_cut(script.title)}（{script.source}）" for script in plan.new])
    yield f"改动 {len(plan.changed)} 条"
    for change in plan.changed:
        yield f"  ~ {change.old.id}  {_cut(change.old.title)}（{change.new.source}）"
        for field in change.fields():
            yield f"      {field} - {_cut(_said(getattr(change.old, field)))}"
            yield f"      {field} + {_cut(_said(getattr(change.new, field)))}"
    yield f"未变 {len(plan.same)} 条"
    if plan.notes:
        yield f"请留意 {len(plan.notes)} 处"
        yield from _some([f"  ! {note}" for note in plan.notes])
    if plan.refused:
        yield f"不能导入 {len(plan.refused)} 处"
        yield from (f"  x {reason}" for reason in plan.refused)


def _some(said: list[str]) -> list[str]:
    return said if len(said) <= _SHOWN else [*said[:_SHOWN], f"    …… 还有 {len(said) - _SHOWN} 条"]


def _said(value: object) -> str:
    match value:
        case None | "" | ():
            return "（空）"
        case tuple():
            return " | ".join(map(str, value))
        case msgspec.Struct():
            return " ".join(f"{key} {day}" for key, day in msgspec.to_builtins(value).items() if day)
    return str(value)


def _cut(text: str) -> str:
    text = text.replace("\n", "⏎")
    return text if len(text) <= 80 else text[:80] + "…"
