"""A second opinion on the whole rule set: a naive model, written from the protocol and not from the product's code.

It keeps every fact in a list and works everything out anew each time it is asked. It is slow and dull on purpose.

rules       the rules of a program, as plain values, and as the TOML section that the product reads
days        local days, weeks and months
purse       one guest's points: lots, what was taken from which, and the deficit, by replaying all movements
earning     what one order earns, in fractions
tiers       which tier somebody holds, and until when
facts       what a café knows: orders, refunds, vouchers, guests
cafe        all of it, and the questions that are asked of it
till        orders, refunds and cancellations
counter     what guests ask for: redeem, use, cancel, claim, feedback, refer
hand        what operators do by hand: grant, revoke, freeze, relink, release, drop, undo
night       what happens by itself when somebody sweeps
examples    what the model's own tests have in common

The other half drives the model and the product side by side:

house       the real thing: a configuration, a ledger in a file, the daemon's own desks
pair        both, and the comparison of every figure
chance      bytes become rules and times
happenings  bytes become one happening of tills (`tills`) or one wish of guests and operators (`wishes`)
"""
