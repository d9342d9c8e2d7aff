"""Kind 7412: a paid, refunded or canceled order, as an order system reports it. Protocol section 6.

An order is read strictly, with a code per fault, because its sender gets the code as an answer. A tag that may be there
once and is there twice is a fault: "the first wins" would let two readers see two orders. Amounts stay the decimal text
that was signed, with their unit; `ledger.units` makes integers of them.
"""

import re
from typing import Final, Literal, NamedTuple, cast, get_args

from kinds import program, tags
from kinds.errors import Unreadable
from kinds.event import CREATED_AT_END, Event, Rumor, Template
from kinds.keys import is_public_key
from kinds.registry import PAID_ORDER

Named = dict[str, list[tuple[str, ...]]]
"""Tag name to its tags."""

Status = Literal["paid", "refunded", "canceled"]
LineType = Literal["tip", "gift_card", "service", "delivery", "points_discount"]
PaymentMethod = Literal["lightning", "cash", "card", "internal", "ecash"]

STATUSES: Final[tuple[str, ...]] = get_args(Status)
LINE_TYPES: Final[tuple[str, ...]] = get_args(LineType)
PAYMENT_METHODS: Final[tuple[str, ...]] = get_args(PaymentMethod)
ID_MAX: Final = 128
"""Characters of an order's, a refund's and an item's id."""
TEXT_MAX: Final = 1_000
"""Characters of a note, a table's name and a payment's reference."""

_UNIT = re.compile(r"msat|sat|[A-Z]{3}")


class Amount(NamedTuple):
    """Money as it was signed: a decimal without sign, and `msat`, `sat` or an ISO 4217 code."""

    decimal: str
    unit: str


class Line(NamedTuple):
    """A part of the order's amount that a rule may leave out."""

    type: LineType
    amount: Amount


class Item(NamedTuple):
    """Something that was sold: `quantity` is a decimal, `amount` what all of it cost."""

    id: str
    quantity: str
    amount: Amount


class Payment(NamedTuple):
    """How the order was paid; `reference` is a payment hash or the like."""

    method: PaymentMethod
    reference: str | None = None


class PaidOrder(NamedTuple):
    """An order by `source` (the author, hex) for `program` (an address) of `issuer` (hex).

    `customer` is None for an order that its receipt makes claimable. With status "refunded" the amount is the part that
    was paid back and `refund_id` tells several refunds of one order apart. `paid_at` in unix seconds.
    """

    order_id: str
    program: str
    issuer: str
    source: str
    customer: str | None
    status: Status
    amount: Amount
    paid_at: int
    refund_id: str | None = None
    lines: tuple[Line, ...] = ()
    items: tuple[Item, ...] = ()
    payment: Payment | None = None
    table: str | None = None
    note: str | None = None


def template(order: PaidOrder, created_at: int) -> Template:
    """The order's event, for its source to sign (or to send as the rumor of a gift wrap)."""
    written: list[tuple[str, ...]] = [("p", order.issuer), ("a", order.program)]
    if order.customer is not None:
        written.append(("customer_pubkey", order.customer))
    written += [("order", order.order_id), ("status", order.status), ("amount", *order.amount)]
    written.append(("paid_at", str(order.paid_at)))
    if order.refund_id is not None:
        written.append(("refund", order.refund_id))
    written += [("line", line.type, *line.amount) for line in order.lines]
    written += [("item", item.id, item.quantity, *item.amount) for item in order.items]
    if order.payment is not None:
        reference = order.payment.reference
        written.append(("payment", order.payment.method, *([] if reference is None else [reference])))
    written += [(name, text) for name, text in (("table", order.table), ("note", order.note)) if text is not None]
    return Template(PAID_ORDER, created_at, tuple(written), "")


def parse(event: Event | Rumor) -> PaidOrder:
    """Read an order whose author is proven (by its signature or its seal). Raises Unreadable "order-…".

    Faults are looked for in the order of the fields below, and the first one found is the one that is named.
    """
    if event.kind != PAID_ORDER:
        raise Unreadable("order-wrong-kind", f"kind {event.kind}")
    named = tags.by_name(event.tags)
    address, issuer = _program(named)
    order_id = _order_id(named)
    status = _one_of(_second(named, "status"), STATUSES, "order-bad-status")
    return PaidOrder(
        order_id=order_id,
        program=address,
        issuer=issuer,
        source=event.pubkey,
        customer=_customer(named),
        status=cast(Status, status),
        amount=_total(named),
        paid_at=_paid_at(named),
        refund_id=_refund_id(named, status),
        lines=tuple(map(_line, named.get("line", ()))),
        items=tuple(map(_item, named.get("item", ()))),
        payment=_payment(named),
        table=_text(named, "table", "order-text-too-long", TEXT_MAX),
        note=_text(named, "note", "order-text-too-long", TEXT_MAX),
    )


def _sole(named: Named, name: str) -> tuple[str, ...] | None:
    found = named.get(name)
    if found is None:
        return None
    if len(found) > 1:
        raise Unreadable("order-duplicate-tag", f"{len(found)} tags {name}")
    return found[0]


def _second(named: Named, name: str) -> str | None:
    """The value of a tag that may be there once; the empty text if the tag has none."""
    tag = _sole(named, name)
    return None if tag is None else "".join(tag[1:2])


def _text(named: Named, name: str, code: str, length_max: int) -> str | None:
    text = _second(named, name)
    if text is not None and (not 1 <= len(text) <= length_max or "\0" in text):
        raise Unreadable(code, f"{name} of {len(text)} characters, or with a NUL in it")
    return text


def _order_id(named: Named) -> str:
    order_id = _text(named, "order", "order-no-id", ID_MAX)
    if order_id is None:
        raise Unreadable("order-no-id")
    if ":refund:" in order_id or order_id.endswith((":refund", ":canceled")):
        # What makes a refund happen once begins with the order's id (section 5): two facts would have one name.
        raise Unreadable("order-ambiguous-id", repr(order_id))
    return order_id


def _one_of(text: str | None, allowed: tuple[str, ...], code: str) -> str:
    if text not in allowed:
        raise Unreadable(code, "none" if text is None else repr(text[:32]))
    return text


def _program(named: Named) -> tuple[str, str]:
    address = _second(named, "a")
    if address is None:
        raise Unreadable("order-no-program")
    try:
        issuer, _ = program.parse_address(address)
    except ValueError as fault:
        raise Unreadable("order-bad-program", str(fault)) from None
    receivers = named.get("p", [])
    if receivers and not any(tag[1:2] == (issuer,) for tag in receivers):
        raise Unreadable("order-wrong-issuer")
    return address, issuer


def _customer(named: Named) -> str | None:
    customer = _second(named, "customer_pubkey")
    if customer is not None and not is_public_key(customer):
        raise Unreadable("order-bad-customer", "not 64 lower-case hex digits of a point on the curve")
    return customer


def _amount(parts: tuple[str, ...], code: str) -> Amount:
    if len(parts) < 2 or not tags.is_decimal(parts[0]) or _UNIT.fullmatch(parts[1]) is None:
        raise Unreadable(code, " ".join(part[:32] for part in parts[:2]))
    return Amount(parts[0], parts[1])


def _total(named: Named) -> Amount:
    tag = _sole(named, "amount")
    if tag is None:
        raise Unreadable("order-no-amount")
    return _amount(tag[1:], "order-bad-amount")


def _paid_at(named: Named) -> int:
    text = _second(named, "paid_at")
    if text is None:
        raise Unreadable("order-no-time")
    try:
        paid_at = tags.whole_number(text)
    except ValueError as fault:
        raise Unreadable("order-bad-time", str(fault)) from None
    assert paid_at < CREATED_AT_END
    return paid_at


def _refund_id(named: Named, status: str) -> str | None:
    refund_id = _text(named, "refund", "order-bad-refund", ID_MAX)
    if refund_id is not None and status != "refunded":
        raise Unreadable("order-bad-refund", f"a refund id with status {status}")
    return refund_id


def _line(tag: tuple[str, ...]) -> Line:
    line_type = _one_of(tag[1] if len(tag) > 1 else None, LINE_TYPES, "order-bad-line")
    return Line(cast(LineType, line_type), _amount(tag[2:], "order-bad-line"))


def _item(tag: tuple[str, ...]) -> Item:
    if len(tag) < 5 or not 1 <= len(tag[1]) <= ID_MAX or not tags.is_decimal(tag[2]):
        raise Unreadable("order-bad-item", " ".join(part[:32] for part in tag[1:3]))
    return Item(tag[1], tag[2], _amount(tag[3:], "order-bad-item"))


def _payment(named: Named) -> Payment | None:
    tag = _sole(named, "payment")
    if tag is None:
        return None
    method = _one_of(tag[1] if len(tag) > 1 else None, PAYMENT_METHODS, "order-bad-payment")
    reference = tag[2] if len(tag) > 2 else None
    if reference is not None and len(reference) > TEXT_MAX:
        raise Unreadable("order-text-too-long", f"payment reference of {len(reference)} characters")
    return Payment(cast(PaymentMethod, method), reference)
