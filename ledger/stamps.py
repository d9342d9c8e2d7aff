"""When customers got stamps for visits: the time of payment of each such order, for as long as the order counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.bulk import packed_rows
from ledger.database import Read, Write


class Stamp(NamedTuple):
    """The stamp of one order."""

    standing_id: int
    paid_at: int
    order_id: int


async def between(r: Read, wanted: Sequence[tuple[int, int, int]]) -> list[Stamp]:
    """The stamps of these customers, by time. Wanted are (standing id, first moment, last moment), each standing
    once.
    """
    if not wanted:
        return []
    rows = await r.packed(
        "SELECT json_group_array(json_array(s.standing_id, s.paid_at, s.order_id)) FROM json_each(?1) CROSS JOIN stamp "
        "AS s ON s.standing_id = json_each.value ->> 0 "
        "AND s.paid_at BETWEEN json_each.value ->> 1 AND json_each.value ->> 2",
        packed_rows(wanted),
    )
    return [Stamp(*row) for row in sorted(rows)]


async def record(w: Write, new: Sequence[Stamp]) -> None:
    """Stores stamps, after the orders they name."""
    if new:
        await w.run(
            "INSERT INTO stamp (standing_id, paid_at, order_id) "
            "SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)",
            packed_rows([tuple(one) for one in new]),
        )


async def remove(w: Write, gone: Sequence[Stamp]) -> None:
    """Takes stamps away; one that is not there is passed over, since most orders may never have had one."""
    if gone:
        await w.run(
            "DELETE FROM stamp WHERE (standing_id, paid_at, order_id) IN "
            "(SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1))",
            packed_rows([tuple(one) for one in gone]),
        )


async def move(w: Write, old_standing_id: int, new_standing_id: int) -> None:
    """From now on they are the other standing's."""
    await w.run("UPDATE stamp SET standing_id = ? WHERE standing_id = ?", new_standing_id, old_standing_id)
