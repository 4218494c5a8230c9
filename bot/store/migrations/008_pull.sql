-- Accounts of chat tools that only say that messages wait: from where on they are fetched, with which ticket, how often
-- the tool has said so since, and when they were last fetched.
CREATE TABLE pull (
    shop TEXT NOT NULL,
    adapter TEXT NOT NULL,
    account TEXT NOT NULL,
    cursor TEXT NOT NULL DEFAULT '',
    ticket TEXT NOT NULL DEFAULT '',
    wanted INTEGER NOT NULL DEFAULT 0,
    pulled_at REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (shop, adapter, account)
) WITHOUT ROWID;
