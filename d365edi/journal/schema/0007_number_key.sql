-- Numbers that differ in blanks only are one number to a person: the key of a document is looked up so (`documents.py` has the
-- same expression). What is stored and sent stays as it was said.

CREATE INDEX documents_spaced ON documents (
    trim(replace(replace(replace(replace(replace(number, char(9), ' '), char(160), ' '), ' ', ' ' || char(1)), char(1) || ' ', ''), char(1), '')),
    partner, kind
) WHERE claimed_at IS NOT NULL;

-- What cannot be taken is shown by `status`, and files that were moved are looked for after a restore: neither reads a whole table.
CREATE INDEX sightings_stuck ON sightings (first_at) WHERE verdict <> '';
CREATE INDEX messages_settled ON messages (endpoint, settled_at) WHERE settled_name <> '';
