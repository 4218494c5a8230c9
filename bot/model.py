"""I am the vocabulary: facts that happened, and the conversation they add up to; what follows is in bot.effects.

话术 script · 问法 phrasing · 买家 buyer · 客服 agent · 店铺 shop · 平台 platform · 违规 violation · 规则包 policy pack ·
命中 finding · 响应时限 reply target · 提醒 alarm/warning · 有效回复率 effective reply rate · 快捷编码 shortcut ·
质检 inspection · 转人工 hand over.

An instant is a whole number of unix seconds and ends in `_at` (or is called `at`, `start`, `due`).
Everything here is immutable; a fact applied twice changes nothing. What a conversation holds has `gc=False`: it cannot
refer back to itself, and going through twenty thousand of them for garbage would stop everything for a moment.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from replies.match import Suggestion

Kind = Literal["text", "image", "video", "audio", "card", "order", "emotion", "file"]
# "assisted": a robot that answers at an agent's side (智能辅助), which some platforms count as an answer.
Role = Literal["buyer", "agent", "robot", "assisted", "system", "closed"]
Action = Literal["picked", "edited", "ignored", "withdrawn"]


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="fact"):
    """Something that happened, told `via` an adapter. `key` is unique within a shop: the same again changes nothing."""

    shop: str
    key: str
    conversation: str
    at: int
    arrived: int
    via: str = ""


class BuyerSaid(Fact, frozen=True, tag="buyer_said"):
    """A buyer wrote, or sent a picture or a card. `pending`: where no person of the shop sees it yet."""

    id: str
    text: str
    kind: Kind = "text"
    buyer: str = ""
    name: str = ""
    context: dict[str, str] = msgspec.field(default_factory=dict)
    pending: bool = False


class AgentSaid(Fact, frozen=True, tag="agent_said"):
    """A person of the shop answered, seen on the platform. `reply_id`: the echo of a reply that we delivered."""

    id: str
    text: str
    kind: Kind = "text"
    agent: str = ""
    reply_id: str = ""


class RobotSaid(Fact, frozen=True, tag="robot_said"):
    """A robot, greeting or automatic reply. `assisted`: at an agent's side (智能辅助) in the human phase."""

    id: str
    text: str
    kind: Kind = "text"
    assisted: bool = False


class SystemSaid(Fact, frozen=True, tag="system_said"):
    """A line of the platform itself."""

    id: str
    text: str
    kind: Kind = "text"


class Recalled(Fact, frozen=True, tag="recalled"):
    """The message `id` was withdrawn."""

    id: str


class Edited(Fact, frozen=True, tag="edited"):
    """The message `id` now reads `text`."""

    id: str
    text: str


class Closed(Fact, frozen=True, tag="closed"):
    """The platform or a person ended the session."""


class Assigned(Fact, frozen=True, tag="assigned"):
    """The conversation was given to `agent`."""

    agent: str


class ContextChanged(Fact, frozen=True, tag="context_changed"):
    """What is known about the order or the product changed."""

    context: dict[str, str]


class Drafted(Fact, frozen=True, tag="drafted"):
    """An agent wants to send `text`; `override` is the reason given for sending in spite of a warning.

    `shown`: this very text was held under this id before, so that its warning has been seen. Set by the engine.
    """

    id: str
    agent: str
    text: str
    script: str = ""
    override: str = ""
    shown: bool = False


class Delivered(Fact, frozen=True, tag="delivered"):
    """The chat tool took the reply `id` (2xx)."""

    id: str


class SendFailed(Fact, frozen=True, tag="send_failed"):
    """The reply `id` could not be delivered and will not be tried again.

    `after`: its tool had taken it, and says so only now; `sent`: under which id it went out, where the tool names that.
    """

    id: str
    reason: str
    after: bool = False
    sent: str = ""


class Picked(Fact, frozen=True, tag="picked"):
    """An agent picked, edited, ignored or withdrew a suggested script."""

    script: str
    action: Action
    agent: str = ""


class AlarmDue(Fact, frozen=True, tag="alarm_due"):
    """The instant has come at which this conversation wanted to be looked at. Never stored: its row is the alarm."""


AnyFact = (
    BuyerSaid
    | AgentSaid
    | RobotSaid
    | SystemSaid
    | Recalled
    | Edited
    | Closed
    | Assigned
    | ContextChanged
    | Drafted
    | Delivered
    | SendFailed
    | Picked
    | AlarmDue
)


class Message(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of a conversation. `recalled_at`: when it was withdrawn; `reply_id`: which reply of ours it was.

    `edited_at`: the instant of the edit that `text` comes from.
    """

    id: str
    at: int
    role: Role
    text: str = ""
    kind: Kind = "text"
    agent: str = ""
    reply_id: str = ""
    recalled_at: int | None = None
    edited_at: int | None = None


class Change(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A recall (`text` is None) or an edit that arrived before its message."""

    id: str
    at: int
    text: str | None


class Queued(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A reply on its way out."""

    id: str
    at: int
    text: str


class Wait(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One wait of one reply target, and what has been said about it.

    `due` is the last instant at which a reply is in time. `lost`: an earlier wait of that day was already missed.
    `given`: the stages (seconds before `due`) that were warned of. `cleared`: the end was told after a warning or miss.
    `session`: when the session began to which it belongs.
    """

    target: str
    start: int
    due: int
    answered: int | None = None
    lost: bool = False
    given: tuple[int, ...] = ()
    missed: bool = False
    cleared: bool = False
    corrected: bool = False
    session: int = 0

    @property
    def late(self) -> bool:
        """An answer came, after `due`."""
        return self.answered is not None and self.answered > self.due


class Settled(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of the messages no longer held, which an agent's message `at` ended.

    `session`, `active`, `closed`: when the session began, its last message and its closing; `answered`: was it yet.
    `lost`: for each target the unit (day or session) that a late answer has already lost.
    """

    at: int | None = None
    session: int | None = None
    active: int | None = None
    closed: int | None = None
    answered: bool = False
    lost: tuple[tuple[str, int], ...] = ()


class Conversation(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of one conversation: enough to decide, bounded in size.

    `settled`: what is known of older messages, which an agent's ended; None while all are held.
    `waits`: the open wait of each target and the ended ones that held messages may still correct.
    `offered`: the suggestions now in front of the agent. `alarm`: when it wants to be looked at next. `via`: see Fact.
    """

    shop: str
    id: str
    version: int = 0
    buyer: str = ""
    name: str = ""
    agent: str = ""
    context: dict[str, str] = msgspec.field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    settled: Settled | None = None
    early: tuple[Change, ...] = ()
    queued: tuple[Queued, ...] = ()
    waits: tuple[Wait, ...] = ()
    offered: tuple[Suggestion, ...] = ()
    alarm: int | None = None
    via: str = ""

    @property
    def buyer_id(self) -> str:
        """The buyer, or the conversation where the tool does not name one."""
        return self.buyer or self.id
