"""The demo: two venues and their guests, against a real daemon and a real relay, and a stranger who checks.

cast       who plays: venues, tills, baristas, guests, a stranger; and the configuration that serves them
script     what happens, turn by turn: sales, repeats, refunds, receipts without a name, a forgery (pure)
letters    what guests and baristas write in words, and what they are answered (pure)
book       what was reported and written, and what that must come to, by sums of its own (pure)
readback   what a stranger, the guests and the tills find on the relay, held against the book (pure)
process    the daemon as a child process
screen     what is shown
play       the order of all this

What speaks to the relay is `nostr_loyalty.guest`. Nothing here looks into the ledger: what is claimed at the end is
what anybody could find out from outside.
"""
