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
reward           what points buy
order            7412: a paid, refunded or canceled order
answer           the kind-14 answer to an order
redemption       7413: a customer asks for a reward without words
attestation      7414: one claim about one customer, for one audience
program_set      37413: a set of programs, and the follow set (30000) beside it
badge            NIP-58: 30009 and 8
metadata         NIP-01: kind 0
handler          NIP-89: 31990
deletion         NIP-09: kind 5
vanish           NIP-62: kind 62
nip04            NIP-04: kind 4, the old encrypted message
nip05            NIP-05: names such as bob@example.com
proof_of_work    NIP-13: work that stands behind an event
relay_url        a relay's URL in its normal form
relay_list       10002 (NIP-65) and 10050 (NIP-17)
relay_auth       22242 (NIP-42)
ncryptsec        NIP-49: a secret key under a password
"""
