-- What is due is looked for by program: lots of others are not read over and over.
ALTER TABLE lot ADD COLUMN program_id INTEGER REFERENCES program (id);
UPDATE lot SET program_id = (SELECT program_id FROM standing WHERE standing.id = lot.standing_id);

DROP INDEX lot_to_warn;
CREATE INDEX lot_to_warn ON lot (program_id, expires_at) WHERE expires_at IS NOT NULL AND remaining > 0 AND warned = 0;

-- For the audit: which lots got points back.
CREATE INDEX draw_put_back ON draw (lot_id) WHERE points < 0;
CREATE INDEX expiry_policy_of ON expiry_policy (program_id);
