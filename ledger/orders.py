"""Paid orders, and what was paid back of them. An order is known by (program, source, reference), each for ever.

Order numbers mostly ascend, so that the index over them is written at its end. Money is an integer of the currency's
smallest unit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ledger.bulk import EACH, name_at, optional_name_at, packed_names, packed_rows
from ledger.database import Read, Write
from ledger.errors import InvariantBroken

OrderStatus = Literal["paid", "refunded", "canceled"]
OrderName = tuple[int, str, str]  # program id, source, reference


class OrderRow(NamedTuple):
    """An order. `standing_id` is None while nobody has claimed it; `month` is yyyymm of the payment by the program's
    clock.

    `earned` are the points it is worth, `reversed` those taken back so far; of these `unbooked` before there was an
    entry, while `clamped` could not be taken and were forgiven. Its entry holds earned - unbooked, and there is none
    for 0. `pending_until` is set while earned points are not booked yet; `held` is 1 while an operator has to look.

    `day` is the local day of the payment (date.toordinal()). `basis_minor` is what the rules counted, `counted_minor`
    what counts as spend now. `fixed`: the part of earned that a partial refund leaves, `welcome` the part of fixed that
    is the welcome bonus. `detail`: lines, items and payment as JSON.
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
    day: int = 0
    basis_minor: int = 0
    counted_minor: int = 0
    fixed: int = 0
    welcome: int = 0
    unbooked: int = 0
    clamped: int = 0
    pending_until: int | None = None
    held: int = 0
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund or cancellation, known by its reference for ever. `points` (0 or more) were taken back by
    `entry_id`. `told`: what the first answer to it said (0 or fewer), None where nobody knows.
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
    told: int | None = None


_STATE = """o.status, o.standing_id, o.currency, o.amount_minor, o.refunded_minor, o.paid_at, o.month, o.entry_id,
    o.earned, o.reversed, lower(hex(o.claim_hash)), lower(hex(o.message_ref)), o.recorded_at, o.day, o.basis_minor,
    o.counted_minor, o.fixed, o.welcome, o.unbooked, o.clamped, o.pending_until, o.held, o.detail"""

_FIND = f"""
SELECT json_group_array(json_array(json_each.key, o.id, {_STATE}))
FROM json_each(?1) CROSS JOIN paid_order AS o
  ON o.program_id = json_each.value ->> 0 AND o.source = {name_at(0, 1)} AND o.reference = json_each.value ->> 1
"""

_ALL = f"SELECT json_group_array(json_array(o.id, o.program_id, lower(hex(o.source)), o.reference, {_STATE})) "

# One probe for each source: a reference alone has no index.
_BY_REFERENCE = (
    "WITH RECURSIVE sources (source) AS (SELECT min(source) FROM paid_order WHERE program_id = ?1 UNION ALL "
    "SELECT (SELECT min(source) FROM paid_order WHERE program_id = ?1 AND source > sources.source) FROM sources "
    f"WHERE sources.source IS NOT NULL) {_ALL} FROM sources CROSS JOIN paid_order AS o "
    "ON o.program_id = ?1 AND o.source = sources.source AND o.reference = ?2"
)

_RECORD = f"""
INSERT INTO paid_order (id, program_id, source, reference, status, standing_id, currency, amount_minor, refunded_minor,
                        paid_at, month, entry_id, earned, reversed, claim_hash, message_ref, recorded_at, day,
                        basis_minor, counted_minor, fixed, welcome, unbooked, clamped, pending_until, held, detail)
SELECT value ->> 0, value ->> 1, {name_at(0, 3)}, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
       value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, {optional_name_at(1, 3)},
       {name_at(2, 3)}, value ->> 13, value ->> 14, value ->> 15, value ->> 16, value ->> 17, value ->> 18,
       value ->> 19, value ->> 20, value ->> 21, value ->> 22, value ->> 23
FROM {EACH}
"""

_UPDATE = f"""
UPDATE paid_order
SET status = value ->> 1, standing_id = value ->> 2, refunded_minor = value ->> 3,
    entry_id = value ->> 4, earned = value ->> 5, reversed = value ->> 6,
    counted_minor = value ->> 7, fixed = value ->> 8, welcome = value ->> 9, unbooked = value ->> 10,
    clamped = value ->> 11, pending_until = value ->> 12, held = value ->> 13,
    claim_hash = {optional_name_at(0, 1)}
FROM {EACH} WHERE paid_order.id = value ->> 0
"""

_REFUND = f"""
INSERT INTO refund (program_id, source, reference, order_id, amount_minor, points, entry_id, message_ref, recorded_at,
                    told)
SELECT value ->> 0, {name_at(0, 2)}, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
       {name_at(1, 2)}, value ->> 6, value ->> 7
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
    for place, id_, *state in rows:
        found[wanted[place]] = _order(id_, *wanted[place], *state)
    return found


async def by_claim(r: Read, hashes: Sequence[str]) -> dict[str, OrderRow]:
    """Claim hash -> the order that it claims or has claimed, of those that are there."""
    if not hashes:
        return {}
    rows = await r.packed(
        f"{_ALL} FROM json_each(?1) CROSS JOIN paid_order AS o ON o.claim_hash = {name_at(0, 1)}",
        packed_rows(list(range(len(hashes)))),
        packed_names(hashes),
    )
    return {one.claim_hash: one for one in (_order(*row) for row in rows) if one.claim_hash is not None}


async def by_id(r: Read, ids: Sequence[int]) -> dict[int, OrderRow]:
    """id -> order, of those that are there."""
    if not ids:
        return {}
    rows = await r.packed(
        f"{_ALL} FROM json_each(?1) CROSS JOIN paid_order AS o ON o.id = json_each.value", packed_rows(list(ids))
    )
    return {row[0]: _order(*row) for row in rows}


async def by_reference(r: Read, program_id: int, reference: str) -> list[OrderRow]:
    """The program's orders of this reference, one from each source that has one, in the order they were recorded."""
    return _sorted(await r.packed(_BY_REFERENCE, program_id, reference))


async def pending_due(r: Read, now: int, limit: int, of: Collection[int]) -> list[OrderRow]:
    """Orders of these programs whose points are to be booked at `now`, the longest due first."""
    rows = await r.packed(
        f"{_ALL} FROM (SELECT * FROM paid_order WHERE pending_until <= ?1 "
        "AND +program_id IN (SELECT value FROM json_each(?3)) ORDER BY pending_until, id LIMIT ?2) AS o",
        now, limit, packed_rows(list(of)),
    )  # fmt: skip
    return sorted((_order(*row) for row in rows), key=lambda one: (one.pending_until, one.id))


async def pending_of(r: Read, standing_id: int) -> list[OrderRow]:
    """The standing's orders whose points are not booked yet, in the order they were recorded."""
    return _sorted(
        await r.packed(
            f"{_ALL} FROM paid_order AS o WHERE o.standing_id = ?1 AND o.pending_until IS NOT NULL", standing_id
        )
    )


async def set_apart(r: Read, standing_ids: Sequence[int]) -> list[OrderRow]:
    """Those of these standings' orders that wait for a time or for an operator, or that an operator dropped."""
    if not standing_ids:
        return []
    wanted = packed_rows(list(standing_ids))
    waiting = await r.packed(
        f"{_ALL} FROM json_each(?1) CROSS JOIN paid_order AS o ON o.standing_id = json_each.value "
        "AND o.pending_until IS NOT NULL",
        wanted,
    )
    dropped = await r.packed(
        f"{_ALL} FROM json_each(?1) CROSS JOIN flag ON flag.standing_id = json_each.value AND flag.held = 1 "
        "AND flag.settled = 'dropped' CROSS JOIN paid_order AS o ON o.id = flag.order_id AND o.status = 'paid'",
        wanted,
    )
    return _sorted([*waiting, *dropped])


async def recorded_since(r: Read, program_id: int, since: int, after_id: int, limit: int) -> list[OrderRow]:
    """A page of the program's orders in the order they were recorded: those recorded at `since` or later, above
    `after_id`.
    """
    return _sorted(
        await r.packed(
            f"{_ALL} FROM (SELECT * FROM paid_order WHERE id > ?3 AND program_id = ?1 AND recorded_at >= ?2 "
            "ORDER BY id LIMIT ?4) AS o",
            program_id, since, after_id, limit,
        )
    )  # fmt: skip


async def record(w: Write, orders: Sequence[OrderRow]) -> None:
    """Stores new orders, after the entries they name. Raises InvariantBroken where one is there already."""
    if not orders:
        return
    rows = [(one.id, one.program_id, one.reference, one.status, one.standing_id, one.currency, one.amount_minor,
             one.refunded_minor, one.paid_at, one.month, one.entry_id, one.earned, one.reversed, one.recorded_at,
             one.day, one.basis_minor, one.counted_minor, one.fixed, one.welcome, one.unbooked, one.clamped,
             one.pending_until, one.held, one.detail) for one in orders]  # fmt: skip
    names = [name for one in orders for name in (one.source, one.claim_hash, one.message_ref)]
    await w.run(_RECORD, packed_rows(rows), packed_names(names))


async def update(w: Write, orders: Sequence[OrderRow]) -> None:
    """Brings status, standing, refunded and counted amount, entry, points, claim and waiting of stored orders up to
    date; the rest never changes.
    """
    if not orders:
        return
    rows = [(one.id, one.status, one.standing_id, one.refunded_minor, one.entry_id, one.earned, one.reversed,
             one.counted_minor, one.fixed, one.welcome, one.unbooked, one.clamped, one.pending_until, one.held)
            for one in orders]  # fmt: skip
    changed = await w.run(_UPDATE, packed_rows(rows), packed_names(one.claim_hash for one in orders))
    if changed != len(orders):
        raise InvariantBroken(f"{len(orders) - changed} of {len(orders)} orders to update are not there")


async def refunds_of(r: Read, order_ids: Sequence[int]) -> list[Refund]:
    """What was paid back of these orders, oldest first."""
    if not order_ids:
        return []
    rows = await r.packed(
        "SELECT json_group_array(json_array(it.id, it.program_id, lower(hex(it.source)), it.reference, it.order_id, "
        "it.amount_minor, it.points, it.entry_id, lower(hex(it.message_ref)), it.recorded_at, "
        "it.told)) FROM json_each(?1) CROSS JOIN refund AS it ON it.order_id = json_each.value",
        packed_rows(list(dict.fromkeys(order_ids))),
    )
    return [Refund(*fields) for _, *fields in sorted(rows)]


async def record_refunds(w: Write, new: Sequence[Refund]) -> None:
    """Stores refunds, after the entries they name. Raises InvariantBroken where one is there already."""
    if not new:
        return
    rows = [(one.program_id, one.reference, one.order_id, one.amount_minor, one.points, one.entry_id, one.recorded_at,
             one.told) for one in new]  # fmt: skip
    await w.run(_REFUND, packed_rows(rows), packed_names(name for one in new for name in (one.source, one.message_ref)))


def _order(*fields: Any) -> OrderRow:
    """As it is read: a claim that is missing is an empty text there."""
    row = OrderRow(*fields)
    return row if row.claim_hash else row._replace(claim_hash=None)


def _sorted(rows: list[Any]) -> list[OrderRow]:
    return sorted((_order(*row) for row in rows), key=lambda one: one.id)
