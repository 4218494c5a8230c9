-- What the guard said of a reply or a message (`subject`), a row for each rule, and what became of it. event: held, seen,
-- watched, overridden, rewritten, passed, and right or wrong as the curator says. agent: who sent, confirmed or marked it.
-- digest, text, excerpt: of the words as they were then.
CREATE TABLE inspection (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    subject TEXT NOT NULL,
    event TEXT NOT NULL,
    rule TEXT NOT NULL,
    action TEXT NOT NULL,
    agent TEXT NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    digest TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE UNIQUE INDEX inspection_once ON inspection (shop, conversation, subject, rule, event, digest);
CREATE INDEX inspection_at ON inspection (shop, at);
CREATE INDEX inspection_of_rule ON inspection (shop, rule, event);
