"""Commands above an operator's limit, kept until an owner confirms them by a code. Only the code's hash is kept."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from ledger.database import Read, Write
from ledger.errors import InvariantBroken


class Confirmation(NamedTuple):
    """A command that waits. `request`: what was asked, by whom, when, as plain fields; `until`: when it lapses."""

    hash: str
    program_id: int
    request: dict[str, Any]
    asked_at: int
    until: int
    done_at: int | None


async def keep(w: Write, confirmation: Confirmation) -> None:
    """Keeps one."""
    await w.run(
        "INSERT INTO confirmation (hash, program_id, request, asked_at, until, done_at) VALUES (?, ?, ?, ?, ?, ?)",
        bytes.fromhex(confirmation.hash), confirmation.program_id, orjson.dumps(confirmation.request).decode(),
        confirmation.asked_at, confirmation.until, confirmation.done_at,
    )  # fmt: skip


async def by_hash(r: Read, code_hash: str) -> Confirmation | None:
    """The command of this code, done or not; None where there is none."""
    row = await r.row(
        "SELECT lower(hex(hash)), program_id, request, asked_at, until, done_at FROM confirmation WHERE hash = ?",
        bytes.fromhex(code_hash),
    )
    return None if row is None else Confirmation(row[0], row[1], orjson.loads(row[2]), *row[3:])


async def done(w: Write, code_hash: str, at: int) -> None:
    """Remembers that it was confirmed. Raises InvariantBroken where it was before."""
    changed = await w.run(
        "UPDATE confirmation SET done_at = ? WHERE hash = ? AND done_at IS NULL", at, bytes.fromhex(code_hash)
    )
    if changed != 1:
        raise InvariantBroken("a command is confirmed once")


async def forget(w: Write, before: int, limit: int) -> int:
    """Forgets those that lapsed before then, done or not, so many at most; how many."""
    return await w.run(
        "DELETE FROM confirmation WHERE hash IN (SELECT hash FROM confirmation WHERE until < ? LIMIT ?)", before, limit
    )
