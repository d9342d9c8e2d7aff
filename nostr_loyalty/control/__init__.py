"""How a command reaches the ledger that a running daemon holds: one process writes, so the command line asks it.

address  where the socket is, and how it is bound and reached
request  the lines that go over it, read strictly
server   the daemon's end
client   the command line's end
"""
