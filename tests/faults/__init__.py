"""Tests of the real process: killed, cut off, out of space, out of time, crowded and lied to.

daemon_process  `nostr-loyalty run`, started and killed
flow            orders that flow, and what they are worth
witness         a stranger who has seen everything published, and adds it up
network         a cable that can be cut
"""
