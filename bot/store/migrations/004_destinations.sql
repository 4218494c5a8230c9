-- A push goes to a destination: the shop's callback, named like the shop, or one of its chat tools, "shop/adapter". Each
-- destination has queues of its own, so that one which is away holds up no other. `key`: the id under which it is sent,
-- where that is not its own. A push that was given up is a dead letter from `dead_at` on, for `reason`; somebody may have
-- `asked` for it to be sent again.
ALTER TABLE outbox ADD COLUMN destination TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN dead_at REAL;
ALTER TABLE outbox ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN reason TEXT NOT NULL DEFAULT '';
UPDATE outbox SET destination = shop;

DROP INDEX outbox_head;
CREATE INDEX outbox_head ON outbox (destination, next_at) WHERE head = 1;
CREATE INDEX outbox_head_reply ON outbox (destination, next_at) WHERE head = 1 AND type = 'message.send';
CREATE INDEX outbox_waiting ON outbox (shop, conversation, seq) WHERE dead_at IS NULL;
CREATE INDEX outbox_reply_since ON outbox (first_at) WHERE dead_at IS NULL AND type = 'message.send';
CREATE INDEX outbox_since ON outbox (first_at) WHERE dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_asked ON outbox (asked) WHERE asked = 1;

DROP TRIGGER outbox_next_head;
CREATE TRIGGER outbox_next_head AFTER DELETE ON outbox WHEN old.head = 1
BEGIN
    UPDATE outbox SET head = 1
    WHERE seq = (
        SELECT min(seq) FROM outbox
        WHERE shop = old.shop AND conversation = old.conversation AND destination = old.destination
            AND (type = 'message.send') = (old.type = 'message.send') AND dead_at IS NULL
    );
END;
CREATE TRIGGER outbox_after_buried AFTER UPDATE OF head ON outbox WHEN old.head = 1 AND new.head = 0
BEGIN
    UPDATE outbox SET head = 1
    WHERE seq = (
        SELECT min(seq) FROM outbox
        WHERE shop = old.shop AND conversation = old.conversation AND destination = old.destination
            AND (type = 'message.send') = (old.type = 'message.send') AND dead_at IS NULL
    );
END;

-- Destinations that said they want no more (410), until somebody enables them again or their address changes.
CREATE TABLE destination (
    name TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    address TEXT NOT NULL,
    disabled_at REAL NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
