-- name: record
-- A fact, unless its key is known; one row changed or none.
INSERT OR IGNORE INTO fact (shop, key, conversation, at, body) VALUES (?, ?, ?, ?, ?);

-- name: unrecord
-- A fact of a transaction that is undone, where nothing else would undo it.
DELETE FROM fact WHERE seq = ?;

-- name: last_fact
SELECT max(seq) FROM fact;

-- name: facts_since
SELECT shop, key FROM fact WHERE seq > ?;

-- name: conversation
SELECT body FROM conversation WHERE shop = ? AND id = ?;

-- name: conversations
-- Those of a list of shop and id that are known. A list behind IN would be looked for by walking through all of them.
SELECT c.body FROM (VALUES (?, ?)) AS v CROSS JOIN conversation AS c ON c.shop = v.column1 AND c.id = v.column2;

-- name: keep
-- Nothing changes if somebody else wrote it since it was read; the last value: how many versions were made of it since.
INSERT INTO conversation (shop, id, version, due, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (shop, id) DO UPDATE SET version = excluded.version, due = excluded.due, body = excluded.body
WHERE version = excluded.version - ?;

-- name: set_alarm
INSERT INTO alarm (shop, conversation, at) VALUES (?, ?, ?)
ON CONFLICT (shop, conversation) DO UPDATE SET at = excluded.at;

-- name: drop_alarm
-- Of one shop: pairs of shop and conversation would be looked for by walking through all alarms.
DELETE FROM alarm WHERE conversation IN (VALUES (?)) AND shop = ?;

-- name: alarms
-- Those due by an instant, in a fixed order.
SELECT shop, conversation, at FROM alarm WHERE at <= ? ORDER BY at, shop, conversation LIMIT ?;

-- name: next_alarm
SELECT min(at) FROM alarm;

-- name: tell
INSERT INTO feed (seq, shop, conversation, type, at, data) VALUES (?, ?, ?, ?, ?, ?);

-- name: feed_ever
-- The greatest number that a row of the feed ever had.
SELECT seq FROM sqlite_sequence WHERE name = 'feed';

-- name: push
-- It waits for what was pushed before it to the same place in its conversation; replies wait for replies alone.
INSERT INTO outbox (seq, shop, conversation, type, about, first_at, next_at, destination, key, head)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8,
    NOT EXISTS (
        SELECT 1 FROM outbox
        WHERE shop = ?2 AND conversation = ?3 AND destination = ?7
            AND (type = 'message.send') = (?4 = 'message.send') AND dead_at IS NULL
    )
);

-- name: drop_pushes
-- Those that nobody needs any more.
DELETE FROM outbox WHERE shop = ? AND conversation = ? AND type = ? AND about = ?;

-- name: ready
-- Of each destination the first few heads whose time has come, replies first. Going from one destination to the next
-- through the index costs nothing for what is not ready.
WITH RECURSIVE places (name) AS (
    SELECT min(destination) FROM outbox WHERE head = 1
    UNION ALL
    SELECT (SELECT min(destination) FROM outbox WHERE head = 1 AND destination > places.name)
    FROM places WHERE places.name IS NOT NULL
)
SELECT o.seq, o.shop, o.conversation, o.type, o.about, o.tries, o.first_at, f.at, f.data, o.destination, o.key, o.reason
FROM places CROSS JOIN outbox AS o CROSS JOIN feed AS f
WHERE o.seq IN (
    SELECT seq FROM (
        SELECT * FROM (
            SELECT p.seq, 0 AS turn, p.next_at FROM outbox AS p
            WHERE p.head = 1 AND p.type = 'message.send' AND p.destination = places.name AND p.next_at <= ?1
            ORDER BY p.next_at LIMIT ?2
        )
        UNION ALL
        SELECT * FROM (
            SELECT p.seq, p.type <> 'message.send' AS turn, p.next_at FROM outbox AS p
            WHERE p.head = 1 AND p.destination = places.name AND p.next_at <= ?1
            ORDER BY p.next_at LIMIT ?2
        ) WHERE turn = 1
    )
    ORDER BY turn, next_at LIMIT ?2
) AND f.seq = o.seq;

-- name: overdue
SELECT o.seq, o.shop, o.conversation, o.type, o.about, o.tries, o.first_at, f.at, f.data, o.destination, o.key, o.reason
FROM (
    SELECT * FROM (
        SELECT seq FROM outbox WHERE dead_at IS NULL AND type = 'message.send' AND first_at < ?1 ORDER BY first_at LIMIT ?3
    )
    UNION
    SELECT * FROM (SELECT seq FROM outbox WHERE dead_at IS NULL AND first_at < ?2 ORDER BY first_at LIMIT ?3)
) AS late CROSS JOIN outbox AS o CROSS JOIN feed AS f
WHERE o.seq = late.seq AND f.seq = o.seq;

-- name: next_push
SELECT min(next_at) FROM outbox WHERE head = 1 AND next_at > ?;

-- name: pushed
DELETE FROM outbox WHERE seq = ?;

-- name: push_again
UPDATE outbox SET tries = tries + 1, next_at = ?, reason = ? WHERE seq = ?;

-- name: outbox_size
SELECT count(*) FROM outbox WHERE dead_at IS NULL;

-- name: outbox_sizes
-- Of each destination how many wait, and how many are dead.
SELECT destination, sum(dead_at IS NULL), sum(dead_at IS NOT NULL) FROM outbox GROUP BY destination;

-- name: set_back
-- What was written, or is to be tried, later than can be was so by a clock that went ahead.
UPDATE outbox SET next_at = min(next_at, ?1), first_at = min(first_at, ?1)
WHERE dead_at IS NULL AND (next_at > ?1 + ?2 OR first_at > ?1);

-- name: bury
UPDATE outbox SET head = 0, asked = 0, dead_at = ?, reason = ? WHERE seq = ? AND dead_at IS NULL;

-- name: bury_reply
UPDATE outbox SET head = 0, asked = 0, dead_at = ?, reason = ?
WHERE shop = ? AND conversation = ? AND type = 'message.send' AND about = ? AND dead_at IS NULL;

-- name: dead_reply
SELECT seq, CASE key WHEN '' THEN 'evt_' || shop || '_' || seq ELSE key END FROM outbox
WHERE shop = ? AND conversation = ? AND type = 'message.send' AND about = ? AND dead_at IS NOT NULL;

-- name: dead_size
SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL;

-- name: dead
SELECT o.seq, o.shop, o.destination, o.conversation, o.type, o.about, o.tries, f.at, o.dead_at, o.reason, o.asked
FROM outbox AS o CROSS JOIN feed AS f
WHERE o.dead_at IS NOT NULL AND o.shop = coalesce(?, o.shop) AND f.seq = o.seq ORDER BY o.seq LIMIT ?;

-- name: ask_again
-- Those numbered in a JSON list.
UPDATE outbox SET asked = 1
WHERE dead_at IS NOT NULL AND shop = coalesce(?, shop) AND seq IN (SELECT value FROM json_each(?));

-- name: drop_dead
-- Those numbered in a JSON list.
DELETE FROM outbox
WHERE dead_at IS NOT NULL AND shop = coalesce(?, shop) AND seq IN (SELECT value FROM json_each(?));

-- name: drop_dead_before
DELETE FROM outbox WHERE dead_at < ?;

-- name: asked
SELECT o.seq, o.shop, o.conversation, o.type, o.about, o.tries, o.first_at, f.at, f.data, o.destination, o.key, o.reason
FROM outbox AS o CROSS JOIN feed AS f WHERE o.asked = 1 AND f.seq = o.seq ORDER BY o.seq LIMIT ?;

-- name: revive
-- It goes next where another one of its conversation is under way, else at once.
UPDATE outbox SET dead_at = NULL, asked = 0, reason = '', tries = 0, first_at = ?1, next_at = ?1, head = NOT EXISTS (
    SELECT 1 FROM outbox AS o
    WHERE o.shop = outbox.shop AND o.conversation = outbox.conversation AND o.destination = outbox.destination
        AND (o.type = 'message.send') = (outbox.type = 'message.send') AND o.dead_at IS NULL
)
WHERE seq = ?2 AND dead_at IS NOT NULL;

-- name: stay_dead
UPDATE outbox SET asked = 0, reason = ? WHERE seq = ?;

-- name: disabled
SELECT name, shop, address, disabled_at, reason FROM destination ORDER BY name;

-- name: disable
INSERT OR REPLACE INTO destination (name, shop, address, disabled_at, reason) VALUES (?, ?, ?, ?, ?);

-- name: enable
DELETE FROM destination WHERE name = ?;

-- name: reply
SELECT state, agent, text, script, override, verdict, reason, at FROM reply WHERE shop = ? AND conversation = ? AND id = ?;

-- name: set_reply
INSERT OR REPLACE INTO reply (shop, conversation, id, state, agent, text, script, override, verdict, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: settle_reply
UPDATE reply SET state = ?, reason = ? WHERE shop = ? AND conversation = ? AND id = ? AND state = 'queued';

-- name: undo_reply
UPDATE reply SET state = ?, reason = ?
WHERE shop = ? AND conversation = ? AND id = ? AND state IN ('queued', 'sent');

-- name: sent
-- The latest replies of a conversation that were to be sent: the id of each try, and the reply's. No index leads there,
-- so that only the latest rows of the feed are looked through.
SELECT 'evt_' || shop || '_' || seq, data ->> 'reply_id' FROM feed
WHERE shop = ? AND conversation = ? AND type = 'message.send' AND seq > (SELECT max(seq) FROM feed) - 100000
ORDER BY seq DESC LIMIT ?;

-- name: explain_reply
-- Why a reply that waits has not gone out yet.
UPDATE reply SET reason = ? WHERE shop = ? AND conversation = ? AND id = ? AND state = 'queued';

-- name: replies
SELECT id, state, agent, text, script, override, verdict, reason, at FROM reply
WHERE shop = ? AND conversation = ? ORDER BY at, id;

-- name: credit
INSERT INTO pick (shop, conversation, script, action, agent, asked, at) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: picks
-- The latest ones that said a script was right or, taken back, that it was not; oldest first.
SELECT asked, script, agent, at, action FROM (
    SELECT seq, asked, script, agent, at, action FROM pick
    WHERE shop = ? AND action IN ('picked', 'edited', 'withdrawn') ORDER BY seq DESC LIMIT ?
) ORDER BY seq;

-- name: pick_counts
-- Beyond a number: they are only ever added to.
SELECT shop, action, count(*), max(seq) FROM pick WHERE seq > ? GROUP BY shop, action;

-- name: uses
-- Everything agents did with scripts.
SELECT script, action, at FROM pick WHERE shop = ? ORDER BY seq;

-- name: judge
INSERT INTO judgement (shop, asked, script, accepted, at) VALUES (?, ?, ?, ?, ?);

-- name: judgements
SELECT seq, asked, script, accepted, at FROM judgement WHERE shop = ? AND seq > ? ORDER BY seq;

-- name: feed
SELECT seq, shop, conversation, type, at, data FROM feed WHERE shop = ? AND seq > ? ORDER BY seq LIMIT ?;

-- name: feed_end
SELECT max(seq) FROM feed;

-- name: waiting
SELECT body FROM conversation WHERE shop = ? AND due IS NOT NULL ORDER BY due, id LIMIT ?;

-- name: facts_of_conversation
SELECT body FROM fact WHERE shop = ? AND conversation = ? ORDER BY seq;

-- name: facts_between
-- In the order of conversations, each in the order of arrival; not those whose conversation is not known.
SELECT body FROM fact WHERE shop = ? AND at >= ? AND at < ? AND conversation <> '' ORDER BY conversation, seq;

-- name: first_fact
SELECT min(seq) FROM fact WHERE shop = ? AND at >= ? AND at < ?;

-- name: facts_after
-- By number: the index of instants would walk through the whole day.
SELECT seq, body FROM fact
WHERE seq > ?2 AND seq <= ?3 AND +shop = ?1 AND +at >= ?4 AND +at < ?5 ORDER BY seq LIMIT ?6;

-- name: facts_within
SELECT seq, body FROM fact
WHERE shop = ?1 AND conversation = ?2 AND +at >= ?3 AND +at < ?4 AND seq <= ?5 ORDER BY seq;

-- name: conversation_of
SELECT conversation FROM fact WHERE shop = ? AND key = ?;

-- name: any_unplaced
SELECT 1 FROM fact WHERE shop = ? AND conversation = '' LIMIT 1;

-- name: unplaced
-- By key: the index of conversations would walk through all that nobody could place.
SELECT body FROM fact WHERE shop = ? AND key >= ? AND key < ? AND +conversation = '' ORDER BY seq;

-- name: place
UPDATE fact SET conversation = ?, body = ? WHERE shop = ? AND key = ?;

-- name: alert
INSERT INTO alert (robot, seq, shop, conversation, target, stage, start, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: alerted
-- The robots that have something to say, and the earliest due of what is not yet missed.
SELECT robot, min(CASE WHEN stage > 0 THEN due END) FROM alert GROUP BY robot;

-- name: alerts
-- The most urgent of a robot's; misses after what can still be answered in time.
SELECT robot, seq, shop, conversation, target, stage, start, due FROM alert
WHERE robot = ? ORDER BY stage = 0, due, seq LIMIT ?;

-- name: alerts_size
SELECT count(*) FROM alert;

-- name: drop_alerts
-- Those numbered in a JSON list.
DELETE FROM alert WHERE robot = ? AND seq IN (SELECT value FROM json_each(?));

-- name: drop_alerts_of_others
-- Those of robots that are not in a JSON list: no config names them any more.
DELETE FROM alert WHERE robot NOT IN (SELECT value FROM json_each(?));

-- name: note_ruling
INSERT OR IGNORE INTO ruling (
    conversation, subject, event, rule, action, agent, at, reason, digest, excerpt, text, shop
) VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?1);

-- name: went_out
-- Of every rule that held the reply and has nothing against it any more.
INSERT OR IGNORE INTO ruling (
    shop, conversation, subject, event, rule, action, agent, at, reason, digest, excerpt, text
)
SELECT
    shop, conversation, subject, CASE WHEN digest = ?1 THEN 'passed' ELSE 'rewritten' END, rule, action, ?2, ?3, '',
    digest, excerpt, text
FROM ruling
WHERE shop = ?4 AND conversation = ?5 AND subject = ?6 AND event = 'held'
    AND rule NOT IN (SELECT value FROM json_each(?7));

-- name: mark
-- A row that says what the curator thinks of another; his last word stands.
INSERT OR REPLACE INTO ruling (
    shop, conversation, subject, event, rule, action, agent, at, reason, digest, excerpt, text
)
SELECT shop, conversation, subject, ?1, rule, action, ?2, ?3, ?4, digest, excerpt, text
FROM ruling WHERE shop = ?5 AND seq = ?6;

-- name: rulings
SELECT seq, conversation, subject, event, rule, action, agent, at, reason, digest, excerpt, text
FROM ruling AS one
WHERE shop = ?1 AND EXISTS (
    SELECT 1 FROM ruling AS any_one
    WHERE any_one.shop = one.shop AND any_one.conversation = one.conversation AND any_one.subject = one.subject
        AND any_one.at >= ?2 AND any_one.at < ?3
)
ORDER BY seq;

-- name: ruling_counts
SELECT shop, rule, event, count(*) FROM ruling GROUP BY shop, rule, event;

-- name: lose
INSERT OR IGNORE INTO lost_day (shop, buyer, target, day, conversation, start) VALUES (?, ?, ?, ?, ?, ?);

-- name: unlose
DELETE FROM lost_day
WHERE shop = ? AND buyer = ? AND target = ? AND day = ? AND conversation = ? AND start = ?;

-- name: lost_elsewhere
SELECT 1 FROM lost_day WHERE shop = ? AND buyer = ? AND target = ? AND day = ? AND conversation <> ? LIMIT 1;

-- name: set_spoke
INSERT OR REPLACE INTO alert_pace (robot, last, quiet_until, tries) VALUES (?, ?, ?, ?);

-- name: spoke
SELECT robot, last, quiet_until, tries FROM alert_pace;

-- name: want_pull
INSERT INTO pull (shop, adapter, account, ticket, wanted) VALUES (?, ?, ?, ?, 1)
ON CONFLICT (shop, adapter, account) DO UPDATE SET ticket = excluded.ticket, wanted = wanted + 1;

-- name: pulls
SELECT shop, adapter, account, cursor, ticket, wanted, pulled_at FROM pull ORDER BY shop, adapter, account;

-- name: pulled
-- What the tool said meanwhile is still wanted.
UPDATE pull SET cursor = ?, wanted = max(0, wanted - ?), pulled_at = ? WHERE shop = ? AND adapter = ? AND account = ?;

-- name: add_token
INSERT INTO token (shop, role, name, hash, made_at) VALUES (?, ?, ?, ?, ?);

-- name: token_of
-- Of one that still opens.
SELECT number, shop, role, name, made_at, revoked_at FROM token WHERE hash = ? AND revoked_at IS NULL;

-- name: tokens
SELECT number, shop, role, name, made_at, revoked_at FROM token WHERE shop = coalesce(?, shop) ORDER BY number;

-- name: revoke_token
UPDATE token SET revoked_at = ? WHERE number = ? AND shop = coalesce(?, shop) AND revoked_at IS NULL;

-- name: note
INSERT INTO audit (shop, at, who, what, about) VALUES (?, ?, ?, ?, ?);

-- name: notes
-- With what the guard's record has of people: who sent a message all the same, and who marked a rule.
SELECT at, shop, who, what, about FROM (
    SELECT at, shop, who, what, about, seq FROM audit WHERE shop = ?1 AND at >= ?2
    UNION ALL
    SELECT at, shop, agent, 'guard.' || event, rule || ' ' || conversation || '/' || subject || ' ' || reason, seq
    FROM ruling WHERE shop = ?1 AND at >= ?2 AND event IN ('overridden', 'right', 'wrong')
) ORDER BY at, what, seq;

-- name: old_facts
-- Those from before an instant, oldest first, after the last one that was looked at.
SELECT seq, key, conversation, at FROM fact
WHERE shop = ?1 AND at < ?2 AND (at, seq) > (?3, ?4) ORDER BY at, seq LIMIT ?5;

-- name: forget_fact
DELETE FROM fact WHERE seq = ?;

-- name: remember_gone
INSERT OR REPLACE INTO gone (shop, key, until) VALUES (?, ?, ?);

-- name: forget_gone
DELETE FROM gone WHERE (shop, key) IN (SELECT shop, key FROM gone WHERE until < ? LIMIT ?);

-- name: any_fact_of
SELECT 1 FROM fact WHERE shop = ? AND conversation = ? LIMIT 1;

-- name: forget_conversation
DELETE FROM conversation WHERE shop = ? AND id = ?;

-- name: forget_replies
DELETE FROM reply WHERE shop = ? AND conversation = ? AND at < ?;

-- name: forget_acts
-- What was learned stays; which buyer asked does not, nor what nothing was learned from.
UPDATE pick SET conversation = '', asked = CASE action WHEN 'ignored' THEN '' ELSE asked END
WHERE seq IN (SELECT seq FROM pick WHERE shop = ? AND at < ? AND conversation <> '' LIMIT ?);

-- name: old_events
-- Of the oldest rows of a shop those from before an instant.
SELECT seq FROM (SELECT seq, at FROM feed WHERE shop = ?1 ORDER BY seq LIMIT ?3) WHERE at < ?2;

-- name: forget_events
DELETE FROM feed WHERE seq IN (SELECT value FROM json_each(?));

-- name: forget_pushes
DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(?));

-- name: forget_alerts
DELETE FROM alert WHERE seq IN (SELECT value FROM json_each(?));

-- name: forget_rulings
DELETE FROM ruling WHERE seq IN (SELECT seq FROM ruling WHERE shop = ? AND at < ? LIMIT ?);

-- name: forget_lost_days
DELETE FROM lost_day WHERE (shop, buyer, target, day, conversation, start) IN (
    SELECT shop, buyer, target, day, conversation, start FROM lost_day WHERE shop = ? AND start < ? LIMIT ?
);

-- name: steps_done
-- Which migrations a database has had.
SELECT name FROM migration;

-- name: facts_counted
SELECT count(*) FROM fact;
