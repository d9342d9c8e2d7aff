"""The door: what is taken in, and what it is. No points move here.

lanes          what relays deliver, sorted so that a flood of wraps delays nobody's order
reception      before the transaction: for us, genuine, new, and its author may take our time
admission      what is looked at before a signature is checked, and strangers' allowance (pure)
opening        verify, unwrap (pure)
recognition    an order, a letter, or a rejection with its reason (pure)
patience       how many answers one key gets (pure)
subscriptions  what is asked of relays
"""
