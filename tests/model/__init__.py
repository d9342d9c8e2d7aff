"""A second opinion on the whole rule set: a naive model, written from the protocol and not from the product's code.

It keeps every fact in a list and works everything out anew each time it is asked. It is slow and dull on purpose.

rules    the rules of a program, as plain values, and as the TOML section that the product reads
days     local days, weeks and months
purse    one guest's points: lots, what was taken from which, and the deficit, by replaying all movements
earning  what one order earns, in fractions
tiers    which tier somebody holds, and until when
cafe     all the facts, and the questions that are asked of them
till     orders, refunds and cancellations
counter  what guests and operators ask for: redeem, use, cancel, claim, feedback, refer, grant, revoke, relink, undo
night    what happens by itself when somebody sweeps
house    the real thing, to be compared: a configuration, a ledger in a file, the daemon's own desks
"""
