"""Where a batch is decided: facts from the ledger in, a slip of everything to write out.

working_copy  the facts of one batch as they stand after each decision, and the slip (pure)
order_desk    what an order, a refund and a cancellation do (pure)
gathering     the facts of a batch, read inside the open transaction; the slip, written in the same
"""
