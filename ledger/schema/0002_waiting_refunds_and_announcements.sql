-- Refunds and cancellations that came before their order: applied when it comes, and then deleted here and kept in refund.
CREATE TABLE waiting_refund (
    program_id      INTEGER NOT NULL REFERENCES program (id),
    source          BLOB    NOT NULL CHECK (length(source) = 32),
    order_reference TEXT    NOT NULL,
    reference       TEXT    NOT NULL,
    canceled        INTEGER NOT NULL CHECK (canceled IN (0, 1)),
    currency        TEXT    NOT NULL,
    amount_minor    INTEGER NOT NULL CHECK (amount_minor >= 0),
    message_ref     BLOB    NOT NULL CHECK (length(message_ref) = 32),
    recorded_at     INTEGER NOT NULL,
    PRIMARY KEY (program_id, source, order_reference, reference)
) STRICT, WITHOUT ROWID;

-- What an issuer last said about itself, by name: published again only when its digest changes.
CREATE TABLE announcement (
    issuer   BLOB    NOT NULL CHECK (length(issuer) = 32),
    name     TEXT    NOT NULL,
    digest   BLOB    NOT NULL CHECK (length(digest) = 32),
    said_at  INTEGER NOT NULL,
    PRIMARY KEY (issuer, name)
) STRICT, WITHOUT ROWID;
