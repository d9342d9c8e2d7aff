"""What is promised to the world, and how the promise is kept.

publications   what an entry, a card, an answer or a definition is, as a recipe (pure)
wording        the sentences people read (pure)
sealing        a recipe, its seed and the key become the bytes of an event (pure: same input, same bytes)
describing     a program's rules as its definition says them (pure)
definitions    the program's 37411 and the issuer's relay lists: published when their content changes
outbox_worker  takes promises from the ledger, seals them, sends them, writes down what relays said
"""
