-- What is the matter, until its end was told, and the messages about it: one row for each way that a message goes (mail, webhook).
-- A message is stored with the incidents that it tells of, in one transaction, before it is sent.
--
-- They are no deliveries: those belong to a partner, wait while sending is held, are charged with a retry budget and end with a
-- person; an alert must go when sending is held, and its own failure must not look like something that needs a person.

CREATE TABLE incidents (
    key    TEXT PRIMARY KEY,                 -- what tells it from all others
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    what   TEXT NOT NULL,                    -- what is wrong, one sentence
    remedy TEXT NOT NULL,                    -- what to do, with a command
    state  TEXT NOT NULL,                    -- seen, due, told, ended, missed
    since  REAL NOT NULL,                    -- epoch seconds
    lasted REAL NOT NULL,                    -- seconds for which it was seen, by the monotonic clock
    quiet  REAL NOT NULL                     -- seconds for which it is gone, by the monotonic clock
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    number   INTEGER PRIMARY KEY,            -- in the order in which they are sent
    id       TEXT NOT NULL,                  -- the same in every attempt, so that a receiver can tell a repetition
    channel  TEXT NOT NULL,                  -- mail, webhook
    content  TEXT NOT NULL,                  -- JSON
    made_at  REAL NOT NULL,
    state    TEXT NOT NULL,                  -- waiting, sent, dropped
    attempts INTEGER NOT NULL,
    UNIQUE (id, channel)
) STRICT;
CREATE INDEX alerts_waiting ON alerts (number) WHERE state = 'waiting';
