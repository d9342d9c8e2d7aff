"""What an order gives its customer, when it is reported and when a receipt is claimed: visit, spend, points, referral.

The row must say what it earned. Everything is counted on the local day of the payment.
"""

from collections.abc import Sequence
from typing import Final

from ledger.book import Standing
from ledger.flags import Flag
from ledger.orders import OrderRow
from ledger.tally import Tally
from nostr_loyalty.desk import tier_desk
from nostr_loyalty.desk.facts import Movement, Sentence
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.intake.recognition import recorded_facts
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import wording
from nostr_loyalty.rules import expiring, guarding, vesting
from nostr_loyalty.rules.calendar import day_of, period_days
from nostr_loyalty.rules.earning import CustomerFacts

HELD: Final = 2**53
"""The `pending_until` of an order that waits for an operator."""


def customer_facts(copy: WorkingCopy, program: ServedProgram, standing: Standing, paid_at: int) -> CustomerFacts:
    """What the earning rules look at of a customer, for an order paid at this time."""
    rules = program.rules
    used: tuple[int, ...] = ()
    if rules.caps:
        tallies = copy.facts.tallies.get(standing.id, ())
        day = day_of(paid_at, rules.tz)
        used = tuple(_points_within(tallies, *period_days(day, cap.period)) for cap in rules.caps)
    near = [stamp.paid_at for stamp in copy.facts.stamps.get(standing.id, ())]
    stamped_at = min(near, key=lambda at: abs(at - paid_at), default=0)
    return CustomerFacts(standing.tier, bool(standing.welcomed), stamped_at, used)


def credit(
    copy: WorkingCopy, program: ServedProgram, row: OrderRow, standing: Standing, *, stamped: bool, text: Sentence
) -> OrderRow:  # fmt: skip
    """Give the customer what the order is worth; the order as it is then written down."""
    row = _guarded(copy, program, row, standing)
    points = row.earned - row.reversed
    # A later month than the one on record starts anew, an earlier one is silent.
    latest = max(row.month, standing.month)
    before = standing.visits_month if latest == standing.month else 0
    counted = copy.counted(
        standing, row.day, row.source, orders=1, visits=1, points=points, spent=row.counted_minor
    ) | {
        "month": latest, "visits_month": before + (row.month == latest), "welcomed": 1,
        "last_order_id": max(row.id, standing.last_order_id or 0),
    }  # fmt: skip
    if points and row.pending_until is None:
        row = row._replace(entry_id=copy.facts.next_entry_id)
        moved = copy.position(standing).credit(
            copy.facts.next_entry_id, points, expires_at=expiring.expires_at(program.rules, copy.now), at=copy.now
        )
        copy.enter(program, standing, Movement(
            type="earned", moved=moved, text=text, author=row.source, reference=row.reference, order_id=row.id,
            occurred_at=row.paid_at,
        ), counted)  # fmt: skip
        standing = copy.facts.standings[standing.id]
    else:
        standing = copy.put_standing(program, standing._replace(**counted))
    copy.put_order(row)
    if stamped:
        copy.stamp(standing, row)
    if standing.referral_id is not None:
        standing = _friend_came(copy, program, row, standing)
    tier_desk.reviewed(copy, program, standing)
    return row


def waits_until(copy: WorkingCopy, program: ServedProgram, row: OrderRow) -> int | None:
    """Until when the points of a recorded order wait, by what was recorded of it; None: no longer, or not at all."""
    facts = recorded_facts(row.amount_minor, row.currency, row.paid_at, row.detail)
    delivery = any(line == "delivery" for line, _ in facts.lines)
    until = vesting.pending_until(program.rules, delivery, row.recorded_at)
    return until if until is not None and until > copy.now and row.earned > row.reversed else None


def _guarded(copy: WorkingCopy, program: ServedProgram, row: OrderRow, standing: Standing) -> OrderRow:
    """An order above the guard's numbers is flagged, its points are held where the program says so, and operators are
    told.
    """
    guard = program.rules.guard
    if guard.customer_orders is None and guard.source_orders is None:
        return row
    today = [one for one in copy.facts.tallies.get(standing.id, ()) if one.day == row.day]
    of_source = sum(one.orders for one in today if one.source == row.source)
    noticed = guarding.guard(program.rules, sum(one.orders for one in today) + 1, of_source + 1)
    if noticed is None:
        return row
    what, orders = noticed
    holds = guard.holds and row.earned > row.reversed
    copy.slip.flags.append(Flag(0, program.ledger_id, standing.id, row.id, what, orders, int(holds), copy.now, None))
    text = wording.flagged(program, standing.customer, row.reference, orders, held=holds)
    for operator in sorted(program.operators):
        copy.tell(program, operator, text)
    return row._replace(pending_until=HELD, held=1) if holds else row


def _friend_came(copy: WorkingCopy, program: ServedProgram, row: OrderRow, standing: Standing) -> Standing:
    """The first order of a friend: its referral ripens from now on."""
    rule = program.rules.referral
    assert standing.referral_id is not None
    referral = copy.facts.referrals[standing.referral_id]
    if rule is None or referral.status != "waiting":
        return standing
    copy.put_referral(referral._replace(status="vesting", order_id=row.id, vest_at=copy.now + rule.vest_s))
    return copy.put_standing(program, standing._replace(referral_id=None))


def _points_within(tallies: Sequence[Tally], first: int, last: int) -> int:
    return max(0, sum(one.points for one in tallies if first <= one.day <= last))
