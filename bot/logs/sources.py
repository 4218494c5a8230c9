"""I find the files of a log: single ones, those of folders, and the members of archives, whose limits I keep."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

from bot.logs.paper import Source
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bot.logs.problems import Problems

ZIP = b"PK\x03\x04"
MEMBERS = 20_000
UNPACKED = 4 * 1024**3  # bytes of all members together
RATIO = 200  # how often larger a member may be than it is packed; text packs 5 to 20 times
SMALL = 1024 * 1024  # a member below this size may be packed as well as it likes
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, OSError)
_ENCRYPTED, _UTF8 = 0x1, 0x800
_HIDDEN = (".", "__MACOSX")


def find(paths: Iterable[Path], problems: Problems) -> Iterator[Source]:
    """Every file in order: folders by name, archives as their members. What cannot be opened goes to `problems`."""
    for path in paths:
        try:
            if path.is_dir():
                inside = sorted(file for file in path.rglob("*") if file.is_file() and _wanted(file, path))
                if not inside:
                    problems.whole(str(path), f"{path}: 文件夹里没有文件")
                yield from find(inside, problems)
            elif is_archive(path):
                yield from _members(path)
            else:
                with path.open("rb"):
                    pass
                yield Source(str(path), partial(_read, path), path.stat().st_size)
        except OSError as error:
            problems.whole(str(path), f"{path}: cannot be read: {error.strerror}")
        except DataError as error:
            for problem in error.problems:
                problems.whole(str(path), problem)


def _read(path: Path) -> BinaryIO:
    return path.open("rb")


def _wanted(file: Path, folder: Path) -> bool:
    return not any(part.startswith(_HIDDEN) for part in file.relative_to(folder).parts)


def is_archive(path: Path) -> bool:
    """Is it a zip file that is no workbook? Raises OSError."""
    with path.open("rb") as file:
        if file.read(4) != ZIP:
            return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" not in archive.namelist() and "xl/workbook.bin" not in archive.namelist()
    except BROKEN:
        return True  # the one who opens it says what is wrong


def _members(path: Path) -> Iterator[Source]:
    name = str(path)
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise DataError([f"{name}: 不是完好的 zip 文件：{error}"]) from error
    with archive:
        wanted = checked(archive, name)
        if not wanted:
            raise DataError([f"{name}: 压缩包里没有文件"])
        for info in wanted:
            shown = f"{name}/{_called(info)}"
            yield Source(shown, partial(_open, archive, info, shown), info.file_size)


def checked(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The members to read, in order of name. DataError for an archive that is a bomb, a trap or locked.

    Nothing is ever written to disk; a name that climbs out is refused all the same, for whoever made it meant ill.
    """
    infos = archive.infolist()
    if len(infos) > MEMBERS:
        raise DataError([f"{name}: 压缩包里有 {len(infos)} 个文件，最多 {MEMBERS} 个"])
    if sum(info.file_size for info in infos) > UNPACKED:
        raise DataError([f"{name}: 解压后超过 {UNPACKED >> 30} GB，不读"])
    problems = [f"{name}/{_called(info)}: {problem}" for info in infos if (problem := _problem(info))]
    if problems:
        raise DataError(problems[:20])
    wanted = [info for info in infos if not info.is_dir() and not _hidden(_called(info))]
    return sorted(wanted, key=_called)


def _problem(info: zipfile.ZipInfo) -> str:
    called = _called(info).replace("\\", "/")
    if called.startswith("/") or ".." in called.split("/") or called[1:2] == ":" or "\x00" in called:
        return "文件名指向压缩包之外"
    if info.flag_bits & _ENCRYPTED:
        return "加了密码，请先解压"
    if info.file_size > SMALL and info.file_size > RATIO * max(info.compress_size, 1):
        return f"解压后大了 {info.file_size // max(info.compress_size, 1)} 倍，不像聊天记录，不读"
    return ""


def _hidden(called: str) -> bool:
    return any(part.startswith(_HIDDEN) for part in called.split("/"))


def _called(info: zipfile.ZipInfo) -> str:
    """The member's name: archives made on Chinese Windows say theirs in GBK without saying so."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for codec in ("utf-8", "gb18030"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return info.filename


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo, shown: str) -> BinaryIO:
    try:
        return cast("BinaryIO", archive.open(info))
    except BROKEN as error:
        raise DataError([f"{shown}: 读不了：{error}"]) from error


def check_book(data: bytes, name: str) -> None:
    """A workbook is an archive too: DataError where it is a bomb."""
    if data.startswith(ZIP):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                checked(archive, name)
        except BROKEN as error:
            raise DataError([f"{name}: 不是完好的 Excel 文件：{error}"]) from error
