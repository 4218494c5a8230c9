"""What the tests of reading logs stand on: a reader of one file, and how to say what is wrong."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import logs
from bot.deadline import Zone
from replies import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def zone() -> Zone:
    """China's."""
    return Zone("Asia/Shanghai")


@pytest.fixture
def read(tmp_path, zone) -> Callable[..., list[logs.Said]]:
    """The messages of a fixture, or of a file of that name with `data`."""

    def reading(name: str, data: bytes | str | None = None, **options: object) -> list[logs.Said]:
        path = FIXTURES / name
        if data is not None:
            path = tmp_path / name
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        with logs.read([path], zone, **options) as log:
            return list(log)

    return reading


@pytest.fixture
def refused(read) -> Callable[..., list[str]]:
    """What is said of a file that is refused, without its folder."""

    def refusing(name: str, data: bytes | str | None = None, **options: object) -> list[str]:
        with pytest.raises(DataError) as raised:
            read(name, data, **options)
        return [problem.rpartition("/")[2] for problem in raised.value.problems]

    return refusing


@pytest.fixture
def book() -> Callable[..., bytes]:
    """A workbook of these rows."""
    openpyxl = pytest.importorskip("openpyxl")

    def made(*rows: tuple[object, ...]) -> bytes:
        written = openpyxl.Workbook()
        for row in rows:
            written.active.append(row)
        out = io.BytesIO()
        written.save(out)
        return out.getvalue()

    return made
