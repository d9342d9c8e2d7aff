"""What is remembered: the ledger, its inbox and its outbox, in one SQLite file.

A map of the room:

- `units`      money as an integer of the smallest unit; points and times within their bounds
- `entry`      one line of the ledger, as given to the book and as read back
- `lot`        points credited together that expire together; what a credit, a debit or a reversal does to them
- `balance`    the naive fold over all entries: the second opinion
- `database`   the file: one writer, some readers, backup, a lock against a second daemon
- `files`      the file on the disk: the lock, who may read it, moving a copy into place
- `migrations` brings the file up to the newest schema
- `bulk`       a batch of rows as one parameter, and as one answer
- `programs`   programs and every revision of their rules
- `book`       appends entries: the only way points move
- `standings`  where each customer stands: read and made here, changed by the book
- `orders`     paid orders and what was paid back
- `tally`      what a customer did on one local day
- `stamps`     when each stamp was given
- `recount`    a program's customers counted anew, where what counts has changed
- `waiting_refunds`  refunds that came before their order
- `vouchers`   rewards that were promised, and how many are out
- `actions`    what was done by command
- `confirmations`    what waits for an owner's word
- `claim_attempts`   wrong claim codes, by key and hour
- `referrals`  who brought whom
- `heirs`      lots that moved to another key with their customer
- `feedback`   what guests said
- `awards`     which badges were awarded to whom
- `choices`    what customers chose, and being forgotten
- `newcomers`  keys without a card: what they chose, and whether they had the welcome
- `flags`      what the guard noticed
- `expiry_policy`    changes of how long points live
- `announcements`    what issuers last said about themselves
- `inbox`      what was taken in, and how far each relay was read
- `outbox`     what is promised and not yet delivered
- `shown`      promises to show what was private until now
- `addresses`  where people read messages, as far as it was looked up
- `statement`  reads for people
- `reporting`  sums for reports, and pages for exports
- `recorded`   what happened, in order, for trying other rules on it
- `audit`      recomputes everything and compares; `audit_questions` is what it asks the database
- `errors`     what can go wrong, one code each
- `schema/`    the tables, as numbered migrations

The ledger does not know what Nostr is. A *ref* is an opaque name of 64 hex digits, the sha256 of a *document*;
customers, sources and issuers are names of 64 hex digits too.
"""
