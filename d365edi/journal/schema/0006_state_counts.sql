-- How many messages, documents, deliveries and acknowledgments stand in which state, by partner. `status` reads these few rows;
-- counting a million each time takes seconds. Triggers keep them in the transaction that changes a state, whoever changes it.

CREATE TABLE state_counts (
    what    TEXT NOT NULL,                   -- messages, documents, deliveries, acks
    partner TEXT NOT NULL,
    state   TEXT NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (what, partner, state)
) STRICT, WITHOUT ROWID;
INSERT INTO state_counts SELECT 'messages', partner, state, count(*) FROM messages GROUP BY partner, state;
INSERT INTO state_counts SELECT 'documents', partner, state, count(*) FROM documents GROUP BY partner, state;
INSERT INTO state_counts SELECT 'deliveries', partner, state, count(*) FROM deliveries GROUP BY partner, state;
INSERT INTO state_counts SELECT 'acks', partner, ack, count(*) FROM deliveries WHERE ack <> 'none' GROUP BY partner, ack;

CREATE TRIGGER messages_counted AFTER INSERT ON messages
BEGIN
    INSERT INTO state_counts VALUES ('messages', new.partner, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER messages_recounted AFTER UPDATE OF state ON messages WHEN new.state <> old.state
BEGIN
    UPDATE state_counts SET count = count - 1 WHERE what = 'messages' AND partner = old.partner AND state = old.state;
    INSERT INTO state_counts VALUES ('messages', new.partner, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER documents_counted AFTER INSERT ON documents
BEGIN
    INSERT INTO state_counts VALUES ('documents', new.partner, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER documents_recounted AFTER UPDATE OF state ON documents WHEN new.state <> old.state
BEGIN
    UPDATE state_counts SET count = count - 1 WHERE what = 'documents' AND partner = old.partner AND state = old.state;
    INSERT INTO state_counts VALUES ('documents', new.partner, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER deliveries_counted AFTER INSERT ON deliveries
BEGIN
    INSERT INTO state_counts VALUES ('deliveries', new.partner, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER deliveries_recounted AFTER UPDATE OF state ON deliveries WHEN new.state <> old.state
BEGIN
    UPDATE state_counts SET count = count - 1 WHERE what = 'deliveries' AND partner = old.partner AND state = old.state;
    INSERT INTO state_counts VALUES ('deliveries', new.partner, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER acks_counted AFTER INSERT ON deliveries WHEN new.ack <> 'none'
BEGIN
    INSERT INTO state_counts VALUES ('acks', new.partner, new.ack, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER acks_recounted AFTER UPDATE OF ack ON deliveries WHEN new.ack <> old.ack
BEGIN
    UPDATE state_counts SET count = count - 1 WHERE what = 'acks' AND partner = old.partner AND state = old.ack;
    INSERT INTO state_counts SELECT 'acks', new.partner, new.ack, 1 WHERE new.ack <> 'none'
        ON CONFLICT DO UPDATE SET count = count + 1;
END;
