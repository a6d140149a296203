-- What lies in a mailbox has an id: `remote` is that id. One id with one document is one message at an endpoint, whatever partner,
-- flow, path or name it has: a server gives no id again, but one that was restored, or another one, does so with another document.
-- A file is known by its name and its bytes; its `remote` is empty from now on.

DROP INDEX messages_files;
UPDATE messages SET remote = '' WHERE direction = 'in' AND remote = name;
CREATE UNIQUE INDEX messages_files ON messages (partner, name, digest)
    WHERE direction = 'in' AND remote = '' AND parent IS NULL;
-- What it was fetched by: in a mailbox message and document id with a colon between them ('' for a file). People ask for either.
ALTER TABLE messages ADD COLUMN fetched_by TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX messages_mailbox ON messages (endpoint, remote, fetched_by)
    WHERE direction = 'in' AND remote <> '' AND parent IS NULL;
CREATE INDEX messages_document ON messages (substr(fetched_by, instr(fetched_by, ':') + 1)) WHERE fetched_by <> '';
CREATE INDEX messages_remote ON messages (remote) WHERE direction = 'in' AND remote <> '';

-- A fetch has begun: until the message is claimed it is offered whatever its count says, since the fetch may have used it up.
ALTER TABLE sightings ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sightings_begun ON sightings (endpoint, path) WHERE begun = 1 AND message IS NULL;
CREATE INDEX sightings_remote ON sightings (remote);
-- How many of what was passed over lay there before `since`.
ALTER TABLE places ADD COLUMN earlier INTEGER NOT NULL DEFAULT 0;

-- What lay in a mailbox or folder before its first poll, for `since`: a row for each id (of a file: its name, size and time), and one
-- with '' for the place itself, so that an empty one has a baseline too. It is of the whole place, whatever pattern a pickup has, and
-- of one server.
CREATE TABLE baselines (
    endpoint   TEXT NOT NULL,
    server     TEXT NOT NULL,                -- its address, '' for a folder: at another server the same path is another mailbox
    path       TEXT NOT NULL,
    mailbox    TEXT NOT NULL,                -- its numeric id, '' for a folder: a mailbox that is renamed keeps its baseline
    remote     TEXT NOT NULL,
    fetched_by TEXT NOT NULL,                -- as in messages; '' where the listing did not say it
    name       TEXT NOT NULL,
    PRIMARY KEY (endpoint, server, path, mailbox, remote)
) STRICT, WITHOUT ROWID;
CREATE INDEX baselines_mailbox ON baselines (endpoint, server, mailbox) WHERE mailbox <> '';
CREATE INDEX baselines_name ON baselines (name COLLATE NOCASE) WHERE remote <> '';
CREATE INDEX baselines_remote ON baselines (remote) WHERE remote <> '';

-- How often the other side may fetch what was delivered (0: any number of times, or nobody counts it), within how many seconds it
-- should, and whether it did.
ALTER TABLE deliveries ADD COLUMN extract INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN picked_up_within REAL;
ALTER TABLE deliveries ADD COLUMN picked_up TEXT NOT NULL DEFAULT 'none'
    CHECK (picked_up IN ('none', 'awaited', 'fetched', 'overdue', 'gone'));
ALTER TABLE deliveries ADD COLUMN picked_up_due REAL;
ALTER TABLE deliveries ADD COLUMN picked_up_at REAL;
ALTER TABLE deliveries ADD COLUMN picked_up_detail TEXT NOT NULL DEFAULT '';
-- The id of the document that was made of it at Sterling, once it is known.
ALTER TABLE deliveries ADD COLUMN stored_as TEXT NOT NULL DEFAULT '';
CREATE INDEX deliveries_stored ON deliveries (stored_as) WHERE stored_as <> '';
CREATE INDEX deliveries_tracked ON deliveries (endpoint, path) WHERE picked_up IN ('awaited', 'overdue');
CREATE INDEX deliveries_late ON deliveries (picked_up_due) WHERE picked_up = 'awaited';
CREATE INDEX deliveries_overdue ON deliveries (id) WHERE picked_up = 'overdue';

CREATE TRIGGER picked_up_counted AFTER INSERT ON deliveries WHEN new.picked_up <> 'none'
BEGIN
    INSERT INTO state_counts VALUES ('picked_up', new.partner, new.picked_up, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER picked_up_recounted AFTER UPDATE OF picked_up ON deliveries WHEN new.picked_up <> old.picked_up
BEGIN
    UPDATE state_counts SET count = count - 1 WHERE what = 'picked_up' AND partner = old.partner AND state = old.picked_up;
    INSERT INTO state_counts SELECT 'picked_up', new.partner, new.picked_up, 1 WHERE new.picked_up <> 'none'
        ON CONFLICT DO UPDATE SET count = count + 1;
END;
