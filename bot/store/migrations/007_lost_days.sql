-- Which waits lost a buyer's day, so that his other conversations know. day: of the shop's calendar, 1970-01-01 is 0.
CREATE TABLE lost_day (
    shop TEXT NOT NULL,
    buyer TEXT NOT NULL,
    target TEXT NOT NULL,
    day INTEGER NOT NULL,
    conversation TEXT NOT NULL,
    start INTEGER NOT NULL,
    PRIMARY KEY (shop, buyer, target, day, conversation, start)
) WITHOUT ROWID;
