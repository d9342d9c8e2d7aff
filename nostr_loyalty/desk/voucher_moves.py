"""Giving a voucher's points back: after a cancellation, at the end of its hold, for a smaller bill, after a refund.

What is given back goes into the lots that it came from, with at least a day to live (protocol §4 rule 3), and never
more than was charged. Where the redemption stands on the chain of a key that was replaced, it comes as a new credit,
which ends when the last of those lots would have ended, with at least a day to live too.
"""

from functools import partial
from typing import Literal

from ledger.entry import NewEntry
from ledger.lot import LIFE_AFTER_RESTORING_S, Draw
from ledger.orders import OrderRow
from ledger.vouchers import Voucher
from ledger.waiting_refunds import WaitingRefund
from nostr_loyalty.desk.facts import Movement
from nostr_loyalty.desk.lot_moves import take_credit, write_off
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import wording

Why = Literal["cancelled", "expired", "bill", "refunded"]


def is_for(copy: WorkingCopy, voucher: Voucher, row: OrderRow) -> bool:
    """Whether the voucher may have been used on this order: its owner's, or an order that is nobody's (yet)."""
    return row.standing_id is None or copy.followed(row.standing_id).id == copy.followed(voucher.standing_id).id


def give_back(
    copy: WorkingCopy, program: ServedProgram, voucher: Voucher, why: Why, *, author: str, reference: str,
    adapter: str = "daemon", by: str | None = None,
) -> NewEntry | None:  # fmt: skip
    """End the voucher and give back all that is still charged; None where that is nothing."""
    drawn = copy.facts.drawn.get(voucher.entry_id, [])
    entry = return_points(
        copy, program, voucher, voucher.charged, why, author=author, reference=reference, adapter=adapter, by=by
    )
    if why == "refunded":
        _owe_again(copy, program, voucher, drawn, author=author, reference=reference)
    status: Literal["cancelled", "expired"] = "expired" if why == "expired" else "cancelled"
    copy.put_voucher(voucher._replace(status=status, charged=0, ended_at=copy.now, slot=None))
    reward = program.rules.reward(voucher.reward)
    copy.slip.stock.append((program.ledger_id, voucher.reward, reward.stock if reward is not None else None, -1))
    copy.facts.stock[voucher.reward] = copy.facts.stock.get(voucher.reward, 1) - 1
    return entry


def return_points(
    copy: WorkingCopy, program: ServedProgram, voucher: Voucher, points: int, why: Why, *, author: str, reference: str,
    adapter: str, by: str | None,
) -> NewEntry | None:  # fmt: skip
    """Give so many of the voucher's points back; the voucher itself is left as it is."""
    if not points:
        return None

    def text(spoken: ServedProgram) -> str:
        return wording.given_back(spoken, why, voucher.title)

    standing = write_off(copy, program, copy.followed(voucher.standing_id))
    drawn = copy.facts.drawn.get(voucher.entry_id)
    position = copy.position(standing)
    if drawn is None:
        moved = position.credit(copy.facts.next_entry_id, points, expires_at=_end_of(copy, voucher), at=copy.now)
        return copy.enter(program, standing, Movement(
            type="granted", moved=moved, text=text, author=author, reference=reference, occurred_at=copy.now,
            adapter=adapter, by=by,
        ))  # fmt: skip
    moved = position.restore(drawn, points, at=copy.now)
    copy.facts.drawn[voucher.entry_id] = left_of(drawn, points)
    return copy.enter(program, standing, Movement(
        type="revoked", moved=moved, text=text, author=author, reference=reference, occurred_at=copy.now,
        adapter=adapter, by=by, reverses=voucher.entry_id, of_credit=False, reward=voucher.reward,
    ))  # fmt: skip


def _owe_again(
    copy: WorkingCopy, program: ServedProgram, voucher: Voucher, drawn: list[Draw], *, author: str, reference: str
) -> None:  # fmt: skip
    """Where the program clamps: an order's points that were forgiven because this voucher had spent them have come back
    with it, and are taken now.
    """
    for draw in drawn:
        found, at = copy.facts.forgiven.get(draw.lot_id, (None, 0))
        if found is None or (voucher.ended_at or 0) > at:  # used after that: until then it was owed, not forgiven
            continue
        row = copy.order((found.program_id, found.source, found.reference)) or found
        standing = copy.followed(voucher.standing_id)
        moved = take_credit(copy, program, standing, draw.lot_id, min(row.clamped, draw.points))
        if moved is None:
            continue
        again = WaitingRefund(
            row.program_id, author, row.reference, f"{reference}:{draw.lot_id}", False, row.currency, 0, voucher.hash,
            copy.now,
        )  # fmt: skip
        entry = copy.enter(program, standing, Movement(
            type="revoked", moved=moved, text=partial(wording.revoked, canceled=row.status == "canceled"),
            author=author, reference=again.reference, order_id=row.id, occurred_at=copy.now, adapter="daemon",
            reverses=draw.lot_id,
        ))  # fmt: skip
        copy.put_order(row._replace(clamped=row.clamped + moved.points))
        copy.put_refund(again, row.id, -moved.points, entry.id)


def _end_of(copy: WorkingCopy, voucher: Voucher) -> int | None:
    """When the last of the lots ends that the redemption drew on; None: one of them never does."""
    ends = [copy.now + LIFE_AFTER_RESTORING_S]
    for end in copy.facts.ends[voucher.entry_id]:
        if end is None:
            return None
        ends.append(end)
    return max(ends)


def left_of(drawn: list[Draw], points: int) -> list[Draw]:
    """What is still drawn after the last so many points of these draws went back."""
    left = []
    for draw in reversed(drawn):
        piece = min(points, draw.points)
        points -= piece
        if draw.points > piece:
            left.append(Draw(draw.lot_id, draw.points - piece))
    return left[::-1]
