"""Where a batch is decided: facts from the ledger in, a slip of everything to write out.

facts          what the ledger says, the slip, and a movement of points (values)
working_copy   the facts of one batch as they stand after each decision, and the slip (pure)
order_desk     what a paid order does; refund_desk what a refund and a cancellation take back
crediting      what an order gives its customer, when it is reported and when its receipt is claimed
command_desk   what commands do: who may, once; then hand_desk (grant, revoke, freeze), order_hand_desk (refund,
               release, drop), reward_desk (redeem, use, cancel), relink_desk, undo_desk, guest_desk (claim, feedback,
               refer)
due_desk       what becomes due without anybody asking
lot_moves, voucher_moves, tier_desk, tiers    what several desks do
deed           what a command did
gathering, gathering_commands, gathering_due, completing    the facts, read inside the open transaction
writing        the slip, written in the same
"""
