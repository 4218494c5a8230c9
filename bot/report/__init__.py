"""I make a replay a page: one file that opens without a network, with what was offered, held and late, and the talks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from bot.played import Began, Ended, Played, Rang, Rated
from bot.report import notes, page, tables
from bot.report.counts import Counts
from bot.report.talks import Talks
from replies import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.played import Record
    from bot.rates import Rate
    from bot.shop import Shop

__all__ = ["Report"]


class Report:
    """An observer of a replay, and a context manager that lets go of its temporary file.

    It holds counts, and of each conversation a few numbers; the messages wait in the file until it is known which
    conversations are worth seeing.
    """

    _shop: Shop

    def __init__(self) -> None:
        """Nothing heard yet."""
        self._timed = False
        self._rates: tuple[Rate, ...] = ()
        self._talks = Talks()

    def __call__(self, record: Record) -> None:
        """Hear the next record."""
        match record:
            case Began(shop, timed):
                self._shop, self._timed = shop, timed
                self._counts = Counts(shop, timed=timed)
            case Played(duplicate=False, failed=False):
                heard = notes.heard(record, self._shop.zone, timed=self._timed)
                self._counts.played(record, heard)
                self._talks.add(record.fact.conversation, heard.marks, heard.line)
            case Rang():
                heard = notes.rang(record)
                self._talks.add(record.conversation, heard.marks, heard.line)
            case Ended():
                self._counts.ended(record)
                self._talks.ended(record)
            case Rated(rates):
                self._rates = rates
            case _:
                pass

    def write(self, out: Path, result: dict[str, Any], changed: dict[str, Any] | None = None) -> None:
        """Write the page. `result`: the summary's of the same replay; `changed`: see bot.report.changes, None without another.

        Raises DataError where the file cannot be written.
        """
        shown = self._talks.chosen()
        data = {
            "meta": {
                "platform": self._shop.platform.name,
                "library": result["library"],
                "rules": result["rules"],
                "timed": self._timed,
                "timezone": self._shop.zone.name,
                "conversations": result["conversations"],
                "messages": result["messages"],
                **self._talks.bounds(),
            },
            **tables.of(result, self._counts, self._rates, self._shop),
            "changes": changed,
            "talks": shown.talks,
            "left_out": shown.left_out,
            "scripts_shown": shown.scripts(self._shop.matcher.library),
        }
        try:
            out.write_bytes(page.render(data))
        except OSError as error:
            raise DataError([f"{out}: cannot be written: {error.strerror}"]) from error

    def close(self) -> None:
        """Let go of the temporary file."""
        self._talks.close()

    def __enter__(self) -> Self:
        """The report itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the temporary file."""
        self.close()
