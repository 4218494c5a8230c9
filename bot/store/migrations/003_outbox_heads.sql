-- Only the oldest push of a conversation may be sent, and the oldest of its replies, which wait for nothing but replies:
-- an event that a chat tool does not like holds up no answer to a buyer. `head` marks both, so that finding what is
-- ready costs the same however much is piled up behind a shop that does not answer.
ALTER TABLE outbox ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET head = 1
WHERE seq IN (SELECT min(seq) FROM outbox GROUP BY shop, conversation, type = 'message.send');

-- What a push is about: of a reply its id, of a warning its target, else empty.
ALTER TABLE outbox RENAME COLUMN reply TO about;

DROP INDEX outbox_next;
CREATE INDEX outbox_head ON outbox (shop, next_at) WHERE head = 1;
CREATE INDEX outbox_head_next ON outbox (next_at) WHERE head = 1;

CREATE TRIGGER outbox_next_head AFTER DELETE ON outbox WHEN old.head = 1
BEGIN
    UPDATE outbox SET head = 1
    WHERE seq = (
        SELECT min(seq) FROM outbox
        WHERE shop = old.shop AND conversation = old.conversation
            AND (type = 'message.send') = (old.type = 'message.send')
    );
END;
