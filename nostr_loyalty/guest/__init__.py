"""What a guest's client does: reads relays, checks what they say, shows it. No ledger, no key but the guest's own.

client          a Nostr client on `relay_client`, for one relay: publishes, asks, hands on what is verified
relays          several relays, read as one
messages        what a guest's and a till's client make of a gift wrap (pure)
holding         what a guest has in one program, and whether all of it holds together (pure)
collecting      everything that a guest has, found at relays
program_search  programs by their addresses
curated         lists of programs, found at relays
rules_in_words  a program's rules as sentences, and side by side (pure)
"""
