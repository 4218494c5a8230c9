-- Tokens issued by command: never the token itself, only its hash. made_at, revoked_at: unix seconds; null while it opens.
CREATE TABLE token (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL,
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    made_at INTEGER NOT NULL,
    revoked_at INTEGER
);

-- Who did what when, of what is not in the guard's record: tokens, the curator's words, the outbox, restarts of knowledge.
-- about: what it was done to; never a buyer's words.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    about TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (shop, at);
