"""What the daemon costs on this machine, and what a user would get by writing a bot instead: `python -m bench`.

steps           the steps of a run, one letter each, and the targets
figures         a figure, its target, and the table that is printed
floor           what the cryptography of one order costs on one core: nobody is faster
relay_socket    a WebSocket client that costs next to nothing, since it shares the cores with what it measures
load            a venue's orders, signed beforehand and framed, and the customers they are about
subject         what is measured, as a process: the daemon, a bot; its CPU time and memory
throughput      from the first order sent to the last entry received, and until everything promised is sent
reading_back    every entry received is opened, verified and counted
idle            the time of a single order
filled_ledger   a ledger of a million entries
real_relay      the Rust relay at its limit of messages a minute
profiling       where the daemon's time goes, line by line
bots            the bots of timed_daemon    the daemon with a stopwatch in its database threads
peers/ as subjects
timed_daemon    the daemon with a stopwatch in its database threads
peers/          the two bots
"""
