"""Properties of our own kinds: wire round trips, total parsers, and chains that no single mutation survives."""

import string
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds import answer, card, direct_message, entry, order, program, relay_list
from kinds.earn import ItemEarn, OccasionEarn, PaymentEarn, ReferralEarn, SpendEarn, VisitEarn
from kinds.errors import ChainBroken, Unreadable
from kinds.event import Event, Rumor, Template, author, parse_event, sign, to_json, verify
from kinds.keys import SecretKey
from kinds.reward import PERIODS, TYPES, Reward
from tests.unit.kinds.samples import CARD, CUSTOMER, FULL_PROGRAM, ISSUER, NOW, ORDER, PROGRAM, SOURCE, chain

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = st.text(CHARACTERS, max_size=40)
NAME = st.text(CHARACTERS, min_size=1, max_size=40)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
COUNT = st.integers(0, 2**53 - 1)
POINTS = st.integers(1, 10_000)
DECIMALS = st.from_regex(r"(0|[1-9][0-9]{0,15})(\.[0-9]{1,8})?", fullmatch=True).filter(str.isascii)
AMOUNTS = st.builds(order.Amount, DECIMALS, st.sampled_from(["sat", "msat", "EUR", "JPY"]))
SPANS = st.builds("{}{}".format, st.integers(0, 999_999_999), st.sampled_from(["min", "h", "d", "w"]))
DATES = st.dates().map(str)
SLUGS = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=64)


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The value, or None."""
    return st.none() | strategy


ORDERS = st.builds(
    ORDER._replace,
    order_id=st.text(CHARACTERS, min_size=1, max_size=128),
    customer=st.sampled_from([None, CUSTOMER.public]),
    status=st.just("refunded"),
    amount=AMOUNTS,
    paid_at=COUNT,
    refund_id=optional(NAME),
    lines=st.lists(st.builds(order.Line, st.sampled_from(order.LINE_TYPES), AMOUNTS), max_size=3).map(tuple),
    items=st.lists(st.builds(order.Item, NAME, DECIMALS, AMOUNTS), max_size=3).map(tuple),
    payment=optional(st.builds(order.Payment, st.sampled_from(order.PAYMENT_METHODS), optional(TEXT))),
    table=optional(NAME),
    note=optional(NAME),
)
EARNS = st.one_of(
    st.builds(SpendEarn, COUNT, DECIMALS, NAME),
    st.builds(VisitEarn, COUNT, st.none() | st.tuples(DECIMALS, NAME), st.none()),
    st.builds(VisitEarn, COUNT, st.tuples(DECIMALS, NAME), SPANS),
    st.builds(PaymentEarn, COUNT, TEXT),
    st.builds(ItemEarn, COUNT, TEXT),
    st.builds(OccasionEarn, st.sampled_from(["welcome", "feedback"]), COUNT),
    st.builds(ReferralEarn, COUNT, COUNT, st.none(), st.none()),
    st.builds(ReferralEarn, COUNT, COUNT, SPANS, optional(COUNT)),
)
LIMITS = st.tuples(st.none(), st.none()) | st.tuples(COUNT, optional(st.sampled_from(PERIODS)))
REWARDS = st.builds(
    lambda limit, **fields: Reward(**fields, limit=limit[0], limit_period=limit[1]), limit=LIMITS, id=NAME, title=TEXT,
    cost=COUNT, type=st.sampled_from(TYPES), value=TEXT, min_tier=optional(NAME), stock=optional(COUNT),
    valid_from=optional(DATES), valid_until=optional(DATES), hold=optional(SPANS),
)  # fmt: skip
BASES = st.builds(
    program.TierBasis, st.sampled_from(["points", "spend", "visits"]), st.just("") | SPANS, SPANS, optional(TEXT)
)
PERKS = st.builds(program.Perk, TEXT, st.sampled_from(["multiplier", "item", "note"]), TEXT)


def with_staff_relay(said: program.Program, url: str) -> program.Program:
    """The program with a relay for its people, if it has people and that relay is not the first one anyway."""
    people = said.sources or said.operators
    return replace(said, staff_relay=url) if people and url not in ("", *said.relays[:1]) else said


PROGRAMS_WITHOUT = st.builds(
    replace,
    st.just(FULL_PROGRAM),
    slug=SLUGS,
    title=NAME,
    summary=TEXT,
    image=optional(TEXT),
    sources=st.lists(HEX, max_size=3).map(tuple),
    operators=st.lists(HEX, max_size=3).map(tuple),
    relays=st.lists(TEXT, max_size=3).map(tuple),
    earn=st.lists(EARNS, max_size=4).map(tuple),
    excludes=st.lists(st.sampled_from(["tip", "service"]) | TEXT.map("item:{}".format), max_size=3).map(tuple),
    multipliers=st.lists(st.builds(program.Multiplier, TEXT, DECIMALS, TEXT), max_size=3).map(tuple),
    caps=st.lists(st.builds(program.Cap, COUNT, st.sampled_from(PERIODS)), max_size=3).map(tuple),
    tiers=st.lists(st.builds(program.Tier, TEXT, TEXT, COUNT), max_size=3, unique_by=lambda tier: tier.id).map(tuple),
    tier_basis=optional(BASES),
    perks=st.lists(PERKS, max_size=3).map(tuple),
    rewards=st.lists(REWARDS, max_size=3, unique_by=lambda reward: reward.id).map(tuple),
    ttl=optional(SPANS),
    expiry_warning=optional(SPANS),
    vest=optional(st.builds(program.Vest, SPANS, st.sampled_from(["delivery", "all"]))),
    deficit=st.sampled_from(["allow", "clamp"]),
    claim_valid=optional(SPANS),
    visibility=st.sampled_from(["private", "public"]),
    terms=TEXT,
)
PROGRAMS = st.builds(with_staff_relay, PROGRAMS_WITHOUT, TEXT)
CARDS = st.builds(
    CARD._replace,
    points=st.integers(-(2**53) + 1, 2**53 - 1),
    lifetime=COUNT,
    visits_month=COUNT,
    seq=st.integers(1, 2**53 - 1),
    head=HEX,
    tier=optional(TEXT),
    tier_progress=optional(st.builds(card.TierProgress, COUNT, COUNT, st.from_regex(r"[a-z]{1,9}", fullmatch=True))),
    next_expiry=optional(st.builds(card.NextExpiry, COUNT, COUNT)),
)
ANSWERS = st.builds(
    answer.Answer,
    to_event=HEX,
    order_id=optional(TEXT),
    result=st.sampled_from(answer.RESULTS),
    points=optional(st.integers(-(2**53) + 1, 2**53 - 1)),
    balance=optional(st.integers(-(2**53) + 1, 2**53 - 1)),
    tier=optional(TEXT),
    visits_month=optional(COUNT),
    claim=optional(TEXT),
    reason=optional(TEXT),
    claim_uris=st.lists(TEXT, max_size=2).map(tuple),
    perks=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    pending_until=optional(COUNT),
)


def over_the_wire(template: Template, key: SecretKey) -> Event:
    """What a stranger holds after a relay delivered it."""
    return verify(parse_event(to_json(sign(template, key))))


@given(ORDERS)
def test_orders_survive_the_wire(value: order.PaidOrder) -> None:
    """template then parse is the identity on orders."""
    assert order.parse(over_the_wire(order.template(value, NOW), SOURCE)) == value


@given(PROGRAMS)
def test_programs_survive_the_wire(value: program.Program) -> None:
    """template then parse is the identity on programs."""
    assert program.parse(over_the_wire(program.template(value, NOW), ISSUER)) == value


@given(CARDS)
def test_cards_survive_the_wire(value: card.Card) -> None:
    """In clear and as the text that is encrypted."""
    assert card.parse(over_the_wire(card.public_template(value, NOW), ISSUER)) == value
    assert card.parse_private(card.private_text(value), ISSUER.public) == value


@given(ANSWERS, TEXT)
def test_answers_survive_the_wire(value: answer.Answer, text: str) -> None:
    """answer_tags then parse_answer is the identity on answers."""
    rumor = direct_message.compose(ISSUER.public, [SOURCE.public], text, answer.answer_tags(value), NOW)
    assert answer.parse_answer(rumor) == value


PARSERS: tuple[tuple[int, Callable[[Any], object]], ...] = (
    (7412, order.parse),
    (7411, entry.parse),
    (37411, program.parse),
    (37412, card.parse),
    (10002, relay_list.parse),
    (10050, relay_list.parse_dm),
    (14, answer.parse_answer),
    (14, direct_message.parse),
)
GENUINE = (
    *order.template(ORDER, NOW).tags,
    *program.template(FULL_PROGRAM, NOW).tags,
    *card.public_template(CARD, NOW).tags,
    *(tag for event in chain(("earned", 5), ("redeemed", -2)) for tag in event.tags),
    *answer.answer_tags(answer.Answer("ab" * 32, "1", "accepted", 1, 1, "x", 1, "y", "z")),
    ("r", "wss://relay.example", "read"),
    ("relay", "wss://relay.example"),
)
WORDS = st.sampled_from(sorted({word for tag in GENUINE for word in tag})) | TEXT
TAGS = st.lists(st.sampled_from(GENUINE) | st.lists(WORDS, min_size=1, max_size=6).map(tuple), max_size=25).map(tuple)


@given(st.sampled_from(PARSERS), TAGS, TEXT)
def test_any_tags_are_read_or_unreadable(parser: tuple[int, Callable[[Any], object]], tags: Any, text: str) -> None:
    """Every parser is total: genuine, shuffled and invented tags give a value or Unreadable, nothing else."""
    kind, parse = parser
    rumor: Rumor = author(Template(kind, NOW, tags, text), ISSUER.public)
    try:
        parse(rumor)
    except Unreadable:
        pass


@given(st.text(max_size=200))
def test_any_text_is_a_private_card_or_unreadable(text: str) -> None:
    """What a customer decrypts is read or named."""
    with pytest.raises(Unreadable):
        card.parse_private(text, ISSUER.public)


MOVES = st.lists(
    st.tuples(st.sampled_from(["earned", "granted"]), POINTS)
    | st.tuples(st.sampled_from(["redeemed", "expired"]), POINTS.map(lambda points: -points))
    | st.tuples(st.just("revoked"), st.integers(-10_000, 10_000)),
    min_size=1,
    max_size=8,
)


@given(MOVES, st.data())
def test_no_single_mutation_of_a_chain_survives(moves: Any, data: st.DataObject) -> None:
    """A valid chain verifies; with one entry altered and signed again, dropped, repeated or swapped it does not."""
    events = chain(*moves)
    entry.verify_chain(events)
    at = data.draw(st.integers(0, len(events) - 1))
    line, last = entry.parse(events[at]), at == len(events) - 1
    changes: list[dict[str, Any]] = [
        {"balance": line.balance + data.draw(POINTS)},
        {"seq": line.seq + data.draw(POINTS), "prev": line.prev or "0" * 64},
        {"key": entry.parse(events[at - 1]).key, "text": "x"} if len(events) > 1 else {"balance": line.balance - 1},
    ]
    if line.points != 0:
        changes.append({"points": 0})
    if at > 0:
        changes += [{"prev": "0" * 64}, {"customer": SOURCE.public}, {"program": program.address(ISSUER.public, "bar")}]
    if not last:
        changes += [{"text": "altered"}, {"rev": "0" * 64}, {"tier": "gold"}, {"private": True}]
    altered = sign(entry.template(line._replace(**data.draw(st.sampled_from(changes))), events[at].created_at), ISSUER)
    damaged = [[*events[:at], altered, *events[at + 1 :]], [*events[:at], events[at], *events[at:]]]
    if not last:
        damaged.append([*events[:at], *events[at + 1 :]])
        damaged.append([*events[:at], events[at + 1], events[at], *events[at + 2 :]])
    with pytest.raises(ChainBroken) as fault:
        entry.verify_chain(data.draw(st.sampled_from(damaged)))
    assert 0 <= fault.value.at <= len(events)


@given(HEX, st.sampled_from(["nostr", "lnbits"]), HEX, TEXT, TEXT)
def test_idempotency_keys_differ_where_facts_differ(
    issuer: str, adapter: str, source: str, one: str, other: str
) -> None:
    """Bug 9: the same fact has the same key for ever, two references never share one, whatever they contain."""
    address = program.address(issuer, "x")
    keys = [entry.idempotency_key(address, adapter, source, reference) for reference in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)
    assert entry.idempotency_key(PROGRAM, adapter, source, one) not in keys
