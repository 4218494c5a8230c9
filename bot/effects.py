"""I am what follows from a fact: effects, each to be written in the fact's own transaction."""

from __future__ import annotations

import msgspec

from bot.model import Action, Conversation, Role, Wait
from replies.guard import Finding, Verdict
from replies.match import Suggestion


class Suggest(msgspec.Struct, frozen=True):
    """Put these suggestions before the agent; an empty tuple takes earlier ones away."""

    turn: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]


class Send(msgspec.Struct, frozen=True):
    """Deliver a reply that passed the guard."""

    id: str
    agent: str
    text: str
    script: str
    override: str
    verdict: Verdict


class Hold(msgspec.Struct, frozen=True):
    """Keep a reply back and say why. `overridable`: it may go all the same when somebody says why."""

    id: str
    agent: str
    text: str
    script: str
    override: str
    verdict: Verdict
    overridable: bool = False


class Noted(msgspec.Struct, frozen=True):
    """Rules in watch mode would have spoken about the draft or message `id`: recorded, and no more."""

    id: str
    agent: str
    text: str
    findings: tuple[Finding, ...]


class Violation(msgspec.Struct, frozen=True):
    """A message already on the platform breaks a rule."""

    id: str
    role: Role
    agent: str
    text: str
    findings: tuple[Finding, ...]


class Warn(msgspec.Struct, frozen=True):
    """The wait will be missed in `stage` seconds or less."""

    wait: Wait
    stage: int


class Late(msgspec.Struct, frozen=True):
    """The wait was missed."""

    wait: Wait


class Answered(msgspec.Struct, frozen=True):
    """A wait that was warned of or missed is over: answered, or (`recalled`) all its messages withdrawn."""

    wait: Wait
    corrected: bool = False
    recalled: bool = False


class Credit(msgspec.Struct, frozen=True):
    """What an agent did with a suggested script, and for which words of the buyer."""

    script: str
    action: Action
    agent: str
    asked: str


class HandOver(msgspec.Struct, frozen=True):
    """No person of the shop sees the conversation: give it to them."""


class Settle(msgspec.Struct, frozen=True):
    """A queued reply reached its end; `after`: one that had been sent did not arrive."""

    id: str
    failed: str = ""
    after: bool = False


Effect = Suggest | Send | Hold | Noted | Violation | Warn | Late | Answered | Credit | Settle | HandOver


class Step(msgspec.Struct, frozen=True):
    """What follows from a fact: the next conversation, and the effects in order."""

    conversation: Conversation
    effects: tuple[Effect, ...] = ()
