"""I say in which encoding a file's bytes stand, and how I know; I never guess in silence."""

from __future__ import annotations

import codecs
import re

from replies import DataError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8（有 BOM）"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16 LE（有 BOM）"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16 BE（有 BOM）"),
)
# Without a mark one byte of two is zero wherever ascii stands: delimiters and line ends are.
_PLAIN = (("utf-16-le", 1, "UTF-16 LE"), ("utf-16-be", 0, "UTF-16 BE"))
# What no script holds: controls, private use, noncharacters. Their presence says that the encoding is another one.
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x80-\x9f\ue000-\uf8ff\ufffe\uffff]")


def decode(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """The text of `data` and a sentence naming its encoding; `encoding` forces one. DataError if none fits."""
    if encoding is not None:
        return _forced(data, name, encoding)
    for mark, codec, called in _MARKS:
        if data.startswith(mark):
            return _strict(data, name, codec, called), called
    if b"\x00" in data:
        return _unmarked(data, name)
    try:
        return data.decode(), "ASCII" if data.isascii() else "UTF-8"
    except UnicodeDecodeError as error:
        first = error.start
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        text = "\x00"
    if _ODD.search(text):
        raise DataError([f"{name}: 第 {first + 1} 个字节起不是 UTF-8，也不像 GB18030，请用 --encoding 指定编码"])
    return text, "GB18030（没有 BOM，按字节判断，不对请用 --encoding 指定）"


def _unmarked(data: bytes, name: str) -> tuple[str, str]:
    """UTF-16 without a mark, if it reads as text."""
    for codec, at, called in _PLAIN:
        if data[at::2].count(0) * 4 > len(data[at::2]):
            text = _strict(data, name, codec, called)
            if not _ODD.search(text):
                return text, f"{called}（没有 BOM，按字节判断，不对请用 --encoding 指定）"
    raise DataError([f"{name}: 不是文本文件（有空字节）；若是，请用 --encoding 指定编码"])


def _strict(data: bytes, name: str, codec: str, called: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise DataError([f"{name}: 不是 {called}，第 {error.start + 1} 个字节读不通"]) from error


def _forced(data: bytes, name: str, encoding: str) -> tuple[str, str]:
    try:
        codec = codecs.lookup(encoding).name
        text = _strict(data, name, "utf-8-sig" if codec == "utf-8" else encoding, encoding)
    except LookupError as error:
        raise DataError([f"--encoding: 没有 {encoding} 这种编码"]) from error
    return text.removeprefix("\ufeff"), f"{encoding}（由 --encoding 指定）"
