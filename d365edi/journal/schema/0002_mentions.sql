-- What documents that went out name: the order they answer, the packing slip, the numbers of cartons. What is sent later is held
-- against it.

CREATE TABLE mentions (
    document INTEGER NOT NULL REFERENCES documents (id),
    what     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (document, what, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_value ON mentions (value, what);
