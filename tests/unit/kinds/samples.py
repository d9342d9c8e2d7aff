"""Values that several tests of this room start from. Keys are made anew for every run."""

import os

from kinds.card import Card, NextExpiry, TierProgress
from kinds.earn import ItemEarn, OccasionEarn, PaymentEarn, ReferralEarn, SpendEarn, VisitEarn
from kinds.entry import Entry, EntryType, idempotency_key, template
from kinds.event import Event, Template, sign
from kinds.keys import SecretKey
from kinds.order import Amount, Item, Line, PaidOrder, Payment
from kinds.program import Cap, Multiplier, Perk, Program, Tier, TierBasis, Vest, address
from kinds.reward import Reward

NOW = 1_750_000_000


def new_key() -> SecretKey:
    """A key that nobody has had before."""
    return SecretKey(os.urandom(32))


ISSUER, SOURCE, CUSTOMER = new_key(), new_key(), new_key()
PROGRAM = address(ISSUER.public, "cafe-sol")
NOTE = Template(1, NOW, (("p", CUSTOMER.public), ("t", "coffee", "", "ü")), 'Café ☕ "quoted"\n')

ORDER = PaidOrder(
    order_id="2025/0815",
    program=PROGRAM,
    issuer=ISSUER.public,
    source=SOURCE.public,
    customer=CUSTOMER.public,
    status="paid",
    amount=Amount("12.50", "EUR"),
    paid_at=NOW - 60,
    lines=(Line("tip", Amount("1.50", "EUR")), Line("points_discount", Amount("2", "EUR"))),
    items=(Item("espresso", "2", Amount("4.40", "EUR")), Item("beans", "0.25", Amount("6.60", "EUR"))),
    payment=Payment("lightning", "ab" * 32),
    table="7",
    note="window seat",
)

TOTE_BAG = Reward(
    "tote", "A tote bag", 300, "item", "tote bag", "silver", stock=20, limit=1, limit_period="month",
    valid_from="2026-06-01", valid_until="2026-08-31", hold="7d",
)  # fmt: skip
FULL_PROGRAM = Program(
    issuer=ISSUER.public,
    slug="cafe-sol",
    title="Café Sol",
    summary="Coffee in the sun",
    image="https://cafe.example/logo.png",
    geohash="ezjmgtwu",
    location="Plaza 1, Madrid",
    sources=(SOURCE.public,),
    operators=(CUSTOMER.public,),
    relays=("wss://relay.example", "wss://other.example"),
    unit=("bean", "beans"),
    earn=(
        SpendEarn(1, "1000", "sat"),
        VisitEarn(1),
        VisitEarn(2, ("5.00", "EUR")),
        VisitEarn(2, ("0", "sat"), "2h"),
        PaymentEarn(5, "lightning"),
        ItemEarn(3, "espresso"),
        OccasionEarn("welcome", 10),
        OccasionEarn("feedback", 5),
        ReferralEarn(20, 10),
        ReferralEarn(20, 10, "7d"),
        ReferralEarn(20, 10, "7d", 5),
    ),
    excludes=("tip", "item:gift-box"),
    multipliers=(Multiplier("Happy hour", "2", "tue,wed 15:00-18:00"),),
    caps=(Cap(100, "day"),),
    rounding="half_up",
    tiers=(Tier("silver", "Silver", 10), Tier("gold", "Gold", 30)),
    tier_basis=TierBasis("spend", "90d", "30d", "EUR"),
    perks=(Perk("gold", "multiplier", "1.5"),),
    rewards=(
        Reward("coffee", "A coffee", 100, "item", "espresso"),
        Reward("sats", "Sats", 500, "sats", "1000", "gold"),
        TOTE_BAG,
        Reward("walk", "A free walk", 1, "coupon", "any", limit=3),
    ),
    ttl="365d",
    expiry_warning="21d",
    vest=Vest("3d", "delivery"),
    deficit="clamp",
    claim_valid="60d",
    tz="Europe/Madrid",
    visibility="public",
    status="active",
    terms="# Terms\nBe nice.",
)

CARD = Card(
    program=PROGRAM,
    customer=CUSTOMER.public,
    points=-3,
    lifetime=150,
    visits_month=4,
    seq=17,
    head="cd" * 32,
    tier="gold",
    tier_progress=TierProgress(12, 30, "platinum"),
    next_expiry=NextExpiry(40, NOW + 86_400),
)


def entry(type_: EntryType, points: int, balance: int, seq: int, prev: str | None) -> Entry:
    """An entry of the sample customer, with an idempotency key of its own."""
    return Entry(
        program=PROGRAM,
        relay="wss://relay.example",
        customer=CUSTOMER.public,
        type=type_,
        points=points,
        balance=balance,
        seq=seq,
        prev=prev,
        rev="ef" * 32,
        key=idempotency_key(PROGRAM, "nostr", SOURCE.public, f"order {seq}"),
        text="Thank you.",
    )


def chain(*moves: tuple[EntryType, int]) -> list[Event]:
    """A valid chain of signed entries, a minute apart."""
    events: list[Event] = []
    balance = 0
    for seq, (type_, points) in enumerate(moves, start=1):
        balance += points
        line = entry(type_, points, balance, seq, events[-1].id if events else None)
        events.append(sign(template(line, NOW + 60 * seq), ISSUER))
    return events
