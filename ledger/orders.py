"""Paid orders, and what was paid back of them. An order is known by (program, source, reference), each for ever.

Order numbers mostly ascend, so that the index over them is written at its end. Money is an integer of the currency's
smallest unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ledger.bulk import name_at, optional_name_at, packed_names, packed_rows
from ledger.database import Read, Write
from ledger.errors import InvariantBroken

OrderStatus = Literal["paid", "refunded", "canceled"]
OrderName = tuple[int, str, str]  # program id, source, reference


class OrderRow(NamedTuple):
    """An order. `standing_id` is None while nobody has claimed it; `month` is yyyymm of the payment by the program's
    clock.

    `earned` are the points of its entry, 0 without one; `reversed` those taken back so far.
    """

    id: int
    program_id: int
    source: str
    reference: str
    status: OrderStatus
    standing_id: int | None
    currency: str
    amount_minor: int
    refunded_minor: int
    paid_at: int
    month: int
    entry_id: int | None
    earned: int
    reversed: int
    claim_hash: str | None
    message_ref: str
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund or cancellation, known by its reference for ever. `points` (0 or more) were taken back by
    `entry_id`.
    """

    program_id: int
    source: str
    reference: str
    order_id: int
    amount_minor: int
    points: int
    entry_id: int | None
    message_ref: str
    recorded_at: int


_FIND = f"""
SELECT json_group_array(json_array(json_each.key, o.id, o.status, o.standing_id, o.currency, o.amount_minor,
                                   o.refunded_minor, o.paid_at, o.month, o.entry_id, o.earned, o.reversed,
                                   lower(hex(o.claim_hash)), lower(hex(o.message_ref)), o.recorded_at))
FROM json_each(?1) CROSS JOIN paid_order AS o
  ON o.program_id = json_each.value ->> 0 AND o.source = {name_at(0, 1)} AND o.reference = json_each.value ->> 1
"""

_RECORD = f"""
INSERT INTO paid_order (id, program_id, source, reference, status, standing_id, currency, amount_minor, refunded_minor,
                        paid_at, month, entry_id, earned, reversed, claim_hash, message_ref, recorded_at)
SELECT value ->> 0, value ->> 1, {name_at(0, 3)}, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
       value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, {optional_name_at(1, 3)},
       {name_at(2, 3)}, value ->> 13
FROM json_each(?1)
"""

_UPDATE = f"""
UPDATE paid_order SET status = new.status, standing_id = new.standing_id, refunded_minor = new.refunded_minor,
                      entry_id = new.entry_id, earned = new.earned, reversed = new.reversed, claim_hash = new.claim_hash
FROM (SELECT value ->> 0 AS id, value ->> 1 AS status, value ->> 2 AS standing_id, value ->> 3 AS refunded_minor,
             value ->> 4 AS entry_id, value ->> 5 AS earned, value ->> 6 AS reversed,
             {optional_name_at(0, 1)} AS claim_hash FROM json_each(?1)) AS new
WHERE paid_order.id = new.id
"""

_REFUND = f"""
INSERT INTO refund (program_id, source, reference, order_id, amount_minor, points, entry_id, message_ref, recorded_at)
SELECT value ->> 0, {name_at(0, 2)}, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
       {name_at(1, 2)}, value ->> 6
FROM json_each(?1)
"""


async def next_order_id(w: Write) -> int:
    """The first id that no order has yet; the block may use it and those after it."""
    ((highest,),) = await w.rows("SELECT coalesce(max(id), 0) FROM paid_order")
    return int(highest) + 1


async def find(r: Read, wanted: Sequence[OrderName]) -> dict[OrderName, OrderRow]:
    """(program id, source, reference) -> order, of those that are there."""
    if not wanted:
        return {}
    keys = packed_rows([(program_id, reference) for program_id, _, reference in wanted])
    rows = await r.packed(_FIND, keys, packed_names(source for _, source, _ in wanted))
    found = {}
    for place, id_, *state, claim_hash, message_ref, recorded_at in rows:
        fields: tuple[Any, ...] = (id_, *wanted[place], *state, claim_hash or None, message_ref, recorded_at)
        found[wanted[place]] = OrderRow(*fields)
    return found


async def record(w: Write, orders: Sequence[OrderRow]) -> None:
    """Stores new orders, after the entries they name. Raises InvariantBroken where one is there already."""
    if not orders:
        return
    rows = [(one.id, one.program_id, one.reference, one.status, one.standing_id, one.currency, one.amount_minor,
             one.refunded_minor, one.paid_at, one.month, one.entry_id, one.earned, one.reversed, one.recorded_at)
            for one in orders]  # fmt: skip
    names = [name for one in orders for name in (one.source, one.claim_hash, one.message_ref)]
    await w.run(_RECORD, packed_rows(rows), packed_names(names))


async def update(w: Write, orders: Sequence[OrderRow]) -> None:
    """Brings status, standing, refunded amount, entry, points and claim of stored orders up to date; the rest never
    changes.
    """
    if not orders:
        return
    rows = [(one.id, one.status, one.standing_id, one.refunded_minor, one.entry_id, one.earned, one.reversed)
            for one in orders]  # fmt: skip
    changed = await w.run(_UPDATE, packed_rows(rows), packed_names(one.claim_hash for one in orders))
    if changed != len(orders):
        raise InvariantBroken(f"{len(orders) - changed} of {len(orders)} orders to update are not there")


async def refunds(r: Read, wanted: Sequence[OrderName]) -> set[OrderName]:
    """Those of (program id, source, reference of the refund) that are recorded already."""
    if not wanted:
        return set()
    known = await r.packed(
        "SELECT json_group_array(json_each.key) FROM json_each(?1) CROSS JOIN refund "
        f"ON refund.program_id = json_each.value ->> 0 AND refund.source = {name_at(0, 1)} "
        "AND refund.reference = json_each.value ->> 1",
        packed_rows([(program_id, reference) for program_id, _, reference in wanted]),
        packed_names(source for _, source, _ in wanted),
    )
    return {wanted[place] for place in known}


async def record_refunds(w: Write, new: Sequence[Refund]) -> None:
    """Stores refunds, after the entries they name. Raises InvariantBroken where one is there already."""
    if not new:
        return
    rows = [(one.program_id, one.reference, one.order_id, one.amount_minor, one.points, one.entry_id, one.recorded_at)
            for one in new]  # fmt: skip
    await w.run(_REFUND, packed_rows(rows), packed_names(name for one in new for name in (one.source, one.message_ref)))
