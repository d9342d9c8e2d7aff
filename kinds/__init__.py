"""What is on the wire. Pure: no asyncio, no socket, no disk, no clock, no dice; randomness is an argument.

registry         the table of every kind: number, name, class, spec, read or written
errors           NotAdmitted, Unreadable, ChainBroken and their codes
keys             SecretKey, signatures, NIP-19 texts: the one door to secp256k1 and pynostr
tags             reading tags and the numbers in them
tlv              type-length-value lists, the inside of NIP-19 texts
event            NIP-01: Template, Rumor, Claimed, Event; parse, verify, sign
nip44            NIP-44 v2 encryption between two keys
gift_wrap        NIP-59: seal, wrap, unwrap
direct_message   NIP-17: kind 14
program          37411: a program's definition
earn             the rules in it by which points are earned
reward           what points buy
entry            7411: a line of the ledger, and the chain that anybody can verify
card             37412: a customer's standing
order            7412: a paid, refunded or canceled order
answer           the kind-14 answer to an order
relay_list       10002 (NIP-65) and 10050 (NIP-17)
relay_auth       22242 (NIP-42)
ncryptsec        NIP-49: a secret key under a password
"""
