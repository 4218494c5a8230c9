"""I am the shape of the inspection's data: what may be said, rules of seven kinds, the levels of a score."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

By = Literal["buyer", "agent", "shop"]  # "shop": agents and robots


class Saying(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"shields": "not"}):
    """Ways to say one thing.

    `words` are found anywhere, `whole` only as the whole message (both folded, without signs and spaces), `patterns` over
    the folded text with its signs. `shields` (in files: `not`) are phrases in which they mean something else. `tail`: at
    most so many characters may follow to the end of the message; None for any number.
    """

    words: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    shields: tuple[str, ...] = ()
    tail: int | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="when"):
    """What every rule has.

    `score` is added to a session's 100 once, however often the rule hits in it (negative: points lost). `group`: 服务规范,
    服务态度 ... `reason`: one sentence for whoever is inspected. `hits`, `passes`: conversations, each a list of lines
    "SECONDS ROLE[:AGENT] TEXT", in which it must and must not speak.
    """

    id: str
    name: str
    group: str
    score: float
    reason: str
    source: str
    sure: Literal["rule", "reported", "inferred"]
    hits: tuple[tuple[str, ...], ...]
    passes: tuple[tuple[str, ...], ...]
    timed: ClassVar[bool] = False


class Opening(Rule, frozen=True, kw_only=True, tag="opening"):
    """Of a session that an agent has part in: none of the shop's first `messages` says `without`."""

    messages: int
    without: str


class Closing(Rule, frozen=True, kw_only=True, tag="closing"):
    """Of a session that an agent has part in: none of the shop's last `messages` says `without`, or one says `says`.

    Sessions with fewer than `least` messages of agents are left alone.
    """

    messages: int
    without: str = ""
    says: str = ""
    least: int = 1


class Says(Rule, frozen=True, kw_only=True, tag="says"):
    """In `times` turns of a session, `by` says `says`, and with `then` none of the shop's next `messages` says that."""

    by: By
    says: str
    times: int = 1
    then: str = ""
    messages: int = 5


class Waited(Rule, frozen=True, kw_only=True, tag="waited"):
    """A buyer waited longer than `seconds` for an agent, and none of the agents' `messages` from the answer on says `then`.

    `hours`: from and until which local hour he must have written (the second not in). Turns in which he says nothing but
    `unless` wait for nothing.
    """

    seconds: int
    messages: int
    then: str
    hours: tuple[int, int] = (0, 24)
    unless: str = ""
    timed: ClassVar[bool] = True


class Left(Rule, frozen=True, kw_only=True, tag="left"):
    """An agent said `says` (that he will be back) and no agent wrote anything else within `seconds`.

    Without times: nobody wrote anything else at all. Messages that also say `unless` (it is the buyer's turn) promise
    nothing.
    """

    says: str
    seconds: int
    unless: str = ""


class Agents(Rule, frozen=True, kw_only=True, tag="agents"):
    """At least `times` agents answered in one session."""

    times: int


class Again(Rule, frozen=True, kw_only=True, tag="again"):
    """`by` wrote the same again after the other side had answered.

    The same: at least `likeness` (0 to 1) alike; of texts with at least `shortest` characters without signs that do not
    say `unless`.
    """

    by: Literal["buyer", "agent"]
    shortest: int
    likeness: float
    unless: str = ""


AnyRule = Opening | Closing | Says | Waited | Left | Agents | Again


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `score` on a session or a fault is called `name`."""

    name: str
    score: float


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """How a shop inspects: `[shops.inspection]`.

    `off`: rules that are left out; `scores`: points of rules; `files`: data files of the shop's own, whose rules and
    sayings take the place of those with the same id or name.
    """

    off: tuple[str, ...] = ()
    scores: dict[str, float] = msgspec.field(default_factory=dict)
    files: tuple[str, ...] = ()
