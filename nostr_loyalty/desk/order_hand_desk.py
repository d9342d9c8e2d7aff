"""The operator's hand on orders: a refund that the till does not report, and orders that the guard holds."""

from ledger.orders import OrderRow
from ledger.units import Money
from ledger.waiting_refunds import WaitingRefund
from nostr_loyalty.commands.command import Drop, Refund, Release, Request
from nostr_loyalty.desk import tier_desk
from nostr_loyalty.desk.crediting import waits_until
from nostr_loyalty.desk.deed import Deed
from nostr_loyalty.desk.lot_moves import book_pending
from nostr_loyalty.desk.refund_desk import RefundDesk, stop_referral
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.publishing import deeds, wording
from nostr_loyalty.rules.refusal import Refusal


def refund(copy: WorkingCopy, request: Request, command: Refund) -> Deed | Refusal:
    """Take an order back, in whole or in part, as if its till had reported it."""
    row = _order(copy, command.order)
    if isinstance(row, Refusal):
        return row
    amount = command.amount or Money(row.amount_minor - row.refunded_minor, row.currency)
    reported = WaitingRefund(
        program_id=row.program_id, source=request.actor, order_reference=row.reference, reference=request.ref,
        canceled=False, currency=amount.currency, amount_minor=amount.minor, message_ref=request.ref,
        recorded_at=copy.now,
    )  # fmt: skip
    before = len(copy.slip.entries)
    taken = RefundDesk(copy).take_back(request.program, row, reported, adapter=request.adapter, by=request.actor)
    if isinstance(taken, Refusal):
        return taken
    entries = tuple(copy.slip.entries[before:])
    if row.status == "paid":
        text = deeds.order_taken_back(request.program, row.reference, taken)
    else:
        text = deeds.order_taken_back_before(request.program, row.reference)
    return Deed(text, _whose(copy, row), entries, facts={"order": row.reference})


def release(copy: WorkingCopy, request: Request, command: Release) -> Deed | Refusal:
    """Book the points of a held order, if it does not wait as deliveries do. Of one that was only flagged: it was
    looked at.
    """
    row = _order(copy, command.order)
    if isinstance(row, Refusal):
        return row
    if not row.held and row.id not in copy.facts.flagged:
        return Refusal("order-not-held", command.order)
    copy.slip.settled.append((row.id, "released"))
    if not row.held:
        text = deeds.order_looked_at(request.program, row.reference)
        return Deed(text, _whose(copy, row), facts={"order": row.reference})
    until = waits_until(copy, request.program, row)
    if until is not None:
        copy.put_order(row._replace(pending_until=until, held=0))
        assert row.standing_id is not None, "somebody's points were held"
        tier_desk.reviewed(copy, request.program, copy.followed(row.standing_id))
        line = deeds.order_released_for_later(request.program, row.reference)
        text = wording.pending(request.program, row.earned - row.reversed, line, until)
        return Deed(text, _whose(copy, row), facts={"order": row.reference})
    entry = book_pending(copy, request.program, row, wording.earned, request.actor)
    entries = (entry,) if entry is not None else ()
    points = entry.points if entry is not None else 0
    text = deeds.order_released(request.program, row.reference, points)
    return Deed(text, _whose(copy, row), entries, facts={"order": row.reference})


def drop(copy: WorkingCopy, request: Request, command: Drop) -> Deed | Refusal:
    """Drop the points of a held order: its visit stays one, but counts for no tier, nor does its spend. Whoever brought
    the friend waits for another order.
    """
    row = _held(copy, command.order)
    if isinstance(row, Refusal):
        return row
    assert row.standing_id is not None
    due = row.earned - row.reversed
    copy.facts.dropped.add(row.id)
    copy.put_order(row._replace(reversed=row.earned, unbooked=row.unbooked + due, pending_until=None, held=0))
    copy.put_refund(copy.by_hand(row, request.actor, request.ref), row.id, due, None)
    standing = copy.count(copy.followed(row.standing_id), row.day, row.source, points=-due)
    tier_desk.reviewed(copy, request.program, copy.put_standing(request.program, standing))
    for referral in list(copy.facts.referrals.values()):
        if referral.order_id == row.id and referral.status == "vesting":
            stop_referral(copy, request.program, referral)
    copy.slip.settled.append((row.id, "dropped"))
    text = deeds.order_dropped(request.program, row.reference)
    return Deed(text, standing.id, facts={"order": row.reference})


def _whose(copy: WorkingCopy, row: OrderRow) -> int | None:
    return None if row.standing_id is None else copy.followed(row.standing_id).id


def _order(copy: WorkingCopy, reference: str) -> OrderRow | Refusal:
    found = [row for row in copy.facts.orders.values() if row.reference == reference]
    if not found:
        return Refusal("order-unknown", reference)
    if len(found) > 1:
        return Refusal.saying(
            "order-ambiguous", "{count} order systems have reported {order}", count=len(found), order=reference
        )
    return found[0]


def _held(copy: WorkingCopy, reference: str) -> OrderRow | Refusal:
    row = _order(copy, reference)
    if isinstance(row, Refusal):
        return row
    return row if row.held else Refusal("order-not-held", reference)
