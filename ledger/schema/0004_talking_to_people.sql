-- Talking to people: what a customer chose, commands that wait for an owner, people's relays, and customers who were forgotten.

-- shares: the customer's own choice of who sees entries and card; NULL: as the program says. notify: which notices it wants.
-- language NULL: the program's. badge: asked for badges. greeted: has had the welcome. forgotten: `customer` is a pseudonym.
ALTER TABLE standing ADD COLUMN shares TEXT CHECK (shares IN ('public', 'private'));
ALTER TABLE standing ADD COLUMN notify TEXT NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'important', 'off'));
ALTER TABLE standing ADD COLUMN language TEXT;
ALTER TABLE standing ADD COLUMN badge INTEGER NOT NULL DEFAULT 0 CHECK (badge IN (0, 1));
ALTER TABLE standing ADD COLUMN greeted INTEGER NOT NULL DEFAULT 0 CHECK (greeted IN (0, 1));
ALTER TABLE standing ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1));

-- Commands above an operator's limit, until an owner confirms one by its code. request: JSON of what was asked, by whom, when.
CREATE TABLE confirmation (
    hash       BLOB    PRIMARY KEY CHECK (length(hash) = 32),
    program_id INTEGER NOT NULL REFERENCES program (id),
    request    TEXT    NOT NULL,
    asked_at   INTEGER NOT NULL,
    until      INTEGER NOT NULL,
    done_at    INTEGER
) STRICT, WITHOUT ROWID;

-- Where a person reads messages (kind 10050), as far as it was looked up. relays: JSON; empty: none is known.
CREATE TABLE address (
    pubkey     BLOB    PRIMARY KEY CHECK (length(pubkey) = 32),
    relays     TEXT    NOT NULL,
    said_at    INTEGER NOT NULL,
    checked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An operator can pause a program by message; the configuration's own status comes first.
ALTER TABLE program ADD COLUMN paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1));

-- The salt of pseudonyms: one for each ledger, made when the first customer is forgotten.
CREATE TABLE salt (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    salt BLOB    NOT NULL CHECK (length(salt) = 32)
) STRICT;

-- Entries stay, but the documents of a forgotten customer, which name its key, may be taken out; nothing else, and not back.
DROP TRIGGER entry_is_final;
CREATE TRIGGER entry_is_final BEFORE UPDATE ON entry
WHEN NOT (length(NEW.document) = 0 AND OLD.id = NEW.id AND OLD.program_id = NEW.program_id
          AND OLD.standing_id = NEW.standing_id AND OLD.seq = NEW.seq AND OLD.type = NEW.type AND OLD.points = NEW.points
          AND OLD.balance = NEW.balance AND OLD.ref = NEW.ref AND OLD.prev_id IS NEW.prev_id AND OLD.key = NEW.key
          AND OLD.revision_id = NEW.revision_id AND OLD.order_id IS NEW.order_id AND OLD.reverses IS NEW.reverses
          AND OLD.occurred_at = NEW.occurred_at AND OLD.recorded_at = NEW.recorded_at
          AND OLD.expires_at IS NEW.expires_at
          AND EXISTS (SELECT 1 FROM standing WHERE standing.id = OLD.standing_id AND standing.forgotten = 1))
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;

-- A forgotten customer's own commands stay, under the pseudonym.
DROP TRIGGER action_is_undone_once;
CREATE TRIGGER action_is_undone_once BEFORE UPDATE ON action
WHEN (NEW.actor = OLD.actor AND (OLD.undone_by IS NOT NULL OR NEW.undone_by IS NULL))
  OR (NEW.actor <> OLD.actor
      AND (NEW.undone_by IS NOT OLD.undone_by
           OR NOT EXISTS (SELECT 1 FROM standing WHERE standing.program_id = OLD.program_id
                          AND standing.customer = NEW.actor AND standing.forgotten = 1)))
  OR NEW.id <> OLD.id OR NEW.program_id <> OLD.program_id OR NEW.ref <> OLD.ref OR NEW.verb <> OLD.verb
  OR NEW.standing_id IS NOT OLD.standing_id OR NEW.points <> OLD.points OR NEW.day <> OLD.day
  OR NEW.detail <> OLD.detail OR NEW.done_at <> OLD.done_at
BEGIN SELECT RAISE(ABORT, 'an action never changes, but that it is undone once'); END;

-- Badges of tiers that were awarded (NIP-58), each once: an award names its customer to everybody, and may have to be withdrawn.
CREATE TABLE award (
    standing_id INTEGER NOT NULL REFERENCES standing (id),
    tier        TEXT    NOT NULL,
    ref         BLOB    NOT NULL CHECK (length(ref) = 32),
    PRIMARY KEY (standing_id, tier)
) STRICT, WITHOUT ROWID;
