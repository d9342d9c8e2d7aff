"""What guests ask for themselves, apart from rewards: a receipt's points, a word about an order, a friend."""

from ledger.book import Standing
from ledger.feedback import Feedback as Said
from ledger.orders import OrderRow
from ledger.referrals import Referral
from nostr_loyalty.commands.command import Claim, Feedback, Refer, Request
from nostr_loyalty.desk import crediting
from nostr_loyalty.desk.deed import Deed
from nostr_loyalty.desk.hand_desk import is_frozen, known
from nostr_loyalty.desk.lot_moves import bonus
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.intake.recognition import recorded_facts, recorded_stamp
from nostr_loyalty.publishing import deeds, wording
from nostr_loyalty.rules import claiming, earning, referring
from nostr_loyalty.rules.refusal import Refusal

HOUR_S = 3_600


def claim(copy: WorkingCopy, request: Request, command: Claim) -> Deed | Refusal:
    """Give a receipt's points to the key that shows its code first (Bug 46-48)."""
    program, rules = request.program, request.program.rules
    hashed = claiming.claim_hash(command.code)
    row = next((one for one in copy.facts.orders.values() if one.claim_hash == hashed), None)
    wrong_by_key, wrong_by_all = copy.facts.wrong_claims
    refusal = claiming.claim(rules.claims, claiming.ClaimFacts(
        now=copy.now, wrong_by_key=wrong_by_key, wrong_by_all=wrong_by_all, frozen=is_frozen(copy, request),
        recorded_at=row.recorded_at if row is not None else None, taken=row is not None and row.standing_id is not None,
        withdrawn=row is not None and row.status != "paid",
    ))  # fmt: skip
    if refusal is not None:
        if refusal.code == "claim-unknown":
            copy.slip.wrong_claims.append((program.ledger_id, request.actor, copy.now // HOUR_S))
        return refusal
    assert row is not None, "an unknown code was refused"
    standing = copy.standing(program, request.actor)
    row, stamped = _claimed(copy, request, row, standing)
    row = crediting.credit(copy, program, row, standing, stamped=stamped, text=wording.claimed)
    points = row.earned - row.reversed
    entries = tuple(copy.slip.entries[-1:]) if row.entry_id is not None else ()
    text = deeds.claimed(program, points)
    if row.pending_until is not None:
        text = wording.held(program, points, deeds.claimed_for_later(program)) if row.held else wording.pending(
            program, points, deeds.claimed_for_later(program), row.pending_until
        )  # fmt: skip
    return Deed(text, standing.id, entries, detail={"order": row.id}, facts={"customer": standing.customer})


def _claimed(copy: WorkingCopy, request: Request, row: OrderRow, standing: Standing) -> tuple[OrderRow, bool]:
    """The order as its claimant's: what it earned when it was reported, with the customer's gap, welcome and caps."""
    rules = request.program.rules
    facts = recorded_facts(row.amount_minor, row.currency, row.paid_at, row.detail)
    earned = earning.claimed(
        rules, row.earned, row.fixed, stamp=recorded_stamp(row.detail), paid_at=row.paid_at,
        customer=crediting.customer_facts(copy, request.program, standing, row.paid_at),
    )  # fmt: skip
    counts = row.currency == rules.counted_currency
    row = row._replace(
        standing_id=standing.id, earned=max(earned.points, row.reversed), fixed=earned.fixed, welcome=earned.welcome,
        counted_minor=max(0, row.amount_minor - facts.by_points_minor - row.refunded_minor) if counts else 0,
    )  # fmt: skip
    return row._replace(pending_until=crediting.waits_until(copy, request.program, row)), earned.stamped


def feedback(copy: WorkingCopy, request: Request, command: Feedback) -> Deed | Refusal:
    """Keep a guest's words about an order, once, and give the points for it."""
    program = request.program
    standing = known(copy, program, request.actor)
    row = None if isinstance(standing, Refusal) else _order_of(copy, standing, command.order)
    if isinstance(standing, Refusal) or row is None or row.status != "paid":
        return Refusal("feedback-no-order", command.order or "")
    if row.id in copy.facts.feedback:
        return Refusal("feedback-given", row.reference)
    entry = None
    if program.rules.feedback:
        entry = bonus(
            copy, program, standing, program.rules.feedback, text=wording.feedback, author=request.actor,
            reference=request.ref, adapter=request.adapter,
        )  # fmt: skip
    said = Said(row.id, program.ledger_id, standing.id, command.text, entry.id if entry else None, copy.now)
    copy.facts.feedback[row.id] = said
    copy.slip.feedback.append(said)
    entries = (entry,) if entry is not None else ()
    return Deed(wording.feedback(program), standing.id, entries, facts={"order": row.reference})


def refer(copy: WorkingCopy, request: Request, command: Refer) -> Deed | Refusal:
    """Remember who brings whom; the points come after the friend's first paid order (Bug 49)."""
    program, facts = request.program, copy.facts
    standing = known(copy, program, request.actor)
    if isinstance(standing, Refusal):
        return standing
    if is_frozen(copy, request):
        return Refusal("customer-frozen")
    if program.rules.referral is None:
        return Refusal("referral-off")
    friend = copy.followed(copy.standing(program, command.friend).id)
    refusal = referring.refer(
        program.rules, referrer=standing.customer, friend=friend.customer,
        friend_orders=1 if friend.last_order_id is not None else 0, friend_referred=facts.friend_referred,
        chain=facts.referrers, referred_so_far=facts.referred_so_far,
    )  # fmt: skip
    if refusal is not None:
        return refusal
    referral = Referral(
        facts.next_referral_id, program.ledger_id, standing.id, friend.id, "waiting", None, None, None, None, copy.now
    )
    copy.put_referral(referral)
    friend = friend._replace(referral_id=referral.id)
    facts.standings[friend.id] = copy.slip.standings[friend.id] = friend
    return Deed(deeds.brings(program, friend.customer), standing.id)


def _order_of(copy: WorkingCopy, standing: Standing, reference: str | None) -> OrderRow | None:
    for row in copy.facts.orders.values():
        wanted = row.id == standing.last_order_id if reference is None else row.reference == reference
        if wanted and row.standing_id is not None and copy.followed(row.standing_id).id == standing.id:
            return row
    return None
