-- The life of points: tiers, claims, vouchers, pending points, the operator's hand. Days are ordinals of the venue's local
-- date (1 is 0001-01-01, as in Python's date.toordinal).

-- What decisions need of a customer without reading its past. spent_minor, earned_points and visits are the sums of its
-- tally. carried_visits: of its visits, those whose orders are another standing's (below 0: gone to one).
ALTER TABLE standing ADD COLUMN spent_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE standing ADD COLUMN earned_points INTEGER NOT NULL DEFAULT 0;
ALTER TABLE standing ADD COLUMN stamped_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE standing ADD COLUMN welcomed INTEGER NOT NULL DEFAULT 0 CHECK (welcomed IN (0, 1));
ALTER TABLE standing ADD COLUMN referral_id INTEGER;
ALTER TABLE standing ADD COLUMN last_order_id INTEGER;
ALTER TABLE standing ADD COLUMN frozen INTEGER NOT NULL DEFAULT 0 CHECK (frozen IN (0, 1));
ALTER TABLE standing ADD COLUMN relinked_to INTEGER CHECK (relinked_to <> id);
ALTER TABLE standing ADD COLUMN carried_visits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE standing ADD COLUMN tier TEXT;
ALTER TABLE standing ADD COLUMN grace_until INTEGER;
ALTER TABLE standing ADD COLUMN review_at INTEGER;
ALTER TABLE standing ADD COLUMN next_expiry_at INTEGER;
ALTER TABLE standing ADD COLUMN next_expiry_points INTEGER NOT NULL DEFAULT 0;

CREATE INDEX standing_to_review ON standing (review_at) WHERE review_at IS NOT NULL;

CREATE TRIGGER standing_is_relinked_once BEFORE UPDATE OF relinked_to ON standing
WHEN OLD.relinked_to IS NOT NULL AND NEW.relinked_to IS NOT OLD.relinked_to
BEGIN SELECT RAISE(ABORT, 'a standing is relinked once'); END;

-- day: the local day of the payment. basis_minor: the part that the rules counted. counted_minor: what counts as spend now.
-- fixed: the part of earned that a partial refund leaves (stamp, welcome, payment bonus); welcome: the part of fixed that
-- is the welcome bonus. unbooked: of reversed, what was taken back before there was an entry. clamped: of reversed, what
-- could not be taken and was forgiven. pending_until: earned and not yet booked; held: waits for an operator.
-- detail: lines, items and payment as JSON, for replays.
ALTER TABLE paid_order ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE paid_order ADD COLUMN basis_minor INTEGER NOT NULL DEFAULT 0 CHECK (basis_minor >= 0);
ALTER TABLE paid_order ADD COLUMN counted_minor INTEGER NOT NULL DEFAULT 0 CHECK (counted_minor >= 0);
ALTER TABLE paid_order ADD COLUMN fixed INTEGER NOT NULL DEFAULT 0 CHECK (fixed >= 0);
ALTER TABLE paid_order ADD COLUMN welcome INTEGER NOT NULL DEFAULT 0 CHECK (welcome >= 0);
ALTER TABLE paid_order ADD COLUMN unbooked INTEGER NOT NULL DEFAULT 0 CHECK (unbooked >= 0);
ALTER TABLE paid_order ADD COLUMN clamped INTEGER NOT NULL DEFAULT 0 CHECK (clamped >= 0 AND unbooked + clamped <= reversed);
ALTER TABLE paid_order ADD COLUMN pending_until INTEGER CHECK (pending_until IS NULL OR entry_id IS NULL);
ALTER TABLE paid_order ADD COLUMN held INTEGER NOT NULL DEFAULT 0
    CHECK (held IN (0, 1) AND (held = 0 OR pending_until IS NOT NULL));
ALTER TABLE paid_order ADD COLUMN detail TEXT;

CREATE INDEX order_pending ON paid_order (pending_until) WHERE pending_until IS NOT NULL;
CREATE INDEX order_pending_of ON paid_order (standing_id) WHERE pending_until IS NOT NULL;
CREATE INDEX refund_by_order ON refund (order_id);

CREATE TRIGGER order_is_booked_once BEFORE UPDATE OF entry_id, standing_id ON paid_order
WHEN OLD.entry_id IS NOT NULL AND (NEW.entry_id IS NOT OLD.entry_id OR NEW.standing_id IS NOT OLD.standing_id)
BEGIN SELECT RAISE(ABORT, 'the points of an order are booked once, for one customer'); END;

-- What was refunded of an order that nobody has claimed yet will not be booked when somebody does.
UPDATE paid_order SET day = paid_at / 86400 + 719163, basis_minor = amount_minor,
                      unbooked = CASE WHEN standing_id IS NULL THEN reversed ELSE 0 END,
                      counted_minor = CASE WHEN standing_id IS NULL OR status <> 'paid' THEN 0 ELSE amount_minor - refunded_minor END;

-- What a customer did on one local day, by source (32 zeros: no source). A cache: rebuilt from the orders. That orders and
-- visits never fall below 0 is checked by trigger: a CHECK would refuse a subtraction before it finds what it is from.
CREATE TABLE tally (
    standing_id INTEGER NOT NULL REFERENCES standing (id),
    day         INTEGER NOT NULL,
    source      BLOB    NOT NULL CHECK (length(source) = 32),
    orders      INTEGER NOT NULL,
    visits      INTEGER NOT NULL,
    points      INTEGER NOT NULL,
    spent_minor INTEGER NOT NULL,
    PRIMARY KEY (standing_id, day, source)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER tally_begins_with_something AFTER INSERT ON tally WHEN NEW.orders < 0 OR NEW.visits < 0
BEGIN SELECT RAISE(ABORT, 'a tally never falls below 0'); END;
CREATE TRIGGER tally_keeps_above_zero AFTER UPDATE ON tally WHEN NEW.orders < 0 OR NEW.visits < 0
BEGIN SELECT RAISE(ABORT, 'a tally never falls below 0'); END;

INSERT INTO tally (standing_id, day, source, orders, visits, points, spent_minor)
SELECT standing_id, day, source, count(*), sum(status = 'paid'), sum(earned - reversed), sum(counted_minor)
FROM paid_order WHERE standing_id IS NOT NULL GROUP BY standing_id, day, source;

UPDATE standing SET spent_minor = t.spent_minor, earned_points = t.points, last_order_id = t.last_id, welcomed = 1
FROM (SELECT standing_id, sum(counted_minor) AS spent_minor, sum(earned - reversed) AS points, max(id) AS last_id
      FROM paid_order WHERE standing_id IS NOT NULL GROUP BY standing_id) AS t
WHERE standing.id = t.standing_id;

-- warned: the customer was told that the lot will run out.
ALTER TABLE lot ADD COLUMN warned INTEGER NOT NULL DEFAULT 0 CHECK (warned IN (0, 1));

CREATE INDEX lot_to_warn ON lot (expires_at) WHERE expires_at IS NOT NULL AND remaining > 0 AND warned = 0;

UPDATE standing SET next_expiry_at = ending.at, next_expiry_points = ending.points
FROM (SELECT standing_id, expires_at AS at, sum(remaining) AS points,
             row_number() OVER (PARTITION BY standing_id ORDER BY expires_at) AS place
      FROM lot WHERE expires_at IS NOT NULL AND remaining > 0 GROUP BY standing_id, expires_at) AS ending
WHERE ending.standing_id = standing.id AND ending.place = 1;

-- place: the order in which one entry drew.
ALTER TABLE draw ADD COLUMN place INTEGER NOT NULL DEFAULT 0;

-- A promised reward. charged: cost less what was given back because the bill was smaller. slot: which of the rewards that
-- the limit allows in `period` it is; NULL where there is no limit, and once it is given back. What was promised stays as
-- it was; a voucher that is cancelled or has expired stays so, and has given everything back.
CREATE TABLE voucher (
    id              INTEGER PRIMARY KEY,
    program_id      INTEGER NOT NULL REFERENCES program (id),
    standing_id     INTEGER NOT NULL REFERENCES standing (id),
    hash            BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    reward          TEXT    NOT NULL,
    title           TEXT    NOT NULL,
    type            TEXT    NOT NULL,
    value           TEXT    NOT NULL,
    cost            INTEGER NOT NULL CHECK (cost > 0),
    charged         INTEGER NOT NULL CHECK (charged BETWEEN 0 AND cost),
    entry_id        INTEGER NOT NULL UNIQUE REFERENCES entry (id),
    status          TEXT    NOT NULL CHECK (status IN ('issued', 'used', 'cancelled', 'expired')),
    issued_at       INTEGER NOT NULL,
    hold_until      INTEGER NOT NULL,
    ended_at        INTEGER,
    period          INTEGER NOT NULL DEFAULT 0,
    slot            INTEGER,
    order_source    BLOB    CHECK (length(order_source) = 32),
    order_reference TEXT,
    CHECK ((status = 'issued') = (ended_at IS NULL)),
    CHECK (status IN ('issued', 'used') OR (charged = 0 AND slot IS NULL))
) STRICT;

CREATE INDEX voucher_of ON voucher (standing_id);
CREATE INDEX voucher_due ON voucher (hold_until) WHERE status = 'issued';
CREATE INDEX voucher_by_order ON voucher (program_id, order_reference) WHERE order_reference IS NOT NULL;
CREATE UNIQUE INDEX voucher_within_limit ON voucher (standing_id, reward, period, slot) WHERE slot IS NOT NULL;

CREATE TRIGGER voucher_is_kept BEFORE DELETE ON voucher
BEGIN SELECT RAISE(ABORT, 'vouchers are never deleted'); END;
CREATE TRIGGER voucher_is_for_its_redemption BEFORE INSERT ON voucher
BEGIN
    SELECT RAISE(ABORT, 'a voucher belongs to a redemption of its cost')
    WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.id = NEW.entry_id AND entry.type = 'redeemed'
                      AND entry.points = -NEW.cost AND entry.standing_id = NEW.standing_id
                      AND entry.program_id = NEW.program_id);
END;
CREATE TRIGGER voucher_keeps_its_promise BEFORE UPDATE ON voucher
WHEN NEW.id <> OLD.id OR NEW.program_id <> OLD.program_id OR NEW.hash <> OLD.hash OR NEW.reward <> OLD.reward
  OR NEW.title <> OLD.title OR NEW.type <> OLD.type OR NEW.value <> OLD.value OR NEW.cost <> OLD.cost
  OR NEW.entry_id <> OLD.entry_id OR NEW.issued_at <> OLD.issued_at OR NEW.period <> OLD.period
BEGIN SELECT RAISE(ABORT, 'what a voucher promises never changes'); END;
CREATE TRIGGER voucher_gives_back_once BEFORE UPDATE ON voucher
WHEN NEW.charged > OLD.charged OR (OLD.status IN ('cancelled', 'expired') AND NEW.status <> OLD.status)
BEGIN SELECT RAISE(ABORT, 'a voucher that was given back is not taken again'); END;

-- How many of a reward are out; `total` NULL: as many as wanted. More than there are cannot be written.
CREATE TABLE stock (
    program_id INTEGER NOT NULL REFERENCES program (id),
    reward     TEXT    NOT NULL,
    total      INTEGER CHECK (total >= 0),
    taken      INTEGER NOT NULL DEFAULT 0 CHECK (taken >= 0),
    PRIMARY KEY (program_id, reward)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER stock_is_kept BEFORE DELETE ON stock
BEGIN SELECT RAISE(ABORT, 'stocks are never deleted'); END;
CREATE TRIGGER stock_begins_in_bounds BEFORE INSERT ON stock WHEN NEW.taken > NEW.total
BEGIN SELECT RAISE(ABORT, 'more of a reward than there are'); END;
CREATE TRIGGER stock_is_never_oversold BEFORE UPDATE OF taken ON stock
WHEN NEW.taken > OLD.taken AND NEW.total IS NOT NULL AND NEW.taken > NEW.total
BEGIN SELECT RAISE(ABORT, 'more of a reward than there are'); END;

-- What was done by command, each once by its ref. undone_by: the action that took it back. detail: JSON of what undoing needs.
CREATE TABLE action (
    id          INTEGER PRIMARY KEY,
    program_id  INTEGER NOT NULL REFERENCES program (id),
    ref         BLOB    NOT NULL UNIQUE CHECK (length(ref) = 32),
    actor       BLOB    NOT NULL CHECK (length(actor) = 32),
    verb        TEXT    NOT NULL,
    standing_id INTEGER REFERENCES standing (id),
    points      INTEGER NOT NULL DEFAULT 0 CHECK (points >= 0),
    day         INTEGER NOT NULL,
    detail      TEXT    NOT NULL,
    undone_by   INTEGER REFERENCES action (id),
    done_at     INTEGER NOT NULL
) STRICT;

CREATE INDEX action_of ON action (program_id, actor, id);
CREATE INDEX action_by_day ON action (program_id, actor, day);

CREATE TRIGGER action_is_kept BEFORE DELETE ON action
BEGIN SELECT RAISE(ABORT, 'actions are never deleted'); END;
CREATE TRIGGER action_is_undone_once BEFORE UPDATE ON action
WHEN OLD.undone_by IS NOT NULL OR NEW.undone_by IS NULL OR NEW.id <> OLD.id OR NEW.program_id <> OLD.program_id
  OR NEW.ref <> OLD.ref OR NEW.actor <> OLD.actor OR NEW.verb <> OLD.verb OR NEW.standing_id IS NOT OLD.standing_id
  OR NEW.points <> OLD.points OR NEW.day <> OLD.day OR NEW.detail <> OLD.detail OR NEW.done_at <> OLD.done_at
BEGIN SELECT RAISE(ABORT, 'an action never changes, but that it is undone once'); END;

-- Wrong claim codes, by key and hour (unix seconds / 3600).
CREATE TABLE claim_attempt (
    program_id INTEGER NOT NULL REFERENCES program (id),
    hour       INTEGER NOT NULL,
    actor      BLOB    NOT NULL CHECK (length(actor) = 32),
    wrong      INTEGER NOT NULL CHECK (wrong > 0),
    PRIMARY KEY (program_id, hour, actor)
) STRICT, WITHOUT ROWID;

-- Who brought whom. waiting: for the friend's first order; vesting: order_id was paid; paid: both have their points.
CREATE TABLE referral (
    id             INTEGER PRIMARY KEY,
    program_id     INTEGER NOT NULL REFERENCES program (id),
    referrer_id    INTEGER NOT NULL REFERENCES standing (id),
    friend_id      INTEGER NOT NULL UNIQUE REFERENCES standing (id) CHECK (friend_id <> referrer_id),
    status         TEXT    NOT NULL CHECK (status IN ('waiting', 'vesting', 'paid')),
    order_id       INTEGER REFERENCES paid_order (id),
    vest_at        INTEGER,
    referrer_entry INTEGER REFERENCES entry (id),
    friend_entry   INTEGER REFERENCES entry (id),
    referred_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX referral_by_referrer ON referral (referrer_id);
CREATE INDEX referral_vesting ON referral (vest_at) WHERE status = 'vesting';
CREATE UNIQUE INDEX referral_by_order ON referral (order_id) WHERE order_id IS NOT NULL;

CREATE TRIGGER referral_is_kept BEFORE DELETE ON referral
BEGIN SELECT RAISE(ABORT, 'referrals are never deleted'); END;

-- What guests said, once per order.
CREATE TABLE feedback (
    order_id    INTEGER PRIMARY KEY REFERENCES paid_order (id),
    program_id  INTEGER NOT NULL REFERENCES program (id),
    standing_id INTEGER NOT NULL REFERENCES standing (id),
    text        TEXT    NOT NULL,
    entry_id    INTEGER REFERENCES entry (id),
    said_at     INTEGER NOT NULL
) STRICT;

CREATE TRIGGER feedback_is_kept BEFORE DELETE ON feedback
BEGIN SELECT RAISE(ABORT, 'feedback is never deleted'); END;

-- What the guard noticed, for an operator to look at.
CREATE TABLE flag (
    id          INTEGER PRIMARY KEY,
    program_id  INTEGER NOT NULL REFERENCES program (id),
    standing_id INTEGER NOT NULL REFERENCES standing (id),
    order_id    INTEGER NOT NULL REFERENCES paid_order (id),
    what        TEXT    NOT NULL CHECK (what IN ('customer', 'source')),
    orders      INTEGER NOT NULL,
    held        INTEGER NOT NULL CHECK (held IN (0, 1)),
    flagged_at  INTEGER NOT NULL,
    settled     TEXT    CHECK (settled IN ('released', 'dropped')),
    UNIQUE (order_id, what)
) STRICT;

CREATE INDEX flag_open ON flag (program_id, order_id) WHERE settled IS NULL;
CREATE TRIGGER flag_is_kept BEFORE DELETE ON flag
BEGIN SELECT RAISE(ABORT, 'flags are never deleted'); END;

-- Each change of how long points live, and the earliest end that it gave to older lots (NULL: none).
CREATE TABLE expiry_policy (
    id          INTEGER PRIMARY KEY,
    program_id  INTEGER NOT NULL REFERENCES program (id),
    revision_id INTEGER NOT NULL,
    ttl_days    INTEGER CHECK (ttl_days > 0),
    changed_at  INTEGER NOT NULL,
    limit_at    INTEGER,
    FOREIGN KEY (revision_id, program_id) REFERENCES revision (id, program_id)
) STRICT;

CREATE TRIGGER expiry_policy_is_kept BEFORE DELETE ON expiry_policy
BEGIN SELECT RAISE(ABORT, 'changes of expiry are never deleted'); END;
CREATE TRIGGER expiry_policy_is_final BEFORE UPDATE ON expiry_policy
BEGIN SELECT RAISE(ABORT, 'changes of expiry are never changed'); END;
