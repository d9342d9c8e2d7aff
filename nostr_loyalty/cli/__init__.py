"""The command line: `main` picks the verb, one module per verb does it.

A verb's module offers `add_arguments(parser)` and `run(args) -> int` (the exit code). It prints its result on stdout,
raises the errors of the rooms for everything else, and is imported only when its verb was asked for.

main      the table of verbs, and what each family of errors looks like to a person and to a script
asking    what the reading verbs have in common
acting    what the commands have in common: the running daemon is asked, or the ledger is opened
typed     what is typed as an argument, as values

init, run, demo, key                           a venue begins, serves, is shown; secret keys
check, inbox, outbox                           is the ledger sound, what was set aside, what waits to be sent
balance, history, vouchers, expiries           what a customer has, what happened, what was redeemed, what runs out
rewards, flags                                 what points buy, what the guard noticed
grant, revoke, refund, relink                  the operator's hand on points
redeem, use, cancel                            a voucher's life
freeze, unfreeze, release, drop, undo          the operator's hand on customers, on held orders, on its own last command
claim, feedback, refer                         what a customer asks for
lists, cards                                   what anybody, or a guest with a key, finds at relays; no ledger
report, export, import_, preview, replay       figures, and what other rules would do
"""
