"""I set out what a second library or config changes: figures of both replays side by side, and a row for each change."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from bot.report.notes import clip
from bot.report.tables import CELL, MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.played import Told
    from bot.shop import Shop
    from replies.library import Script


def of(results: tuple[Told, Told], found: Told, shops: Iterable[Shop]) -> Told:
    """`{"versions", "figures", "rows", "total"}`. `results`: the summaries of both; `found`: what bot.compare says.

    A figure is `{"name", "label", "kind", "before", "after"}`: `name` of a card of the page, or "" with a `label` in its
    place; None where one side does not count it. A row is `{"kind", "conversation", "id", "text", "before", "after"}`.
    """
    rows = list(islice(_rows(found, shops), MOST_ROWS))
    return {
        "versions": [{key: result[key] for key in ("library", "rules")} for result in results],
        "figures": list(_figures(*results)),
        "rows": rows,
        "total": sum(map(len, (*found["suggest"].values(), *found["guard"].values())))
        + sum(len(found[key]) for key in ("deadline", "inspection")),
    }


def _figures(was: Told, now: Told) -> Iterator[Told]:
    yield _figure("coverage", "percent", *(_coverage(one["suggest"]) for one in (was, now)))
    yield _figure("agreed", "percent", *(one["agreement"]["rate"] for one in (was, now)))
    yield _figure("silence", "number", *(one["silence"]["missed"] for one in (was, now)))
    yield _figure("guard", "number", *(one["guard"]["block"] for one in (was, now)))
    yield _figure("inspection", "score", *(one["inspection"]["score"] for one in (was, now)))
    sides = [{one["name"]: one for one in side["deadline"]["targets"]} for side in (was, now)]
    for name in dict.fromkeys(chain(*sides)):
        one = sides[0].get(name) or sides[1][name]
        field, kind = ("mean_s", "span") if "mean_s" in one else ("rate", "percent")
        before, after = (side.get(name, {}).get(field) for side in sides)
        yield {**_figure("", kind, before, after), "label": one["label"]}


def _figure(name: str, kind: str, before: float | None, after: float | None) -> Told:
    return {"name": name, "kind": kind, "before": before, "after": after}


def _coverage(suggest: Told) -> float | None:
    return suggest["shown"] / suggest["asked"] if suggest["asked"] else None


def _rows(found: Told, shops: Iterable[Shop]) -> Iterator[Told]:
    sides = [{script.id: script for script in shop.matcher.library.scripts} for shop in shops]
    titles = {script.id: script.title for side in sides for script in side.values()}
    for kind, changes in found["suggest"].items():
        for one in changes:
            if kind == "reworded":
                yield _row(kind, one, *_texts(one["before"], *sides))
                continue
            yield _row(
                kind, one, *([titles.get(script, script) for script in one[side]] for side in ("before", "after"))
            )
    for kind, changes in found["guard"].items():
        for one in changes:
            yield _row(f"guard_{kind}", one, one["before"], one["after"])
    for one in found["deadline"]:
        yield _row("deadline", one | {"text": one["id"], "id": ""}, one["before"], one["after"])
    for one in found["inspection"]:
        yield _row("inspection", one | {"text": "", "id": ""}, *(_judged(one[side]) for side in ("before", "after")))


def _texts(scripts: list[str], *sides: Mapping[str, Script]) -> Iterator[list[str]]:
    """What each library says in the place of those scripts that it words otherwise than the other."""
    texts = [[side[script].text or "" if script in side else "" for script in scripts] for side in sides]
    other = [place for place, said in enumerate(zip(*texts, strict=True)) if len(set(said)) > 1]
    return ([side[place] for place in other] for side in texts)


def _row(kind: str, place: Told, before: Iterable[Any], after: Iterable[Any]) -> Told:
    sides = ("、".join(map(str, side)) for side in (before, after))
    words = dict(zip(("before", "after"), sides, strict=True)) | {"text": place["text"]}
    where = {key: place[key] for key in ("conversation", "id")}
    return {"kind": kind, **where, **{key: clip(text, CELL) for key, text in words.items()}}


def _judged(side: Told | None) -> list[str]:
    if side is None:
        return []
    return [f"{side['score']:g}", *dict.fromkeys(fault["name"] for fault in side["faults"])]
