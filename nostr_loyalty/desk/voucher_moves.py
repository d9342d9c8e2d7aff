"""Giving a voucher's points back: after a cancellation, at the end of its hold, for a smaller bill, after a refund.

What is given back goes into the lots that it came from, with at least a day to live (protocol §4 rule 3), and never
more than was charged. Where the redemption stands on the chain of a key that was replaced, it comes as a new credit,
which ends when the last of those lots would have ended, with at least a day to live too.

Where the program clamps, an order's points may have been forgiven because a used voucher had spent them. When that
voucher comes back its points do, and what was forgiven because of it is taken after all: never more than that, so that
nobody has less than before the voucher came back.
"""

from functools import partial
from typing import Literal

from ledger.entry import NewEntry
from ledger.lot import LIFE_AFTER_RESTORING_S, Draw
from ledger.orders import OrderRow
from ledger.vouchers import Voucher
from ledger.waiting_refunds import WaitingRefund
from nostr_loyalty.desk.facts import AGAIN, Movement
from nostr_loyalty.desk.lot_moves import take_of_order, write_off
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
    forgiven = _forgiven(copy, voucher)
    owed = write_off(copy, program, copy.followed(voucher.standing_id)).deficit
    entry = return_points(
        copy, program, voucher, voucher.charged, why, author=author, reference=reference, adapter=adapter, by=by
    )
    _owe_again(copy, program, voucher, forgiven, owed, author=author, reference=reference, by=by)
    status: Literal["cancelled", "expired"] = "expired" if why == "expired" else "cancelled"
    copy.put_voucher(voucher._replace(status=status, charged=0, ended_at=copy.now, slot=None))
    reward = program.rules.reward(voucher.reward)
    copy.slip.stock.append((program.ledger_id, voucher.reward, reward.stock if reward is not None else None, -1))
    out = (program.ledger_id, voucher.reward)
    copy.facts.stock[out] = copy.facts.stock.get(out, 1) - 1
    copy.facts.had.get((voucher.standing_id, voucher.reward, voucher.period), set()).discard(voucher.slot or 0)
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
    drawn = copy.facts.drawn[voucher.entry_id]
    position = copy.position(standing)
    if voucher.entry_id in copy.facts.ends:
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


def has_forgiven(copy: WorkingCopy, voucher: Voucher) -> bool:
    """Whether points were forgiven because this used voucher had spent them."""
    return bool(_forgiven(copy, voucher))


def _forgiven(copy: WorkingCopy, voucher: Voucher) -> list[tuple[OrderRow, int]]:
    """Orders of which points were forgiven because this voucher had spent them, and how many at most.

    Not those of which something was last taken back before the voucher was used: what it held then was owed.
    """
    if voucher.status != "used" or voucher.ended_at is None:
        return []
    found, drawn = [], copy.facts.drawn[voucher.entry_id]
    for draw in left_of(drawn, sum(one.points for one in drawn) - voucher.charged):
        row, at = copy.facts.drawn_on.get(draw.lot_id, (None, 0))
        if row is not None and voucher.ended_at <= at:
            row = copy.order((row.program_id, row.source, row.reference)) or row
            if row.clamped:
                found.append((row, draw.points))
    return found


def _owe_again(
    copy: WorkingCopy, program: ServedProgram, voucher: Voucher, forgiven: list[tuple[OrderRow, int]], owed: int, *,
    author: str, reference: str, by: str | None,
) -> None:  # fmt: skip
    """What was forgiven because this voucher had spent it has come back with it, and is taken now; `owed`: the deficit
    before the voucher came back, which this may bring back.
    """
    for place, (found, points) in enumerate(forgiven):
        row = copy.order((found.program_id, found.source, found.reference)) or found
        standing = copy.followed(voucher.standing_id)
        moved = take_of_order(copy, program, standing, row, min(row.clamped, points), owed=owed)
        if moved is None:
            continue
        again = WaitingRefund(
            row.program_id, author, row.reference, f"{reference}:{place}{AGAIN}", False, row.currency, 0, voucher.hash,
            copy.now,
        )  # fmt: skip
        entry = copy.enter(program, standing, Movement(
            type="revoked", moved=moved, text=partial(wording.revoked, canceled=row.status == "canceled"),
            author=author, reference=again.reference, order_id=row.id, occurred_at=copy.now, adapter="daemon", by=by,
            reverses=row.entry_id if standing.id == row.standing_id else None,
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
