"""What an order, a refund and a cancellation do, one after another, on the working copy of a batch.

Rules:
- Each order is decided on what the orders before it in the batch left behind.
- The award is keyed by the order, not by the event or by a change of status: the same order id from the same source
  counts once for ever (protocol §5; Bug 1-4, 9).
- A refund that comes before its order is kept and applied when the order comes.
- Every order is answered, accepted or not (protocol §6).
"""

from kinds.answer import Result
from ledger.book import Standing
from ledger.orders import OrderName, OrderRow
from ledger.waiting_refunds import WaitingRefund
from nostr_loyalty.desk.working_copy import Movement, WorkingCopy
from nostr_loyalty.intake.recognition import OrderMessage, Rejection
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import publications, wording
from nostr_loyalty.publishing.publications import Reply
from nostr_loyalty.rules import claiming, earning, reversing
from nostr_loyalty.rules.refusal import Refusal
from nostr_loyalty.rules.visiting import month_of


class OrderDesk:
    """Decides the orders of one batch."""

    def __init__(self, copy: WorkingCopy) -> None:
        """`copy`: the batch's facts, changed by every decision."""
        self._copy = copy

    def take(self, message: OrderMessage) -> None:
        """Decide one order and promise its answer."""
        answer = self._paid(message) if message.order.status == "paid" else self._ended(message)
        self._answer(message, answer)

    def reject(self, rejection: Rejection) -> None:
        """Promise the answer to a signed message that the door turned away."""
        answer = Reply("rejected", wording.rejected(rejection.sentence), reason=rejection.code)
        self._copy.promise(publications.rejection(rejection, answer, self._copy.now, self._copy.dice(32)))

    def _answer(self, message: OrderMessage, answer: Reply) -> None:
        self._copy.promise(publications.answer(message, answer, self._copy.now, self._copy.dice(32)))

    # -- paid -----------------------------------------------------------------------------------------------------

    def _paid(self, message: OrderMessage) -> Reply:
        known = self._copy.order(order_name(message))
        if known is not None:
            return self._counted_before(message.program, known)
        paid = earning.PaidAmount(message.money.minor, message.money.currency, message.by_points)
        points = earning.earn(message.program.rules, paid)
        if isinstance(points, Refusal):
            return Reply("rejected", wording.rejected(points.sentence), reason=points.code)
        answer = self._claimable(message, points) if message.order.customer is None else self._earned(message, points)
        for waiting in self._copy.waiting_for(order_name(message)):
            row = self._copy.order(order_name(message))
            assert row is not None
            taken_back = self._take_back(message.program, row, waiting)
            if taken_back.result == "rejected":
                self._withdraw(message, waiting, taken_back)
            else:
                answer = self._net(message.program, order_name(message))
        return answer

    def _withdraw(self, message: OrderMessage, waiting: WaitingRefund, reply: Reply) -> None:
        """A refund that was kept for this order does not fit it: it is given up, and its source is told."""
        self._copy.release(waiting)
        about = message._replace(message=message.message._replace(ref=waiting.message_ref))
        self._answer(about, reply)

    def _earned(self, message: OrderMessage, points: int) -> Reply:
        program, copy, customer = message.program, self._copy, message.order.customer
        assert customer is not None
        standing = copy.standing(program, customer)
        row = self._new_order(message, points, standing_id=standing.id)
        standing = _with_visit(standing, row.month, points)
        if points:
            row = row._replace(entry_id=copy.facts.next_entry_id)
            moved = copy.position(standing).credit(copy.facts.next_entry_id, points, expires_at=None, at=copy.now)
            movement = Movement(
                type="earned", moved=moved, text=wording.earned(program), source=row.source, reference=row.reference,
                order_id=row.id, occurred_at=row.paid_at,
            )  # fmt: skip
            copy.enter(program, standing, movement)
        else:
            copy.put_standing(program, standing)
        copy.put_order(row)
        return self._accepted(program, row, points)

    def _claimable(self, message: OrderMessage, points: int) -> Reply:
        code = claiming.claim_code(self._copy.dice(claiming.RANDOM_BYTES))
        self._copy.put_order(self._new_order(message, points, claim_hash=claiming.claim_hash(code)))
        return Reply("accepted", wording.claimable(message.program, points, code), points=points, claim=code)

    def _new_order(
        self, message: OrderMessage, points: int, *, standing_id: int | None = None, claim_hash: str | None = None
    ) -> OrderRow:
        return OrderRow(
            id=self._copy.facts.next_order_id, program_id=message.program.ledger_id, source=message.message.author,
            reference=message.reference, status="paid", standing_id=standing_id, currency=message.money.currency,
            amount_minor=message.money.minor, refunded_minor=0, paid_at=message.order.paid_at,
            month=month_of(message.order.paid_at, message.program.rules.tz), entry_id=None, earned=points, reversed=0,
            claim_hash=claim_hash, message_ref=message.message.ref, recorded_at=self._copy.now,
        )  # fmt: skip

    # -- refunded, canceled ---------------------------------------------------------------------------------------

    def _ended(self, message: OrderMessage) -> Reply:
        key = order_name(message)
        known = self._copy.order(key)
        refund = WaitingRefund(
            program_id=message.program.ledger_id, source=message.message.author, order_reference=message.reference,
            reference=refund_reference(message), canceled=message.order.status == "canceled",
            currency=message.money.currency, amount_minor=message.money.minor, message_ref=message.message.ref,
            recorded_at=self._copy.now,
        )  # fmt: skip
        if known is None:
            line = wording.kept_for_later(message.reference)
            if self._copy.is_refunded(refund):
                return Reply("duplicate", wording.counted_before(line), points=0)
            self._copy.keep_waiting(refund)
            return Reply("accepted", line, points=0)
        if self._copy.is_refunded(refund):
            return self._counted_before(message.program, known)
        return self._take_back(message.program, known, refund)

    def _take_back(self, program: ServedProgram, row: OrderRow, refund: WaitingRefund) -> Reply:
        """Apply a refund or a cancellation to a known order."""
        stored = reversing.StoredOrder(row.amount_minor, row.currency, row.refunded_minor, row.earned, row.reversed)
        if refund.canceled:
            reversal: reversing.Reversal | Refusal = reversing.cancel(stored)
        else:
            reversal = reversing.refund(stored, refund.amount_minor, refund.currency)
        if isinstance(reversal, Refusal):
            return Reply("rejected", wording.rejected(reversal.sentence), reason=reversal.code)
        ends = reversal.whole and row.status == "paid"
        status = row.status if not ends else "canceled" if refund.canceled else "refunded"
        reversed_in_all = row.reversed + reversal.points
        row = row._replace(status=status, refunded_minor=reversal.refunded_minor, reversed=reversed_in_all)
        if row.standing_id is None:
            self._copy.put_order(row)
            self._copy.put_refund(refund, row.id, reversal.points, None)
            return Reply("accepted", wording.claim_withdrawn(program), points=-reversal.points)
        taken, entry_id = self._reverse(program, row, refund, reversal.points, ends=ends)
        self._copy.put_order(row)
        self._copy.put_refund(refund, row.id, taken, entry_id)
        return self._accepted(program, row, -taken)

    def _reverse(
        self, program: ServedProgram, row: OrderRow, refund: WaitingRefund, points: int, *, ends: bool
    ) -> tuple[int, int | None]:
        """Take the customer's points back: how many (what had expired is not taken again), and by which entry."""
        assert row.standing_id is not None
        standing = self._copy.facts.standings[row.standing_id]
        if ends:
            standing = _without_visit(standing, row.month)
        moved = None
        if points:
            assert row.entry_id is not None
            moved = self._copy.position(standing).reverse_credit(row.entry_id, points, at=self._copy.now)
        if moved is None:
            self._copy.put_standing(program, standing)
            return 0, None
        standing = standing._replace(lifetime=standing.lifetime + moved.points)
        movement = Movement(
            type="revoked", moved=moved, text=wording.revoked(program, canceled=refund.canceled), source=row.source,
            reference=refund.reference, order_id=row.id, occurred_at=refund.recorded_at, reverses=row.entry_id,
        )  # fmt: skip
        entry = self._copy.enter(program, standing, movement)
        return -moved.points, entry.id

    # -- answers --------------------------------------------------------------------------------------------------

    def _accepted(self, program: ServedProgram, row: OrderRow, points: int) -> Reply:
        return self._standing_reply("accepted", program, row, points)

    def _net(self, program: ServedProgram, key: OrderName) -> Reply:
        """The answer to an order whose refund had come before it: what is left of it."""
        row = self._copy.order(key)
        assert row is not None
        points = row.earned - row.reversed
        if row.standing_id is None:
            return Reply("accepted", wording.claim_withdrawn(program), points=points)
        return self._standing_reply("accepted", program, row, points)

    def _counted_before(self, program: ServedProgram, row: OrderRow) -> Reply:
        points = row.earned - row.reversed
        if row.standing_id is None:
            return Reply("duplicate", wording.claimable_before(program, points), points=points)
        return self._standing_reply("duplicate", program, row, points)

    def _standing_reply(self, result: Result, program: ServedProgram, row: OrderRow, points: int) -> Reply:
        assert row.standing_id is not None
        standing = self._copy.facts.standings[row.standing_id]
        visits = standing.visits_month if standing.month == row.month else 0
        line = wording.monitor_line(program, points, standing.balance, visits if row.status == "paid" else 0)
        text = wording.counted_before(line) if result == "duplicate" else line
        return Reply(result, text, points=points, balance=standing.balance, visits_month=visits)


def order_name(message: OrderMessage) -> OrderName:
    """What an order is known by, for ever: (program's ledger id, source, order id)."""
    return (message.program.ledger_id, message.message.author, message.reference)


def refund_reference(message: OrderMessage) -> str:
    """What makes a refund happen once: the refund's id within the order, or the order's one refund without an id."""
    order = message.order
    if order.status == "canceled":
        return f"{order.order_id}:canceled"
    return f"{order.order_id}:refund:{order.refund_id}" if order.refund_id is not None else f"{order.order_id}:refund"


def _with_visit(standing: Standing, month: int, points: int) -> Standing:
    """Count a visit and what it earns; a later month than the one on record starts anew, an earlier one is silent."""
    latest = max(month, standing.month)
    before = standing.visits_month if latest == standing.month else 0
    return standing._replace(
        visits=standing.visits + 1,
        month=latest,
        visits_month=before + (month == latest),
        lifetime=standing.lifetime + points,
    )


def _without_visit(standing: Standing, month: int) -> Standing:
    """Take a visit back that was counted in `month`."""
    same = month == standing.month
    return standing._replace(visits=standing.visits - 1, visits_month=standing.visits_month - same)
