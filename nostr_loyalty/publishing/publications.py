"""What is promised to the world: an entry, a card, an answer, as the recipe of an event. Pure.

Lanes, the lower one first: 0 definitions, 1 entries and the customers' notices, 2 answers to order systems, 3 cards.
A card supersedes an unsent one of the same customer; nothing else is ever replaced.

Source: protocol §4 and §7 (entries, cards), §6 (answers).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from kinds import answer as wire_answer
from kinds import card as wire_card
from kinds import registry
from kinds.answer import Result
from kinds.card import Card, NextExpiry, TierProgress
from kinds.event import Template
from ledger import shown as ledger_shown
from ledger.book import Standing
from ledger.entry import Entry, NewEntry
from ledger.outbox import Promise
from nostr_loyalty.intake.recognition import OrderMessage, Rejection
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import sealing, wording

LANE_DEFINITION: Final = 0
LANE_ENTRY: Final = 1
LANE_ANSWER: Final = 2
LANE_CARD: Final = 3
DISPLAY: Final = "display"
"""The label of what is good for a moment only: it is sent once, soon, or not at all."""
LANES_URGENT: Final = (LANE_DEFINITION, LANE_ENTRY)
LANES_PATIENT: Final = (LANE_ANSWER, LANE_CARD)


class Reply(NamedTuple):
    """What the order system is told: `text` is the line for the order monitor, the rest is said in tags."""

    result: Result
    text: str
    points: int | None = None
    balance: int | None = None
    visits_month: int | None = None
    claim: str | None = None
    reason: str | None = None
    tier: str | None = None
    claim_uris: tuple[str, ...] = ()
    perks: tuple[tuple[str, str], ...] = ()
    pending_until: int | None = None


def is_public(program: ServedProgram, standing: Standing) -> bool:
    """Whether everybody may see this customer's entries and card: the customer's choice, else the program's."""
    return (standing.shares or program.visibility) == "public"


def entry(program: ServedProgram, standing: Standing, booked: NewEntry, said: str | None, seed: bytes) -> Promise:
    """The publication of an entry: in clear, or as a notice to the customer that carries the proof.

    `said` is what the notice says instead of the usual line.
    """
    if is_public(program, standing):
        return _promise(program, LANE_ENTRY, "entry", sealing.plain(booked.document), seed, program.relays)
    text = said or wording.notice(program, booked.points, booked.balance)
    tags = [["a", program.address, program.relays[0]], ["card", card_address(program, standing)]]
    recipe = sealing.notice(booked.document, standing.customer, text, tags, booked.recorded_at)
    return _promise(program, LANE_ENTRY, "notice", recipe, seed, program.relays, receiver=standing.customer)


def told(program: ServedProgram, standing: Standing, booked: NewEntry, said: str | None, seed: bytes) -> Promise:
    """What the customer is told of an entry that everybody can read: the same words, and where it is."""
    text = said or wording.notice(program, booked.points, booked.balance)
    tags = [
        ("a", program.address, program.relays[0]), ("card", card_address(program, standing)),
        ("e", booked.ref, program.relays[0], "mention"), ("notice",),
    ]  # fmt: skip
    recipe = sealing.message(standing.customer, text, tags, booked.recorded_at)
    return _promise(program, LANE_ANSWER, "word", recipe, seed, program.relays, receiver=standing.customer)


def shown(program: ServedProgram, standing: Standing, entry: Entry, seed: bytes) -> Promise:
    """The publication in clear of an entry that was private until now; there may be many, and nobody waits for them.

    It is protected (NIP-70), and not every relay takes what is: one that does is enough, the others are tried too.
    """
    name, recipe = ledger_shown.name_of(program.ledger_id, standing.id, entry.seq), sealing.plain(entry.document)
    return _promise(program, LANE_CARD, ledger_shown.LABEL, recipe, seed, program.relays, name)._replace(acks=1)


def withdrawal(program: ServedProgram, document: bytes, seed: bytes) -> Promise:
    """The publication of a request to delete (NIP-09); it goes after what it speaks of."""
    return _promise(program, LANE_CARD, "deletion", sealing.plain(document), seed, program.relays)


def last_card(program: ServedProgram, standing: Standing) -> Template:
    """A public card that says nothing any more, to be put in the last one's place and then deleted."""
    nothing = Card(program.address, standing.customer, 0, 0, 0, 0, None)
    return wire_card.public_template(nothing, standing.card_at)


def letter(
    program: ServedProgram, to: str, text: str, tags: list[tuple[str, ...]], now: int, seed: bytes, *,
    nip04: bool = False, proof: bytes | None = None,
) -> Promise:  # fmt: skip
    """The answer to a letter, in the form in which it came; `proof`: a document that it hands over, signed."""
    reply_to = tags[0][1] if tags and tags[0][0] == "e" else None
    if nip04:
        recipe = sealing.nip04(to, text, reply_to, now)
    else:
        recipe = sealing.message(to, text, tags, now) if proof is None else sealing.notice(proof, to, text, tags, now)
    receiver = None if nip04 else to  # a kind 4 is read where it was written from, not where gift wraps are
    return _promise(program, LANE_ANSWER, "letter", recipe, seed, program.dm_relays, receiver=receiver)


def receipts(
    program: ServedProgram, to: str, text: str, tags: list[tuple[str, ...]], documents: Sequence[bytes], now: int,
    seed: bytes,
) -> Promise:  # fmt: skip
    """Entries that the customer asked for again, signed, each as a `proof`."""
    recipe = sealing.receipts(documents, to, text, tags, now)
    return _promise(program, LANE_ANSWER, "receipts", recipe, seed, program.dm_relays, receiver=to)


def card_address(program: ServedProgram, standing: Standing) -> str:
    """Where the customer's card is found: "37412:<issuer>:<d>", d being random for a private card."""
    return f"{registry.CARD}:{program.issuer}:{_card_name(program, standing)}"


def private_card_address(program: ServedProgram, name: str) -> str:
    """The address of a private card by its random name, whether or not it is still in use."""
    return f"{registry.CARD}:{program.issuer}:{name}"


def word(program: ServedProgram, to: str, text: str, now: int, seed: bytes) -> Promise:
    """A message to a customer or an operator that is about no entry."""
    recipe = sealing.message(to, text, [("a", program.address, program.relays[0]), ("notice",)], now)
    return _promise(program, LANE_ANSWER, "word", recipe, seed, program.relays, receiver=to)


def card(program: ServedProgram, standing: Standing, steps: tuple[int, int, str] | None, seed: bytes) -> Promise:
    """The customer's card as it stands now, at the time `standing.card_at`; `steps`: (reached, needed, next tier)."""
    expiry = standing.next_expiry_at
    facts = Card(
        program=program.address, customer=standing.customer, points=standing.balance, lifetime=standing.lifetime,
        visits_month=standing.visits_month, seq=standing.seq, head=standing.head, tier=standing.tier,
        tier_progress=TierProgress(*steps) if steps else None,
        next_expiry=NextExpiry(standing.next_expiry_points, expiry) if expiry is not None else None,
    )  # fmt: skip
    name = None if is_public(program, standing) else _card_name(program, standing)
    recipe = sealing.card(facts, name, standing.card_at)
    supersedes = f"card:{program.ledger_id}:{standing.id}"
    return _promise(program, LANE_CARD, "card", recipe, seed, program.relays, supersedes)


def answer(message: OrderMessage, reply: Reply, now: int, seed: bytes) -> Promise:
    """The answer to an order that was decided on (protocol §6)."""
    program = message.program
    recipe = _answer(message.message.author, message.message.ref, message.reference, reply, now)
    return _promise(program, LANE_ANSWER, "answer", recipe, seed, program.dm_relays)


def display(message: OrderMessage, reply: Reply, monitor: str, now: int, seed: bytes) -> Promise:
    """The same for a kitchen display, in a wrap that relays pass on and do not keep (21059)."""
    program = message.program
    tags = wire_answer.answer_tags(_said(message.message.ref, message.reference, reply))
    recipe = sealing.display(monitor, reply.text, [*tags, ("a", program.address)], now)
    return _promise(program, LANE_ANSWER, DISPLAY, recipe, seed, program.relays)


def rejection(rejected: Rejection, reply: Reply, now: int, seed: bytes) -> Promise:
    """The answer to a signed message that the door turned away."""
    recipe = _answer(rejected.message.author, rejected.message.ref, rejected.reference, reply, now)
    return Promise(LANE_ANSWER, "rejection", rejected.issuer, recipe, seed, rejected.relays, 1)


def _answer(to: str, ref: str, reference: str | None, reply: Reply, now: int) -> bytes:
    return sealing.message(to, reply.text, wire_answer.answer_tags(_said(ref, reference, reply)), now)


def _said(ref: str, reference: str | None, reply: Reply) -> wire_answer.Answer:
    return wire_answer.Answer(
        to_event=ref, order_id=reference, result=reply.result, points=reply.points, balance=reply.balance,
        tier=reply.tier, visits_month=reply.visits_month, claim=reply.claim, reason=reply.reason,
        claim_uris=reply.claim_uris, perks=reply.perks, pending_until=reply.pending_until,
    )  # fmt: skip


def _card_name(program: ServedProgram, standing: Standing) -> str:
    if is_public(program, standing):
        return f"{program.slug}:{standing.customer}"
    assert standing.card_name is not None, "a private standing is given its card's name when it first changes"
    return standing.card_name


def _promise(
    program: ServedProgram, lane: int, label: str, recipe: bytes, seed: bytes, relays: tuple[str, ...],
    supersedes: str | None = None, receiver: str | None = None,
) -> Promise:  # fmt: skip
    acks = min(program.acks, len(relays))
    return Promise(lane, label, program.issuer, recipe, seed, relays, acks, supersedes, receiver)
