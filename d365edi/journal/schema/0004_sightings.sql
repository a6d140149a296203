-- Tables are named for what they hold: sightings of files at a place, documents in a delivery. Rows and columns stay as they are.
-- Indexes cannot be renamed, so they are made again.

ALTER TABLE looks RENAME TO sightings;
DROP INDEX looks_name;
CREATE INDEX sightings_name ON sightings (name COLLATE NOCASE);

ALTER TABLE carried RENAME TO delivery_documents;
DROP INDEX carried_document;
DROP INDEX carried_group;
CREATE UNIQUE INDEX delivery_documents_document ON delivery_documents (document, delivery);
CREATE INDEX delivery_documents_group ON delivery_documents ("group", functional_id) WHERE "group" IS NOT NULL;
