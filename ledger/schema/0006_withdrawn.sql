-- Up to which entry (its seq) of a chain relays were asked to delete what was public: they do not take it again (NIP-09).
ALTER TABLE standing ADD COLUMN withdrawn_seq INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn_seq >= 0);

-- Where somebody reads whose address is not kept: the one who was forgotten, for the farewell. Such a promise is not kept
-- when it is given up.
ALTER TABLE outbox ADD COLUMN last_relays TEXT;
