-- What is taken from a place is known by a key, not by a name: `remote` is what distinguishes it from all else at its place, for
-- a file its name, for a record of D365 its whole key. Two companies number their invoices alike, and one company may use a number
-- twice.
--
-- Rows of records made before have no key here: it depends on the table that reads them, and is in their payload where they have
-- one. Each stands for its flow, its company (`path`) and its name until the first poll of the flow in the company; up to which
-- message that holds is in `known_by_name`, whose row the first poll deletes.

ALTER TABLE messages ADD COLUMN remote TEXT NOT NULL DEFAULT '';
UPDATE messages SET remote = name WHERE direction = 'in';
DROP INDEX messages_once;
-- One remote file is one row, whatever crashed in between; a replay is a child of it. A record is one row of its flow.
CREATE UNIQUE INDEX messages_files ON messages (partner, remote, digest) WHERE direction = 'in' AND parent IS NULL;
CREATE UNIQUE INDEX messages_records ON messages (flow, path COLLATE NOCASE, remote)
    WHERE direction = 'out' AND parent IS NULL AND remote <> '';

CREATE TABLE known_by_name (
    flow    TEXT NOT NULL,
    company TEXT NOT NULL COLLATE NOCASE,
    last    INTEGER NOT NULL,                -- the last message of the flow that was made without a key
    PRIMARY KEY (flow, company)
) STRICT, WITHOUT ROWID;
-- The companies of a flow are those of its messages and those of its cursors (flow:company, or flow:company:account).
INSERT OR IGNORE INTO known_by_name
    SELECT flow, path, max(id) OVER (PARTITION BY flow) FROM messages WHERE direction = 'out';
INSERT OR IGNORE INTO known_by_name
    SELECT made.flow, substr(at.place, 1, instr(at.place || ':', ':') - 1), made.last
    FROM (SELECT flow, max(id) AS last FROM messages WHERE direction = 'out' GROUP BY flow) AS made
    JOIN (SELECT flow, substr(flow, instr(flow, ':') + 1) AS place FROM cursors) AS at
        ON substr(at.flow, 1, length(made.flow) + 1) = made.flow || ':';

CREATE TABLE keyed_sightings (
    endpoint TEXT NOT NULL,
    path     TEXT NOT NULL,
    remote   TEXT NOT NULL,
    name     TEXT NOT NULL,
    size     INTEGER NOT NULL,
    modified REAL,
    equal    INTEGER NOT NULL,               -- equal sightings in a row; 0 where it was passed over or is gone
    first_at REAL NOT NULL,
    last_at  REAL NOT NULL,
    waits    INTEGER NOT NULL,
    verdict  TEXT NOT NULL,
    message  INTEGER REFERENCES messages (id),
    PRIMARY KEY (endpoint, path, remote)
) STRICT, WITHOUT ROWID;
INSERT INTO keyed_sightings
    SELECT endpoint, path, name, name, size, modified, equal, first_at, last_at, waits, verdict, message FROM sightings;
DROP TABLE sightings;
ALTER TABLE keyed_sightings RENAME TO sightings;
CREATE INDEX sightings_name ON sightings (name COLLATE NOCASE);
