"""What is promised to the world, and how the promise is kept.

publications   what an entry, a card, an answer or a definition is, as a recipe (pure)
wording        the sentences people read of orders and entries (pure)
answering      what is answered to questions (pure)
acknowledging  what is said after a choice or a command (pure)
helping        what is said to somebody who asks how things are said (pure)
welcoming      the welcome: a program's rules for people (pure)
relay_faults   what the venue is told of a relay at which something gets lost (pure)
saying         a sentence in the program's language (pure)
sealing        a recipe, its seed and the key become the bytes of an event (pure: same input, same bytes)
describing     a program's rules as its definition says them (pure)
announcing     what a key says in its own name, said again only when it has changed
self_portrait  who an issuer says that it is, and which kinds it handles (pure)
badges         the badges of tiers, and their award to customers who asked (pure)
program_lists  the lists of programs that are configured
definitions    the program's 37411 and what the issuer says of itself: published when their content changes
attempt        what relays said to one attempt at a promise, and what becomes of it (pure)
outbox_worker  takes promises from the ledger, seals them, sends them, writes down what relays said
"""
