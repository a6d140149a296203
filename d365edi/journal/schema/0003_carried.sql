-- Which documents a delivery bears, each with the control numbers of the group and set that it became and with what the partner
-- said of it. One row for most deliveries, several where documents share an interchange, none for an acknowledgment.

CREATE TABLE carried (
    delivery      INTEGER NOT NULL REFERENCES deliveries (id),
    place         INTEGER NOT NULL,          -- 1, 2, 3 as they stand in the file
    document      INTEGER NOT NULL REFERENCES documents (id),
    functional_id TEXT NOT NULL,
    "group"       INTEGER,
    "set"         TEXT NOT NULL,
    ack           TEXT NOT NULL CHECK (ack IN ('none', 'awaited', 'accepted', 'accepted_with_errors', 'partially', 'rejected')),
    ack_detail    TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (delivery, place)
) STRICT, WITHOUT ROWID;
INSERT INTO carried
    SELECT id, 1, document, functional_id, "group", "set", CASE ack WHEN 'overdue' THEN 'awaited' ELSE ack END, ack_detail
    FROM deliveries WHERE document IS NOT NULL;
CREATE UNIQUE INDEX carried_document ON carried (document, delivery);
CREATE INDEX carried_group ON carried ("group", functional_id) WHERE "group" IS NOT NULL;

DROP INDEX deliveries_document;
ALTER TABLE deliveries DROP COLUMN document;
ALTER TABLE deliveries DROP COLUMN "set";
