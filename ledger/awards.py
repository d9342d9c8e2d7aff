"""Which badges were awarded to whom: each tier's once, and known by its ref, so that it can be withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.bulk import name
from ledger.database import Read, Write


class Award(NamedTuple):
    """The badge of a tier, as it was awarded by the document `ref`."""

    standing_id: int
    tier: str
    ref: str


async def record(w: Write, awards: Sequence[Award]) -> list[Award]:
    """Writes these down; gives those that were not awarded before."""
    fresh = []
    for one in awards:
        is_new = await w.run(
            "INSERT INTO award (standing_id, tier, ref) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            one.standing_id, one.tier, bytes.fromhex(one.ref),
        )  # fmt: skip
        if is_new:
            fresh.append(one)
    return fresh


async def of_standing(r: Read, standing_id: int) -> list[Award]:
    """What a customer was awarded."""
    rows = await r.rows("SELECT standing_id, tier, ref FROM award WHERE standing_id = ? ORDER BY tier", standing_id)
    return [Award(id_, tier, name(ref)) for id_, tier, ref in rows]


async def take_out(w: Write, standing_id: int) -> None:
    """Forgets them: they were withdrawn."""
    await w.run("DELETE FROM award WHERE standing_id = ?", standing_id)
