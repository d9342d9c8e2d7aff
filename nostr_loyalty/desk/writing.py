"""The slip of a batch, written in the transaction in which its facts were read. Only SQL is awaited here."""

from ledger import (
    actions,
    awards,
    book,
    choices,
    claim_attempts,
    flags,
    orders,
    outbox,
    referrals,
    stamps,
    tally,
    vouchers,
    waiting_refunds,
)
from ledger import feedback as feedbacks
from ledger.database import Write
from nostr_loyalty.desk.facts import Slip


async def write(w: Write, slip: Slip, now: int) -> None:
    """Write everything that the batch decided, in the order that the ledger's own checks expect."""
    await book.make(w, slip.made)
    standings = list(slip.standings.values())
    await book.append(w, slip.entries, opened=slip.opened, draws=slip.draws, standings=standings)
    await orders.record(w, list(slip.new_orders.values()))
    await orders.update(w, list(slip.changed_orders.values()))
    await orders.record_refunds(w, slip.refunds)
    await waiting_refunds.keep(w, [one for one in slip.waiting if one not in slip.released])
    await waiting_refunds.release(w, slip.released)
    for old, new in slip.moved_tallies:
        await tally.move(w, old, new)
        await referrals.move(w, old, new)
        await stamps.move(w, old, new)
        await flags.move(w, old, new)
    await tally.add(w, list(slip.tallies.values()))
    await stamps.record(w, slip.stamps)
    await stamps.remove(w, slip.lost_stamps)
    await _write_the_rest(w, slip)
    fresh = await awards.record(w, [award for award, _ in slip.awards])
    await outbox.post(w, [*slip.promises, *(promise for award, promise in slip.awards if award in fresh)], now)


async def _write_the_rest(w: Write, slip: Slip) -> None:
    """What orders seldom need and commands do."""
    await vouchers.issue(w, list(slip.new_vouchers.values()))
    await vouchers.update(w, list(slip.changed_vouchers.values()))
    for program_id, reward, total, by in slip.stock:
        await vouchers.take_stock(w, program_id, reward, total, by)
    for is_new, referral in slip.referrals.values():
        await (referrals.record if is_new else referrals.update)(w, referral)
    for said in slip.feedback:
        await feedbacks.record(w, said)
    await flags.record(w, slip.flags)
    await flags.settle(w, slip.settled)
    for action in slip.actions:
        await actions.record(w, action)
    for undone, by_id in slip.undone:
        await actions.mark_undone(w, undone, by_id)
    for program_id, actor, hour in slip.wrong_claims:
        await claim_attempts.add_wrong(w, program_id, actor, hour)
    await book.warn_lots(w, slip.warned)
    for standing in slip.choices.values():
        await choices.choose(w, standing)
