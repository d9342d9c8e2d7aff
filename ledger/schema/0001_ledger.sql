-- The ledger, version 1. Names are 32 bytes. Times are unix seconds. Points and money are integers.
-- An index over random values costs a page per row once the ledger is large: what grows with every order has none.

CREATE TABLE program (
    id            INTEGER PRIMARY KEY,
    address       TEXT    NOT NULL UNIQUE,
    slug          TEXT    NOT NULL,
    issuer        BLOB    NOT NULL CHECK (length(issuer) = 32),
    registered_at INTEGER NOT NULL
) STRICT;

-- Every revision of a program's rules. `digest` tells whether the rules changed, whatever the time in the document.
CREATE TABLE revision (
    id         INTEGER PRIMARY KEY,
    program_id INTEGER NOT NULL REFERENCES program (id),
    ref        BLOB    NOT NULL UNIQUE CHECK (length(ref) = 32),
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    document   BLOB    NOT NULL,
    added_at   INTEGER NOT NULL,
    UNIQUE (id, program_id)
) STRICT;

CREATE TRIGGER revision_is_kept BEFORE DELETE ON revision
BEGIN SELECT RAISE(ABORT, 'revisions are never deleted'); END;
CREATE TRIGGER revision_is_final BEFORE UPDATE ON revision
BEGIN SELECT RAISE(ABORT, 'revisions are never changed'); END;

-- One customer's standing in one program: a cache over its entries, lots and orders. seq, balance, head and last_at
-- follow the entries by trigger; the rest is written by the book.
CREATE TABLE standing (
    id           INTEGER PRIMARY KEY,
    program_id   INTEGER NOT NULL REFERENCES program (id),
    customer     BLOB    NOT NULL CHECK (length(customer) = 32),
    balance      INTEGER NOT NULL DEFAULT 0,
    deficit      INTEGER NOT NULL DEFAULT 0 CHECK (deficit >= 0),
    seq          INTEGER NOT NULL DEFAULT 0,
    head_id      INTEGER REFERENCES entry (id),
    head         BLOB    CHECK (length(head) = 32),
    lifetime     INTEGER NOT NULL DEFAULT 0 CHECK (lifetime >= 0),
    visits       INTEGER NOT NULL DEFAULT 0 CHECK (visits >= 0),
    month        INTEGER NOT NULL DEFAULT 0,
    visits_month INTEGER NOT NULL DEFAULT 0 CHECK (visits_month >= 0),
    first_at     INTEGER NOT NULL,
    last_at      INTEGER NOT NULL DEFAULT 0,
    card_at      INTEGER NOT NULL DEFAULT 0,
    card_name    TEXT,
    UNIQUE (program_id, customer)
) STRICT;

CREATE TRIGGER standing_is_kept BEFORE DELETE ON standing
BEGIN SELECT RAISE(ABORT, 'standings are never deleted'); END;
CREATE TRIGGER card_time_increases BEFORE UPDATE OF card_at ON standing WHEN NEW.card_at < OLD.card_at
BEGIN SELECT RAISE(ABORT, 'the time of a card never decreases'); END;

-- The lines. prev_id makes each standing a chain that is walked from its head: no index per customer is needed.
CREATE TABLE entry (
    id          INTEGER PRIMARY KEY,
    program_id  INTEGER NOT NULL,
    standing_id INTEGER NOT NULL REFERENCES standing (id),
    seq         INTEGER NOT NULL CHECK (seq >= 1),
    type        TEXT    NOT NULL CHECK (type IN ('earned', 'redeemed', 'expired', 'granted', 'revoked')),
    points      INTEGER NOT NULL CHECK (points <> 0),
    balance     INTEGER NOT NULL,
    ref         BLOB    NOT NULL CHECK (length(ref) = 32),
    prev_id     INTEGER,
    key         BLOB    NOT NULL CHECK (length(key) = 32),
    revision_id INTEGER NOT NULL,
    order_id    INTEGER,
    reverses    INTEGER REFERENCES entry (id) CHECK (reverses IS NULL OR type = 'revoked'),
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    expires_at  INTEGER CHECK (expires_at IS NULL OR points > 0),
    document    BLOB    NOT NULL,
    -- Refs are looked up seldom: an index in slices of 2,048 entries is written locally and still read by a few hundred probes.
    slice       INTEGER GENERATED ALWAYS AS (id >> 11) VIRTUAL,
    FOREIGN KEY (revision_id, program_id) REFERENCES revision (id, program_id),
    CHECK (CASE type WHEN 'earned' THEN points > 0 WHEN 'granted' THEN points > 0
                     WHEN 'redeemed' THEN points < 0 WHEN 'expired' THEN points < 0 ELSE 1 END)
) STRICT;

-- A key is unique for ever. Most keys belong to an order, which is unique itself by the very words that the key is made of
-- (program, source, reference): there the same key means the same order, and the index grows at its end, as orders do.
CREATE UNIQUE INDEX entry_by_order_and_key ON entry (order_id, key) WHERE order_id IS NOT NULL;
CREATE UNIQUE INDEX entry_by_key ON entry (key) WHERE order_id IS NULL;

CREATE UNIQUE INDEX entry_by_ref ON entry (slice, ref);
CREATE INDEX entry_by_reversed ON entry (reverses) WHERE reverses IS NOT NULL;

CREATE TRIGGER entry_is_kept BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER entry_is_final BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;

CREATE TRIGGER entry_continues_its_chain BEFORE INSERT ON entry
BEGIN
    SELECT RAISE(ABORT, 'an entry must continue its chain: program, seq, balance, prev and time')
    WHERE NOT EXISTS (
        SELECT 1 FROM standing
        WHERE standing.id = NEW.standing_id AND standing.program_id = NEW.program_id
          AND standing.seq = NEW.seq - 1 AND standing.balance = NEW.balance - NEW.points
          AND standing.head_id IS NEW.prev_id AND standing.last_at <= NEW.recorded_at);
END;

CREATE TRIGGER entry_reverses_no_more_than_there_is BEFORE INSERT ON entry WHEN NEW.reverses IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'all reversals of an entry together never exceed it')
    WHERE NOT EXISTS (
        SELECT 1 FROM entry AS reversed
        WHERE reversed.id = NEW.reverses AND reversed.standing_id = NEW.standing_id
          AND (reversed.points > 0) <> (NEW.points > 0)
          AND abs(NEW.points + (SELECT coalesce(sum(earlier.points), 0) FROM entry AS earlier
                                WHERE earlier.reverses = NEW.reverses)) <= abs(reversed.points));
END;

CREATE TRIGGER entry_moves_its_standing AFTER INSERT ON entry
BEGIN
    UPDATE standing SET seq = NEW.seq, balance = NEW.balance, head_id = NEW.id, head = NEW.ref, last_at = NEW.recorded_at
    WHERE id = NEW.standing_id;
END;

-- What is left of a credit. Its id is that of the entry that opened it. Moved by draws and reversals only.
CREATE TABLE lot (
    entry_id    INTEGER PRIMARY KEY REFERENCES entry (id),
    standing_id INTEGER NOT NULL,
    points      INTEGER NOT NULL CHECK (points > 0),
    filled      INTEGER NOT NULL CHECK (filled BETWEEN 0 AND points), -- went into a deficit when the lot was opened
    remaining   INTEGER NOT NULL CHECK (remaining BETWEEN 0 AND points),
    expired     INTEGER NOT NULL DEFAULT 0 CHECK (expired >= 0),
    reversed    INTEGER NOT NULL DEFAULT 0 CHECK (reversed BETWEEN 0 AND points),
    expires_at  INTEGER,
    opened_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX lot_by_expiry ON lot (expires_at) WHERE expires_at IS NOT NULL AND remaining > 0;

CREATE TRIGGER lot_is_kept BEFORE DELETE ON lot
BEGIN SELECT RAISE(ABORT, 'lots are never deleted'); END;
CREATE TRIGGER lot_belongs_to_its_credit BEFORE INSERT ON lot
BEGIN
    SELECT RAISE(ABORT, 'a lot must be opened by a credit of the same size and standing')
    WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.id = NEW.entry_id
                      AND entry.standing_id = NEW.standing_id AND entry.points = NEW.points);
END;

CREATE TRIGGER reversal_is_noted_on_the_lot AFTER INSERT ON entry WHEN NEW.reverses IS NOT NULL AND NEW.points < 0
BEGIN
    UPDATE lot SET reversed = reversed - NEW.points WHERE entry_id = NEW.reverses;
END;

-- A piece taken from a lot by a debit (points > 0), or put back by the reversal of one (points < 0, perhaps with a longer life).
CREATE TABLE draw (
    entry_id   INTEGER NOT NULL REFERENCES entry (id),
    lot_id     INTEGER NOT NULL REFERENCES lot (entry_id),
    points     INTEGER NOT NULL CHECK (points <> 0),
    expires_at INTEGER CHECK (expires_at IS NULL OR points < 0),
    PRIMARY KEY (entry_id, lot_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER draw_is_kept BEFORE DELETE ON draw
BEGIN SELECT RAISE(ABORT, 'draws are never deleted'); END;
CREATE TRIGGER draw_is_final BEFORE UPDATE ON draw
BEGIN SELECT RAISE(ABORT, 'draws are never changed'); END;

CREATE TRIGGER draw_stays_within_the_standing BEFORE INSERT ON draw
BEGIN
    SELECT RAISE(ABORT, 'an entry draws on lots of its own standing')
    WHERE NOT EXISTS (SELECT 1 FROM entry JOIN lot ON lot.standing_id = entry.standing_id
                      WHERE entry.id = NEW.entry_id AND lot.entry_id = NEW.lot_id AND (entry.points > 0) <> (NEW.points > 0));
END;

CREATE TRIGGER draw_moves_its_lot AFTER INSERT ON draw
BEGIN
    UPDATE lot SET remaining = remaining - NEW.points,
                   expired = expired + (SELECT CASE type WHEN 'expired' THEN NEW.points ELSE 0 END FROM entry WHERE id = NEW.entry_id),
                   expires_at = coalesce(NEW.expires_at, expires_at)
    WHERE entry_id = NEW.lot_id;
END;

-- What order systems reported. Money is in the smallest unit of its currency.
CREATE TABLE paid_order (
    id             INTEGER PRIMARY KEY,
    program_id     INTEGER NOT NULL REFERENCES program (id),
    source         BLOB    NOT NULL CHECK (length(source) = 32),
    reference      TEXT    NOT NULL,
    status         TEXT    NOT NULL CHECK (status IN ('paid', 'refunded', 'canceled')),
    standing_id    INTEGER REFERENCES standing (id),
    currency       TEXT    NOT NULL,
    amount_minor   INTEGER NOT NULL CHECK (amount_minor >= 0),
    refunded_minor INTEGER NOT NULL CHECK (refunded_minor BETWEEN 0 AND amount_minor),
    paid_at        INTEGER NOT NULL,
    month          INTEGER NOT NULL,
    entry_id       INTEGER REFERENCES entry (id),
    earned         INTEGER NOT NULL CHECK (earned >= 0),
    reversed       INTEGER NOT NULL CHECK (reversed BETWEEN 0 AND earned),
    claim_hash     BLOB    CHECK (length(claim_hash) = 32),
    message_ref    BLOB    NOT NULL CHECK (length(message_ref) = 32),
    recorded_at    INTEGER NOT NULL,
    UNIQUE (program_id, source, reference)
) STRICT;

CREATE UNIQUE INDEX paid_order_by_claim ON paid_order (claim_hash) WHERE claim_hash IS NOT NULL;

CREATE TRIGGER paid_order_is_kept BEFORE DELETE ON paid_order
BEGIN SELECT RAISE(ABORT, 'orders are never deleted'); END;

-- Each refund once; it outlives whatever it took back.
CREATE TABLE refund (
    id           INTEGER PRIMARY KEY,
    program_id   INTEGER NOT NULL REFERENCES program (id),
    source       BLOB    NOT NULL CHECK (length(source) = 32),
    reference    TEXT    NOT NULL,
    order_id     INTEGER NOT NULL REFERENCES paid_order (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    points       INTEGER NOT NULL CHECK (points >= 0),
    entry_id     INTEGER REFERENCES entry (id),
    message_ref  BLOB    NOT NULL CHECK (length(message_ref) = 32),
    recorded_at  INTEGER NOT NULL,
    UNIQUE (program_id, source, reference)
) STRICT;

CREATE TRIGGER refund_is_kept BEFORE DELETE ON refund
BEGIN SELECT RAISE(ABORT, 'refunds are never deleted'); END;

-- What was taken in. Sorted by the message's time, so that live traffic is written at the end.
CREATE TABLE inbox (
    created_at INTEGER NOT NULL,
    ref        BLOB    NOT NULL CHECK (length(ref) = 32),
    code       TEXT    NOT NULL,
    taken_at   INTEGER NOT NULL,
    PRIMARY KEY (created_at, ref)
) STRICT, WITHOUT ROWID;

-- Envelopes that were opened: remembering them saves work, nothing more.
CREATE TABLE envelope (
    created_at INTEGER NOT NULL,
    ref        BLOB    NOT NULL CHECK (length(ref) = 32),
    PRIMARY KEY (created_at, ref)
) STRICT, WITHOUT ROWID;

-- Messages that surprised us, until somebody has looked at them.
CREATE TABLE aside (
    ref        BLOB    PRIMARY KEY CHECK (length(ref) = 32),
    created_at INTEGER NOT NULL,
    document   BLOB    NOT NULL,
    traceback  TEXT    NOT NULL,
    aside_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far each relay was read, per subscription, and the pace (messages a minute) that it endures.
CREATE TABLE cursor (
    relay        TEXT    NOT NULL,
    subscription TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    PRIMARY KEY (relay, subscription)
) STRICT, WITHOUT ROWID;

CREATE TABLE pace (
    relay      TEXT    PRIMARY KEY,
    per_minute INTEGER NOT NULL CHECK (per_minute > 0)
) STRICT, WITHOUT ROWID;

-- What is promised. A delivered row is deleted and counted in `delivered`; an abandoned one stays, with its reason.
CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    lane        INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 3),
    label       TEXT    NOT NULL,
    issuer      BLOB    NOT NULL CHECK (length(issuer) = 32),
    recipe      BLOB    NOT NULL,
    seed        BLOB    NOT NULL CHECK (length(seed) = 32),
    relays      TEXT    NOT NULL,
    acks        INTEGER NOT NULL CHECK (acks >= 1),
    supersedes  TEXT,
    promised_at INTEGER NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'abandoned')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL DEFAULT 0,
    accepted    TEXT    NOT NULL DEFAULT '[]',
    refused     TEXT    NOT NULL DEFAULT '[]',
    reason      TEXT
) STRICT;

CREATE INDEX outbox_waiting ON outbox (lane, due_at, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX outbox_newest ON outbox (supersedes) WHERE state = 'waiting' AND supersedes IS NOT NULL;

CREATE TABLE delivered (
    label TEXT    PRIMARY KEY,
    total INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
