-- Keys that wrote and have no card yet: whether they had the welcome, and what they chose for when they have one. The
-- columns are those of a standing, which takes them over; what nothing came of for some months is forgotten.
CREATE TABLE newcomer (
    program_id INTEGER NOT NULL REFERENCES program (id),
    customer   BLOB    NOT NULL CHECK (length(customer) = 32),
    shares     TEXT    CHECK (shares IN ('public', 'private')),
    notify     TEXT    NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'important', 'off')),
    language   TEXT,
    badge      INTEGER NOT NULL DEFAULT 0 CHECK (badge IN (0, 1)),
    greeted    INTEGER NOT NULL DEFAULT 0 CHECK (greeted IN (0, 1)),
    wrote_at   INTEGER NOT NULL,
    PRIMARY KEY (program_id, customer)
) STRICT, WITHOUT ROWID;
CREATE INDEX newcomer_since ON newcomer (wrote_at);
