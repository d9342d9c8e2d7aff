"""What a program decides: values in, decisions out; no clock, no disk, no network, no dice.

program    the rules of one program, ready to be evaluated
schedule   when a multiplier applies, by the clock on the venue's wall
calendar   local days, weeks and months of a venue
reckoning  a program's rules sorted for looking up
earning    how many points a paid order is worth, and why
vesting    which points wait before they are booked
guarding   which orders come too often to be a guest's
claiming   the codes on receipts: their form, and who may still use one
reversing  how many points a refund or a cancellation takes back
expiring   until when points live
tiering    which tier a customer holds, and what is missing for the next
redeeming  who may have which reward, and what a voucher costs in the end
referring  who may bring whom
handling   what an operator may do by hand
authority  who of a venue's people may do what
visiting   in which local month an order counts as a visit, and how that is said
refusal    the closed list of a rule's "no"
"""
