"""Wrong claim codes, counted by key and hour (unix seconds // 3600), so that nobody guesses for long."""

from __future__ import annotations

from typing import Final

from ledger.database import Read, Write

KEPT_H: Final = 24


async def wrong(r: Read, program_id: int, actor: str, hour: int) -> tuple[int, int]:
    """How many wrong codes there were in this hour: (by this actor, by all together)."""
    ((own, of_all),) = await r.rows(
        "SELECT coalesce(sum(wrong) FILTER (WHERE actor = ?3), 0), coalesce(sum(wrong), 0) FROM claim_attempt "
        "WHERE program_id = ?1 AND hour = ?2",
        program_id, hour, bytes.fromhex(actor),
    )  # fmt: skip
    return int(own), int(of_all)


async def add_wrong(w: Write, program_id: int, actor: str, hour: int) -> None:
    """Counts one more; what is older than a day is forgotten."""
    await w.run("DELETE FROM claim_attempt WHERE program_id = ? AND hour < ?", program_id, hour - KEPT_H)
    await w.run(
        "INSERT INTO claim_attempt (program_id, hour, actor, wrong) VALUES (?, ?, ?, 1) "
        "ON CONFLICT (program_id, hour, actor) DO UPDATE SET wrong = wrong + 1",
        program_id, hour, bytes.fromhex(actor),
    )  # fmt: skip
