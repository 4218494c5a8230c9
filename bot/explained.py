"""I tell people why the guard spoke or did not, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replies.guard_explain import Explanation, Piece, Told
    from replies.guard_views import Read

_ACTIONS = {"block": "拦截", "warn": "提醒"}


def lines(told: Explanation) -> Iterator[str]:
    """An explanation, part by part."""
    yield f"原文：{told.text}"
    if told.problem:
        yield f"不能发送：{told.problem}"
        return
    yield "读法"
    yield from (f"  {view.label}：{view.read}{_changes(view, told.text)}" for view in told.views)
    if told.things:
        yield "号码、金额和网址"
        yield from (f"  「{thing.excerpt}」{_place(thing.span)}：{thing.label}" for thing in told.things)
    spoke = [rule for rule in told.rules if rule.fired]
    yield f"命中的规则 {len(spoke)} 条"
    for rule in spoke:
        less = f"，{rule.label}" if rule.label else ""
        yield f"  {rule.rule}（{_ACTIONS[rule.action]}{less}）：{rule.reason}"
        yield from _found(rule)
    silent = [rule for rule in told.rules if not rule.fired]
    yield f"差一点命中的规则 {len(silent)} 条"
    for rule in silent:
        because = f"：{'、'.join(rule.because)}" if rule.because else ""
        yield f"  {rule.rule}（{_ACTIONS[rule.action]}）没有命中，{rule.label}{because}"
        yield from _found(rule)


def _changes(view: Read, text: str) -> str:
    if not view.changed:
        return "（没有改动）" if view.view == "plain" else ""
    shown = [f"「{text[start:end]}」→「{said}」" for start, end, said in view.changed if said]
    return f"（{'，'.join(shown)}）" if shown else ""


def _found(rule: Told) -> Iterator[str]:
    if rule.found:
        yield f"    看到：{'；'.join(map(_piece, rule.found))}"


def _piece(piece: Piece) -> str:
    read = f"读作「{piece.word}」，" if piece.word and piece.word != piece.excerpt else ""
    return f"「{piece.excerpt}」{_place(piece.span)}（{read}{piece.disguise}，把握 {piece.weight:.0%}）"


def _place(span: tuple[int, int]) -> str:
    start, end = span
    return f"第 {start + 1} 字" if end - start == 1 else f"第 {start + 1} 到 {end} 字"
