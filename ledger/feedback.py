"""What guests said about their orders, once for each order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.bulk import packed_rows
from ledger.database import Read, Write


class Feedback(NamedTuple):
    """A guest's words about an order, and the entry that rewarded them (None where there was no reward)."""

    order_id: int
    program_id: int
    standing_id: int
    text: str
    entry_id: int | None
    said_at: int


_COLUMNS = "it.order_id, it.program_id, it.standing_id, it.text, it.entry_id, it.said_at"


async def by_order(r: Read, order_ids: Sequence[int]) -> dict[int, Feedback]:
    """order id -> what was said about it, of those about which something was."""
    if not order_ids:
        return {}
    rows = await r.packed(
        f"SELECT json_group_array(json_array({_COLUMNS})) FROM json_each(?1) CROSS JOIN feedback AS it "
        "ON it.order_id = json_each.value",
        packed_rows(list(order_ids)),
    )
    return {row[0]: Feedback(*row) for row in rows}


async def record(w: Write, feedback: Feedback) -> None:
    """Stores it, after the entry it names. Raises InvariantBroken where something was said about the order before."""
    await w.run(
        "INSERT INTO feedback (order_id, program_id, standing_id, text, entry_id, said_at) VALUES (?, ?, ?, ?, ?, ?)",
        *feedback,
    )


async def of_program(r: Read, program_id: int, limit: int) -> list[Feedback]:
    """What was said last, newest first."""
    rows = await r.rows(
        f"SELECT {_COLUMNS} FROM feedback AS it WHERE it.program_id = ? ORDER BY it.said_at DESC, it.order_id DESC "
        "LIMIT ?",
        program_id, limit,
    )  # fmt: skip
    return [Feedback(*row) for row in rows]
