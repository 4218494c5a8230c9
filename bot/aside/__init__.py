"""I let processes beside work ahead of a replay: one ranks, one guards; the result is the same to the byte, only sooner.

Each plays the same log. Whoever asks something else than what comes next works it out here.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from copy import copy
from functools import partial
from typing import TYPE_CHECKING

from bot.aside import guarding, ranking
from bot.aside.helper import can

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bot.model import AnyFact
    from bot.shop import Shop

__all__ = ["beside", "notes"]


def notes(jobs: int, shops: Sequence[Shop]) -> Iterator[str]:
    """Where so many processes cannot help with these shops, for people."""
    if jobs > 1 and not can():
        yield "这个系统分不出已经读好数据的进程：--jobs 不起作用，结果相同"
        return
    most, cores = (
        useful(shops),
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    )
    if jobs > most:
        yield f"--jobs {jobs}：这里最多用得上 {most} 个进程，其余的不启动"
    if min(jobs, most) > cores:
        yield f"--jobs {jobs}：这台机器只有 {cores} 个核可用，多出的进程不会更快"


def useful(shops: Sequence[Shop]) -> int:
    """How many processes a replay of these shops side by side can keep busy: this one, one that ranks for each, and one
    for each guard there is.
    """
    return 1 + len(shops) + len({id(shop.guard) for shop in shops})


@contextmanager
def beside(shops: Sequence[Shop], facts: Callable[[str], Iterable[AnyFact]], jobs: int) -> Iterator[list[Shop]]:
    """Shops like these, for which up to `jobs` - 1 processes work ahead; `facts` of the log, for a shop of that id.

    Make it before any thread runs. The processes end with the block. Shops that have one guard ask it once.
    """
    seated = [copy(shop) for shop in shops]
    jobs = jobs if can() else 1
    shared = len(shops) > 1 and all(shop.guard is shops[0].guard for shop in shops)
    with ExitStack() as helpers:
        for number, (shop, seat) in enumerate(zip(shops, seated, strict=True)):
            if number < jobs - 1:
                _rank(shop, seat, partial(facts, shop.id), helpers)
        guarded = seated[:1] if shared else seated
        for number, seat in enumerate(guarded):
            if len(shops) + number < jobs - 1:
                helper = guarding.begin(copy(shops[number]), partial(facts, seat.id))
                helpers.callback(helper.close)
                seat.guard = guarding.Ahead(seat.guard, helper)  # type: ignore[assignment]  # as a shop asks it
        if shared:
            twice = guarding.Twice(seated[0].guard)
            for seat in seated:
                seat.guard = twice  # type: ignore[assignment]  # has what a shop asks of a guard
        yield seated


def _rank(shop: Shop, seat: Shop, facts: Callable[[], Iterable[AnyFact]], helpers: ExitStack) -> None:
    helper = ranking.begin(copy(shop), facts)
    helpers.callback(helper.close)
    ahead = ranking.Ahead(shop, helper)
    seat.suggest, seat.learn = ahead.suggest, ahead.learn  # type: ignore[method-assign]  # asked by deciding alone
    seat.matcher = ranking.Far(shop.matcher, ahead)  # type: ignore[assignment]  # has what a replay asks of it
