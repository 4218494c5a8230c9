-- The store refuses what was deleted a short while ago by itself, by the fact's key, however it is recorded.
DROP TABLE gone;
CREATE TABLE gone (
    shop TEXT NOT NULL,
    key TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (shop, key)
) WITHOUT ROWID;
CREATE INDEX gone_until ON gone (until);
CREATE TRIGGER fact_gone BEFORE INSERT ON fact WHEN EXISTS (SELECT 1 FROM gone WHERE shop = new.shop AND key = new.key)
BEGIN
    SELECT RAISE(IGNORE);
END;
