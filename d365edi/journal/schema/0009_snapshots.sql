-- What a list of D365 held when it was last sent: a row for each record of the list, by its whole key, with the digest of the version
-- (etag) that the partner has and the message of the file that it was last in. A list is that of one flow in one company over one
-- entity set.
--
-- `seen` is filled while a list is read, and emptied when it is read anew: what a stop left there means nothing. The transaction that
-- stores the delivery moves the snapshot to it.

CREATE TABLE lists (
    id       INTEGER PRIMARY KEY,
    flow     TEXT NOT NULL,
    company  TEXT NOT NULL COLLATE NOCASE,
    "set"    TEXT NOT NULL,
    taken_at REAL,                           -- when its snapshot was last moved; NULL before the first
    UNIQUE (flow, company, "set")
) STRICT;

CREATE TABLE snapshots (
    list    INTEGER NOT NULL REFERENCES lists (id),
    key     TEXT NOT NULL,
    digest  BLOB NOT NULL,
    number  TEXT NOT NULL COLLATE NOCASE,    -- what people know it by
    message INTEGER REFERENCES messages (id),    -- NULL where it was there before the first file
    PRIMARY KEY (list, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshots_number ON snapshots (number);

CREATE TABLE seen (
    list   INTEGER NOT NULL REFERENCES lists (id),
    key    TEXT NOT NULL,
    digest BLOB NOT NULL,
    state  TEXT NOT NULL,                    -- same, due, written, aside (not written, for a reason), gone
    PRIMARY KEY (list, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_due ON seen (list, key) WHERE state = 'due';

-- The bytes of a file that is stored piece by piece: its row in `payloads` has an empty body, and its whole size. SQLite would have a
-- large body in memory twice, since it is not the last column there.
CREATE TABLE payload_pieces (
    digest TEXT NOT NULL REFERENCES payloads (digest),
    place  INTEGER NOT NULL,
    body   BLOB NOT NULL,
    PRIMARY KEY (digest, place)
) STRICT;
CREATE TRIGGER payload_pieces_pruned AFTER UPDATE OF body ON payloads WHEN NEW.body IS NULL BEGIN
    DELETE FROM payload_pieces WHERE digest = NEW.digest;
END;
