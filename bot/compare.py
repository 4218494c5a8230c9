"""I say what a change would have changed: two replays of one log, and the places where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_SHOWN = 20  # places of each kind in the terminal; the JSON has all


class Trace(NamedTuple):
    """What one replay offered, found and warned of, by place. Keys are (conversation, message or wait)."""

    offered: dict[tuple[str, str], tuple[str, ...]]
    findings: dict[tuple[str, str], tuple[str, ...]]
    warned: dict[tuple[str, str], tuple[int, ...]]
    texts: dict[tuple[str, str], str]


def differences(before: Trace, after: Trace) -> dict[str, Any]:
    """`{"changed": bool, "suggest": {"gained","lost","reordered"}, "guard": {...}, "deadline": [...]}`.

    Each entry names the conversation, the message, its text, and what stood there before and after.
    """
    offered = list(_changes(before.offered, after.offered, before.texts))
    suggest = {
        "gained": [one for one in offered if not one["before"]],
        "lost": [one for one in offered if not one["after"]],
        "reordered": [one for one in offered if one["before"] and one["after"]],
    }
    findings = list(_changes(before.findings, after.findings, before.texts))
    guard = {
        "gained": [one for one in findings if set(one["after"]) - set(one["before"])],
        "lost": [one for one in findings if not set(one["after"]) - set(one["before"])],
    }
    deadline = list(_changes(before.warned, after.warned, before.texts))
    changed = bool(offered or findings or deadline)
    return {"changed": changed, "suggest": suggest, "guard": guard, "deadline": deadline}


def _changes(
    before: dict[tuple[str, str], Any], after: dict[tuple[str, str], Any], texts: dict[tuple[str, str], str]
) -> Iterator[dict[str, Any]]:
    for place in dict.fromkeys((*before, *after)):
        was, now = before.get(place, ()), after.get(place, ())
        if was != now:
            yield {"conversation": place[0], "id": place[1], "text": texts.get(place, ""), "before": was, "after": now}


def lines(found: dict[str, Any]) -> Iterable[str]:
    """The differences for the terminal, in Chinese."""
    if not found["changed"]:
        yield "两次回放没有差别"
        return
    kinds = (
        ("新增建议", found["suggest"]["gained"]),
        ("失去建议", found["suggest"]["lost"]),
        ("建议改变", found["suggest"]["reordered"]),
        ("新增检查命中", found["guard"]["gained"]),
        ("减少检查命中", found["guard"]["lost"]),
        ("提醒改变", found["deadline"]),
    )
    for title, entries in kinds:
        if not entries:
            continue
        yield f"{title} {len(entries)} 处"
        for one in entries[:MOST_SHOWN]:
            yield f"  {one['conversation']} {one['id']}：{one['text'][:40]}  {_list(one['before'])} → {_list(one['after'])}"
        if len(entries) > MOST_SHOWN:
            yield f"  ……另有 {len(entries) - MOST_SHOWN} 处"


def _list(values: Iterable[object]) -> str:
    return "、".join(map(str, values)) or "无"
