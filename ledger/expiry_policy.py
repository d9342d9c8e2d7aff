"""Each change of how long a program's points live, and the earliest end that it gave to older lots."""

from __future__ import annotations

from typing import NamedTuple

from ledger.database import Read, Write


class ExpiryPolicy(NamedTuple):
    """From `changed_at` on, with this revision, points live `ttl_days` (None: for ever). Lots that were open then got
    `limit_at` at the latest (None: they kept their ends). `id` is 0 before it is stored.
    """

    id: int
    program_id: int
    revision_id: int
    ttl_days: int | None
    changed_at: int
    limit_at: int | None


_SELECT = (
    "SELECT id, program_id, revision_id, ttl_days, changed_at, limit_at FROM expiry_policy WHERE program_id = ? "
    "ORDER BY id"
)


async def latest(r: Read, program_id: int) -> ExpiryPolicy | None:
    """What holds now, None where points of this program never had an end."""
    row = await r.row(f"{_SELECT} DESC LIMIT 1", program_id)
    return None if row is None else ExpiryPolicy(*row)


async def all_of(r: Read, program_id: int) -> list[ExpiryPolicy]:
    """All changes, in the order they were made."""
    return [ExpiryPolicy(*row) for row in await r.rows(_SELECT, program_id)]


async def record(w: Write, policy: ExpiryPolicy) -> None:
    """Stores a change; the ledger gives it its id. The lots are changed by `book.limit_lots`."""
    await w.run(
        "INSERT INTO expiry_policy (program_id, revision_id, ttl_days, changed_at, limit_at) VALUES (?, ?, ?, ?, ?)",
        *policy[1:],
    )
