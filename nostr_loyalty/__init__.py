"""What is decided: the daemon that turns paid orders on relays into signed, chained entries.

event_path      the way of an event, from the relay to the ledger: read this first
daemon          the composition root: knows everyone, decides nothing
cli             the command line
upkeep          what is done on a schedule beside the path
config          the operator's file
intake          how a stranger's bytes become an order
desk            where a batch of orders is decided
publishing      what is promised to the world, and how it is kept
programs        a program as the daemon serves it
rules           what a program decides (pure)
reports         figures, exports, imports; rules that are tried out in memory
guest           what a guest's client does: reads relays, checks what they say, shows it
embedded_relay  a venue's own relay in a supervised child process
clock, errors, keyfile, logs, readiness
"""
