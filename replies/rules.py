"""I am the shape of the guard's data: terms, shapes, rules, packs."""

from __future__ import annotations

from typing import Literal

import msgspec

Action = Literal["warn", "block"]


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"shields": "not"}):
    """Words of one meaning.

    `words` are looked for in every disguise, `plain` only as written (after folding), `latin` as a token of their own and
    as weak evidence, `shields` (in files: `not`) are phrases in which these words mean something else,
    `sound`: also as it sounds, `turned`: also in another order, `shortened`: also with initials for some characters,
    `jumbled` phrases whose characters, no two alike, count in any order. `edged`: lighter where a neighbour makes an
    ordinary word with its edge (上分 in 上分体空调). `meek`: half as heavy as it stands, for it may be the name of a thing;
    in disguise, or alone in a message, it was meant.
    """

    words: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    latin: tuple[str, ...] = ()
    shields: tuple[str, ...] = ()
    jumbled: tuple[str, ...] = ()
    sound: bool = True
    turned: bool = True
    shortened: bool = True
    edged: bool = False
    meek: bool = False
    weight: float = 1.0


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern over the folded text that counts as `slot`.

    Tried where a character of `needs` or a word of `after` is there; without both, only when a rule asks for the slot.
    """

    slot: str
    pattern: str
    needs: str = ""
    after: tuple[str, ...] = ()
    weight: float = 1.0


class Facts(msgspec.Struct, frozen=True, eq=False, forbid_unknown_fields=True):
    """What numbers and addresses look like: characters that count as digits, labels, units, name endings."""

    numerals: dict[str, str]
    sounds: dict[str, tuple[str, ...]]
    labels: tuple[str, ...]
    unlabels: tuple[str, ...]
    units: tuple[str, ...]
    money: tuple[str, ...]
    not_money: tuple[str, ...]
    endings: tuple[str, ...]
    dots: tuple[str, ...]
    ats: tuple[str, ...]
    parcels: tuple[str, ...]
    hotlines: tuple[str, ...]
    things: tuple[str, ...]
    variables: tuple[str, ...]
    night: tuple[int, int]
    unanswered: int
    harmless: float
    goes_on: float


class Lexicon(msgspec.Struct, frozen=True, eq=False):
    """All terms, groups of terms and shapes, and the hash of the files they came from."""

    terms: dict[str, Term]
    groups: dict[str, tuple[str, ...]]
    shapes: tuple[Shape, ...]
    facts: Facts
    called: tuple[str, ...]
    version: str


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that may not be said.

    `when` lists alternatives: slots in any order (`im handle`), or in order with `>`; `@n` sets the gap in
    characters, `%n` how far the weights of the hits may fall short of certainty, in hundredths, `=` wants all in one clause,
    `!` at least one in disguise.
    `unless` are slots near the match that excuse it, `never` slots anywhere that do, `mild` slots anywhere that excuse
    what holds no identifier, `holding` slots that excuse the words they share characters with, `later` slots that excuse what began in an earlier message if they stand in the last.
    `refusable`: saying that one may not is fine; `deniable`: so is warning of those who do. `firm`: no shop may let
    its agents override it. `quotable`: the buyer's own words are fine, `quoted` being the slots that must stand in the
    quotation if not all need to. `overall`: a message that seems harmless as a whole counts one step less. `across`: may begin in an earlier message; `apart`:
    its slots must stand in different messages.
    """

    id: str
    category: str
    action: Action
    reason: str
    source: str
    when: tuple[str, ...]
    sure: Literal["rule", "reported", "inferred"]
    near: int = 10
    unless: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    mild: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()
    penalty: str = ""
    rewrite: str = ""
    refusable: bool = True
    deniable: bool = True
    quotable: bool = True
    overall: bool = True
    across: bool = True
    apart: bool = False
    watch: bool = False
    firm: bool = False
    blocks: tuple[str | tuple[str, ...], ...] = ()
    warns: tuple[str | tuple[str, ...], ...] = ()
    passes: tuple[str | tuple[str, ...], ...] = ()


class OwnerRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule a shop's owner adds: `words` (found folded, across signs), `patterns` (over the folded text), `slots` of ours.

    `watch`: only recorded, never held.
    """

    id: str
    reason: str
    action: Action = "block"
    category: str = "owner"
    source: str = "店铺自己的规则"
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    rewrite: str = ""
    watch: bool = False


class Pack(msgspec.Struct, frozen=True, eq=False):
    """The rules of one file. `own`: terms that name the platform itself; `domains`: its own; `orders`: its number shapes."""

    id: str
    version: str
    name: str
    own: tuple[str, ...]
    domains: tuple[str, ...]
    orders: tuple[str, ...]
    platforms: tuple[str, ...]
    rules: tuple[Rule, ...]
    lexicon: Lexicon
