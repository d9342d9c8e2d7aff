"""The examples of docs/protocol.md, made by the project's own code from fixed keys and a fixed time.

An example stands in the document below a line `<!-- example: NAME -->`, as the next fenced block. `python -m
tests.protocol_examples` writes all of them anew; tests/unit/test_protocol_examples.py claims that they are as made.

Keys are the SHA-256 of "nostr-loyalty example key: NAME": anybody can make them, nobody may use them.
"""

import json
import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from kinds import badge, card, gift_wrap, nip44, order, program, program_set, relay_list
from kinds.earn import ItemEarn, OccasionEarn, PaymentEarn, ReferralEarn, SpendEarn, VisitEarn
from kinds.event import Event, Rumor, Template, author, canonical_of, parse_event, rumor_json, sign, to_json
from kinds.keys import SecretKey, npub_encode
from kinds.order import Amount, Item, Line, PaidOrder, Payment
from kinds.reward import Reward
from ledger.book import Standing
from nostr_loyalty.desk.order_desk import OrderDesk
from nostr_loyalty.desk.working_copy import Facts, WorkingCopy
from nostr_loyalty.intake.recognition import Message, OrderMessage, recognise
from nostr_loyalty.programs import ServedProgram, ServedPrograms
from nostr_loyalty.publishing.badges import badge_name
from nostr_loyalty.publishing.sealing import Sealer
from nostr_loyalty.rules.program import ProgramRules, SpendRule

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "protocol.md"
BLOCK: Final = re.compile(r"^(<!-- example: ([a-z-]+) -->\n\n```[a-z]*\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
AT: Final = 1_760_000_000
RELAY: Final = "wss://relay.example.com"


def example_key(name: str) -> SecretKey:
    """The key of a part in the examples."""
    return SecretKey(sha256(f"nostr-loyalty example key: {name}".encode()).digest())


def drawn(purpose: str, length: int = 32) -> bytes:
    """What would be random, fixed here."""
    return sha256(f"nostr-loyalty example randomness: {purpose}".encode()).digest()[:length]


ISSUER, SOURCE, CUSTOMER = example_key("issuer"), example_key("source"), example_key("customer")
CURATOR = example_key("curator")
ADDRESS: Final = program.address(ISSUER.public, "cafe-sol")


def definition(visibility: program.Visibility) -> Event:
    """The program that all examples are about."""
    described = program.Program(
        issuer=ISSUER.public, slug="cafe-sol", title="Café Sol", summary="A point for every 1000 sat.",
        sources=(SOURCE.public,), relays=(RELAY,), earn=(SpendEarn(1, "1000", "sat"),), tz="Europe/Madrid",
        visibility=visibility, terms="One point for every 1000 sat spent. Points have no cash value.",
    )  # fmt: skip
    return sign(program.template(described, AT - 86_400), ISSUER)


def definition_with_rules() -> Event:
    """A program that has a rule of every kind."""
    described = program.Program(
        issuer=ISSUER.public, slug="bar-luna", title="Bar Luna", sources=(SOURCE.public,), relays=(RELAY,),
        earn=(
            SpendEarn(1, "1.00", "EUR"), SpendEarn(1, "1000", "sat"), VisitEarn(2, ("5.00", "EUR"), "2h"),
            ItemEarn(5, "beans-1kg"), PaymentEarn(1, "lightning"), OccasionEarn("welcome", 10),
            OccasionEarn("feedback", 3), ReferralEarn(20, 10, "7d", 12),
        ),
        excludes=("tip", "gift_card", "item:deposit"),
        multipliers=(program.Multiplier("Happy hour", "2", "tue,wed 15:00-18:00"),),
        caps=(program.Cap(200, "day"),),
        tiers=(program.Tier("silver", "Silver", 15_000), program.Tier("gold", "Gold", 50_000)),
        tier_basis=program.TierBasis("spend", "365d", "30d", "EUR"),
        perks=(program.Perk("gold", "multiplier", "1.5"), program.Perk("gold", "note", "A glass of water")),
        rewards=(
            Reward("coffee", "A coffee of your choice", 60, "item", "coffee"),
            Reward(
                "breakfast", "Breakfast for two", 600, "discount_amount", "18 EUR", "silver", stock=50, limit=1,
                limit_period="month", valid_from="2025-10-01", valid_until="2025-12-23", hold="14d",
            ),
        ),
        ttl="365d", expiry_warning="21d", vest=program.Vest("3d", "delivery"), deficit="clamp", claim_valid="60d",
        tz="Europe/Madrid", terms="Points are good for a year and have no cash value.",
    )  # fmt: skip
    return sign(program.template(described, AT - 86_400), ISSUER)


def paid_order() -> Template:
    """A lunch of 12,500 sat with a tip, paid by Lightning."""
    return order.template(
        PaidOrder(
            order_id="2025-1009-0042", program=ADDRESS, issuer=ISSUER.public, source=SOURCE.public,
            customer=CUSTOMER.public, status="paid", amount=Amount("12500", "sat"), paid_at=AT - 30,
            lines=(Line("tip", Amount("500", "sat")),), items=(Item("menu-3", "1", Amount("12000", "sat")),),
            payment=Payment("lightning"), table="7",
        ),
        AT - 20,
    )  # fmt: skip


def refund() -> Template:
    """Half of it paid back."""
    return order.template(
        PaidOrder(
            order_id="2025-1009-0042", program=ADDRESS, issuer=ISSUER.public, source=SOURCE.public,
            customer=CUSTOMER.public, status="refunded", amount=Amount("6250", "sat"), paid_at=AT + 600,
            refund_id="r1",
        ),
        AT + 600,
    )  # fmt: skip


class Till:
    """What the daemon makes of an order by a customer who had 130 points after three visits this month."""

    def __init__(self, visibility: program.Visibility) -> None:
        served = ServedProgram(
            ledger_id=1, address=ADDRESS, slug="cafe-sol", title="Café Sol", issuer=ISSUER.public,
            rules=ProgramRules((SpendRule(1, 1_000_000, "msat"),), "floor", ZoneInfo("Europe/Madrid")),
            visibility=visibility, sources=frozenset({SOURCE.public}), relays=(RELAY,), dm_relays=(RELAY,), acks=1,
            unit=("point", "points"), revision=definition(visibility).id, revision_id=1,
        )  # fmt: skip
        standing = Standing(
            id=1, program_id=1, customer=CUSTOMER.public, balance=130, deficit=0, seq=16,
            head=drawn("entry 16").hex(), lifetime=150, visits=9, month=202510, visits_month=3, first_at=AT - 9_000_000,
            last_at=AT - 90_000, card_at=AT - 90_000,
            card_name=drawn("card name", 16).hex() if visibility == "private" else None,
        )  # fmt: skip
        facts = Facts(
            standings={1: standing}, standing_ids={(1, CUSTOMER.public): 1}, orders={}, refunded={}, waiting={},
            lots={}, entry_refs={}, next_entry_id=17, next_order_id=1,
        )  # fmt: skip
        self._programs = ServedPrograms([served])
        self._copy = WorkingCopy(facts, AT, lambda length: drawn("promise", length))

    def published(self, *orders: Event) -> dict[str, Event | Rumor]:
        """What the last order led to, by label: entry, card, answer, notice; of what is wrapped, the rumor inside."""
        for each in orders:
            message = recognise(Message(each.id, each.pubkey, each.created_at, each), self._programs, ISSUER.public, AT)
            assert isinstance(message, OrderMessage), message
            OrderDesk(self._copy).take(message)
        sealer = Sealer({ISSUER.public: ISSUER})
        readers = {"notice": CUSTOMER, "answer": SOURCE}
        found: dict[str, Event | Rumor] = {}
        for promise in self._copy.close().promises:
            event = parse_event(sealer.seal(promise.issuer, promise.recipe, promise.seed).text)
            reader = readers.get(promise.label)
            found[promise.label] = Event(*event) if reader is None else gift_wrap.unwrap(Event(*event), reader)
        return found


def keys() -> str:
    """The parts, with their public keys in both forms."""
    lines = [f"{'part':<10}{'public key (hex)':<66}npub"]
    for name, key in (("issuer", ISSUER), ("source", SOURCE), ("customer", CUSTOMER)):
        lines.append(f"{name:<10}{key.public:<66}{npub_encode(key.public)}")
    return "\n".join(lines)


def key_preimage() -> str:
    """What is hashed for the `x` of the entry of the example's order, and its hash."""
    text = f"{ADDRESS}|nostr|{SOURCE.public}|2025-1009-0042"
    return f"sha256(\n  {text}\n)\n= {sha256(text.encode()).hexdigest()}"


def wrapped_order() -> Event:
    """The order for the issuer's eyes only: seal and wrap with a fixed one-time key, nonces and times."""
    rumor = author(paid_order(), SOURCE.public)
    conversation = nip44.conversation_key(SOURCE, ISSUER.public)
    seal = gift_wrap.seal(rumor, SOURCE, ISSUER.public, conversation, nonce=drawn("seal nonce"), created_at=AT - 70_000)
    return gift_wrap.wrap(
        seal, ISSUER.public, example_key("one-time"), nonce=drawn("wrap nonce"), created_at=AT - 110_000
    )


def private_card_content(event: Event | Rumor) -> str:
    """A private card as its customer reads it."""
    text = nip44.decrypt(event.content, nip44.conversation_key(CUSTOMER, ISSUER.public))
    assert card.parse_private(text, ISSUER.public).points == 142
    return shown(json.loads(text))


def shown(fields: Mapping[str, object]) -> str:
    """One field on a line, one tag on a line."""
    lines = []
    for name, value in fields.items():
        text = json.dumps(value, ensure_ascii=False)
        if name == "tags" and isinstance(value, list | tuple) and value:
            inner = ",\n".join(f"    {json.dumps(tag, ensure_ascii=False)}" for tag in value)
            text = f"[\n{inner}\n  ]"
        lines.append(f'  "{name}": {text}')
    return "{\n" + ",\n".join(lines) + "\n}"


def town() -> program_set.ProgramSet:
    """A curator's list."""
    return program_set.ProgramSet(
        author=CURATOR.public, name="old-town", title="Breakfast in the old town",
        description="Where the coffee is good", items=(program_set.Item(ADDRESS, RELAY),),
    )  # fmt: skip


def gold() -> badge.Badge:
    """The badge of a tier."""
    return badge.Badge(ISSUER.public, badge_name("cafe-sol", "gold"), "Café Sol · Gold", "A point for every 1000 sat.")


def award() -> Event:
    """A badge for a customer who asked for it."""
    return sign(badge.award_template(gold().address, [CUSTOMER.public], AT), ISSUER)


def shown_event(event: Event | Rumor) -> str:
    """An event or a rumor, as JSON."""
    return shown(json.loads(to_json(event) if isinstance(event, Event) else rumor_json(event)))


def examples() -> dict[str, str]:
    """Every example of the document by its name."""
    signed = sign(paid_order(), SOURCE)
    public, private = Till("public").published(signed), Till("private").published(signed)
    private_card = private["card"]
    made: dict[str, Callable[[], str]] = {
        "keys": keys,
        "program": lambda: shown_event(definition("public")),
        "program-with-rules": lambda: shown_event(definition_with_rules()),
        "relay-list": lambda: shown_event(sign(relay_list.template((RELAY,), (RELAY,), AT - 86_400), ISSUER)),
        "dm-relay-list": lambda: shown_event(sign(relay_list.dm_template((RELAY,), AT - 86_400), ISSUER)),
        "entry": lambda: shown_event(public["entry"]),
        "idempotency-key": key_preimage,
        "order": lambda: shown_event(signed),
        "refund": lambda: shown_event(sign(refund(), SOURCE)),
        "revoked": lambda: shown_event(Till("public").published(signed, sign(refund(), SOURCE))["entry"]),
        "wrapped-order": lambda: shown_event(wrapped_order()),
        "answer": lambda: shown_event(public["answer"]),
        "notice": lambda: shown_event(private["notice"]),
        "public-card": lambda: shown_event(public["card"]),
        "private-card": lambda: shown({"kind": private_card.kind, "tags": private_card.tags, "content": "(NIP-44)"}),
        "private-card-content": lambda: private_card_content(private_card),
        "program-set": lambda: shown_event(sign(program_set.template(town(), AT), CURATOR)),
        "follow-set": lambda: shown_event(sign(program_set.follow_set_template(town(), AT), CURATOR)),
        "badge": lambda: shown_event(sign(badge.template(gold(), AT - 86_400), ISSUER)),
        "badge-award": lambda: shown_event(award()),
        "order-document": lambda: canonical_of(signed).decode(),
    }
    return {name: make() for name, make in made.items()}


def rewritten(text: str) -> str:
    """The document with every example made anew. KeyError: it names an example that there is not."""
    made = examples()
    return BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[4]}", text)


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
