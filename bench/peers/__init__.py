"""Two bots that a user would write instead of running the daemon: honestly, and as well as it goes one at a time.

shop         what both have in common: the rule, the tables and the entry's tags
pynostr_bot  on pynostr
nostr_sdk_bot  on nostr-sdk (rust-nostr's bindings)

Each verifies an order, inserts it and the new balance into sqlite3, commits, signs the entry and publishes it, and then
takes the next order. They do less than the daemon: no answer, no card, no outbox, no catch-up, no refund, no rounding
rule, no privacy. Both are public only.
"""
