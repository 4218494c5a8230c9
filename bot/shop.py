"""I assemble what a shop says, forbids and promises."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import replies
from bot import passes, platforms
from bot.deadline import Target, Zone
from bot.shopfile import ShopConfig
from bot.talk import Circumstances
from replies import DataError, guard_owner, library, meaning, policy
from replies.guard import Allowance, Finding, Guard, Verdict
from replies.guard_judge import RuleFailed
from replies.learning import Lessons
from replies.match import Matcher, Scope, Suggestion
from replies.stages import stage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bot.config import Config
    from bot.platforms import Platform
    from bot.ports import Act, Judgement

LONGEST_LESSON = 200  # characters of a turn that may become a phrasing
BUILT_IN = Path(replies.__file__).parent / "scripts"
UNKNOWN = Circumstances()
_FIRST = date(1970, 1, 1).toordinal()


class Shop:
    """One shop, ready to serve. Holds tokens only as hashes."""

    def __init__(self, config: ShopConfig, platform: Platform, matcher: Matcher, guard: Guard) -> None:
        """`platform` with the shop's own stages already in its targets."""
        self.id, self.platform = config.id, platform
        self.zone = Zone(config.timezone)
        self.paths = paths_of(config)
        self.broken: tuple[str, ...] = ()  # what is wrong with the files, where an older library serves on
        self.stand_on(Lessons(matcher))
        self.judged = 0  # the number of the last word of the curator that was heeded
        self.timed = True
        self.settle(config, platform.targets, guard)

    def settle(self, config: ShopConfig, targets: tuple[Target, ...], guard: Guard) -> None:
        """Take what may change while the shop is served; `targets` with the shop's stages."""
        self.name, self.guard, self.targets, self.bars = config.name, guard, targets, config.bars
        self.keys, self.callback_url, self.robots = config.keys, config.callback_url, config.robots
        self.adapters = config.adapters
        self.keep_days = config.keep_days
        self.overridable = frozenset(config.allow_override)
        self.inspection = config.inspection
        self.passes = (passes.owner(config.token), *config.tokens)

    def suggest(
        self,
        turn: Sequence[str],
        context: Mapping[str, str],
        *,
        before: Sequence[str] = (),
        sent: Collection[str] = (),
        at: int,
    ) -> tuple[Suggestion, ...]:
        """Up to three scripts for the buyer's open turn at an instant, best first; none when nothing fits.

        `before`: what he asked earlier, oldest first. `sent`: what he was told: not offered again, see replies.match.
        """
        if not self._scripts:  # who has no scripts yet still has his deadlines and his guard, and pays for no ranking
            return ()
        day = self.zone.local(at)[0]
        scope, lean = _scope(self.platform.id, stage(context), day), self.lessons.lean(day)
        return self.matcher.rank(
            turn, context=context, scope=scope, before=before, sent=sent, bars=self.bars, lean=lean, below=False
        ).shown

    def label(self, target: str) -> str:
        """What the shop calls a reply target; the name of one that it no longer has."""
        return next((each.label for each in self.targets if each.name == target), target)

    def learn(self, act: Act) -> None:
        """What an agent (empty: the curator) did with a script changes the ranking."""
        self.learn_question(act)
        self.learn_use(act)

    def learn_question(self, act: Act) -> None:
        """That of `learn` which is about what was asked. Long turns say too much to learn from."""
        if act.asked and len(act.asked) <= LONGEST_LESSON and self.knows(act.script):
            day = self.zone.local(act.at)[0]
            self.lessons.learn(act.action, act.asked, act.script, agent=act.agent, day=day)

    def stand_on(self, lessons: Lessons) -> None:
        """Suggest from the library of `lessons`."""
        self.lessons, self.matcher = lessons, lessons.matcher
        self._scripts = frozenset(script.id for script in lessons.matcher.library.scripts)

    def heed(self, word: Judgement) -> None:
        """The curator's word changes the ranking, and no later pick changes that."""
        if self.knows(word.script):
            self.lessons.judge(word.asked, word.script, yes=word.accepted)
        self.judged = word.seq

    def learn_use(self, act: Act) -> None:
        """That of `learn` which is about the script, whatever was asked."""
        self.lessons.popularity.note(act.script, act.action, self.zone.local(act.at)[0])

    def set_stages(self, stages: Mapping[str, tuple[float, ...]]) -> None:
        """Warn at these stages (seconds before `due`, or fractions of the limit) for the targets named; raises DataError for impossible ones."""
        self.targets = platforms.staged(self.platform, stages, self.targets)

    @property
    def pushes(self) -> bool:
        """Does anything go out to a chat tool?"""
        return bool(self.callback_url) or any(one.out is not None for one in self.adapters.values())

    @property
    def pulls(self) -> frozenset[str]:
        """The adapters through which messages are fetched."""
        return frozenset(name for name, one in self.adapters.items() if one.out is not None and one.out.how.pull)

    def destination(self, via: str, kind: str) -> str | None:
        """Where an event goes, of a conversation that came `via` an adapter: to it, to the callback, or nowhere.

        The shop's id names its callback, "shop/adapter" the tool.
        """
        way = self.adapters.get(via)
        if way is not None and way.out is not None and kind in way.out.how.kinds:
            return f"{self.id}/{via}"
        return self.id if self.callback_url else None

    def decided_by(self, kind: str) -> dict[str, str]:
        """Which library or rules an event of this kind came from, so that a replay can say what has changed since."""
        if kind == "suggestion.created":
            return {"library": self.matcher.library.version}
        return {"rules": self.guard.version} if kind in ("message.send", "draft.held", "violation.seen") else {}

    def knows(self, script: str) -> bool:
        """Has the library such a script?"""
        return script in self._scripts

    def check(self, messages: Sequence[str], circumstances: Circumstances = UNKNOWN) -> Verdict:
        """The guard's verdict on the last of the shop's `messages`, sent under these `circumstances`."""
        hour = circumstances.hour if self.timed else None
        return self.guard.check(messages, hour=hour, unanswered=circumstances.unanswered, theirs=circumstances.theirs)

    def watched(self, text: str) -> tuple[Finding, ...]:
        """What rules in watch mode say about a text; nothing where the guard has failed on it, which holds it anyway."""
        if not self.guard.watches:
            return ()
        try:
            return tuple(self.guard.watched(text))
        except RuleFailed:
            return ()

    def may_override(self, verdict: Verdict) -> bool:
        """Is every finding one that an agent may confirm: a warning, or of a rule for which the owner allows it?"""
        return bool(verdict.findings) and all(
            finding.action == "warn" or finding.rule in self.overridable for finding in verdict.findings
        )


@lru_cache(maxsize=64)  # hardly more are asked for in a day
def _scope(platform: str, stage: str, day: int) -> Scope:
    """`day`: a running number, 0 is 1970-01-01."""
    return Scope(platform, stage, date.fromordinal(_FIRST + day).isoformat())


def paths_of(config: ShopConfig) -> tuple[Path, ...]:
    """Where a shop's library is read from."""
    return config.library or (BUILT_IN,)


def assemble(config: Config) -> dict[str, Shop]:
    """All shops by id; raises DataError with every mistake of every library, pack and platform file."""
    shops: dict[str, Shop] = {}
    problems: list[str] = []
    read: dict[tuple[Path, ...], library.Library] = {}
    folder = vectors_of(config)
    vectors = meaning.load(folder) if folder else None
    for shop in config.shops:
        try:
            paths = paths_of(shop)
            if paths not in read:  # the same files are read once, but each shop learns for itself
                read[paths] = library.load(paths)
            shops[shop.id] = build(shop, Matcher(read[paths], vectors))
        except DataError as error:
            problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise DataError(problems)
    return shops


def vectors_of(config: Config) -> Path | None:
    """Where the sentence vectors of libraries are kept; None where they are not asked for."""
    return Path(config.server.data) / "vectors" if config.server.meaning else None


def build(config: ShopConfig, matcher: Matcher) -> Shop:
    """One shop with its platform's packs, its owner's rules and its own stages. Raises DataError."""
    guard = guard_of(config)
    shop = Shop(config, platforms.load(config.platform, config.targets), matcher, guard)
    shop.set_stages(config.stages)
    return shop


def guard_of(config: ShopConfig) -> Guard:
    """The packs of a shop's platform with what its owner allows and adds. Raises DataError that names each mistake."""
    packs, owner = policy.packs(config.platform), guard_owner.read_rules(config.rules)
    known = {rule.id: rule for pack in packs for rule in pack.rules}
    problems = guard_owner.misfits(owner, packs)
    for name in config.allow_override:
        if name not in known and all(rule.id != name for rule in owner):
            problems.append(f"allow_override: there is no rule {name!r} for {config.platform}")
        elif name in known and known[name].firm:
            problems.append(f"allow_override: {name!r} may never be overridden")
    if problems:
        raise DataError([f"shop {config.id}: {problem}" for problem in problems])
    return Guard(packs, allow=config.allow, owner=owner)


def trial(
    platform: str, paths: Sequence[Path], timezone: str, *, targets: bool = True, matcher: Matcher | None = None
) -> Shop:
    """A shop without secrets or callback, for simulating and replaying; no `targets`: nothing is said about time.

    `matcher`: one already made of the library at `paths`.

    Raises DataError.
    """
    if platform not in platforms.names():
        raise DataError([f"--platform: {platform!r} is not one of {', '.join(platforms.names())}"])
    config = ShopConfig(
        id="demo",
        name="演示店铺",
        platform=platform,
        library=tuple(paths),
        callback_url="",
        timezone=timezone,
        stages={},
        targets={},
        bars=None,
        allow=Allowance(),
        keys=(),
        token="",
    )
    shop = build(config, matcher or Matcher(library.load(tuple(paths) or (BUILT_IN,))))
    if not targets:
        shop.targets, shop.timed = (), False
    return shop
