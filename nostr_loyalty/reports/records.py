"""What an export says of an entry, a balance, a voucher, an order, a revision: names and plain values, in the order of
the columns.

Keys and ids are hex, times unix seconds with the venue's own date and time beside the first of them, money a decimal
with its unit beside it.
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from kinds.keys import npub_encode
from ledger.orders import OrderRow
from ledger.programs import Revision
from ledger.statement import Booked, StandingView
from ledger.units import Money, format_money
from ledger.vouchers import Voucher
from nostr_loyalty.reports.cells import Row
from nostr_loyalty.rules.program import ProgramRules

COLUMNS: Final = {
    "entries": (
        "program", "customer", "seq", "type", "points", "balance", "id", "prev", "rev", "x", "revokes", "expires_at",
        "recorded_at", "time", "document", "forgotten",
    ),
    "balances": (
        "program", "customer", "npub", "points", "owed", "lifetime", "tier", "visits", "spent", "unit",
        "next_expiry_points", "next_expiry_at", "frozen", "moved_to", "seq", "head", "forgotten",
    ),
    "vouchers": (
        "program", "customer", "voucher", "reward", "title", "type", "value", "status", "cost", "charged", "issued_at",
        "time", "hold_until", "ended_at", "order",
    ),
    "orders": (
        "program", "order", "source", "customer", "status", "amount", "refunded", "unit", "paid_at", "time", "earned",
        "reversed", "pending_until", "held", "message", "detail",
    ),
    "revisions": ("program", "rev", "added_at", "time", "document"),
}  # fmt: skip


def entry(booked: Booked, tz: ZoneInfo) -> Row:
    """An entry, with its event's id and canonical document: SHA-256 of the document is the id. A forgotten customer
    stands there as its pseudonym, and what was booked before has no document any more.
    """
    document = None if booked.taken_out else booked.document.decode()
    values = (
        booked.program, booked.customer, booked.seq, booked.type, booked.points, booked.balance,
        booked.ref, booked.prev, booked.revision, booked.key, booked.reverses, booked.expires_at, booked.recorded_at,
        _local(booked.recorded_at, tz), document, bool(booked.forgotten),
    )  # fmt: skip
    return _row("entries", values)


def balance(view: StandingView, rules: ProgramRules) -> Row:
    """A customer's standing. A pseudonym has no npub: it is nobody's key."""
    currency = rules.counted_currency
    npub = None if view.forgotten else npub_encode(view.customer)
    spent, unit = (None, None) if currency is None else format_money(Money(view.spent_minor, currency))
    values = (
        view.program, view.customer, npub, view.balance, view.deficit, view.lifetime, view.tier, view.visits, spent,
        unit, view.next_expiry_points or None, view.next_expiry_at, bool(view.frozen), view.relinked_to, view.seq,
        view.head, bool(view.forgotten),
    )  # fmt: skip
    return _row("balances", values)


def voucher(program: str, customer: str, one: Voucher, tz: ZoneInfo) -> Row:
    """A voucher, known by the hash of its code."""
    values = (
        program, customer, one.hash, one.reward, one.title, one.type, one.value, one.status, one.cost, one.charged,
        one.issued_at, _local(one.issued_at, tz), one.hold_until, one.ended_at, one.order_reference,
    )  # fmt: skip
    return _row("vouchers", values)


def order(program: str, customer: str | None, row: OrderRow, tz: ZoneInfo) -> Row:
    """An order as the ledger has it; `customer` None: a receipt that nobody has claimed."""
    amount, unit = format_money(Money(row.amount_minor, row.currency))
    refunded, refunded_unit = format_money(Money(row.refunded_minor, row.currency))
    if refunded_unit != unit:  # sat and msat are one currency
        amount, refunded, unit = str(row.amount_minor), str(row.refunded_minor), row.currency
    values = (
        program, row.reference, row.source, customer, row.status, amount, refunded, unit, row.paid_at,
        _local(row.paid_at, tz), row.earned, row.reversed, row.pending_until, bool(row.held),
        row.message_ref, row.detail,
    )  # fmt: skip
    return _row("orders", values)


def revision(program: str, one: Revision, tz: ZoneInfo) -> Row:
    """A revision of the rules, with its canonical document: SHA-256 of the document is what entries name as `rev`."""
    return _row("revisions", (program, one.ref, one.added_at, _local(one.added_at, tz), one.document.decode()))


def _row(what: str, values: tuple[object, ...]) -> Row:
    return dict(zip(COLUMNS[what], values, strict=True))


def _local(unix: int, tz: ZoneInfo) -> str:
    return datetime.fromtimestamp(unix, tz).isoformat()
