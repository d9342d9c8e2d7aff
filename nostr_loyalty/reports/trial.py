"""The deciding code of the daemon, run on one order without writing anything: what it would earn, and why. Pure.

The message is what an order system would send: an event, a rumor, or a template that nobody has signed yet.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from kinds import registry
from kinds.errors import NotAdmitted, Unreadable
from kinds.event import Event, Rumor, parse_event, parse_rumor, verify
from kinds.program import parse_address
from kinds.tags import value
from ledger.book import Standing
from ledger.orders import OrderRow
from nostr_loyalty.config.settings import DaemonSettings, ProgramSettings
from nostr_loyalty.desk import crediting
from nostr_loyalty.desk.facts import Facts
from nostr_loyalty.desk.order_desk import OrderDesk, order_name
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.intake.recognition import Message, OrderMessage
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing.publications import Reply
from nostr_loyalty.rules import earning
from nostr_loyalty.rules.earning import ANYBODY, Part

NOBODY: Final = "0" * 64
NEW_CUSTOMER: Final = 0
"""The id of a standing that the ledger does not have."""


class Tried(NamedTuple):
    """What would become of an order. `parts` add up to what the order is worth, and are empty where it is worth
    nothing by a refusal, or was counted before. `row`: the order as it would be recorded, None where it would not be.
    """

    reply: Reply
    parts: tuple[Part, ...]
    row: OrderRow | None
    before: Standing | None
    after: Standing | None


def served(settings: ProgramSettings, daemon: DaemonSettings, address: str, ledger_id: int) -> ServedProgram:
    """The program as the daemon would serve it after its next start."""
    return ServedProgram(
        ledger_id=ledger_id, address=address, slug=settings.slug, title=settings.title, issuer=settings.key.public,
        rules=settings.rules(), visibility=settings.visibility, sources=frozenset(settings.sources),
        relays=settings.relays, dm_relays=daemon.dm_relays, acks=daemon.acks, unit=settings.unit, revision=NOBODY,
        revision_id=0, operators=frozenset(settings.operators), claim_url=settings.claim_url,
    )  # fmt: skip


def new_standing(program_id: int, customer: str, standing_id: int = NEW_CUSTOMER) -> Standing:
    """A customer that the program has never seen."""
    return Standing(
        id=standing_id, program_id=program_id, customer=customer, balance=0, deficit=0, seq=0, head=None, lifetime=0,
        visits=0, month=0, visits_month=0, first_at=0, last_at=0, card_at=0, card_name=None,
    )  # fmt: skip


def read_order(text: str, *, source: str, program: str | None, instead: bool, now: int) -> Event | Rumor:
    """The order in a file. Raises ValueError with a sentence.

    A template that has no author is `source`'s and, where it has no time, of now. An order that names no program is for
    `program` (an address); with `instead` any is.
    """
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("not one JSON value") from None
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object")
    changed = _without_author(fields, source, now)
    if program is not None:
        changed = _for_program(changed, program, instead=instead)
    written = json.dumps(changed)
    try:
        found = verify(parse_event(written)) if "sig" in changed else parse_rumor(written)
    except (NotAdmitted, Unreadable) as fault:
        raise ValueError(f"{fault.code}: {fault.detail}" if fault.detail else fault.code) from None
    if found.kind != registry.PAID_ORDER:
        raise ValueError(f"of kind {found.kind}; an order is of kind {registry.PAID_ORDER}")
    status = value(found.tags, "status")
    if status in ("refunded", "canceled"):
        raise ValueError(f"an order that was {status}; what a paid one would earn can be shown")
    return found


def attempt(message: OrderMessage, facts: Facts, now: int) -> Tried:
    """Decide the order on these facts, which are changed. What the desk would promise goes nowhere."""
    program, customer = message.program, message.order.customer
    copy = WorkingCopy(facts, now, bytes)
    name = order_name(message)
    known = name in facts.orders
    before, asked = None, ANYBODY
    if customer is not None and not known:
        before = copy.followed(copy.standing(program, customer).id)
        asked = crediting.customer_facts(copy, program, before, message.order.paid_at)
    parts = () if known else earning.explain(program.rules, message.facts, asked)[0]
    reply = OrderDesk(copy).take(message)
    row = facts.orders.get(name)
    after = None if row is None or row.standing_id is None else copy.followed(row.standing_id)
    return Tried(reply, parts, row, before, after)


def as_message(order: Event | Rumor) -> Message:
    """As it would arrive."""
    return Message(order.id, order.pubkey, order.created_at, order)


def _without_author(fields: Mapping[str, Any], source: str, now: int) -> dict[str, Any]:
    return {"content": "", "kind": registry.PAID_ORDER, "created_at": now, "pubkey": source, **fields}


def _for_program(fields: Mapping[str, Any], program: str, *, instead: bool) -> dict[str, Any]:
    """The same for another program: its signature and its id do not hold any more."""
    tags = fields.get("tags")
    if not isinstance(tags, list) or not all(isinstance(tag, list) for tag in tags):
        raise ValueError("tags: not a list of lists")
    if not instead and any(tag[:1] == ["a"] for tag in tags):
        return dict(fields)
    issuer, _ = parse_address(program)
    others = [tag for tag in tags if tag[:1] not in (["a"], ["p"])]
    kept = {name: each for name, each in fields.items() if name not in ("id", "sig")}
    return {**kept, "tags": [["p", issuer], ["a", program], *others]}
