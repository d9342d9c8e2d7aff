"""What a refund and a cancellation take back: from the order's stored points, never by today's rule (Bug 20).

Rules:
- All refunds of an order together never exceed it; each happens once by its reference (Bug 17, 22, 56).
- The order's own lot first, then the customer's others; what is spent becomes a deficit, or is forgiven where the
  program clamps. What had expired is not taken again (Bug 55).
- The whole refund also takes back the feedback's and the referral's points, and gives back a voucher that was used on
  the order, once (Bug 14, 16, 22, 49). The refund itself never waits and is never blocked by any of this (Bug 23).
- A customer whose key was replaced is followed to the new one.
"""

from ledger.orders import OrderRow
from ledger.referrals import Referral
from ledger.waiting_refunds import WaitingRefund
from nostr_loyalty.desk import tier_desk
from nostr_loyalty.desk.facts import Movement
from nostr_loyalty.desk.lot_moves import left_of_order, take_credit, take_moved_credit, take_of_order, write_off
from nostr_loyalty.desk.voucher_moves import give_back, is_for
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.intake.recognition import OrderMessage
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import wording
from nostr_loyalty.rules import reversing
from nostr_loyalty.rules.calendar import day_of
from nostr_loyalty.rules.refusal import Refusal


class RefundDesk:
    """Takes back what orders earned."""

    def __init__(self, copy: WorkingCopy) -> None:
        """`copy`: the batch's facts, changed by every decision."""
        self._copy = copy

    def of_message(self, message: OrderMessage) -> WaitingRefund:
        """The refund or cancellation that an order system reports."""
        return WaitingRefund(
            program_id=message.program.ledger_id, source=message.message.author, order_reference=message.reference,
            reference=refund_reference(message), canceled=message.order.status == "canceled",
            currency=message.facts.currency, amount_minor=message.facts.minor, message_ref=message.message.ref,
            recorded_at=self._copy.now,
        )  # fmt: skip

    def take_back(
        self, program: ServedProgram, row: OrderRow, refund: WaitingRefund, *, adapter: str = "nostr",
        by: str | None = None, waited: bool = False,
    ) -> int | Refusal:  # fmt: skip
        """Apply a refund or a cancellation to a known order: how many points (0 or more) it took. One that `waited` for
        its order was answered before.
        """
        stored = reversing.StoredOrder(
            row.amount_minor, row.currency, row.refunded_minor, row.earned, row.reversed, row.fixed
        )
        reversal = (
            reversing.cancel(stored) if refund.canceled
            else reversing.refund(stored, refund.amount_minor, refund.currency)
        )  # fmt: skip
        if isinstance(reversal, Refusal):
            return reversal
        ends = reversal.whole and row.status == "paid"
        status = row.status if not ends else "canceled" if refund.canceled else "refunded"
        counted = 0 if reversal.whole else max(0, row.counted_minor - (reversal.refunded_minor - row.refunded_minor))
        before, row = row, row._replace(
            status=status, refunded_minor=reversal.refunded_minor, reversed=row.reversed + reversal.points,
            counted_minor=counted,
        )  # fmt: skip
        standing_id = row.standing_id
        if standing_id is None:
            self._copy.put_order(row._replace(unbooked=row.unbooked + reversal.points))
            told = 0 if waited else -reversal.points
            self._copy.put_refund(refund, row.id, reversal.points, None, told)
            if ends:
                self._whole(program, row, refund, by)
            return reversal.points
        taken, entry_id, row = self._reverse(program, row, refund, reversal.points, adapter, by)
        self._copy.put_order(row)
        told = 0 if waited or row.entry_id is None else -taken
        self._copy.put_refund(refund, row.id, taken, entry_id, told)
        self._uncount(program, row, before, reversal.points, ends=ends)
        if ends:
            self._whole(program, row, refund, by)
        tier_desk.reviewed(self._copy, program, self._copy.followed(standing_id))
        return taken

    def _reverse(
        self, program: ServedProgram, row: OrderRow, refund: WaitingRefund, points: int, adapter: str, by: str | None
    ) -> tuple[int, int | None, OrderRow]:
        """Take the customer's points back: how many, by which entry, and the order with what could not be taken."""
        home = row.standing_id
        assert home is not None
        if row.entry_id is None:  # nothing was booked yet: it just will not be
            row = row._replace(unbooked=row.unbooked + points)
            if row.reversed >= row.earned:
                row = row._replace(pending_until=None, held=0)
            return points, None, row
        if not points:
            return 0, None, row
        copy = self._copy
        standing = write_off(copy, program, copy.followed(home))
        due = min(points, left_of_order(copy, row))  # the rest had run out
        moved = take_of_order(copy, program, standing, row, due)
        taken = -moved.points if moved is not None else 0
        row = row._replace(clamped=row.clamped + due - taken)
        if moved is None:
            return 0, None, row
        entry = copy.enter(program, standing, Movement(
            type="revoked", moved=moved, text=lambda it: wording.revoked(it, canceled=refund.canceled),
            author=refund.source, reference=refund.reference, order_id=row.id, occurred_at=refund.recorded_at,
            adapter=adapter, by=by, reverses=row.entry_id if standing.id == home else None,
        ))  # fmt: skip
        return taken, entry.id, row

    def _uncount(self, program: ServedProgram, row: OrderRow, before: OrderRow, points: int, *, ends: bool) -> None:
        """The visit, the spend and the points that no longer count, on the order's day."""
        copy = self._copy
        assert row.standing_id is not None
        standing = copy.followed(row.standing_id)
        standing = copy.count(
            standing, row.day, row.source, visits=-1 if ends else 0, points=-points,
            spent=row.counted_minor - before.counted_minor,
        )  # fmt: skip
        if ends:
            copy.unstamp(standing, row)
            if standing.month == row.month:
                standing = standing._replace(visits_month=max(0, standing.visits_month - 1))
            first_again = row.welcome or (not standing.visits and program.rules.deficit == "allow")
            if first_again and not row.clamped:  # a welcome bonus that was forgiven was the only one
                standing = standing._replace(welcomed=0)
            if standing.id != row.standing_id:  # the visit had moved to the new key with all others
                standing = standing._replace(carried_visits=standing.carried_visits - 1)
                old = copy.facts.standings[row.standing_id]
                copy.put_standing(program, old._replace(carried_visits=old.carried_visits + 1))
        copy.put_standing(program, standing)

    def _whole(self, program: ServedProgram, row: OrderRow, refund: WaitingRefund, by: str | None) -> None:
        """What else hangs on an order that was taken back in whole."""
        copy = self._copy
        copy.slip.settled.append((row.id, "dropped"))  # what the guard noticed need not be looked at any more
        for voucher in list(copy.facts.vouchers.values()):
            if voucher.program_id != row.program_id or voucher.order_reference != row.reference:
                continue
            if voucher.status == "used" and voucher.order_source in (None, row.source) and is_for(copy, voucher, row):
                give_back(
                    copy,
                    program,
                    voucher,
                    "refunded",
                    author=refund.source,
                    reference=f"{refund.reference}:{voucher.hash}",
                    by=by,
                )
        said = copy.facts.feedback.get(row.id)
        if said is not None and said.entry_id is not None:
            self._take_bonus(program, said.standing_id, said.entry_id, row, f"{refund.reference}:feedback", by)
        for referral in list(copy.facts.referrals.values()):
            if referral.order_id != row.id:
                continue
            if referral.status == "vesting":
                stop_referral(copy, program, referral)
            else:
                for standing_id, entry_id, who in (
                    (referral.friend_id, referral.friend_entry, "friend"),
                    (referral.referrer_id, referral.referrer_entry, "referrer"),
                ):
                    if entry_id is not None:
                        self._take_bonus(program, standing_id, entry_id, row, f"{refund.reference}:{who}", by)

    def _take_bonus(
        self, program: ServedProgram, standing_id: int, entry_id: int, row: OrderRow, reference: str,
        by: str | None,
    ) -> None:  # fmt: skip
        """Take a bonus back that the order had led to: a credit of its own."""
        copy, bonus = self._copy, self._copy.facts.bonuses[entry_id]
        standing = write_off(copy, program, copy.followed(standing_id))
        lot = next(one for one in copy.facts.lots[bonus.standing_id] if one.entry_id == entry_id)
        own, points = standing.id == bonus.standing_id, lot.points - lot.reversed
        if own:
            moved = take_credit(copy, program, standing, entry_id, points)
        else:
            moved = take_moved_credit(copy, program, standing, entry_id, points, lot.reversed)
        standing = copy.count(standing, day_of(bonus.occurred_at, program.rules.tz), points=-points)
        if moved is None:
            tier_desk.reviewed(copy, program, copy.put_standing(program, standing))
            return
        copy.enter(program, standing, Movement(
            type="revoked", moved=moved, text=lambda it: wording.revoked(it, canceled=row.status == "canceled"),
            author=row.source, reference=reference, occurred_at=copy.now, adapter="daemon", by=by,
            reverses=entry_id if own else None,
        ))  # fmt: skip
        tier_desk.reviewed(copy, program, copy.facts.standings[standing.id])


def stop_referral(copy: WorkingCopy, program: ServedProgram, referral: Referral) -> None:
    """The friend's order that it ripened by is none any more: it waits for the next one."""
    copy.put_referral(referral._replace(status="waiting", order_id=None, vest_at=None))
    friend = copy.followed(referral.friend_id)
    copy.put_standing(program, friend._replace(referral_id=referral.id))


def refund_reference(message: OrderMessage) -> str:
    """What makes a refund happen once: the refund's id within the order, or the order's one refund without an id."""
    order = message.order
    if order.status == "canceled":
        return f"{order.order_id}:canceled"
    return f"{order.order_id}:refund:{order.refund_id}" if order.refund_id is not None else f"{order.order_id}:refund"
