"""Reaching people where they are: at hosts and relays that they named, not we.

hosts         a host's addresses, looked up once; private ones are refused
names         NIP-05: a public key for a name such as bob@example.com
https         one document from a stranger's host
address_book  where somebody reads messages (kind 10050), looked up and remembered
routes        which relays a promise goes to, and getting there
"""
