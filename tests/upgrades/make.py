"""I write what a database of this version looks like: `python tests/upgrades/make.py`, before a migration is added.

The real engine hears a morning of a made-up shop, and every other table gets a row by the store's own methods; all of it
is dumped as SQL into `NNN.sql` beside this file, named by how many migrations there are. Those of the earlier versions
were written by those versions.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

from bot import model, ports
from bot.clock import VirtualClock
from bot.engine import Engine
from bot.shop import trial
from bot.store import SQLiteStore, migrations

HERE = Path(__file__).parent
NINE = 1_795_222_800  # 2026-11-21 09:00:00 in Shanghai
TOKEN = b"token-of-xiaokuai"
_LIBRARY = """
group = "发货"

[[scripts]]
id = "ship.when"
title = "什么时候发货"
shortcut = "fh"
phrasings = ["什么时候发货", "多久发货", "今天能发吗"]
text = "亲，今天下午发出。"
"""


class Morning:
    """One shop's morning."""

    def __init__(self, folder: Path) -> None:
        """In a database of its own in `folder`."""
        (folder / "library.toml").write_text(_LIBRARY, encoding="utf-8")
        shop = trial("pinduoduo", [folder / "library.toml"], "Asia/Shanghai")
        shop.callback_url = "https://tool.example/hook"
        self.file, self.clock = folder / "kuaihui.sqlite", VirtualClock(NINE - 7200)
        self.store = SQLiteStore(self.file)
        self.engine = Engine(self.store, {"demo": shop}, self.clock)

    def go(self, at: int) -> None:
        """Every alarm until then rings at its own time."""
        while (due := self.store.next_alarm()) is not None and due <= at:
            self.clock.move_to(due)
            self.engine.fire()
        self.clock.move_to(at)

    def put(self, kind: type, before: int, key: str, conversation: str, **more: Any) -> None:
        """A fact so many seconds before nine."""
        at = NINE - before
        self.go(at)
        self.engine.apply([kind(shop="demo", key=key, conversation=conversation, at=at, arrived=at, **more)])

    def ask(self, before: int, identity: str, conversation: str, text: str = "什么时候发货") -> None:
        """A buyer writes."""
        buyer = {"buyer": f"b-{conversation}", "name": "买家", "context": {"order_id": "o-1"}}
        self.put(model.BuyerSaid, before, f"message.created:{identity}", conversation, id=identity, text=text, **buyer)

    def happen(self) -> None:
        """Late and answered, picked and closed, edited and handed over, recalled early, sent, queued, held, failed, waiting."""
        put, said = self.put, "message.created"
        self.ask(5000, "m-late", "c-late")
        self.ask(4000, "m-done", "c-done")
        put(model.AgentSaid, 3990, f"{said}:a-done", "c-done", id="a-done", text="亲，今天下午发出。", agent="小快")
        put(model.Picked, 3980, "picked:1", "c-done", script="ship.when", action="picked", agent="小快")
        put(model.Closed, 3900, "conversation.closed:c-done", "c-done")
        self.ask(500, "m-edit", "c-edit", "几点")
        put(model.Edited, 490, "message.edited:m-edit:1", "c-edit", id="m-edit", text="几点下班")
        put(model.Assigned, 480, "conversation.assigned:1", "c-edit", agent="小慢")
        put(model.ContextChanged, 470, "order.updated:1", "c-edit", context={"order_id": "o-2"})
        put(model.RobotSaid, 460, f"{said}:r-edit", "c-edit", id="r-edit", text="您好")
        put(model.SystemSaid, 450, f"{said}:s-edit", "c-edit", id="s-edit", text="系统消息")
        put(model.Recalled, 440, "message.recalled:m-early:1", "", id="m-early")
        self.ask(300, "m-reply", "c-reply")
        drafted = {"agent": "小快", "text": "亲，今天下午发出。", "script": "ship.when"}
        put(model.Drafted, 290, "draft:1", "c-reply", id="d-sent", **drafted)
        put(model.Delivered, 280, "delivered:1", "c-reply", id="d-sent")
        self.ask(200, "m-reply2", "c-reply", "今天能发吗")
        put(model.Drafted, 190, "draft:2", "c-reply", id="d-queued", agent="小快", text="亲，能发的。")
        put(model.Drafted, 180, "draft:3", "c-reply", id="d-held", agent="小快", text="加我微信 abc88990 聊")
        self.ask(100, "m-fail", "c-fail")
        put(model.Drafted, 90, "draft:4", "c-fail", id="d-failed", agent="小慢", text="亲，稍等。")
        put(model.SendFailed, 80, "failed:1", "c-fail", id="d-failed", reason="对方不收")
        self.ask(10, "m-wait", "c-wait")
        self.ask(0, "m-gone", "c-gone")

    def fill(self) -> None:
        """A row of each table that the morning left empty."""
        store = self.store
        missed = max(event.seq for event in store.feed("demo", 0, 1000) if event.type == "deadline.missed")
        gone = next(fact for fact in store.old_facts("demo", NINE + 1, (0, 0), 100) if fact.conversation == "c-gone")
        with store.transaction():
            store.alert(
                ports.Alert("wecom:1", missed, "demo", "c-late", "effective_reply_1h", 0, NINE - 5000, NINE - 1400)
            )
            store.set_spoke(ports.Spoke("wecom:1", NINE - 100.5, 0.0, 1))
            store.disable(ports.Disabled("demo/chatwoot", "demo", "x", NINE - 50.0, "410 Gone"))
            store.judge("demo", "今天能发吗", "ship.when", NINE - 40, accepted=True)
            store.want_pull("demo", "wecom", "kf-1", "ticket-1")
            store.add_token("demo", "agent", "小快", hashlib.sha256(TOKEN).digest(), NINE - 30)
            store.note(ports.Note(NINE - 30, "demo", "root", "token.add", "小快"))
            store.forget_fact("demo", gone, NINE + 7 * 86_400)
            store.forget_conversation("demo", "c-gone")

    def dump(self) -> str:
        """As SQL, after the store is closed."""
        self.store.close()
        with sqlite3.connect(self.file) as hand:
            hand.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return "\n".join(hand.iterdump()) + "\n"


def made() -> str:
    """A database of this version as SQL."""
    with tempfile.TemporaryDirectory() as folder:
        morning = Morning(Path(folder))
        morning.happen()
        morning.fill()
        return morning.dump()


if __name__ == "__main__":
    into = HERE / f"{len(migrations()):03}.sql"
    into.write_text(made(), encoding="utf-8")
    sys.stdout.write(f"{into}\n")
