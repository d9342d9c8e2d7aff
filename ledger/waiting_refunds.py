"""Refunds and cancellations that came before the order they speak of; they wait until it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.bulk import name_at, packed_names, packed_rows
from ledger.database import Read, Write
from ledger.orders import OrderName


@dataclass(frozen=True, slots=True)
class WaitingRefund:
    """A refund, known by its `reference`, of the order `order_reference` of the same program and source.

    `amount_minor` is in the smallest unit of `currency`; a `canceled` one takes back whatever the order then holds.
    """

    program_id: int
    source: str
    order_reference: str
    reference: str
    canceled: bool
    currency: str
    amount_minor: int
    message_ref: str
    recorded_at: int


async def keep(w: Write, refunds: Sequence[WaitingRefund]) -> int:
    """Keeps the refunds; how many were not there yet."""
    if not refunds:
        return 0
    rows = [(one.program_id, one.order_reference, one.reference, int(one.canceled), one.currency, one.amount_minor,
             one.recorded_at) for one in refunds]  # fmt: skip
    return await w.run(
        "INSERT INTO waiting_refund (program_id, source, order_reference, reference, canceled, currency, amount_minor, "
        f"message_ref, recorded_at) SELECT value ->> 0, {name_at(0, 2)}, value ->> 1, value ->> 2, value ->> 3, "
        f"value ->> 4, value ->> 5, {name_at(1, 2)}, value ->> 6 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
        packed_rows(rows),
        packed_names(each for one in refunds for each in (one.source, one.message_ref)),
    )


async def find(r: Read, wanted: Sequence[OrderName]) -> dict[OrderName, list[WaitingRefund]]:
    """(program id, source, order reference) -> the refunds that wait for this order, in the order they came."""
    if not wanted:
        return {}
    rows = await r.packed(
        "SELECT json_group_array(json_array(json_each.key, it.reference, it.canceled, it.currency, it.amount_minor, "
        "lower(hex(it.message_ref)), it.recorded_at)) FROM json_each(?1) CROSS JOIN waiting_refund AS it "
        f"ON it.program_id = json_each.value ->> 0 AND it.source = {name_at(0, 1)} "
        "AND it.order_reference = json_each.value ->> 1",
        packed_rows([(program_id, reference) for program_id, _, reference in wanted]),
        packed_names(source for _, source, _ in wanted),
    )
    found: dict[OrderName, list[WaitingRefund]] = {}
    for place, reference, canceled, currency, amount_minor, message_ref, recorded_at in sorted(
        rows, key=lambda row: (row[-1], row[1])
    ):
        order = wanted[place]
        program_id, source, order_reference = order
        one = WaitingRefund(
            program_id, source, order_reference, reference, bool(canceled), currency, amount_minor, message_ref,
            recorded_at,
        )  # fmt: skip
        found.setdefault(order, []).append(one)
    return found


async def release(w: Write, refunds: Sequence[WaitingRefund]) -> None:
    """Deletes refunds that were applied; they are recorded as `orders.Refund` from now on."""
    if refunds:
        await w.run(
            "DELETE FROM waiting_refund WHERE (program_id, source, order_reference, reference) IN "
            f"(SELECT value ->> 0, {name_at(0, 1)}, value ->> 1, value ->> 2 FROM json_each(?1))",
            packed_rows([(one.program_id, one.order_reference, one.reference) for one in refunds]),
            packed_names(one.source for one in refunds),
        )


async def forget_before(w: Write, program_id: int, recorded_before: int) -> int:
    """Deletes refunds that have waited since before this time for an order that never came; how many."""
    return await w.run(
        "DELETE FROM waiting_refund WHERE program_id = ? AND recorded_at < ?", program_id, recorded_before
    )
