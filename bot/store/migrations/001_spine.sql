-- What happened, once each: the truth from which everything else could be computed again.
CREATE TABLE fact (
    seq INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    key TEXT NOT NULL,
    conversation TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX fact_once ON fact (shop, key);
CREATE INDEX fact_of_conversation ON fact (shop, conversation, seq);
CREATE INDEX fact_at ON fact (shop, at);

-- What is remembered of a conversation; due: of its most urgent wait, null when nobody waits.
CREATE TABLE conversation (
    shop TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    due INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (shop, id)
) WITHOUT ROWID;
CREATE INDEX conversation_waiting ON conversation (shop, due) WHERE due IS NOT NULL;

-- When a conversation wants to be looked at next.
CREATE TABLE alarm (
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (shop, conversation)
) WITHOUT ROWID;
CREATE INDEX alarm_at ON alarm (at);

-- What people and other systems see, in order. Never changed.
CREATE TABLE feed (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX feed_of_shop ON feed (shop, seq);

-- Which feed rows still have to reach the shop's chat tool. next_at: not before; first_at: when it was written.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY REFERENCES feed (seq),
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    type TEXT NOT NULL,
    reply TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0,
    first_at REAL NOT NULL,
    next_at REAL NOT NULL
);
CREATE INDEX outbox_of_conversation ON outbox (shop, conversation, seq);
CREATE INDEX outbox_next ON outbox (next_at);

-- Replies that agents asked for. state: held, queued, sent or failed.
CREATE TABLE reply (
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    agent TEXT NOT NULL,
    text TEXT NOT NULL,
    script TEXT NOT NULL,
    override TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL,
    PRIMARY KEY (shop, conversation, id)
) WITHOUT ROWID;

-- What agents did with suggestions.
CREATE TABLE pick (
    seq INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    script TEXT NOT NULL,
    action TEXT NOT NULL,
    agent TEXT NOT NULL,
    asked TEXT NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX pick_of_script ON pick (shop, script, at);
