"""What a paid order does, one after another, on the working copy of a batch. Refunds are `refund_desk`'s.

Rules:
- Each order is decided on what the orders before it in the batch left behind.
- The award is keyed by the order, not by the event or by a change of status: the same order id from the same source
  counts once for ever (protocol §5; Bug 1-4, 9).
- The order that crosses a tier earns at the rate of the tier before it (Bug 38).
- Every order is answered, accepted or not (protocol §6).
"""

from kinds.answer import Result
from kinds.keys import Address, naddr_encode
from kinds.registry import PROGRAM
from ledger.book import Standing
from ledger.orders import OrderName, OrderRow
from ledger.units import Money
from nostr_loyalty.desk import crediting
from nostr_loyalty.desk.refund_desk import RefundDesk, refund_reference
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.intake.recognition import OrderMessage, Rejection, with_stamp
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import publications, wording
from nostr_loyalty.publishing.publications import Reply
from nostr_loyalty.rules import claiming, earning, redeeming
from nostr_loyalty.rules.calendar import day_of
from nostr_loyalty.rules.earning import ANYBODY, Earned
from nostr_loyalty.rules.program import Reward
from nostr_loyalty.rules.redeeming import RedeemFacts
from nostr_loyalty.rules.refusal import Refusal
from nostr_loyalty.rules.visiting import month_of


class OrderDesk:
    """Decides the orders of one batch."""

    def __init__(self, copy: WorkingCopy) -> None:
        """`copy`: the batch's facts, changed by every decision."""
        self._copy = copy
        self._refunds = RefundDesk(copy)

    def take(self, message: OrderMessage) -> Reply:
        """Decide one order and promise its answer; gives the answer."""
        answer = self._paid(message) if message.order.status == "paid" else self._ended(message)
        self._answer(message, answer)
        return answer

    def reject(self, rejection: Rejection) -> None:
        """Promise the answer to a signed message that the door turned away."""
        reason = wording.rejection(rejection.program, rejection.code, rejection.detail)
        answer = Reply("rejected", wording.rejected(reason, rejection.program), reason=rejection.code)
        self._copy.promise(publications.rejection(rejection, answer, self._copy.now, self._copy.dice(32)))

    def _answer(self, message: OrderMessage, answer: Reply) -> None:
        self._copy.promise(publications.answer(message, answer, self._copy.now, self._copy.dice(32)))
        for monitor in message.program.monitors:
            self._copy.promise(publications.display(message, answer, monitor, self._copy.now, self._copy.dice(32)))

    # -- paid -----------------------------------------------------------------------------------------------------

    def _paid(self, message: OrderMessage) -> Reply:
        known = self._copy.order(order_name(message))
        if known is not None:
            return self._ordered_before(message, known)
        customer = message.order.customer
        if customer is None:
            earned = earning.earn(message.program.rules, message.facts, ANYBODY)
        else:
            standing = self._copy.followed(self._copy.standing(message.program, customer).id)
            facts = crediting.customer_facts(self._copy, message.program, standing, message.order.paid_at)
            earned = earning.earn(message.program.rules, message.facts, facts)
        if isinstance(earned, Refusal):
            return _refused(message.program, earned)
        answer = self._claimable(message, earned) if customer is None else self._earned(message, earned)
        for waiting in self._copy.waiting_for(order_name(message)):
            row = self._copy.order(order_name(message))
            assert row is not None
            taken_back = self._refunds.take_back(message.program, row, waiting, waited=True)
            if isinstance(taken_back, Refusal):
                self._copy.release(waiting)  # it does not fit the order that has come: its source is told
                about = message._replace(message=message.message._replace(ref=waiting.message_ref))
                self._answer(about, _refused(message.program, taken_back))
            else:
                answer = self._net(message.program, order_name(message), answer)
        return answer

    def _earned(self, message: OrderMessage, earned: Earned) -> Reply:
        program, copy = message.program, self._copy
        assert message.order.customer is not None
        standing = copy.followed(copy.standing(program, message.order.customer).id)
        row = self._new_order(message, earned, standing.id)
        row = crediting.credit(copy, program, row, standing, stamped=earned.stamped, text=wording.earned)
        return self._accepted(program, row, row.earned if row.pending_until is None else 0)

    def _claimable(self, message: OrderMessage, earned: Earned) -> Reply:
        program = message.program
        code = claiming.claim_code(self._copy.dice(claiming.RANDOM_BYTES))
        row = self._new_order(message, earned, None, claim_hash=claiming.claim_hash(code))
        if earned.stamped:
            row = row._replace(detail=with_stamp(row.detail, earned.stamp))
        self._copy.put_order(row)
        naddr = naddr_encode(Address(PROGRAM, program.issuer, program.slug, program.relays[:1]))
        uris = [claiming.claim_uri(naddr, code)]
        if program.claim_url is not None:
            uris.append(claiming.claim_link(program.claim_url, naddr, code))
        text = wording.claimable(program, earned.points, code)
        return Reply("accepted", text, points=earned.points, claim=code, claim_uris=tuple(uris))

    def _new_order(
        self, message: OrderMessage, earned: Earned, standing_id: int | None, *, claim_hash: str | None = None
    ) -> OrderRow:
        rules, facts, now = message.program.rules, message.facts, self._copy.now
        counts = facts.currency == rules.counted_currency and standing_id is not None
        pending = now + rules.vest_s if earned.vests and earned.points and standing_id is not None else None
        return OrderRow(
            id=self._copy.facts.next_order_id, program_id=message.program.ledger_id, source=message.message.author,
            reference=message.reference, status="paid", standing_id=standing_id, currency=facts.currency,
            amount_minor=facts.minor, refunded_minor=0, paid_at=facts.paid_at,
            month=month_of(facts.paid_at, rules.tz), entry_id=None, earned=earned.points, reversed=0,
            claim_hash=claim_hash, message_ref=message.message.ref, recorded_at=now,
            day=day_of(facts.paid_at, rules.tz), basis_minor=earned.basis_minor,
            counted_minor=max(0, facts.minor - facts.by_points_minor) if counts else 0, fixed=earned.fixed,
            welcome=earned.welcome, pending_until=pending, detail=message.detail,
        )  # fmt: skip

    # -- refunded, canceled ---------------------------------------------------------------------------------------

    def _ended(self, message: OrderMessage) -> Reply:
        key = order_name(message)
        known = self._copy.order(key)
        refund = self._refunds.of_message(message)
        if known is None:
            line = wording.kept_for_later(message.reference, message.program)
            if self._copy.is_refunded(refund):
                before = next(one for one in self._copy.waiting_for(key) if one.reference == refund.reference)
                booked = _other_amount(message, before.amount_minor, before.currency)
                return Reply("duplicate", wording.counted_before(line, message.program, booked), points=0)
            self._copy.keep_waiting(refund)
            return Reply("accepted", line, points=0)
        if self._copy.is_refunded(refund):
            return self._refunded_before(message, known)
        taken = self._refunds.take_back(message.program, known, refund)
        if isinstance(taken, Refusal):
            return _refused(message.program, taken)
        row = self._copy.order(key)
        assert row is not None
        if row.standing_id is None:
            return Reply("accepted", wording.claim_withdrawn(message.program), points=-taken)
        return self._accepted(message.program, row, -taken if known.entry_id is not None else 0)

    # -- answers --------------------------------------------------------------------------------------------------

    def _accepted(self, program: ServedProgram, row: OrderRow, points: int) -> Reply:
        return self._standing_reply("accepted", program, row, points)

    def _net(self, program: ServedProgram, key: OrderName, whole: Reply) -> Reply:
        """The answer to an order whose refund had come before it: what is left of it; `whole`: what it would be."""
        row = self._copy.order(key)
        assert row is not None
        points = row.earned - row.reversed
        if row.standing_id is not None:
            return self._standing_reply("accepted", program, row, points if row.pending_until is None else 0)
        if row.status == "paid" and whole.claim is not None:
            return whole._replace(points=points, text=wording.claimable(program, points, whole.claim))
        return Reply("accepted", wording.claim_withdrawn(program), points=points)

    def _ordered_before(self, message: OrderMessage, row: OrderRow) -> Reply:
        """The answer to the repetition of an order: the points of the first answer, or by now those that waited."""
        program, booked = message.program, _other_amount(message, row.amount_minor, row.currency)
        came_before = [one for one in self._copy.facts.refunded.values() if one.order_id == row.id and one.told == 0]
        if row.claim_hash is None:
            points = row.earned - row.unbooked if row.entry_id is not None else 0
            points -= sum(one.points for one in came_before if one.entry_id is not None)
        else:
            points = row.earned - sum(one.points for one in came_before)
        if row.standing_id is not None:
            return self._standing_reply(
                "duplicate", program, row, points if row.pending_until is None else 0, booked=booked
            )
        line = wording.claimable_before(program, row.earned - row.reversed)
        return Reply("duplicate", wording.counted_before(line, program, booked), points=points)

    def _refunded_before(self, message: OrderMessage, row: OrderRow) -> Reply:
        """The answer to the repetition of a refund or a cancellation: the points of the first answer."""
        program = message.program
        before = self._copy.facts.refunded[row.program_id, row.source, refund_reference(message)]
        booked = _other_amount(message, before.amount_minor, row.currency)
        points = before.told
        if points is None:  # it was recorded before this was
            points = -before.points if before.entry_id is not None or row.claim_hash is not None else 0
        if row.standing_id is not None:
            return self._standing_reply("duplicate", program, row, points, booked=booked)
        line = wording.claim_withdrawn(program)
        return Reply("duplicate", wording.counted_before(line, program, booked), points=points)

    def _standing_reply(
        self, result: Result, program: ServedProgram, row: OrderRow, points: int, *, booked: Money | None = None
    ) -> Reply:
        """Where the customer stands. `booked`: the amount that stays, of a repetition that had another one."""
        assert row.standing_id is not None
        standing = self._copy.followed(row.standing_id)
        rules = program.rules
        visits = standing.visits_month if standing.month == row.month else 0
        tier = rules.tier(standing.tier)
        nearest = self._nearest(program, standing) if rules.rewards else None
        shown = visits if row.status == "paid" else 0
        text = wording.monitor_line(program, points, standing.balance, shown, tier, nearest)
        pending = row.pending_until
        if pending is not None:
            due = row.earned - row.reversed
            text = wording.held(program, due, text) if row.held else wording.pending(program, due, text, pending)
        if result == "duplicate":
            text = wording.counted_before(text, program, booked)
        perks = () if tier is None else tuple([(one.type, one.value) for one in rules.perks if one.tier == tier.id])
        return Reply(
            result, text, points=points, balance=standing.balance, visits_month=visits,
            tier=tier.id if tier is not None else None, perks=perks, pending_until=None if row.held else pending,
        )  # fmt: skip

    def _nearest(self, program: ServedProgram, standing: Standing) -> tuple[Reward, int] | None:
        """The reward that the customer is nearest to."""
        facts, rules, now = self._copy.facts, program.rules, self._copy.now

        def have(reward: Reward) -> RedeemFacts:
            had = facts.had.get((standing.id, reward.id, redeeming.period_of(rules, reward, now)), ())
            out = facts.stock.get((program.ledger_id, reward.id), 0)
            return RedeemFacts(standing.balance, standing.tier, False, out, frozenset(had), now)

        return redeeming.nearest(rules, standing.balance, have)


def _refused(program: ServedProgram, refusal: Refusal) -> Reply:
    return Reply("rejected", wording.rejected(wording.refusal(program, refusal), program), reason=refusal.code)


def _other_amount(message: OrderMessage, minor: int, currency: str) -> Money | None:
    """What was booked, if the repetition says something else. With a cancellation the amount says nothing."""
    facts = message.facts
    same = (facts.minor, facts.currency) == (minor, currency) or message.order.status == "canceled"
    return None if same else Money(minor, currency)


def order_name(message: OrderMessage) -> OrderName:
    """What an order is known by, for ever: (program's ledger id, source, order id)."""
    return (message.program.ledger_id, message.message.author, message.reference)
