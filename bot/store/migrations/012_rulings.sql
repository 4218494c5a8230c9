-- What the guard says is a ruling everywhere; an inspection (质检) is of a whole conversation.
ALTER TABLE inspection RENAME TO ruling;
DROP INDEX inspection_once;
DROP INDEX inspection_at;
DROP INDEX inspection_of_rule;
CREATE UNIQUE INDEX ruling_once ON ruling (shop, conversation, subject, rule, event, digest);
CREATE INDEX ruling_at ON ruling (shop, at);
CREATE INDEX ruling_of_rule ON ruling (shop, rule, event);
