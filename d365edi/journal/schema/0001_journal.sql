-- The journal: dedup store, audit trail, outbox and memory in one file.
-- Times are seconds since the epoch. Digests are sha256 in hex. Rows are never deleted (looks of files that were taken and are
-- gone excepted); a payload's body is emptied when its retention is over, its digest stays for ever.

CREATE TABLE payloads (
    digest    TEXT PRIMARY KEY,
    size      INTEGER NOT NULL,
    body      BLOB,                          -- NULL once pruned
    stored_at REAL NOT NULL
) STRICT;
CREATE INDEX payloads_prunable ON payloads (stored_at) WHERE body IS NOT NULL;

CREATE TABLE messages (
    id           INTEGER PRIMARY KEY,
    direction    TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    partner      TEXT NOT NULL,
    flow         TEXT NOT NULL,
    endpoint     TEXT NOT NULL,
    path         TEXT NOT NULL,
    name         TEXT NOT NULL,
    size         INTEGER NOT NULL,
    modified     REAL,                       -- as the server told it
    digest       TEXT NOT NULL REFERENCES payloads (digest),
    state        TEXT NOT NULL CHECK (state IN ('received', 'translated', 'done', 'duplicate', 'quarantined')),
    reason       TEXT NOT NULL,
    parent       INTEGER REFERENCES messages (id),
    received_at  REAL NOT NULL,
    state_at     REAL NOT NULL,
    settled_at   REAL,                       -- NULL until the source is cleared
    settled_name TEXT NOT NULL DEFAULT ''
) STRICT;
-- One remote file is one row, whatever crashed in between; a replay is a child of it.
CREATE UNIQUE INDEX messages_once ON messages (partner, name, digest) WHERE parent IS NULL;
CREATE INDEX messages_name ON messages (name COLLATE NOCASE, partner);
CREATE INDEX messages_digest ON messages (digest, partner);
CREATE INDEX messages_state ON messages (state, id, partner);
CREATE INDEX messages_unsettled ON messages (endpoint, path) WHERE settled_at IS NULL;
CREATE INDEX messages_parent ON messages (parent) WHERE parent IS NOT NULL;

CREATE TABLE documents (
    id          INTEGER PRIMARY KEY,
    message     INTEGER NOT NULL REFERENCES messages (id),
    partner     TEXT NOT NULL,
    flow        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    number      TEXT NOT NULL,
    company     TEXT NOT NULL,
    release     TEXT NOT NULL,
    store       TEXT NOT NULL,
    body        TEXT NOT NULL,               -- the document as JSON
    map_digest  TEXT NOT NULL,
    interchange TEXT NOT NULL,               -- control numbers as received
    "group"     TEXT NOT NULL,
    "set"       TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('ready', 'held', 'delivering', 'delivered', 'rejected')),
    reason      TEXT NOT NULL,
    answers     TEXT NOT NULL,               -- what was resolved, as JSON; '' until then
    created_at  REAL NOT NULL,
    state_at    REAL NOT NULL,
    claimed_at  REAL                         -- since when it holds its business key
) STRICT;
CREATE UNIQUE INDEX documents_key ON documents (partner, company, kind, number, release, store) WHERE claimed_at IS NOT NULL;
CREATE INDEX documents_number ON documents (number COLLATE NOCASE, partner, kind);
CREATE INDEX documents_state ON documents (state, id, partner);
CREATE INDEX documents_message ON documents (message);

CREATE TABLE deliveries (
    id              INTEGER PRIMARY KEY,
    document        INTEGER REFERENCES documents (id),
    message         INTEGER REFERENCES messages (id),
    parent          INTEGER REFERENCES deliveries (id),
    partner         TEXT NOT NULL,
    flow            TEXT NOT NULL,
    endpoint        TEXT NOT NULL,
    path            TEXT NOT NULL,
    name            TEXT NOT NULL,
    kind            TEXT NOT NULL,
    digest          TEXT NOT NULL REFERENCES payloads (digest),
    order_key       TEXT NOT NULL,           -- those with one key go one after the other; '' goes whenever it likes
    interchange     INTEGER,                 -- our control numbers
    functional_id   TEXT NOT NULL,
    "group"         INTEGER,
    "set"           TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('pending', 'attempting', 'delivered', 'waiting', 'quarantined', 'cancelled')),
    reason          TEXT NOT NULL DEFAULT '',
    attempts        INTEGER NOT NULL DEFAULT 0,
    first_failed_at REAL,
    until           REAL NOT NULL DEFAULT 0, -- 0 unless waiting: then one index range answers what is due
    ack             TEXT NOT NULL CHECK (ack IN ('none', 'awaited', 'accepted', 'accepted_with_errors', 'partially', 'rejected', 'overdue')),
    ack_due         REAL,
    ack_detail      TEXT NOT NULL DEFAULT '',
    created_at      REAL NOT NULL,
    state_at        REAL NOT NULL,
    delivered_at    REAL,
    receipt         TEXT NOT NULL DEFAULT '',
    receipt_detail  TEXT NOT NULL DEFAULT '{}',
    progress        TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX deliveries_open ON deliveries (until, id) WHERE state IN ('pending', 'attempting', 'waiting');
CREATE INDEX deliveries_order ON deliveries (order_key, id) WHERE state IN ('pending', 'attempting', 'waiting');
CREATE INDEX deliveries_state ON deliveries (state, id, partner, ack);
CREATE INDEX deliveries_awaited ON deliveries (ack_due) WHERE ack = 'awaited';
CREATE INDEX deliveries_ack ON deliveries (ack, id, partner);
CREATE INDEX deliveries_group ON deliveries (partner, functional_id, "group") WHERE "group" IS NOT NULL;
CREATE INDEX deliveries_interchange ON deliveries (interchange) WHERE interchange IS NOT NULL;
CREATE INDEX deliveries_control ON deliveries ("group") WHERE "group" IS NOT NULL;
CREATE INDEX deliveries_document ON deliveries (document) WHERE document IS NOT NULL;
CREATE INDEX deliveries_message ON deliveries (message) WHERE message IS NOT NULL;
CREATE INDEX deliveries_name ON deliveries (name COLLATE NOCASE);
CREATE INDEX deliveries_receipt ON deliveries (receipt COLLATE NOCASE) WHERE receipt <> '';
CREATE INDEX deliveries_digest ON deliveries (digest);

CREATE TABLE interchanges (
    id       INTEGER PRIMARY KEY,
    message  INTEGER NOT NULL REFERENCES messages (id),
    partner  TEXT NOT NULL,
    standard TEXT NOT NULL,
    sender   TEXT NOT NULL,
    receiver TEXT NOT NULL,
    control  TEXT NOT NULL,
    usage    TEXT NOT NULL,
    digest   TEXT NOT NULL,
    seen_at  REAL NOT NULL
) STRICT;
CREATE INDEX interchanges_seen ON interchanges (partner, control, sender, receiver, usage);
CREATE INDEX interchanges_control ON interchanges (control);
CREATE INDEX interchanges_message ON interchanges (message);

CREATE TABLE answers (
    id                  INTEGER PRIMARY KEY,
    message             INTEGER NOT NULL REFERENCES messages (id),
    partner             TEXT NOT NULL,
    functional_id       TEXT NOT NULL,
    group_control       TEXT NOT NULL,
    interchange_control TEXT NOT NULL,
    digest              TEXT NOT NULL,
    delivery            INTEGER REFERENCES deliveries (id),
    attempt             INTEGER NOT NULL,
    answered_at         REAL NOT NULL
) STRICT;
-- A received group is answered once; a further attempt is a person's decision.
CREATE UNIQUE INDEX answers_once ON answers (partner, interchange_control, functional_id, group_control, digest, attempt);
CREATE INDEX answers_message ON answers (message);

CREATE TABLE acknowledgments (
    id            INTEGER PRIMARY KEY,
    message       INTEGER NOT NULL REFERENCES messages (id),
    partner       TEXT NOT NULL,
    functional_id TEXT NOT NULL,
    control       INTEGER,
    verdict       TEXT NOT NULL,
    match         TEXT NOT NULL CHECK (match IN ('matched', 'late', 'double', 'unmatched')),
    detail        TEXT NOT NULL,
    delivery      INTEGER REFERENCES deliveries (id),
    received_at   REAL NOT NULL
) STRICT;
CREATE INDEX acknowledgments_delivery ON acknowledgments (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX acknowledgments_message ON acknowledgments (message);
CREATE INDEX acknowledgments_control ON acknowledgments (control);

-- `taken` counts every number ever taken, so that it grows for ever also where the number itself wraps.
CREATE TABLE counters (
    partner TEXT NOT NULL,
    level   TEXT NOT NULL,
    taken   INTEGER NOT NULL,
    PRIMARY KEY (partner, level)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    what   TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    since  REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
    flow   TEXT PRIMARY KEY,
    value  TEXT NOT NULL,
    set_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE places (
    endpoint  TEXT NOT NULL,
    path      TEXT NOT NULL,
    looked_at REAL NOT NULL,
    offered   INTEGER NOT NULL,
    passed    INTEGER NOT NULL,
    PRIMARY KEY (endpoint, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE looks (
    endpoint TEXT NOT NULL,
    path     TEXT NOT NULL,
    name     TEXT NOT NULL,
    size     INTEGER NOT NULL,
    modified REAL,
    equal    INTEGER NOT NULL,               -- equal looks in a row; 0 where it was passed over or is gone
    first_at REAL NOT NULL,
    last_at  REAL NOT NULL,
    waits    INTEGER NOT NULL,
    verdict  TEXT NOT NULL,
    message  INTEGER REFERENCES messages (id),
    PRIMARY KEY (endpoint, path, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX looks_name ON looks (name COLLATE NOCASE);

CREATE TABLE audit (
    id       INTEGER PRIMARY KEY,
    at       REAL NOT NULL,
    action   TEXT NOT NULL,
    message  INTEGER,
    document INTEGER,
    delivery INTEGER,
    partner  TEXT NOT NULL,
    actor    TEXT NOT NULL,
    run      TEXT NOT NULL,
    detail   TEXT NOT NULL,
    digest   TEXT NOT NULL                   -- of this line and the digest of the line before it
) STRICT;
CREATE INDEX audit_message ON audit (message) WHERE message IS NOT NULL;
CREATE INDEX audit_document ON audit (document) WHERE document IS NOT NULL;
CREATE INDEX audit_delivery ON audit (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX audit_partner ON audit (partner, id);
CREATE TRIGGER audit_keeps_lines BEFORE UPDATE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_loses_nothing BEFORE DELETE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit trail is append-only');
END;

-- The last line once more: without it nobody could tell that lines are missing at the end.
CREATE TABLE audit_head (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    id     INTEGER NOT NULL,
    digest TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (one, id, digest) VALUES (1, 0, '');
