-- What group robots still have to say: one row for each robot that hears of a warning or a miss (stage 0).
-- seq: the feed row that tells of it; start, due: of the wait when it was told. robot: names its address.
CREATE TABLE alert (
    robot TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES feed (seq),
    shop TEXT NOT NULL,
    conversation TEXT NOT NULL,
    target TEXT NOT NULL,
    stage INTEGER NOT NULL,
    start INTEGER NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (robot, seq)
) WITHOUT ROWID;

-- When a robot last spoke, and until when it is to be silent after so many failures, so that a restart keeps its pace.
-- In the world's unix seconds: the limit is the other side's.
CREATE TABLE alert_pace (
    robot TEXT PRIMARY KEY,
    last REAL NOT NULL,
    quiet_until REAL NOT NULL,
    tries INTEGER NOT NULL
) WITHOUT ROWID;
