"""What is done on a schedule beside the path of events.

housekeeping  audit at start and once a day, forgetting envelopes that no relay can send again
sweeping      every minute: whatever is due
outlived      with each sweep: old letters in the inbox, commands that waited for an owner
documents     for `nostr-loyalty check`: whether entries are booked as their documents say
counting      every minute: what was taken and dropped, by code
recommending  after a start: whether the programs that we recommend are there
in_vain       a guest is told that its entries could not be made public
self_test     after a start: whether our relays keep private messages
happenings    what the pool tells: logs, learned paces kept, promises hastened when a relay is back
"""
