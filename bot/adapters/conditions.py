"""I read the paths and conditions of a tool's map, and list what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from bot.adapters.fieldmap import Condition, Path, plain

if TYPE_CHECKING:
    from collections.abc import Mapping


class Written(Protocol):
    """A table that may hold conditions."""

    @property
    def when(self) -> dict[str, Any]:
        """These equal one of the values."""

    @property
    def unless(self) -> dict[str, Any]:
        """These equal none."""

    @property
    def has(self) -> str | list[str]:
        """These are there and not empty."""


def condition(written: Written, place: str, problems: list[str]) -> Condition:
    """The conditions of a table at `place`."""
    present = [written.has] if isinstance(written.has, str) else written.has
    return Condition(
        equals(written.when, f"{place}.when", problems),
        equals(written.unless, f"{place}.unless", problems),
        tuple(path(one, f"{place}.has", problems) for one in present if one),
    )


def equals(table: Mapping[str, Any], place: str, problems: list[str]) -> tuple[tuple[Path, frozenset[str]], ...]:
    """`{ a.b = 1, "a.b" = [1, "x"] }`: dotted keys mean the same with quotes and without."""
    made: list[tuple[Path, frozenset[str]]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            inner = {f"{key}.{name}": one for name, one in value.items()}
            made += equals(inner, place, problems)
            continue
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(one, str | int | float | bool) for one in values):
            problems.append(f"{place}.{key}: must be a value or a list of values")
            continue
        made.append((path(key, f"{place}.{key}", problems), frozenset(plain(one) for one in values)))
    return tuple(made)


def path(written: str, place: str, problems: list[str]) -> Path:
    """Names apart by dots, after $body, $header or $delivery if any."""
    steps = tuple(written.split("."))
    root = steps[0] if steps[0].startswith("$") else ""
    steps = steps[1:] if root else steps
    if root not in ("", "$body", "$header", "$delivery") or not all(steps) or (not steps and root != "$delivery"):
        problems.append(
            f"{place}: {written!r} is no path: names apart by dots, after $body, $header or $delivery if any"
        )
    return Path(root, steps)
