"""What a program decides: values in, decisions out; no clock, no disk, no network, no dice.

program    the rules of one program, ready to be evaluated
earning    how many points a paid order is worth
reversing  how many points a refund or a cancellation takes back
visiting   in which local month an order counts as a visit, and how that is said
refusal    the closed list of a rule's "no"
"""
