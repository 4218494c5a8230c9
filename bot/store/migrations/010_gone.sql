-- Of facts that were deleted: a digest of the key, so that the same again is refused until then (unix seconds).
CREATE TABLE gone (
    shop TEXT NOT NULL,
    digest BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (shop, digest)
) WITHOUT ROWID;
CREATE INDEX gone_until ON gone (until);
