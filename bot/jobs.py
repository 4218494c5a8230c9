"""I am what waits for the engine's thread: what is to be done, who is told what became of it, and how it is done."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from bot.errors import Busy
from bot.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from bot.engine import Engine
    from bot.model import AnyFact
    from bot.ports import Event, Store

log = logging.getLogger(__name__)


class Job(NamedTuple):
    """Facts to apply, or something to write beside them, or something to ask.

    `done` is called once, on the asyncio thread, with what became of it or the error: Busy where the store could not write.
    """

    done: Callable[[Any, Exception | None], object]
    facts: Sequence[AnyFact] = ()
    write: Callable[[Store], Sequence[Event] | None] | None = None
    ask: Callable[[], Any] | None = None


class Answer(NamedTuple):
    """What became of a job."""

    job: Job
    value: Any
    error: Exception | None
    told: Sequence[Event] = ()


def apply(engine: Engine, jobs: Sequence[Job]) -> list[Answer]:
    """The facts of all of them, in one commit."""
    try:
        outcomes = engine.apply([fact for job in jobs for fact in job.facts])
    except StoreError as error:
        log.warning("the store cannot write", extra={"action": "refused", "reason": str(error)})
        busy = Busy("the store cannot write now; nothing was taken")
        busy.__cause__ = error
        return [Answer(job, None, busy) for job in jobs]
    except Exception as error:  # noqa: BLE001 - it is raised again where it was asked
        return [Answer(job, None, error) for job in jobs]
    answers, start = [], 0
    for job in jobs:
        end = start + len(job.facts)
        answers.append(Answer(job, outcomes[start:end], None))
        start = end
    return answers


def asked(job: Job) -> Answer:
    """What it asks."""
    try:
        return Answer(job, job.ask() if job.ask else None, None)
    except Exception as error:  # noqa: BLE001 - it is raised again where it was asked
        return Answer(job, None, error)


def write(store: Store, jobs: Sequence[Job]) -> list[Answer]:
    """All in one transaction; if that breaks, each in its own."""
    try:
        with store.transaction():
            told = [job.write(store) if job.write is not None else None for job in jobs]
    except Exception as error:  # noqa: BLE001 - it is raised again where it was asked
        return (
            [answer for job in jobs for answer in write(store, [job])]
            if len(jobs) > 1
            else [Answer(jobs[0], None, error)]
        )
    return [Answer(job, None, None, events or ()) for job, events in zip(jobs, told, strict=True)]
