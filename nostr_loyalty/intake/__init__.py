"""How a stranger's bytes become an order that a rule can decide on.

subscriptions  what is asked of the relays, and how far back
admission      the door: what is looked at, before a signature is checked (pure)
recognition    a verified message becomes an order for a program, or a rejection with its reason (pure)
"""
