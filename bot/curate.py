"""I show the curator what is missing from the library, what is never used, and what was learned."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from bot import ledger, tokens
from bot.clock import SystemClock
from bot.gaps import nearest, sort, unanswered, uses
from bot.logs.mask import Mask
from bot.model import BuyerSaid
from bot.relearn import relearn
from bot.shop import BUILT_IN, trial
from bot.told import harmless
from replies import DataError, lint
from replies import library as libraries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bot.gaps import Use
    from bot.logs import Said
    from bot.shop import Shop
    from replies.learning import Lesson
    from replies.match import Matcher
    from replies.odds import Bars

MOST = 40  # gaps shown
SINGLES = 10  # questions shown that are no gap yet
LONGEST_SHOWN = 60  # characters of a question
OFTEN = 3  # times from which something is no accident
STALE = 60  # days without a pick after which a script is called stale


def gaps_of_logs(said: Iterable[Said], library: Path | None, timezone: str) -> Iterator[str]:
    """Lines on what the buyers of recorded conversations asked in vain. Raises DataError."""
    asked = [message.text for message in said if message.role == "buyer" and message.kind == "text"]
    matcher = trial("any", [library] if library else [], timezone, targets=False).matcher
    yield from _gaps(matcher, asked)


def gaps_of_server(only: str | None, config: Path | None, data: Path | None, *, mask: bool = False) -> Iterator[str]:
    """The same of what a server has heard, shop by shop, judged by today's library. Raises DataError.

    `mask`: with stand-ins for personal data.
    """
    shown = Mask().text if mask else str
    for shop, store in ledger.opened(only, config, data):
        yield f"{shop.name}（{shop.id}）"
        relearn(shop, store)
        facts = store.facts_between(shop.id, 0, int(SystemClock().now()) + 1)
        asked = [shown(fact.text) for fact in facts if isinstance(fact, BuyerSaid) and fact.kind == "text"]
        yield from _gaps(shop.matcher, asked, shop.bars)


def _gaps(matcher: Matcher, asked: list[str], bars: Bars | None = None) -> Iterator[str]:
    missed = unanswered(matcher, asked, bars)
    found, rest = sort(missed)
    yield f"买家消息 {len(asked)} 条，没有合适话术的 {sum(missed.values())} 条，归为 {len(found)} 类"
    for gap in found[:MOST]:
        yield f"  {gap.word} {gap.asked} 次：{' ／ '.join(map(_plain, gap.examples))}"
        near = nearest(matcher, gap)
        yield f"    最接近的话术：{near.script} {near.title}（{near.score:.2f}）" if near else "    没有接近的话术"
    if rest:
        often = (f"{_plain(text)}{f'（{missed[text]} 次）' if missed[text] > 1 else ''}" for text in rest[:SINGLES])
        more = f" 等 {len(rest)} 种" if len(rest) > SINGLES else ""
        yield f"  没有归类的：{' ／ '.join(often)}{more}"


def stats(only: str | None, config: Path | None, data: Path | None) -> Iterator[str]:
    """Lines on what scripts were used for: picked, edited, ignored, withdrawn, never, and not for long."""
    for shop, store in ledger.opened(only, config, data):
        today = shop.zone.local(int(SystemClock().now()))[0]
        picks = ((script, action, shop.zone.local(at)[0]) for script, action, at in store.uses(shop.id))
        found = uses(shop.matcher.library.scripts, picks)
        used = sorted((use for use in found if use.last is not None), key=lambda use: -(use.picked + use.edited))
        stale = [use for use in used if use.last is not None and today - use.last > STALE]
        never = [use for use in found if use.last is None]
        scripts = {script.id: script for script in shop.matcher.library.scripts}
        day = date.fromordinal(today + ledger.DAY_ZERO).isoformat()
        yield f"{shop.name}（{shop.id}）：话术 {len(found)} 条，用过 {len(used)}，从未用过 {len(never)}，{STALE} 天未用 {len(stale)}"
        yield from (
            f"  {use.script} {use.title}：采用 {use.picked}，改后用 {use.edited}，忽略 {use.ignored}，撤回 {use.withdrawn}"
            for use in used
        )
        # However much it is used: what has run out, and what nobody sends as it stands.
        yield from (f"  已过期 {script.id} {script.title}" for script in scripts.values() if lint.expired(script, day))
        yield from (
            f"  常被改动 {use.script} {use.title}：{use.edited} 次改后才用" for use in used if _often_edited(use)
        )
        yield from (f"  常被撤回或忽略 {use.script} {use.title}" for use in found if _often_refused(use))
        yield from (f"  久未使用 {use.script} {use.title}" for use in stale)
        yield from (f"  从未使用 {use.script} {use.title}" for use in never)


def _often_edited(use: Use) -> bool:
    return use.edited >= OFTEN and use.edited > use.picked


def _often_refused(use: Use) -> bool:
    return use.ignored + use.withdrawn >= OFTEN and use.ignored + use.withdrawn > use.picked + use.edited


def strays(path: Path | None) -> list[lint.Problem]:
    """Phrasings of a library that would lead to another script: a few seconds. Raises DataError if it cannot be read."""
    return lint.strays(libraries.load([path or BUILT_IN]))


def learned(
    only: str | None,
    config: Path | None,
    data: Path | None,
    *,
    accept: Sequence[str] = (),
    revoke: Sequence[str] = (),
    mask: bool = False,
) -> Iterator[str]:
    """Lines on what was learned from agents: who picked, how often, what counts; those called by a code are judged first.

    All of them or none: DataError names the codes that are nobody's. A server that runs hears of it by itself.
    `mask`: with stand-ins for personal data in what buyers asked, and for the agents.
    """
    words = _words(accept, revoke)
    shops, file = ledger.reach(only, config, data)
    with ledger.using(file, readonly=True) as store:
        for shop in shops:
            relearn(shop, store)
    called = [(shop, lesson) for shop in shops for lesson in shop.lessons.listed() if lesson.code in words]
    if unknown := set(words).difference(lesson.code for _, lesson in called):
        raise DataError([f"{code}: 没有这个编号的问法，编号见 kuaihui library learned" for code in sorted(unknown)])
    if words:
        _judge(file, called, words)
        yield f"已记下 {len(called)} 条；运行中的服务几秒内照办，不必重启"
    hidden = Mask() if mask else None
    for shop in shops:
        yield from _lessons(shop, hidden)


def _words(accept: Sequence[str], revoke: Sequence[str]) -> dict[str, bool]:
    if both := sorted(set(accept) & set(revoke)):
        raise DataError([f"{code}: --accept 和 --revoke 只能选一个" for code in both])
    return dict.fromkeys(accept, True) | dict.fromkeys(revoke, False)


def _judge(file: Path, called: Iterable[tuple[Shop, Lesson]], words: Mapping[str, bool]) -> None:
    now = int(SystemClock().now())
    with ledger.using(file, readonly=False) as store, store.transaction():
        for shop, lesson in called:
            accepted = words[lesson.code]
            store.judge(shop.id, lesson.text, lesson.script, now, accepted=accepted)
            tokens.note(
                store, shop.id, "learned.accept" if accepted else "learned.revoke", f"{lesson.code} {lesson.script}"
            )
            shop.lessons.judge(lesson.text, lesson.script, yes=accepted)


def _lessons(shop: Shop, mask: Mask | None) -> Iterator[str]:
    listed = sorted(shop.lessons.listed(), key=lambda one: (_STATES.index(_state(one)), -one.uses, one.script))
    counts = Counter(map(_state, listed))
    said = "，".join(f"{state} {counts[state]}" for state in _STATES if counts[state])
    yield f"{shop.name}（{shop.id}）：学到的问法 {len(listed)} 条{f'（{said}）' if said else ''}"
    titles = {script.id: script.title for script in shop.matcher.library.scripts}
    for one in listed:
        who = f"，{'、'.join(_plain(_named(agent, mask)) for agent in one.agents)} 选过" if one.agents else ""
        when = f"，最近 {date.fromordinal(one.day + ledger.DAY_ZERO).isoformat()}" if one.uses else ""
        yield (
            f"  {one.code} {_state(one)} 「{_plain(mask.text(one.text) if mask else one.text)}」→ {one.script} {titles[one.script]}"
            f"{who}，共 {one.uses} 次{when}"
        )


_STATES = ("待定", "已成问法", "店主采纳", "已撤销")


def _state(lesson: Lesson) -> str:
    """待定 waits for a second agent or the curator."""
    if lesson.curated is not None:
        return "店主采纳" if lesson.curated else "已撤销"
    return "已成问法" if lesson.adopted else "待定"


def _named(agent: str, mask: Mask | None) -> str:
    return mask.who(agent, "agent") if mask else agent


def _plain(text: str) -> str:
    """What a buyer or a tool wrote, short and harmless."""
    shown = harmless(text)
    return shown if len(shown) <= LONGEST_SHOWN else shown[:LONGEST_SHOWN] + "…"
