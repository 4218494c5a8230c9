"""I show how many agents a day needs: as Chinese lines, as plain data, and as a page with a plot that needs no network."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2
import msgspec
from rich.cells import cell_len

from bot import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.load import Profile
    from bot.load.staffing import Answer, Arm, Staffed, Wish
    from bot.shop import Shop

WIDTH, HEIGHT, LEFT, BOTTOM = 720, 300, 66, 40  # of a plot, and its margins, in pixels
COLUMNS = (4, 26, 10, 10, 7, 6)
_ARMS = {False: "没有建议", True: "有快回建议"}


class Asked(NamedTuple):
    """What was asked, and of whom."""

    profile: Profile
    shop: Shop
    wish: Wish

    def value(self, value: float | None) -> str:
        """A rate, or seconds."""
        if value is None:
            return "—"
        return f"{value:.1f} 秒" if self.wish.target.mean is not None else f"{value:.2%}"


def lines(asked: Asked, answer: Answer) -> Iterator[str]:
    """The answer for the terminal."""
    profile, wish = asked.profile, asked.wish
    yield f"{profile.title}（{profile.note}）· {asked.shop.platform.name} · 目标：{wish.target.label} {_line(asked)}"
    yield (
        f"问题中话术库有答案的占 {answer.known:.0%}，给对建议的占 {answer.right:.0%}"
        f"（{'按给定的覆盖率' if wish.coverage is not None else '有答案的比例是假设，给对的比例由本店话术库实算'}）"
    )
    yield f"随机种子 {'、'.join(map(str, wish.seeds))}；数值为各种子的平均，括号内为最低到最高"
    for arm in answer.arms:
        yield ""
        yield f"{_ARMS[arm.helped]}：{_needed(arm)}"
        yield _columns(" ", "客服", wish.target.label, "平均等待", "九成在…内", "超时", "忙碌")
        for staffed in arm.table:
            yield _row(asked, staffed, mark="→" if staffed.agents == arm.needed else " ")
    without, with_ = (arm.needed for arm in answer.arms)
    if without is not None and with_ is not None:
        yield ""
        yield f"快回少用 {without - with_} 位客服（{without} → {with_}）"


def _line(asked: Asked) -> str:
    return f"{'不超过' if asked.wish.target.mean is not None else '不低于'} {asked.value(asked.wish.line)}"


def _needed(arm: Arm) -> str:
    if arm.needed is None:
        return "所列人数都达不到"
    return f"每个种子都达标，至少要 {arm.needed} 位客服"


def _row(asked: Asked, staffed: Staffed, *, mark: str) -> str:
    values = staffed.values
    shown = f"{asked.value(_mean(values))}（{asked.value(min(values))}～{asked.value(max(values))}）" if values else "—"
    wait, most = (_mean([getattr(day, key) for day in staffed.days]) for key in ("wait_s", "wait_90_s"))
    late, busy = (_mean([getattr(day, key) for day in staffed.days]) for key in ("late", "busy"))
    return _columns(mark, str(staffed.agents), shown, f"{wait:.1f} 秒", f"{most:.1f} 秒", f"{late:.1f}", f"{busy:.0%}")


def _columns(mark: str, *cells: str) -> str:
    """Below each other on a terminal, where a Chinese character is two columns wide."""
    return " ".join(
        [mark, *(" " * (width - cell_len(cell)) + cell for width, cell in zip(COLUMNS, cells, strict=True))]
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def data(asked: Asked, answer: Answer) -> dict[str, Any]:
    """The answer with all it rests on, as plain data; equal for equal seeds."""
    profile, wish = asked.profile, asked.wish
    return {
        "profile": msgspec.to_builtins(profile),
        "platform": asked.shop.platform.id,
        "library": asked.shop.matcher.library.version,
        "target": wish.target.name,
        "line": wish.line,
        "seeds": wish.seeds,
        "coverage": wish.coverage,
        **msgspec.to_builtins(answer),
    }


class _Plot(NamedTuple):
    """Lines over a plane: `paths` are (css class, points), `band` polygons; `ticks` of both axes (pixel, words)."""

    paths: list[tuple[str, str]]
    bands: list[tuple[str, str]]
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]
    line: float


def page(asked: Asked, answer: Answer) -> str:
    """One HTML file with the plots and tables, complete in itself."""
    source = resources.files("bot.load").joinpath("page.html.j2").read_text(encoding="utf-8")
    made = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(source)
    spans = [
        (wire.iso(start, asked.shop.zone)[11:16], (end - start) / 60, buyers)
        for start, end, buyers in asked.profile.spans(asked.shop.zone)
    ]
    return made.render(
        asked=asked,
        answer=answer,
        words=list(lines(asked, answer)),
        plot=_plot(asked, answer),
        spans=spans,
        most=max(buyers for _, _, buyers in spans) or 1,
        arms=_ARMS,
        assumed=list(_assumed(asked.profile)),
        size=(WIDTH, HEIGHT, LEFT, BOTTOM),
        mean=_mean,
    )


def _assumed(profile: Profile) -> Iterator[tuple[str, Any]]:
    for part in ("agents", "buyers", "questions"):
        for key, value in msgspec.to_builtins(getattr(profile, part)).items():
            yield f"{part}.{key}", value


def _plot(asked: Asked, answer: Answer) -> _Plot:
    numbers = [staffed.agents for arm in answer.arms for staffed in arm.table]
    values = [value for arm in answer.arms for staffed in arm.table for value in staffed.values]
    first, last = min(numbers), max(numbers)
    low = 0.0
    high = max([*values, asked.wish.line], default=1.0) or 1.0

    def x(agents: int) -> float:
        return round(LEFT + (agents - first) / max(1, last - first) * (WIDTH - LEFT - 20), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - 16), 1)

    paths, bands = [], []
    for arm in answer.arms:
        judged = [staffed for staffed in arm.table if staffed.values]
        name = "with" if arm.helped else "without"
        paths.append((name, " ".join(f"{x(one.agents)},{y(_mean(one.values))}" for one in judged)))
        edge = [(one.agents, max(one.values)) for one in judged] + [(one.agents, min(one.values)) for one in judged][
            ::-1
        ]
        bands.append((name, " ".join(f"{x(agents)},{y(value)}" for agents, value in edge)))
    step = max(1, (last - first) // 12)
    up = [(y(high * part / 4), asked.value(high * part / 4)) for part in range(5)]
    return _Plot(paths, bands, [(x(at), str(at)) for at in range(first, last + 1, step)], up, y(asked.wish.line))
