"""I show on stderr how far a long run has come; nothing when nobody looks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Task


class _Rate(ProgressColumn):
    """How many messages are done in a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} 条/秒" if speed else "—", style="progress.data.speed")


@contextmanager
def bar(total: int) -> Iterator[Callable[[int], None]]:
    """Yields what is to be called with the number done."""
    console = Console(stderr=True)
    done = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    columns = (*done, _Rate(), TextColumn("剩余"), TimeRemainingColumn(compact=True, elapsed_when_finished=True))
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("回放", total=total)
        yield lambda done: progress.update(task, completed=done)
