-- What the curator said of questions that were learned, in order: the latest word on a question and a script counts.
CREATE TABLE judgement (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL,
    asked TEXT NOT NULL,
    script TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX judgement_of_shop ON judgement (shop, seq);
