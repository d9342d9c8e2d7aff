"""A verified message becomes an order for one of our programs, or a rejection with its reason.

A message is known by the id of its event, or of its rumor when it came in a gift wrap (never by the wrap's id, never by
the wrap's time; Bug 51, 62). The checks stand in order of precedence: who, which program, readable, when, how much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from kinds import errors as kinds_errors
from kinds import order as wire
from kinds import registry
from kinds.errors import Unreadable
from kinds.event import Event, Rumor
from kinds.tags import value
from ledger.errors import AmountInvalid
from ledger.units import parse_money
from nostr_loyalty.programs import ServedProgram, ServedPrograms
from nostr_loyalty.rules.earning import OrderFacts
from nostr_loyalty.rules.program import Factor

FUTURE_S: Final = 900
"""How far ahead of our clock a message or its payment may be dated; relays commonly refuse more as well."""

ADAPTER: Final = "nostr"
"""The adapter's name in the idempotency key of whatever came over Nostr (protocol §5)."""


class Message(NamedTuple):
    """A signed message as it arrived: `ref` is its event or rumor id, `envelope` the wrap's (id, created_at) if any.

    `text` is what a NIP-04 message says; that of any other stands in the rumor.
    """

    ref: str
    author: str
    created_at: int
    rumor: Rumor | Event
    envelope: tuple[str, int] | None = None
    text: str | None = None


class OrderMessage(NamedTuple):
    """An order that may be decided on: its program serves it, its author is listed, its money is understood.

    `facts` is what the rules look at; `detail` the same as JSON where there is more than an amount, for the record.
    """

    message: Message
    program: ServedProgram
    order: wire.PaidOrder
    facts: OrderFacts
    detail: str | None = None

    @property
    def reference(self) -> str:
        """The order id, as the source gave it."""
        return self.order.order_id


@dataclass(frozen=True, slots=True)
class Rejection:
    """The door's no to a signed message. `issuer` answers it on `relays`; `program` is None where it is not known."""

    message: Message
    code: str
    detail: str
    issuer: str
    program: ServedProgram | None
    relays: tuple[str, ...]
    reference: str | None

    @property
    def sentence(self) -> str:
        """The no in words for the order system: the code's sentence and the detail."""
        sentence = CODES.get(self.code) or kinds_errors.CODES[self.code]
        return f"{sentence} ({self.detail})" if self.detail else sentence


@dataclass(frozen=True, slots=True)
class NotForUs:
    """Signed and readable, but nothing that this daemon answers; remembered by its code."""

    message: Message
    code: str


class Letter(NamedTuple):
    """What somebody wrote to one of our keys: words, or a request without words. It wants an answer."""

    message: Message
    issuer: str

    @property
    def text(self) -> str:
        """The words; of a request without words its reason, or nothing."""
        return self.message.rumor.content if self.message.text is None else self.message.text


Recognised = OrderMessage | Rejection | Letter | NotForUs
LETTERS: Final = (
    registry.DIRECT_MESSAGE, registry.ENCRYPTED_MESSAGE, registry.REDEMPTION_REQUEST, registry.VANISH_REQUEST,
)  # fmt: skip
_SAID_BY_DAEMONS: Final = frozenset({"result", "proof", "answer", "notice"})
"""One of these tags is in whatever a daemon says: in answer to an order, of an entry, in answer to a letter, of
anything else."""


def recognise(message: Message, programs: ServedPrograms, issuer: str, now: int) -> Recognised:
    """Say what a message is. `issuer`: our key that it was addressed to; `now`: unix seconds. Never raises."""
    if message.rumor.kind in LETTERS:
        return _letter(message, programs, issuer)
    if message.rumor.kind != registry.PAID_ORDER:
        return NotForUs(message, "message-not-understood")
    address = value(message.rumor.tags, "a")
    program = programs.at(address) if address is not None else None
    reference = value(message.rumor.tags, "order")
    if reference is not None and len(reference) > wire.ID_MAX:
        reference = None

    def rejection(code: str, detail: str) -> Rejection:
        answering = program if program is not None else programs.of_issuer(issuer)[0]
        return Rejection(message, code, detail, answering.issuer, program, answering.dm_relays, reference)

    if program is not None and message.author not in program.sources:
        return rejection("source-not-listed", f"{message.author} is not a source of {program.slug}")
    try:
        order = wire.parse(message.rumor)
    except Unreadable as unreadable:
        return rejection(unreadable.code, unreadable.detail)
    if program is None:
        return rejection("program-unknown", f"no program {address} here")
    if max(order.paid_at, message.created_at) > now + FUTURE_S:
        return rejection(
            "order-from-the-future", f"dated {max(order.paid_at, message.created_at) - now} s ahead of this clock"
        )
    try:
        facts = facts_of(order)
    except AmountInvalid as invalid:
        return rejection("order-amount-invalid", invalid.detail)
    return OrderMessage(message, program, order, facts, _detail(facts))


def _letter(message: Message, programs: ServedPrograms, issuer: str) -> Letter | NotForUs:
    """A letter; not: what another daemon or we ourselves have said, or two of us would talk for ever."""
    if message.author in programs.issuers or any(tag[0] in _SAID_BY_DAEMONS for tag in message.rumor.tags if tag):
        return NotForUs(message, "message-by-a-daemon")
    in_clear = message.rumor.kind == registry.DIRECT_MESSAGE and isinstance(message.rumor, Event)
    old_in_wrap = message.rumor.kind == registry.ENCRYPTED_MESSAGE and message.envelope is not None
    if in_clear or old_in_wrap:
        return NotForUs(message, "message-not-understood")
    return Letter(message, issuer)


def facts_of(order: wire.PaidOrder) -> OrderFacts:
    """What the rules look at. Raises AmountInvalid: an amount that cannot be read, or a part in another unit."""
    money = parse_money(*order.amount)
    if not order.lines and not order.items:
        payment = order.payment.method if order.payment is not None else None
        return OrderFacts(money.minor, money.currency, order.paid_at, payment=payment)
    by_points = 0
    lines = []
    for line in order.lines:
        minor = _part(line.amount, money.currency, line.type)
        if line.type == "points_discount":
            by_points += minor
        else:
            lines.append((line.type, minor))
    items = tuple(
        (item.id, factor_of(item.quantity), _part(item.amount, money.currency, f"item {item.id}"))
        for item in order.items
    )
    payment = order.payment.method if order.payment is not None else None
    return OrderFacts(money.minor, money.currency, order.paid_at, by_points, tuple(lines), items, payment)


def factor_of(decimal: str) -> Factor:
    """A decimal without sign as a fraction: 1.5 is 15/10."""
    whole, _, fraction = decimal.partition(".")
    return Factor(int(whole + fraction), 10 ** len(fraction))


def _part(amount: wire.Amount, currency: str, what: str) -> int:
    part = parse_money(*amount)
    if part.currency != currency:
        raise AmountInvalid("amount-other-unit", f"{what} in {part.currency}, amount in {currency}")
    return part.minor


def _detail(facts: OrderFacts) -> str | None:
    if not (facts.by_points_minor or facts.lines or facts.items or facts.payment):
        return None
    items = [(item, *quantity, minor) for item, quantity, minor in facts.items]
    fields = {"by_points": facts.by_points_minor, "lines": facts.lines, "items": items, "payment": facts.payment}
    return orjson.dumps({name: value for name, value in fields.items() if value}).decode()


def recorded_facts(minor: int, currency: str, paid_at: int, detail: str | None) -> OrderFacts:
    """The facts of an order from what was recorded of it: the inverse of what `recognise` keeps."""
    if detail is None:
        return OrderFacts(minor, currency, paid_at)
    fields = orjson.loads(detail)
    return OrderFacts(
        minor, currency, paid_at, fields.get("by_points", 0), tuple(map(tuple, fields.get("lines", ()))),
        tuple((item, Factor(top, bottom), part) for item, top, bottom, part in fields.get("items", ())),
        fields.get("payment"),
    )  # fmt: skip


def with_stamp(detail: str | None, points: int) -> str:
    """What is recorded of an order that nobody has claimed yet: the same, and the points that its stamp gave."""
    return orjson.dumps({**(orjson.loads(detail) if detail else {}), "stamp": points}).decode()


def recorded_stamp(detail: str | None) -> int | None:
    """The points that the stamp of such an order gave, by the rules of its day; None: it had none."""
    stamp = orjson.loads(detail).get("stamp") if detail else None
    return None if stamp is None else int(stamp)


CODES: Final[Mapping[str, str]] = {
    "message-not-understood": "A signed message for us that is no order and no letter; nothing is done about it.",
    "message-by-a-daemon": "A message by a daemon, ours or another one; it is not answered, or they would never stop.",
    "source-not-listed": "The order's author is not a source of the program; list its public key under `sources`.",
    "program-unknown": "The order names a program that this daemon does not serve.",
    "order-from-the-future": "The order is dated more than 15 minutes ahead of this machine's clock.",
    "order-amount-invalid": "The order's amount cannot be read: unit, number of decimals or size.",
}
