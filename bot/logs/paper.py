"""I am one file of a log while it is read: its bytes, its text, the lines of it that were bad."""

from __future__ import annotations

import io
import re
from functools import cached_property, partial
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from replies import DataError
from replies.exchange import encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.logs.problems import Problems
    from bot.logs.said import Ways

BEGINNING = 65_536  # bytes from which a format is told
LARGEST = 256 * 1024 * 1024  # bytes of a file that has to be held whole: any format but jsonl
BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # workbooks of today and of old
_BREAK = re.compile(r"\r\n|\r|\n")


class Source(NamedTuple):
    """A file, or a member of an archive: its name for people, how to open it, and its size in bytes."""

    name: str
    open: Callable[[], BinaryIO]
    size: int


class Paper:
    """One source and what is wrong with it. `number` is its place among all sources."""

    def __init__(self, source: Source, ways: Ways, problems: Problems, *, number: int) -> None:
        """Nothing is read before it is asked for."""
        self.name, self.number, self.ways = source.name, number, ways
        self._source, self._problems = source, problems
        self.codec = ""  # in words, once the text was asked for

    @cached_property
    def begins(self) -> bytes:
        """The first bytes."""
        with self._source.open() as file:
            return file.read(BEGINNING)

    def data(self) -> bytes:
        """All bytes, which are not kept. DataError where there are too many."""
        if self._source.size > LARGEST:
            raise DataError(
                [f"{self.name}: 有 {self._source.size >> 20} MB，这种格式最多读 {LARGEST >> 20} MB，请分成几个文件"]
            )
        with self._source.open() as file:
            return file.read(LARGEST + 1)

    @cached_property
    def text(self) -> str:
        """The text; its encoding is recognised by evidence, or as forced. DataError if none fits."""
        text, self.codec = encoding.decode(self.data(), self.name, self.ways.encoding)
        return text

    @property
    def book(self) -> bool:
        """Is it a workbook?"""
        return self.begins.startswith(BOOKS)

    def lines(self) -> Iterator[tuple[int, str]]:
        """The lines of the text with their numbers, without line ends; no other marks end one than those of Windows, Unix and old Macs."""
        at, number = 0, 1
        for match in _BREAK.finditer(self.text):
            yield number, self.text[at : match.start()]
            at, number = match.end(), number + 1
        if at < len(self.text):
            yield number, self.text[at:]

    def raw_lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines as bytes of UTF-8, with their numbers, without holding the file where it is UTF-8 already."""
        with self._bytes() as file:
            for number, line in enumerate(iter(partial(file.readline, LARGEST), b""), 1):
                if len(line) >= LARGEST:
                    raise DataError([f"{self.place(number)}: 这一行超过 {LARGEST >> 20} MB"])
                yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line

    def _bytes(self) -> BinaryIO:
        if self._plain_utf8:
            return self._source.open()
        try:
            return io.BytesIO(self.text.encode())
        except DataError:
            if self.ways.encoding is not None:
                raise
            return self._source.open()  # the lines that are no UTF-8 will be named one by one

    @cached_property
    def _plain_utf8(self) -> bool:
        if self.ways.encoding is not None or b"\x00" in self.begins:
            return False
        try:
            self.begins.decode()
        except UnicodeDecodeError as error:
            if len(self.begins) < BEGINNING or error.start < BEGINNING - 3:
                return False
        self.codec = "UTF-8"
        return True

    def place(self, number: int) -> str:
        """A line, row or entry of it, for people."""
        return f"{self.name}:{number}"

    def bad(self, number: int, what: str) -> None:
        """That line cannot be read."""
        self._problems.bad(self.name, number, f"{self.place(number)}: {what}")
